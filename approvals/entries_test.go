package approvals_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/audit"
)

// elsewhere are the entries that no event of a request makes.
var elsewhere = []string{"freeze", "refused", "start", "rules", "setback", "probe"}

// TestEntryNames: each event that is written down has a row that says what it tells of, and
// each row an event.
func TestEntryNames(t *testing.T) {
	written := slices.Clone(elsewhere)
	sample := approvalstest.Sample(approvals.Done, approvals.Succeeded)
	keep := func(e approvals.Event) {
		if line, kept := approvals.Describe(sample, sample, e); kept {
			written = append(written, line.Event)
		}
	}
	for _, e := range requestEvents() {
		keep(e)
	}
	for _, e := range callEvents() {
		keep(approvals.On{Event: e})
	}
	var named []string
	for _, n := range audit.Names() {
		named = append(named, n.Name)
	}
	slices.Sort(written)
	slices.Sort(named)
	if diff := cmp.Diff(slices.Compact(written), named); diff != "" {
		t.Errorf("internal/audit/names.go (-written +named):\n%s", diff)
	}
}

// TestEntriesDocument keeps the table of entries in step with the code.
func TestEntriesDocument(t *testing.T) {
	const path = "../docs/audit-entries.md"
	var b strings.Builder
	b.WriteString("# The entries of the audit trail\n\nGenerated from the code by `make golden`; a test compares. Names are added to, and never change their meaning.\n\n| event | what it tells of |\n|---|---|\n")
	for _, n := range audit.Names() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", n.Name, n.Tells)
	}
	documented(t, path, b.String())
}
