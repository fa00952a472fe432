package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

// workflowFiles are GitHub's workflows.
func workflowFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../.github/workflows/*.yml")
	if err != nil || len(files) < 2 {
		t.Fatalf("%v: workflows %q", err, files)
	}
	return files
}

// TestWorkflows are what GitHub takes: names of keys, expressions, events, inputs of actions.
func TestWorkflows(t *testing.T) {
	var said bytes.Buffer
	linter, err := actionlint.NewLinter(&said, &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if wrong, err := linter.LintFiles(workflowFiles(t), nil); err != nil || len(wrong) > 0 {
		t.Errorf("%v: %s", err, &said)
	}
}

var (
	uses   = regexp.MustCompile(`uses: (\S+)(.*)`)
	pinned = regexp.MustCompile(`^[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	makes  = regexp.MustCompile(`\bmake ([a-z-]+)`)
)

// TestWorkflowsPinned: every action is the commit that was read, with its version beside it
// for people, and every target of make is there.
func TestWorkflowsPinned(t *testing.T) {
	actions := map[string]string{}
	for _, file := range workflowFiles(t) {
		text := string(read(t, file))
		for _, m := range uses.FindAllStringSubmatch(text, -1) {
			action := m[1] + m[2]
			name, _, _ := strings.Cut(m[1], "@")
			if !pinned.MatchString(action) || actions[name] != "" && actions[name] != action {
				t.Errorf("%s uses %s; elsewhere %q", file, action, actions[name])
			}
			actions[name] = action
		}
		for _, m := range makes.FindAllStringSubmatch(text, -1) {
			if out, err := exec.CommandContext(limit(t), "make", "-C", "..", "-n", m[1]).CombinedOutput(); err != nil {
				t.Errorf("%s: make %s: %v: %s", file, m[1], err, out)
			}
		}
	}
}
