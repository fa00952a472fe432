package app_test

import (
	"net/http"
	"strings"
	"testing"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// endsInvestigations has Defender refuse investigations until the returned function is
// called.
func endsInvestigations(p *sandbox.Place) (off func()) {
	return p.Defender.Inject(defenderfake.Fault{
		On: defenderfake.StartInvestigation, Status: http.StatusNotFound, Code: "NotFound", Message: "No HTTP resource was found that matches the request URI",
	})
}

// lastAnswer is the newest message that a person alone sees.
func lastAnswer(t *testing.T, p *sandbox.Place, user string) slackfake.Message {
	t.Helper()
	all := p.Slack.Ephemerals(user)
	if len(all) == 0 {
		t.Fatalf("%s was told nothing", user)
	}
	return all[len(all)-1]
}

// TestEnded: an investigation is refused as ended, the full scan is asked for with one
// click, approved by a second person who has asked for neither, and followed to its end.
func TestEnded(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, addr string) {
		p := open(t, addr, nil)
		run(t, p, p.Env(), app.Options{})
		endsInvestigations(p)
		first, c := pending(t, p, "investigate "+sandbox.Server+" odd logins at 3")
		says(t, "acknowledgement", told(t, p, sandbox.Ada, "Recorded as "+first), "since 1 September 2026 investigations can no longer be started by hand")
		says(t, "card", c.Text, "Microsoft ended this on 1 September 2026", "“Run full antivirus scan” (scan) replaces it")
		click(t, p, sandbox.Grace, c, "approve")
		failed := card(t, p, first, "Defender refused it: Microsoft ended this on 1 September 2026. Not the device's fault.", "No HTTP resource was found")
		for _, wrong := range []string{"licence", "no longer knows this device"} {
			if strings.Contains(failed.Text, wrong) {
				t.Errorf("the card blames something else, %q:\n%s", wrong, failed.Text)
			}
		}
		if strings.Contains(string(failed.Blocks), `"retry"`) {
			t.Error("the card offers to try again what cannot succeed")
		}

		answer := click(t, p, sandbox.Grace, failed, "successor")
		says(t, "successor", answer, "Asked for “Run full antivirus scan” as D-")
		second := requestID.FindString(answer)
		scan := card(t, p, second, "Waiting for approval", "Asked by <@"+sandbox.Grace+">", "odd logins at 3", "In place of "+first,
			"<@"+sandbox.Ada+"> asked for "+first+" and cannot approve this either")
		card(t, p, first, "Asked for “Run full antivirus scan”: "+second)
		says(t, "pressed again", click(t, p, sandbox.Joan, failed, "successor"), "already open on a device of this request", second)
		says(t, "the first requester", click(t, p, sandbox.Ada, scan, "approve"), "You asked for this before")
		says(t, "whoever pressed", click(t, p, sandbox.Grace, scan, "approve"), "your own request")
		says(t, "somebody else", click(t, p, sandbox.Joan, scan, "approve"), "You approved "+second)
		card(t, p, second, "Succeeded", "Approved by <@"+sandbox.Joan+">")
		if n, m := posts(p, defenderfake.StartInvestigation), posts(p, defenderfake.RunScan); n != 1 || m != 1 {
			t.Errorf("%d investigations and %d scans were posted, want one each", n, m)
		}
	})
}

// TestEndedAgain: the second command for it is answered privately and recorded nowhere;
// both of its buttons do what typing does, and an attempt that is accepted ends it.
func TestEndedAgain(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	run(t, p, p.Env(), app.Options{})
	off := endsInvestigations(p)
	first, c := pending(t, p, "investigate "+sandbox.Server+" why")
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, first, "Not the device's fault")
	cards := len(p.Cards(sandbox.Incident))

	text := command(t, p, sandbox.Ada, sandbox.Incident, "investigate "+sandbox.Laptop+" and this one")
	says(t, "the second", text, "Nothing was recorded", "Microsoft ended “investigate” on 1 September 2026", "/defender scan "+sandbox.Laptop+" and this one")
	if got := held(t, p); len(got) != 0 || len(p.Cards(sandbox.Incident)) != cards {
		t.Errorf("Redis holds %q, %d cards; want nothing new", got, len(p.Cards(sandbox.Incident)))
	}
	private := lastAnswer(t, p, sandbox.Ada)
	scan := requestID.FindString(click(t, p, sandbox.Ada, private, "successor"))
	card(t, p, scan, "Waiting for approval", "Run full antivirus scan", "Asked by <@"+sandbox.Ada+">", "and this one")
	off()
	again := requestID.FindString(click(t, p, sandbox.Ada, private, "anyway"))
	c = card(t, p, again, "Waiting for approval", "Start automated investigation", "and this one")
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, again, "Succeeded")
	pending(t, p, "investigate "+sandbox.Desktop+" Defender takes them again")
}

// TestUndo: what isolated a device has a button that asks for its release, which the first
// requester may approve and whoever pressed may not.
func TestUndo(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	run(t, p, p.Env(), app.Options{})
	answer := command(t, p, sandbox.Grace, sandbox.Incident, "isolate "+sandbox.Server+" it beacons")
	first := requestID.FindString(answer)
	c := card(t, p, first, "Waiting for approval")
	click(t, p, sandbox.Joan, c, "approve")
	c = card(t, p, first, "Succeeded")
	second := requestID.FindString(click(t, p, sandbox.Joan, c, "undo"))
	release := card(t, p, second, "Waiting for approval", "Release device from isolation", "Undoes "+first, "Asked by <@"+sandbox.Joan+">")
	card(t, p, first, "Asked for “Release device from isolation”: "+second)
	says(t, "whoever pressed", click(t, p, sandbox.Joan, release, "approve"), "your own request")
	says(t, "the first requester", click(t, p, sandbox.Grace, release, "approve"), "You approved "+second)
	card(t, p, second, "Succeeded")
}
