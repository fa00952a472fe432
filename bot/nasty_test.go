package bot

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"defenderbot/approvals"
	"defenderbot/commands"
)

// TestViewsOfNastyRequests draws requests far from what people do.
func TestViewsOfNastyRequests(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := nastyRequest(rt)
		v := drawn(r)
		if what := broken(t, v); what != "" {
			rt.Fatalf("card: %s\n%s", what, v.Text)
		}
		if got := quotes(v); !slices.Contains(got, r.Comment) {
			rt.Fatalf("the comment is not among %q, want %q", got, r.Comment)
		}
		for i := range r.Notices {
			blocks, text := views().notice(r, i)
			if what := broken(t, view{Text: text, Blocks: blocks}); what != "" {
				rt.Fatalf("notice: %s\n%s", what, text)
			}
		}
		for _, c := range r.Calls {
			said := said(explain(&approvals.Refusal{Why: c.Why, Request: r}))
			if what := broken(t, said); what != "" {
				rt.Fatalf("answer: %s\n%s", what, said.Text)
			}
		}
	})
}

// nasty is text of somebody who wants to be taken for somebody else.
func nasty(longest int) *rapid.Generator[string] {
	piece := rapid.SampledFrom([]string{
		"<!channel>", "<@U0EVIL>", "*bold*", "`code`", "```", "&amp;", "&lt;!here&gt;", "\n", "\r\n", "\u2028", "\u202e", "\u2066",
		"\u200b", "\u200d", "\u00ad", "\U000E0041", "\x00", "\x7f", "\xff", "<", ">", "&", "\"", "\\", "\U0001F525", "é", "Approved by ", "srv-db-01", " ", ".",
	})
	return rapid.Custom(func(t *rapid.T) string {
		return cut(strings.Join(rapid.SliceOfN(piece, 0, longest/2).Draw(t, "pieces"), ""), longest)
	})
}

func nastyRequest(t *rapid.T) approvals.Request {
	text := func(longest int, what string) string { return nasty(longest).Draw(t, what) }
	n := rapid.IntRange(1, 20).Draw(t, "devices")
	r := pending(rapid.SampledFrom([]string{"investigate", "collect", "isolate"}).Draw(t, "action"), n)
	r.Comment = commands.Readable("x" + text(commands.MaxComment-1, "comment"))
	r.By.Name = text(40, "requester")
	r.Terms.Needed = rapid.IntRange(1, 3).Draw(t, "needed")
	r.State = rapid.SampledFrom(approvals.States()[1:]).Draw(t, "state")
	r.EndedAt = after(30)
	r.From = approvals.Origin{Request: "D-2M8XKW", How: rapid.SampledFrom([]approvals.How{"", approvals.AsSuccessor, approvals.AsUndo, "made up"}).Draw(t, "how")}
	r.Followed = []approvals.Followed{{How: approvals.AsUndo, Action: text(20, "followed by"), As: "D-2M8XKW"}}
	r.Ended = approvals.End{By: person(grace), Text: "x" + text(reasonLimit, "reason"), Why: nastyWhy(t)}
	for i := range r.Devices {
		d := &r.Devices[i]
		d.Verified = rapid.Bool().Draw(t, "verified")
		d.Name, d.OS, d.Health, d.Risk = text(300, "name"), text(60, "os"), text(40, "health"), text(40, "risk")
		d.Tags = rapid.SliceOfN(nasty(40), 0, 5).Draw(t, "tags")
		d.Onboarding, d.LastSeen = text(40, "onboarding"), after(-rapid.IntRange(0, 30*24*60).Draw(t, "minutes away"))
		d.Cautions = rapid.SliceOfN(rapid.Custom(nastyCaution), 0, 3).Draw(t, "cautions")
	}
	if r.State == approvals.Approved || r.State == approvals.Done {
		r.Approvals = []approvals.Approval{{By: person(grace), At: after(2)}, {By: person(joan), At: after(3)}}
		for range r.Devices {
			r.Calls = append(r.Calls, nastyCall(t))
		}
	}
	r.Notices = []approvals.Notice{{Kind: approvals.NoticeReminder, At: after(15)}, {Kind: approvals.NoticeEnd, At: after(30)}}
	return r
}

func nastyWhy(t *rapid.T) approvals.Why {
	reasons := append(sortedKeys(sayings()), "made_up")
	return approvals.Why{
		Reason: rapid.SampledFrom(reasons).Draw(t, "why"), Detail: nasty(500).Draw(t, "detail"), Target: nasty(60).Draw(t, "target"),
	}
}

func nastyCaution(t *rapid.T) approvals.Caution {
	c := cautions()[rapid.SampledFrom(sortedKeys(cautions())).Draw(t, "caution")]
	c.Action, c.Starter, c.Why = nasty(40).Draw(t, "what runs"), nasty(300).Draw(t, "starter"), nastyWhy(t)
	c.At = after(rapid.IntRange(-24*60, 24*60).Draw(t, "since"))
	return c
}

// nastyStop is a stop of a call in whatever state.
func nastyStop(t *rapid.T) approvals.Stopping {
	s := approvals.Stopping{State: rapid.SampledFrom(append(approvals.StopStates(), "made up")).Draw(t, "stop"), At: after(5), Why: nastyWhy(t)}
	s.By = approvals.Person{ID: grace, Name: nasty(40).Draw(t, "stopper")}
	return s
}

func nastyCall(t *rapid.T) approvals.Call {
	c := approvals.Call{
		State: rapid.SampledFrom(approvals.CallStates()).Draw(t, "call"), Started: after(3), EndedAt: after(9), Why: nastyWhy(t),
	}
	c.Stop = nastyStop(t)
	// What becomes a mention is always an id of Slack's.
	if slices.Contains([]approvals.Reason{approvals.ApproverGone, approvals.ApproverOwnHand, approvals.ApproverUnchecked}, c.Why.Reason) {
		c.Why.Detail = grace
	}
	if rapid.Bool().Draw(t, "has a job") {
		c.Job = approvals.Job{
			ID: "x" + nasty(60).Draw(t, "job"), Status: nasty(60).Draw(t, "status"), Details: nasty(500).Draw(t, "details"),
			Adopted: rapid.Bool().Draw(t, "adopted"), By: nasty(80).Draw(t, "starter"), Created: after(3),
		}
	}
	return c
}
