package slackfake

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRulesComplete holds docs/fakes.md to the code: each rule in its tables names tests that there are.
func TestRulesComplete(t *testing.T) {
	raw, err := os.ReadFile("../../docs/fakes.md")
	if err != nil {
		t.Fatal(err)
	}
	folder, rules := "", 0
	var tests map[string]bool
	for line := range strings.Lines(string(raw)) {
		if m := regexp.MustCompile("^## .*`internal/(\\w+)`").FindStringSubmatch(line); m != nil {
			folder = m[1]
			tests = testsIn(t, "../"+folder)
		}
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| Rule") {
			continue
		}
		rules++
		named := regexp.MustCompile(`\bTest\w+`).FindAllString(line, -1)
		if len(named) == 0 {
			t.Errorf("a rule without a test: %s", line)
		}
		for _, name := range named {
			if !tests[name] {
				t.Errorf("%s has no %s", folder, name)
			}
		}
	}
	if rules < 40 {
		t.Errorf("%d rules were read: has the form of the tables changed?", rules)
	}
}

func testsIn(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(raw), -1) {
			out[m[1]] = true
		}
	}
	return out
}
