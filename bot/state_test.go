package bot

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
)

// TestStateFirstWords: the line of state begins with what people, and tests, look for, and says
// no two things at once.
func TestStateFirstWords(t *testing.T) {
	pendingApproval := approvals.Call{State: approvals.Running, Job: approvals.Job{ID: guid, Status: "PendingApproval"}}
	inQueue := approvals.Call{State: approvals.Running, Job: approvals.Job{ID: guid, Status: "Queued"}}
	offline := approvals.Call{State: approvals.Running, Job: approvals.Job{ID: guid, Status: "Pending"}}
	running, queued, ok := openCalls()["running"], openCalls()["queued"], endedCalls()["succeeded"]
	failed, lapsed := endedCalls()["failed-role"], endedCalls()["lapsed"]
	for name, tt := range map[string]struct {
		r    approvals.Request
		want string
	}{
		"pending":          {pending("scan", 1), "🟡 Waiting for approval by"},
		"two needed":       {twoNeeded(pending("scan", 1)), "🟡 Waiting for approval · 2 needed, from"},
		"one given":        {oneGiven(twoNeeded(pending("scan", 1))), "🟡 Waiting for approval · 1 of 2 given, 1 more needed from"},
		"queued":           {approved("scan", queued), "⏳ Approved, waiting for its turn. The approval runs out"},
		"expected":         {approved("scan", openCalls()["queued-expected"]), "⏳ Approved, waiting for its turn. Microsoft's limit for this action is used up for now. Expected to be sent"},
		"held":             {approved("scan", openCalls()["not-reached"]), "⏳ Approved, waiting for its turn. Defender cannot be reached. Next try"},
		"sending":          {approved("scan", openCalls()["sending"]), "⏳ Being sent to Defender."},
		"uncertain":        {approved("scan", openCalls()["uncertain"]), "❓ Not certain. It was sent,"},
		"running":          {approved("investigate", running), "▶️ Running since"},
		"nobody has begun": {approved("investigate", inQueue), "⏳ Sent to Defender,"},
		"offline":          {approved("scan", offline), "⏳ Sent to Defender,"},
		"paused":           {approved("investigate", pendingApproval), "🟡 Paused in Defender, sent"},
		"stopping":         {approved("collect", stoppable(stops()["taken"])), "⏳ Stopping: "},
		"stop refused":     {approved("collect", stoppable(stops()["refused"])), "▶️ Running since"},
		"several":          {approved("scan", ok, failed, running, queued), "▶️ 1 of 4 done · 1 failed · 1 running · 1 waiting for a turn. The approval runs out"},
		"several offline":  {approved("scan", ok, offline), "⏳ 1 of 2 done · 1 waiting to begin"},
		"none yet":         {approved("scan", queued, queued), "⏳ 0 of 2 done · 2 waiting for a turn."},
		"all":              {done("scan", ok, ok), "✅ Succeeded on all 2 devices."},
		"partly":           {done("scan", ok, failed, lapsed), "🟠 Partly succeeded · 1 succeeded · 1 failed · 1 not sent"},
		"none":             {done("scan", failed, failed), "❌ Failed · on all 2 devices"},
		"denied":           {ended(approvals.Denied, approvals.End{By: person(grace), Text: "no"}), "⛔ Denied by"},
		"expired":          {ended(approvals.Expired, approvals.End{}), "🕓 Expired, "},
		"cancelled":        {ended(approvals.Cancelled, approvals.End{By: person(ada)}), "⚪ Cancelled by"},
	} {
		if got := strings.Split(drawn(tt.r).Text, "\n")[1]; !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tt.want)
		}
	}
}

// TestCardSpoken: a lock screen gets the question, the device and what is at stake first.
func TestCardSpoken(t *testing.T) {
	until := " – <@" + ada + ">: odd logins at 3, see INC-42 · until " + when(pending("scan", 1).Deadline()).markup() + " · D-7K3F9Q"
	for name, tt := range map[string]struct {
		r    approvals.Request
		want string
	}{
		"one":         {pending("investigate", 1), "Approve? Investigate srv-db-01.contoso.example (risk High)" + until},
		"several":     {pending("investigate", 4), "Approve? Investigate 4 devices (srv-db-01.contoso.example, lt-ada.contoso.example, kiosk-7 and 1 more; look twice at 3)" + until},
		"many doubts": {with(doubts), "Approve? Run a full scan on lt-ada.contoso.example (risk Medium; not onboarded; not seen for 3 weeks; 4 more)" + until},
		"decided":     {approved("investigate", openCalls()["running"]), "Investigate srv-db-01.contoso.example"},
	} {
		if got, _, _ := strings.Cut(drawn(tt.r).Text, "\n"); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tt.want)
		}
	}
}

// TestCardProblemsFirst: of several devices those that need somebody come first, and what is
// done last.
func TestCardProblemsFirst(t *testing.T) {
	r := approved("collect", ran(), openCalls()["queued"], endedCalls()["failed-role"], openCalls()["uncertain"], openCalls()["running"])
	var got []string
	for l := range strings.SplitSeq(drawn(r).Text, "\n") {
		for _, d := range r.Devices {
			if mark, _, is := strings.Cut(l, " "+d.Name+" "); is {
				got = append(got, mark)
			}
		}
	}
	if want := []string{"❌", "❓", "▶️", "⏳", "✅"}; !slices.Equal(got, want) {
		t.Errorf("in the order %q, want %q\n%s", got, want, drawn(r).Text)
	}
}

// TestCardLineOffline: of several devices the one that is away is said to be, and what goes
// on takes few words.
func TestCardLineOffline(t *testing.T) {
	offline := approvals.Call{State: approvals.Running, Started: after(3), Job: approvals.Job{ID: guid, Status: "Pending"}}
	working := approvals.Call{State: approvals.Running, Started: after(3), Job: approvals.Job{ID: guid, Status: "InProgress"}}
	text := drawn(approved("collect", working, offline, offline, ran())).Text
	for _, want := range []string{
		"▶️ srv-db-01.contoso.example running\n", "⏳ lt-ada.contoso.example sent to Defender. Waiting to begin.\n",
		"⏳ kiosk-7 sent to Defender. Offline since " + when(device(2).LastSeen).markup() + ".\n", "✅ web-02.contoso.example succeeded. The package is ready.\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// TestCardOneClock: a time on a card is always one that Slack shows in the reader's own.
func TestCardOneClock(t *testing.T) {
	for name, v := range everyView() {
		for _, s := range spansOf(v) {
			if rest := allowed.ReplaceAllString(s.text, ""); strings.Contains(rest, "UTC") {
				t.Errorf("%s: %q", name, rest)
			}
		}
	}
}

// TestButtonsLabels: whoever hears a button without its card hears what it is about.
func TestButtonsLabels(t *testing.T) {
	for name, r := range sampleRequests() {
		for _, b := range pressable(drawn(r)) {
			label := b.AccessibilityLabel
			if n := utf8.RuneCountInString(label); n == 0 || n > 75 || !strings.HasPrefix(label, strings.TrimRight(cut(b.Text.Text, 20), "…“")[:4]) {
				t.Errorf("%s: %q is heard as %q", name, b.Text.Text, label)
			}
		}
	}
	if got, want := pressable(drawn(pending("investigate", 1)))[1].AccessibilityLabel, "Deny: investigate srv-db-01.contoso.example"; got != want {
		t.Errorf("heard as %q, want %q", got, want)
	}
}

// TestButtonsStyles: at most one button is what to press, and at most one is dangerous.
func TestButtonsStyles(t *testing.T) {
	for name, r := range sampleRequests() {
		count := map[slack.Style]int{}
		for _, b := range pressable(drawn(r)) {
			count[b.Style]++
		}
		if count[slack.StylePrimary] > 1 || count[slack.StyleDanger] > 1 {
			t.Errorf("%s: %d primary, %d dangerous", name, count[slack.StylePrimary], count[slack.StyleDanger])
		}
	}
}

func pressable(v view) (list []*slack.ButtonBlockElement) {
	for _, b := range v.Blocks {
		if row, is := b.(*slack.ActionBlock); is {
			for _, e := range row.Elements.ElementSet {
				if button, is := e.(*slack.ButtonBlockElement); is {
					list = append(list, button)
				}
			}
		}
	}
	return list
}

// TestInBrief ends at a sentence where it can.
func TestInBrief(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{
		{"Short.", 10, "Short."},
		{"One. Two is long.", 12, "One."},
		{"It has no end in there", 10, "It has no…"},
	} {
		if got := inBrief(tt.in, tt.n); got != tt.want {
			t.Errorf("inBrief(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}
