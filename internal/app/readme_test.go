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

	"defenderbot"
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

// TestREADMEName: the app has one name, in the manifest and wherever people are told
// whom to invite, and it is none that Microsoft's own apps have.
func TestREADMEName(t *testing.T) {
	names := func(file, pattern string) (all []string) {
		text, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
			all = append(all, found[1])
		}
		if len(all) == 0 {
			t.Errorf("%s has no name", file)
		}
		return all
	}
	all := names("slack-manifest.yaml", `(?m)^ +(?:display_)?name: ([^#\n]*[^#\s])`)
	for _, file := range []string{"README.md", "docs/install.md", "charts/defenderbot/templates/NOTES.txt"} {
		all = append(all, names(file, `/invite @([a-z]+)`)...)
	}
	for _, name := range all {
		if name != all[0] || strings.EqualFold(strings.TrimPrefix(strings.ToLower(name), "microsoft "), "defender") {
			t.Errorf("names %q, want one that is not Microsoft's", all)
		}
	}
}

// TestUsageHint: what Slack shows while somebody types names every command.
func TestUsageHint(t *testing.T) {
	hint := regexp.MustCompile(`(?m)^ +usage_hint: (.*)$`).FindStringSubmatch(defenderbot.SlackManifest)
	if hint == nil {
		t.Fatal("the manifest has no usage_hint")
	}
	help := app.Grammar(defender.Actions(), defender.Actions().Names(), 20).Help()
	for _, found := range regexp.MustCompile(`(?m)^/defender (\S+)`).FindAllStringSubmatch(help, -1) {
		if !regexp.MustCompile(`(^|\| )` + found[1] + `( |$)`).MatchString(hint[1]) {
			t.Errorf("“%s” is not in %s", found[1], hint[1])
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
		"commands": app.Grammar(defender.Actions(), defender.Actions().Names(), 20).Table(),
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
