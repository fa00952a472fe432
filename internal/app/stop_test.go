package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/internal/app"
	"defenderbot/internal/audit"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// waits has a collection run on a device that is switched off, where it stays Pending.
func waits(t *testing.T, p *sandbox.Place, text string) (id string, c slackfake.Message) {
	t.Helper()
	id, c = pending(t, p, text)
	click(t, p, sandbox.Grace, c, "approve")
	return id, card(t, p, id, "Sent to Defender", "Defender id ")
}

// trailOf are the lines of the audit trail about changes of a request.
func trailOf(t *testing.T, p *sandbox.Place, id string) (list []audit.Entry) {
	t.Helper()
	options, err := redis.ParseURL(p.Redis)
	if err != nil {
		t.Fatal(err)
	}
	rdb := redistest.Client(t, options.Addr)
	keys, err := rdb.Keys(t.Context(), "*:audit").Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("trails %q and %v", keys, err)
	}
	entries, err := redistest.Trail(t.Context(), rdb, keys[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Request == id && e.Version > 0 {
			list = append(list, e)
		}
	}
	return list
}

// TestStopRunning: Joan stops what Grace has approved. Nobody else can; Defender is asked
// once, its word ends the call, and card, thread, trail and Defender say who it was.
func TestStopRunning(t *testing.T) {
	t.Parallel()
	p := timeless(t)
	run(t, p, p.Env(), app.Options{})
	id, c := waits(t, p, "collect "+sandbox.Offline+" switched off")
	for user, want := range map[string]string{sandbox.Ada: "Only an approver of this action can stop", sandbox.Ben: "Only an approver of this action can stop", sandbox.Gus: "Only full members"} {
		says(t, user, click(t, p, user, c, "stop"), want)
	}
	if n := posts(p, defenderfake.ActionCancel); n != 0 {
		t.Fatalf("%d cancellations, want none", n)
	}
	says(t, "Joan", click(t, p, sandbox.Joan, c, "stop"), "I am asking Defender to stop "+id, "until Defender says otherwise")
	end := card(t, p, id, "Cancelled", "Cancelled in Defender, ", "<@"+sandbox.Joan+"> asked for it, ")
	if strings.Contains(end.Text, "before it was sent") || strings.Contains(string(end.Blocks), `"stop"`) {
		t.Errorf("the card says %q, with %s", end.Text, end.Blocks)
	}
	thread(t, p, c, "Cancelled", "<@"+sandbox.Joan+"> asked for it")
	if n := posts(p, defenderfake.ActionCancel); n != 1 {
		t.Errorf("%d cancellations, want one", n)
	}
	a := p.Defender.Actions()[0]
	if want := "[" + id + " · stopped by joan (" + sandbox.Joan + ")]"; a.Status != defenderfake.ActionCancelled || a.CancelComment != want {
		t.Errorf("in Defender it is %s with %q, want %q", a.Status, a.CancelComment, want)
	}
	var events []string
	for _, e := range trailOf(t, p, id) {
		if strings.Contains(e.Event, "stop") {
			events = append(events, e.Event+" "+e.By)
		}
	}
	if got, want := strings.Join(events, ", "), "stopjobs "+sandbox.Joan+", sendstop , takestop "; got != want {
		t.Errorf("the trail has %q, want %q", got, want)
	}
}

// TestStopTooLate: the action ends before Defender is asked, which Defender refuses. The
// card says how it ended.
func TestStopTooLate(t *testing.T) {
	t.Parallel()
	p := timeless(t)
	run(t, p, p.Env(), app.Options{})
	id, c := waits(t, p, "collect "+sandbox.Offline+" switched off")
	pass(t, p, id, time.Minute, 20*time.Minute, approvals.Running)
	if err := p.Defender.Finish(p.Defender.Actions()[0].ID, defenderfake.ActionSucceeded); err != nil {
		t.Fatal(err)
	}
	click(t, p, sandbox.Grace, c, "stop")
	pass(t, p, id, time.Second, time.Minute, approvals.Succeeded)
	card(t, p, id, "Succeeded", "<@"+sandbox.Grace+"> asked for it to be stopped, ", "which was refused")
}

// TestStopAnswerLost: Defender has stopped it, and its answer does not arrive. It is not
// asked again, and what it shows ends the call.
func TestStopAnswerLost(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]defenderfake.Fault{
		"cut off":      {Drop: true},
		"a gateway's":  {Status: 502},
		"not readable": {Status: 200, Body: "<html>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := timeless(t)
			run(t, p, p.Env(), app.Options{})
			id, c := waits(t, p, "collect "+sandbox.Offline+" switched off")
			f.On, f.When, f.Times = defenderfake.ActionCancel, defenderfake.AfterEffect, 1
			p.Defender.Inject(f)
			click(t, p, sandbox.Grace, c, "stop")
			got := pass(t, p, id, 5*time.Second, 5*time.Minute, approvals.CallCancelled)
			if !got.Stop.By.HasID(sandbox.Grace) {
				t.Errorf("stopped by %+v", got.Stop.By)
			}
			card(t, p, id, "Cancelled in Defender, ", "<@"+sandbox.Grace+"> asked for it, ")
			if n := posts(p, defenderfake.ActionCancel); n != 1 {
				t.Errorf("%d cancellations, want one", n)
			}
		})
	}
}

// TestStopRestart: the bot ends before it has sent a stop that waits, and the next one
// sends it.
func TestStopRestart(t *testing.T) {
	t.Parallel()
	p := timeless(t)
	stop := run(t, p, p.Env(), app.Options{})
	id, c := waits(t, p, "collect "+sandbox.Offline+" switched off")
	calm := p.Defender.Inject(defenderfake.Fault{On: defenderfake.ActionCancel, Status: 429, RetryAfter: "300"})
	click(t, p, sandbox.Grace, c, "stop")
	card(t, p, id, "<@"+sandbox.Grace+"> wants it stopped, ", "Defender has not been asked yet", "throttling")
	stop()
	calm()
	run(t, p, p.Env(), app.Options{})
	pass(t, p, id, time.Minute, 10*time.Minute, approvals.CallCancelled)
	card(t, p, id, "Cancelled in Defender, ", "<@"+sandbox.Grace+"> asked for it, ")
}

// TestStopInvestigation: there is no API for that, and so no button.
func TestStopInvestigation(t *testing.T) {
	t.Parallel()
	p := timeless(t)
	run(t, p, p.Env(), app.Options{})
	_, c := waits(t, p, "investigate "+sandbox.Offline+" switched off")
	if strings.Contains(string(c.Blocks), `"action_id":"stop"`) {
		t.Errorf("the card has a button: %s", c.Blocks)
	}
}
