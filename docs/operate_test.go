package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"defenderbot/internal/app"
)

const operate = "docs/operate.md"

// TestOperateLines: each line that the doctor can print is in the runbook, and no other.
func TestOperateLines(t *testing.T) {
	_, after, ok := strings.Cut(string(read(t, operate).text), "<!-- lines -->\n")
	table, _, closed := strings.Cut(after, "<!-- /lines -->")
	if !ok || !closed {
		t.Fatal("there is no table <!-- lines -->")
	}
	there := map[string]bool{}
	for _, row := range strings.Split(strings.TrimSpace(table), "\n")[2:] {
		there[strings.TrimSpace(strings.Split(row, "|")[1])] = true
	}
	for _, line := range app.Lines() {
		if !there[line.About] {
			t.Errorf("%s says nothing about the doctor's line %q, which looks whether %s", operate, line.About, line.Looks)
		}
		delete(there, line.About)
	}
	for line := range there {
		t.Errorf("%s has a line %q, which the doctor does not print", operate, line)
	}
}

// TestOperateAlerts: each alert has its own place in the runbook, to which it leads
// (TestAlertsForm), and there is no place for another.
func TestOperateAlerts(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(root, "charts/defenderbot/files/alerts.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct{ Alert string }
		}
	}
	if err := yaml.Unmarshal(source, &file); err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^### (Defenderbot\w+)\n\n\S`).FindAllStringSubmatch(string(read(t, operate).text), -1) {
		there[found[1]] = true
	}
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			if !there[rule.Alert] {
				t.Errorf("%s says nothing about %s", operate, rule.Alert)
			}
			delete(there, rule.Alert)
		}
	}
	for alert := range there {
		t.Errorf("%s is about %s, which is no alert", operate, alert)
	}
}

// errorLine is a line of the log that is written at ERROR.
var errorLine = regexp.MustCompile(`\.Error(?:Context)?\((?:ctx, )?"([^"]+)"|slog\.LevelError, "([^"]+)"`)

// TestOperateErrors: each ERROR of the log is in the runbook.
func TestOperateErrors(t *testing.T) {
	runbook := string(read(t, operate).text)
	found := 0
	for _, path := range cloned(t) {
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			continue
		}
		source, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range errorLine.FindAllStringSubmatch(string(source), -1) {
			found++
			if !strings.Contains(runbook, line[1]+line[2]) {
				t.Errorf("%s: %q is not in %s", path, line[1]+line[2], operate)
			}
		}
	}
	if found == 0 {
		t.Error("no program writes an ERROR any more?")
	}
}
