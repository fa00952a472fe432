package app_test

import (
	"strings"
	"testing"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// TestByActionIsolate has a rule for one action: two of its own approvers, and nobody
// else, let it go. The others go by the general rule.
func TestByActionIsolate(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.Approvers += ",isolate=" + sandbox.Grace + ",isolate=" + sandbox.Lena + ",isolate=" + sandbox.Ada
	env.Requesters, env.ApprovalsRequired = "isolate="+sandbox.Ada+",isolate="+sandbox.Grace, "1,isolate=2"
	run(t, p, env, app.Options{})

	says(t, "asking by somebody who may not", command(t, p, sandbox.Ben, sandbox.Incident, "isolate "+sandbox.Laptop+" why"), "not on the list of people who may ask for this action")
	id, c := pending(t, p, "isolate "+sandbox.Laptop+" beacons to a known C2")
	says(t, "the card", c.Text, "2 needed, from <@"+sandbox.Grace+"> <@"+sandbox.Lena+">")
	if strings.Contains(c.Text, sandbox.OnCall) {
		t.Errorf("the card calls people who do not decide on this: %s", c.Text)
	}
	for _, tt := range []struct{ who, button, want string }{
		{sandbox.Joan, "approve", "You are not an approver of this action"},
		{sandbox.Joan, "deny", "You are not an approver of this action"},
		{sandbox.Joan, "cancel", "Only the requester or an approver of this action"},
		{sandbox.Ada, "approve", "your own request"},
		{sandbox.Grace, "approve", "You approved"},
		{sandbox.Grace, "approve", "already approved this"},
		{sandbox.Joan, "approve", "You are not an approver of this action"},
	} {
		says(t, tt.button+" by "+tt.who, click(t, p, tt.who, c, tt.button), tt.want)
		nothingSent(t, p)
	}
	card(t, p, id, "1 of 2 given, 1 more needed", "Approved by <@"+sandbox.Grace+">")
	says(t, "the second", click(t, p, sandbox.Lena, c, "approve"), "You approved")
	card(t, p, id, "Succeeded", "Approved by <@"+sandbox.Grace+">", "Approved by <@"+sandbox.Lena+">")
	if n := posts(p, "machines/isolate"); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}

	id, c = pending(t, p, "collect "+sandbox.Desktop+" why")
	says(t, "the card", c.Text, "Waiting for approval by ", sandbox.OnCall, "(not <@"+sandbox.Ada+">)")
	says(t, "an approver of isolations alone", click(t, p, sandbox.Lena, c, "approve"), "You are not an approver of this action")
	says(t, "the general list", click(t, p, sandbox.Joan, c, "approve"), "You approved")
	card(t, p, id, "Succeeded")
	ask(t, p, sandbox.Ben, "collect "+sandbox.Server+" anybody may ask for this")
}

// TestByActionRetry: Try again goes by the rule of the action too.
func TestByActionRetry(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.Approvers += ",isolate=" + sandbox.Grace + ",isolate=" + sandbox.Lena
	run(t, p, env, app.Options{})
	end := p.Defender.Inject(defenderfake.Fault{On: "machines/isolate", Status: 403})
	id, c := pending(t, p, "isolate "+sandbox.Laptop+" why")
	click(t, p, sandbox.Grace, c, "approve")
	c = card(t, p, id, "Failed")
	end()
	says(t, "retry by somebody of the general list", click(t, p, sandbox.Joan, c, "retry"), "Only the requester or an approver of this action")
	says(t, "retry by an approver of it", click(t, p, sandbox.Lena, c, "retry"), "Your click counts as an approval")
	card(t, p, "Retry of", "Succeeded", "Approved by <@"+sandbox.Lena+">")
}

// TestByActionSwitchedOff restarts the bot with an action switched off: what was
// not sent is not, what runs is followed on, and what is typed is answered.
func TestByActionSwitchedOff(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), func(o *sandbox.Options) { o.Defender.RunFor = 3 * time.Second })
	stop := run(t, p, p.Env(), app.Options{})
	runs, c := pending(t, p, "isolate "+sandbox.Desktop+" runs already")
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, runs, "Defender id ")
	approved, c := pending(t, p, "isolate "+sandbox.Laptop+" approved, not sent")
	waits, undecided := pending(t, p, "isolate "+sandbox.Server+" not decided")
	down := p.Defender.Inject(defenderfake.Fault{On: "machines/isolate", Status: 429, RetryAfter: "2"})
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, approved, "throttling")
	stop()
	down()
	before := posts(p, "machines/isolate")

	env := p.Env()
	env.Actions = "collect,unisolate"
	run(t, p, env, app.Options{})
	const off = "This action is switched off here, so it was not sent: isolate. Whoever runs this bot can switch it on in ACTIONS."
	c = card(t, p, approved, "Not sent", off)
	card(t, p, runs, "Succeeded")
	says(t, "approving", click(t, p, sandbox.Grace, undecided, "approve"), off)
	says(t, "trying again", click(t, p, sandbox.Ada, c, "retry"), off)
	says(t, "typing it", command(t, p, sandbox.Ada, sandbox.Incident, "isolate "+sandbox.Laptop+" why"), off)
	if got := command(t, p, sandbox.Ada, sandbox.Incident, "isolat "+sandbox.Laptop+" why"); strings.Contains(got, "Did you mean") {
		t.Errorf("mistyped: %q", got)
	}
	if got := command(t, p, sandbox.Ada, sandbox.Incident, "help"); strings.Contains(got, "/defender isolate ") || !strings.Contains(got, "/defender unisolate ") {
		t.Errorf("the help says %q", got)
	}
	deny(t, p, sandbox.Grace, undecided)
	card(t, p, waits, "Denied")
	if n := posts(p, "machines/isolate"); n != before {
		t.Errorf("%d calls since it was switched off, want none", n-before)
	}
}

// TestByActionStart: what nobody can approve is said at the start, and stops it only
// where nothing else can be approved.
func TestByActionStart(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.Approvers += ",isolate=" + sandbox.Gus + ",restrict=" + sandbox.Lena
	env.Actions, env.ApprovalsRequired, env.Requesters = "collect,isolate,restrict,unrestrict", "1,restrict=2,scan=3", "isolate="+sandbox.Ben
	l := launch(t, p, env)
	l.becomes(t, p)
	l.log.wait(t, `"level":"WARN"`, "ACTIONS: switches on isolate and not unisolate, which takes it back")
	l.log.wait(t, `"level":"WARN"`, "APPROVALS_REQUIRED: has entries for scan, which ACTIONS does not switch on")
	l.log.wait(t, `"level":"WARN"`, "too few approvers for actions", `"actions":"isolate (0 of 1), restrict (1 of 2)"`)
	l.log.wait(t, `"rules in force"`, `"who_asks":"every full member,isolate=`+sandbox.Ben+`"`,
		`"who_decides":"`+sandbox.OnCall+`,isolate=`+sandbox.Gus+`,restrict=`+sandbox.Lena+`"`, `"approvals":"collect=1,isolate=1,restrict=2,unrestrict=1"`)
	says(t, "asking for what nobody can approve", command(t, p, sandbox.Ben, sandbox.Incident, "isolate "+sandbox.Laptop+" why"),
		"Too few people other than you", "gus ("+sandbox.Gus+"): a guest", "add people to APPROVERS for this action")
	_, c := pending(t, p, "collect "+sandbox.Laptop+" why")
	click(t, p, sandbox.Grace, c, "approve")

	env.Actions = "isolate,restrict"
	err := launch(t, p, env).ends(t)
	says(t, "the end", err.Error(), "APPROVERS: nothing can be approved", "isolate (0 of 1), restrict (1 of 2)")
}
