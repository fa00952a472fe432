package app_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
)

// TestActionsDocument keeps docs/actions.md as the catalogue has it.
func TestActionsDocument(t *testing.T) {
	const path = "../../docs/actions.md"
	got := actionsDocument(defender.Actions())
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s is not what the catalogue says (run: make golden):\n%s", path, diff)
	}
}

func actionsDocument(all defender.Catalogue) string {
	var b strings.Builder
	b.WriteString(`# Actions

Generated from the catalogue by ` + "`make golden`" + `; a test compares.

Everything here is asked for with ` + "`/defender <action> <device> <comment>`" + ` and goes to approval before it is sent. By default one
person of ` + "`APPROVERS`" + ` who did not ask has to approve. ` + "`APPROVERS`, `REQUESTERS` and `APPROVALS_REQUIRED`" + ` can say something else for
one action: with ` + "`isolate=S0SENIOR`" + ` only that group approves ` + "`isolate`" + `, with ` + "`isolate=2`" + ` two people have to;
` + "`isolate-selective`" + ` and ` + "`unisolate`" + ` are actions of their own. ` + "`ACTIONS`" + ` says which actions are switched on.
The link to a package that was collected can need ` + "`Machine.ReadWrite.All`" + ` beside the permissions below.

| action | what it does | on by default | permission | taken back with |
|---|---|---|---|---|
`)
	for _, a := range all {
		on := "no"
		if a.Harmless {
			on = "yes"
		}
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | `%s` | %s |\n", a.Name, a.Name, a.Title, on, a.Role, code(a.Undo))
	}
	for _, a := range all {
		b.WriteString("\n" + section(all, a))
	}
	return b.String()
}

func section(all defender.Catalogue, a defender.Action) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n**%s.** %s\n\n", a.Name, a.Title, a.Effect)
	if a.Ended != nil {
		fmt.Fprintf(&b, "⚠️ %s The card of one that Defender refuses offers `%s` in its place.\n\n", a.Ended.Notice, a.Ended.Successor)
	}
	b.WriteString("| | |\n|---|---|\n")
	for _, row := range []struct{ what, is string }{
		{"switched on", switchedOn(a)},
		{"permission", "`" + a.Role + "`"},
		{"works on", a.Supported},
		{"Microsoft allows", allows(a.Post)},
		{"not while one of these is open", others(all, a)},
		{"when it has succeeded", succeeded(a)},
		{"followed for", followed(a)},
		{"taken back with", code(a.Undo)},
		{"the call", call(a)},
		{"Microsoft's page", "<" + a.Page + ">"},
	} {
		if row.is != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", row.what, row.is)
		}
	}
	return b.String()
}

func switchedOn(a defender.Action) string {
	if a.Harmless {
		return "by default"
	}
	return "where `ACTIONS` names it"
}

func allows(e defender.Endpoint) string {
	var limits []string
	for _, l := range e.Limits {
		limits = append(limits, l.String())
	}
	return strings.Join(limits, ", ") + ", for all devices together"
}

// others are the actions of which none may be open on a device beside this one.
func others(all defender.Catalogue, a defender.Action) string {
	names := []string{code(a.Name)}
	for _, b := range all {
		if b.Name != a.Name && a.Excludes != "" && b.Excludes == a.Excludes {
			names = append(names, code(b.Name))
		}
	}
	return strings.Join(names, ", ") + " on the same device"
}

func succeeded(a defender.Action) string {
	if a.Success != "" {
		return a.Success
	}
	return "The card says what Defender found, such as “" + strings.TrimSuffix(defender.Explain(a.Tracks, "Benign"), ".") + "”."
}

// followed is how long its end is waited for, in whole days; what the horizon has beyond
// them is a margin.
func followed(a defender.Action) string {
	text := fmt.Sprintf("%d days at most", a.Horizon/(24*time.Hour))
	if a.Ended != nil {
		text += fmt.Sprintf("; %d hours as long as it stays in Defender's queue", a.Ended.QueuedFor/time.Hour)
	}
	return text
}

func call(a defender.Action) string {
	parts := []string{"`POST /api/machines/{id}/" + a.Post.Name + "`"}
	for _, name := range slices.Sorted(maps.Keys(a.Fields)) {
		parts = append(parts, fmt.Sprintf("`%s: %s`", name, a.Fields[name]))
	}
	return strings.Join(parts, " with ")
}

func code(name string) string {
	if name == "" {
		return ""
	}
	return "`" + name + "`"
}
