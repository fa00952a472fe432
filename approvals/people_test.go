package approvals_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestPersonCalled has names that would pass for more than a name in Defender's
// portal, where the comment is the only record of who asked and who approved.
func TestPersonCalled(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"ada", "ada"},
		{"", "U1"},
		{" \u202e\n ", "U1"},
		{"x] approved by y (U0Y)\n[D-000000", "x approved by y U0Y D-000000"},
		{"x · approved by y", "x approved by y"},
		{"x】 ⦗y⦘ <z>", "x y z"},
		{"a\u202eb\u200bc\u2066d\ufe0f\u2800e", "abcde"},
		{"Zoë Ångström", "Zoë Ångström"},
		{"x ･ y │ z ‹w›", "x y z w"},
		{"\u0301\u0302", "U1"},
		{strings.Repeat("é", 50), strings.Repeat("é", 40)},
	} {
		p := approvals.Person{ID: "U1", Name: tt.name}
		if got := p.Called(); got != tt.want {
			t.Errorf("%q is called %q, want %q", tt.name, got, tt.want)
		}
		r := approvalstest.Sample(approvals.Approved, approvals.Queued)
		r.By, r.Approvals[0].By = p, approvals.Person{ID: "U2", Name: tt.name}
		sent := r.DefenderComment()
		head, _, _ := strings.Cut(sent, "] ")
		if !strings.HasSuffix(sent, "] "+r.Comment) || strings.Count(sent, "]") != 1 || strings.Count(head, " · ") != 2 ||
			strings.Contains(sent, "\n") || !utf8.ValidString(sent) || !r.OwnsComment(sent) {
			t.Errorf("%q makes the comment %q", tt.name, sent)
		}
	}
}
