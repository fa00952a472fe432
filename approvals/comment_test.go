package approvals_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// forging is what somebody calls themselves who wants to be taken for somebody else.
func forging() *rapid.Generator[string] {
	piece := rapid.SampledFrom([]string{
		" · approved by ", " · asked by ", "(U9EVIL)", "U9EVIL", "[D-000000", "]", "[", "(", ")", "，", ", ", " and ", "·", "•", "\u30fb", "|", ":", "\n", "\r", "\u2028",
		"\u202e", "\u2066", "\u200b", "\u00ad", "\U000E0041", "\x00", "\xff", "（U9EVIL）", "［", "］", "joan", "x", " ", "é", "\U0001F525", "nobody (break-glass)",
	})
	return rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces"), "") })
}

// TestDefenderCommentForged: whatever people call themselves and write, who reads the
// comment in Defender finds the request, who asked, and each who approved, apart from each
// other and from what was typed.
func TestDefenderCommentForged(t *testing.T) {
	head := regexp.MustCompile(`^\[D-7K3F9Q · asked by ([^·]*) · approved by ([^·]*)$`)
	id := regexp.MustCompile(`(?:^| \()(U[0-9])\)?$`)
	rapid.Check(t, func(t *rapid.T) {
		r := approvalstest.Sample(approvals.Approved, approvals.Queued)
		r.Comment = "x" + forging().Draw(t, "comment")
		r.By.Name = forging().Draw(t, "requester")
		r.Approvals = nil
		for _, p := range []approvals.Person{approvalstest.Leader, approvalstest.Second}[:rapid.IntRange(1, 2).Draw(t, "approvers")] {
			p.Name = forging().Draw(t, "approver")
			r.Approvals = append(r.Approvals, approvals.Approval{By: p})
		}
		if r.Forced = rapid.Bool().Draw(t, "break-glass"); r.Forced {
			r.Approvals = nil
		}
		said := r.DefenderComment()
		before, after, _ := strings.Cut(said, "] ")
		parts := head.FindStringSubmatch(before)
		switch {
		case after != r.Comment:
			t.Fatalf("what was typed is %q and reads as %q", r.Comment, after)
		case parts == nil, strings.ContainsFunc(before, unicode.IsControl):
			t.Fatalf("%q does not say who asked and who approved, each once", before)
		case !r.OwnsComment(said):
			t.Fatalf("%q is not found again", said)
		case r.Forced != (parts[2] == "nobody (break-glass)"):
			t.Fatalf("%q: acted alone is %v", before, r.Forced)
		}
		if r.Forced {
			parts[2] = "" // nobody is named
		}
		names := append([]string{parts[1]}, strings.FieldsFunc(strings.ReplaceAll(parts[2], ", ", "\n"), func(r rune) bool { return r == '\n' })...)
		want := []string{r.By.ID}
		for _, a := range r.Approvals {
			want = append(want, a.By.ID)
		}
		var got []string
		for _, name := range names {
			if found := id.FindStringSubmatch(name); found != nil && strings.Count(name, "(") < 2 {
				got = append(got, found[1])
			}
		}
		if strings.Join(got, " ") != strings.Join(want, " ") || len(names) != len(want) {
			t.Fatalf("%q names %q, want %q", before, got, want)
		}
	})
}
