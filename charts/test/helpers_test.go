package charttest_test

import (
	"bytes"
	"cmp"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what is made from the chart anew")

const chart = "../defenderbot"

// tool is a program that "make chart" builds into .bin.
func tool(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("../../.bin", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run make chart, which builds it", err)
	}
	return path
}

// helm runs helm and returns what it printed on success, or on failure.
func helm(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool(t, "helm"), args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// render is the chart with a file of ci, and more arguments of helm.
func render(t *testing.T, ci string, args ...string) string {
	t.Helper()
	out, said, err := helm(t, templating(ci, args...)...)
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return out
}

func templating(ci string, args ...string) []string {
	return append([]string{"template", "r", chart, "--namespace", "soc", "-f", filepath.Join(chart, "ci", ci+"-values.yaml")}, args...)
}

// sets is every file of values in ci, by name.
func sets(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(chart, "ci", "*-values.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no values in ci: %v", err)
	}
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), "-values.yaml"))
	}
	return names
}

// wantFile compares a text with a file, or writes it there.
func wantFile(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s is not what the chart makes (make golden writes it anew):\n%s", path, diff)
	}
}

// byName sorts what has a name.
func byName[T any](all []T, name func(T) string) []T {
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(name(a), name(b)) })
	return all
}
