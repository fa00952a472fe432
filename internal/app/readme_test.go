package app_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
	"defenderbot/internal/app"
)

var update = flag.Bool("update", false, "write the tables of the README anew")

const readme = "../../README.md"

// TestDocuments holds the documents to the tests and benchmarks
// that they name.
func TestDocuments(t *testing.T) {
	const root = "../.."
	there := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			there[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range regexp.MustCompile("`((?:Test|Benchmark|Fuzz)[A-Z]\\w+)`").FindAllStringSubmatch(string(text), -1) {
				if !there[name[1]] {
					t.Errorf("%s names %s, which is not there", f, name[1])
				}
			}
		}
	}
}

// TestREADME keeps the README's tables as the code has them.
func TestREADME(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	want := got
	for part, table := range map[string]string{
		"config":   app.Table(),
		"commands": app.Grammar(defender.Actions(), 20).Table(),
	} {
		between := regexp.MustCompile(`(?s)<!-- ` + part + ` -->.*<!-- /` + part + ` -->`)
		if len(between.FindAllString(want, -1)) != 1 {
			t.Fatalf("the README has no place for the table <!-- %s -->", part)
		}
		fresh := "<!-- " + part + " -->\n" + table + "<!-- /" + part + " -->"
		want = between.ReplaceAllLiteralString(want, fresh)
	}
	if *update && got != want {
		if err := os.WriteFile(readme, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the README (-want +got; go test ./internal/app -update mends it):\n%s", diff)
	}
}
