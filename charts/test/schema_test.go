package charttest_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	charttest "defenderbot/charts/test"
)

// TestSchema holds values.schema.json to the comments in values.yaml and to the variables
// that the bot reads.
func TestSchema(t *testing.T) {
	values, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := charttest.Schema(values)
	if err != nil {
		t.Fatal(err)
	}
	wantFile(t, filepath.Join(chart, "values.schema.json"), string(got))
}

// TestSchemaWants: each value has a description, and @schema is JSON.
func TestSchemaWants(t *testing.T) {
	for _, tt := range []struct{ values, want string }{
		{"# -- one\na: 1\nb: 2\n", "b has no description"},
		{"# -- one\na:\n  b: 2\n", "a.b has no description"},
		{"# @schema {\"env\n# -- one\na: 1\n", "a: @schema: "},
		{"# of the file\n# -- one\n\na: 1\n", "a has no description"},
		{"a: [", "read the values"},
	} {
		if got, err := charttest.Schema([]byte(tt.values)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Schema(%q) = %s, %v, want an error with %q", tt.values, got, err, tt.want)
		}
	}
}

// TestREADME holds the chart's README to its values, as helm-docs reads them.
func TestREADME(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), tool(t, "helm-docs"), "--chart-search-root", chart,
		"--template-files", "README.md.gotmpl", "--sort-values-order", "file", "--dry-run", "--log-level", "warning")
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil || said.Len() > 0 {
		t.Fatalf("%v: %s", err, said.String())
	}
	wantFile(t, filepath.Join(chart, "README.md"), strings.TrimRight(out.String(), "\n")+"\n")
}
