package approvals_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"defenderbot/approvals"
)

// TestStatesComplete holds the lists of states to the constants: every test
// over all states is only as good as they are.
func TestStatesComplete(t *testing.T) {
	if want := constants(t, "State"); !slices.Equal(want, texts(approvals.States())) {
		t.Errorf("States() are %q, the constants %q", approvals.States(), want)
	}
	if want, got := constants(t, "CallState"), texts(approvals.CallStates()); !slices.Equal(want, got) {
		t.Errorf("CallStates() are %q, the constants %q", got, want)
	}
}

// constants are the values of the constants of a type in state.go, in order.
func constants(t *testing.T, of string) (values []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "state.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == of {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, value)
		}
		return true
	})
	return values
}

func texts[S ~string](list []S) []string {
	all := make([]string, len(list))
	for i, s := range list {
		all[i] = string(s)
	}
	return all
}
