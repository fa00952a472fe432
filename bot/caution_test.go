package bot

import (
	"strings"
	"testing"

	"defenderbot/approvals"
)

// TestCardDoubtfulFirst: of several devices those that somebody should think about come first,
// and in the order of the request once it is decided.
func TestCardDoubtfulFirst(t *testing.T) {
	r := pending("scan", 6)
	for i := range r.Devices {
		r.Devices[i] = device(1)
		r.Devices[i].Name = "pc-" + string(rune('a'+i))
	}
	r.Devices[3].Onboarding, r.Devices[5].Verified = "CanBeOnboarded", false
	for state, want := range map[approvals.State]string{approvals.Pending: "d f a b c e", approvals.Cancelled: "a b c d e f"} {
		r.State = state
		var got []string
		for l := range strings.SplitSeq(drawn(r).Text, "\n") {
			if mark, name, is := strings.Cut(l, " pc-"); is && (mark == "•" || mark == "⚠️") {
				got = append(got, name[:1])
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: in the order %q, want %s", state, got, want)
		}
	}
}

// TestCardWarningLines: each thing that speaks against the action on a device is a line of its
// own that begins with its mark.
func TestCardWarningLines(t *testing.T) {
	r := with(doubts)
	r.Devices[0].Verified = false
	lines := 0
	for l := range strings.SplitSeq(drawn(r).Text, "\n") {
		switch strings.LastIndex(l, "⚠️") {
		case -1:
		case 0:
			lines++
		default:
			t.Errorf("the mark is not the first: %s", l)
		}
	}
	if want := len(views().warnings(r, r.Devices[0])); lines != want {
		t.Errorf("%d lines with a mark, want %d\n%s", lines, want, drawn(r).Text)
	}
}

// TestCardAskedBeforeLink: where the workspace's address is not known, the card of the
// earlier request is named without a link.
func TestCardAskedBeforeLink(t *testing.T) {
	v, r := views(), doubtfulRequests()["pending-asked"]
	blocks, _ := v.card(r)
	if text := string(encoded(t, blocks)); !strings.Contains(text, `"url":"https://contoso.slack.com/archives/C0INCIDENT/p1763729000000100"`) {
		t.Errorf("no link to the earlier card in %s", text)
	}
	v.Permalink = func(string, string) string { return "" }
	blocks, text := v.card(r)
	if what := broken(t, view{Text: text, Blocks: blocks}); what != "" || !strings.Contains(text, ", as D-2M8XKW: succeeded.") {
		t.Errorf("%s\n%s", what, text)
	}
}
