package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"defenderbot/internal/app"
)

// sorts of note that a block can have, and what is in them.
var (
	notHere  = regexp.MustCompile(`^not here, \S.{8,}$`)
	byTest   = regexp.MustCompile(`^((?:Test|Fuzz)\w+) runs it$`)
	terminal = regexp.MustCompile(`^terminal (\w+)(?:, until it says (.+))?$`)
	step     = regexp.MustCompile(`^step (\w+)$`)
)

// looksRun is a line that a reader would take for a command.
var looksRun = regexp.MustCompile(`(?m)^\s*(\$ |(sudo )?(go|make|git|kubectl|helm|az|curl|docker|redis-cli|redis-server|systemctl|openssl|export) |\.bin/|bot (doctor|audit)\b)`)

// TestCommandsDeclared: every block of commands is one that a shell can read, and either one
// that docs-check runs, or it says who does or why nobody can. No other block hides commands.
func TestCommandsDeclared(t *testing.T) {
	tests := testNames(t)
	for _, d := range documents(t) {
		for _, b := range d.blocks {
			if !slices.Contains([]string{"", "sh", "text", "mermaid", "ini", "yaml", "json"}, b.lang) {
				t.Errorf("%s:%d: a block of %q: commands are in sh, the rest in what they are", d.path, b.line, b.lang)
			}
			if !b.commands() && b.lang != "ini" && b.lang != "yaml" && looksRun.MatchString(b.text) {
				t.Errorf("%s:%d: commands that are not in sh:\n%s", d.path, b.line, b.text)
			}
			if found := byTest.FindStringSubmatch(b.note); found != nil && !tests[found[1]] {
				t.Errorf("%s:%d: there is no %s", d.path, b.line, found[1])
			}
			if b.note != "" && !slices.ContainsFunc([]*regexp.Regexp{notHere, byTest, terminal, step}, func(r *regexp.Regexp) bool { return r.MatchString(b.note) }) {
				t.Errorf("%s:%d: docs/doc.go knows no note %q", d.path, b.line, b.note)
			}
			if b.line == 0 && !step.MatchString(b.note) {
				t.Errorf("%s: the note %q stands before no block", d.path, b.note)
			}
			if b.commands() {
				if out, err := exec.CommandContext(t.Context(), "bash", "-n", "-c", b.text).CombinedOutput(); err != nil {
					t.Errorf("%s:%d: %v: %s", d.path, b.line, err, out)
				}
			}
		}
	}
}

// testNames are the tests and fuzz tests of the repository.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, path := range cloned(t) {
		if !strings.HasSuffix(path, "_test.go") {
			continue
		}
		source, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllStringSubmatch(string(source), -1) {
			names[found[1]] = true
		}
	}
	return names
}

// TestCommandsInSentences: what is named in a sentence is there: targets of make, programs,
// what the bot can be told to do, files of the repository, and variables.
func TestCommandsInSentences(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range documents(t) {
		for _, word := range d.words {
			if found := regexp.MustCompile(`^make ([a-z-]+)`).FindStringSubmatch(word); found != nil && !strings.Contains(string(makefile), "\n"+found[1]+":") {
				t.Errorf("%s: %s: the Makefile has no such target", d.path, word)
			}
			if found := regexp.MustCompile(`^go run \./(\S+)`).FindStringSubmatch(word); found != nil {
				if _, err := os.Stat(filepath.Join(root, found[1])); err != nil {
					t.Errorf("%s: %s: %v", d.path, word, err)
				}
			}
			if regexp.MustCompile(`^(?:approvals|bot|charts|cmd|commands|defender|deploy|docs|internal|tools)(?:/[\w.@-]+)+$`).MatchString(word) {
				if _, err := os.Stat(filepath.Join(root, word)); err != nil {
					t.Errorf("%s: %v", d.path, err)
				}
			}
			if found := regexp.MustCompile(`^(?:\.bin/|/)?bot (\S+)`).FindStringSubmatch(word); found != nil && !slices.Contains([]string{"doctor", "audit", "version", "-help"}, found[1]) {
				t.Errorf("%s: %s: the bot knows no %s", d.path, word, found[1])
			}
			if found := regexp.MustCompile(`^([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=.*)?$`).FindStringSubmatch(word); found != nil && !variable(found[1]) {
				t.Errorf("%s: %s: nothing reads it", d.path, word)
			}
		}
	}
}

// variable reports whether something reads a variable, or understands the word for
// something else.
func variable(name string) bool {
	return strings.Contains(app.Table(), "`"+name+"`") || slices.Contains([]string{
		"HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", // Go's own
		"REQUIRE_REDIS", "REQUIRE_NODE", "REQUIRE_CHROMIUM", "REQUIRE_TOOLS", "REDIS_SERVER", // the tests'
	}, name)
}
