package bot

import (
	"cmp"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
)

// TestEscalationMentions: those who are called in are mentioned, never the requester or who
// does not count, and nobody where there is no such list any more.
func TestEscalationMentions(t *testing.T) {
	for name, tt := range map[string]struct {
		r      approvals.Request
		counts func(string) bool
		card   string // on the card; empty: nothing is said of it
	}{
		"called in":          {escalated(pending("isolate", 1)), nil, "so I called in <@" + lead + ">: they may decide too."},
		"no list any more":   {escalated(pending("collect", 1)), nil, ""},
		"nobody who counts":  {escalated(pending("isolate", 1)), func(u string) bool { return u != lead }, ""},
		"not yet":            {pending("isolate", 1), nil, ""},
		"it is decided":      {escalated(approved("isolate", openCalls()["queued"])), nil, ""},
		"the one has to too": {escalated(twoNeeded(pending("isolate", 1))), nil, "so I called in <@" + lead + ">: they may decide too."},
	} {
		v := views()
		v.Counts = tt.counts
		_, text := v.card(tt.r)
		if got := strings.Contains(text, "called in"); got != (tt.card != "") || !strings.Contains(text, tt.card) {
			t.Errorf("%s: the card says\n%s\nwant %q", name, text, tt.card)
		}
		if len(tt.r.Notices) == 0 {
			continue
		}
		_, text = v.notice(tt.r, len(tt.r.Notices)-1)
		called := strings.Contains(text, "Called in: <@"+lead+">.")
		if want := tt.card != "" || name == "it is decided"; called != want || strings.Contains(text, "Called in: <@"+ada) {
			t.Errorf("%s: the notice says\n%s", name, text)
		}
	}
}

// TestInTheWayLinks: the other request is linked where it has a card, and named where not.
func TestInTheWayLinks(t *testing.T) {
	for name, tt := range map[string]struct {
		ts, want string
	}{"a card": {"1763731380.000100", "https://contoso.slack.com/archives/" + room + "/p1763731380000100"}, "none yet": {"", ""}} {
		w := inTheWay(approvals.AlreadyOpen, func(o *approvals.Other) { o.TS = tt.ts })
		p := views().explained(&approvals.Refusal{Why: w})
		got := ""
		for _, s := range p[len(p)-1].spans {
			got = cmp.Or(got, s.url)
		}
		if got != tt.want || !strings.Contains(p.text(), "D-2M8XKW") || !strings.Contains(p.text(), "<#"+room+">") {
			t.Errorf("%s: links to %q, want %q, in\n%s", name, got, tt.want, p.text())
		}
	}
	if p := views().explained(approvals.Refuse(approvals.AlreadyOpen, "D-2M8XKW")); len(p) != 1 { // by a version that knew no more
		t.Errorf("where nothing is known of it: %q", p.text())
	}
}

// TestRetryButton: it names the devices that are tried again, where there are several.
func TestRetryButton(t *testing.T) {
	failed, ok, runs := endedCalls()["failed-role"], endedCalls()["succeeded"], openCalls()["running"]
	for _, tt := range []struct {
		name string
		r    approvals.Request
		want string
	}{
		{"one device", done("investigate", failed), "Try again"},
		{"one of two, the other runs", approved("investigate", failed, runs), "Try again: srv-db-01.contoso.example"},
		{"two of three", done("investigate", failed, ok, failed), "Try again: srv-db-01.contoso.example, kiosk-7"},
		{"nothing", approved("investigate", ok, runs), ""},
	} {
		got := ""
		for _, e := range views().retryButton(tt.r, "v") {
			got = e.(*slack.ButtonBlockElement).Text.Text
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestFailureCounts: a notice speaks of as many calls as did not succeed, whether they can be
// tried again or not.
func TestFailureCounts(t *testing.T) {
	failed, vain, runs := endedCalls()["failed-role"], endedCalls()["failed-role"], openCalls()["running"]
	vain.Why = approvals.Why{Reason: approvals.UnsupportedOS}
	for want, calls := range map[string][]approvals.Call{"not succeed on 1 device": {vain, runs}, "not succeed on 2 devices": {failed, vain, runs}} {
		r := approved("collect", calls...)
		r.Notices = append(r.Notices, approvals.Notice{Kind: approvals.NoticeFailure})
		_, text := views().notice(r, len(r.Notices)-1)
		if again := strings.Contains(text, "try again"); !strings.Contains(text, want) || again != (len(calls) > 2) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
}
