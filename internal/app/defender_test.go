package app_test

import (
	"strings"
	"testing"
	"time"

	"defenderbot/defender"
	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// TestDefenderDownAtApproval approves while Defender cannot be reached: the
// call waits, the card says so, and it goes when Defender is back.
func TestDefenderDownAtApproval(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nil)
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	p.Defender.Down()
	says(t, "approve", click(t, p, sandbox.Grace, c, "approve"), "You approved "+id)
	card(t, p, id, "Approved by", "Defender cannot be reached")
	nothingSent(t, p)
	if err := p.Defender.Up(); err != nil {
		t.Fatal(err)
	}
	card(t, p, id, "Succeeded")
	if n := posts(p, defenderfake.StartInvestigation); n != 1 {
		t.Errorf("%d calls of Defender, want 1", n)
	}
}

// TestDefenderDownAtCheck asks while Defender cannot be reached: an id can
// still be put to approval, a name cannot.
func TestDefenderDownAtCheck(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nil)
	p.Defender.Down()
	byID := ask(t, p, sandbox.Ada, "investigate "+sandbox.Server+" by id")
	byName := ask(t, p, sandbox.Ada, "investigate lt-ada.contoso.example by name")
	told(t, p, sandbox.Ada, byName, "Not submitted for approval", "Defender cannot be reached", "lt-ada.contoso.example")
	card(t, p, byID, "Waiting for approval", sandbox.Server, "ot verified")
	if _, shown := p.Card(sandbox.Incident, byName); shown {
		t.Error("the request that was rejected has a card")
	}
	for _, entry := range held(t, p) {
		if strings.Contains(entry, byName) {
			t.Errorf("the request that was rejected holds %s", entry)
		}
	}
}

// TestExecutionLapses is an approved call that cannot be sent for longer than
// an approval lasts.
func TestExecutionLapses(t *testing.T) {
	t.Parallel()
	p := start(t, nil, func(e *app.Env) { e.ExecutionTTL = "2s" })
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	p.Defender.Down()
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, id, "Not sent", "approval ran out before Defender took it", "Defender cannot be reached: the connection was refused")
	thread(t, p, c, "<@"+sandbox.Ada+">", "Not sent")
	if err := p.Defender.Up(); err != nil {
		t.Fatal(err)
	}
	pending(t, p, "investigate "+sandbox.Server+" again")
	nothingSent(t, p)
}

// TestThrottled is a 429: the card says when the call will go, and it goes then
// and not before.
func TestThrottled(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nil)
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	p.Defender.Inject(defenderfake.Fault{On: defenderfake.StartInvestigation, Times: 1, Status: 429, RetryAfter: "4"})
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, id, "throttling", "Next try")
	card(t, p, id, "Succeeded")
	var at []time.Time
	for _, call := range p.Defender.Calls() {
		if call.Endpoint == defenderfake.StartInvestigation {
			at = append(at, call.At)
		}
	}
	if len(at) != 2 || at[1].Sub(at[0]) < 4*time.Second {
		t.Errorf("calls at %v, want two, 4 s apart at least", at)
	}
}

func TestMissingRole(t *testing.T) {
	t.Parallel()
	p := start(t, func(o *sandbox.Options) { o.Defender.Roles = []string{"Machine.Read.All"} }, nil)
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, id, "Failed", "lacks", "Alert.ReadWrite.All")
	if n := posts(p, defenderfake.StartInvestigation); n != 1 {
		t.Errorf("%d calls of Defender, want 1", n)
	}
}

// TestMissingReadRole: without the role to read, a name is refused with the reason, an
// id goes on with it, and a call that cannot be followed says so on its card.
func TestMissingReadRole(t *testing.T) {
	t.Parallel()
	p := start(t, func(o *sandbox.Options) { o.Defender.Roles = []string{"Machine.CollectForensics"} }, nil)
	ask(t, p, sandbox.Ada, "collect lt-ada.contoso.example why")
	told(t, p, sandbox.Ada, "could not look this device up", "lt-ada.contoso.example", "Machine.Read.All", "Entra administrator")
	id, c := pending(t, p, "collect "+sandbox.Laptop+" why")
	says(t, "the card", c.Text, "Not verified", "Machine.Read.All")
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, id, "have not been able to follow it since", "Machine.Read.All", "I keep trying")
}

// TestAlreadyRunning meets a collection that somebody started in the portal:
// it stands in for the call.
func TestAlreadyRunning(t *testing.T) {
	t.Parallel()
	p := start(t, func(o *sandbox.Options) { o.Defender.RunFor = time.Hour }, nil)
	id, c := pending(t, p, "collect "+sandbox.Laptop+" why")
	portal := p.Defender.Portal("eve@contoso.example")
	job, err := portal.Start(defenderfake.CollectPackage, sandbox.Laptop, "from the portal")
	if err != nil {
		t.Fatal(err)
	}
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, id, "running", "already", "started by eve@contoso.example", job)
	if err := p.Defender.Finish(job, defenderfake.ActionSucceeded); err != nil {
		t.Fatal(err)
	}
	card(t, p, id, "Succeeded", "started by eve@contoso.example")
	if n := len(p.Defender.Actions()); n != 1 {
		t.Errorf("%d actions in Defender, want the one of the portal", n)
	}
}

// TestAnswerLost cuts the connection after Defender has acted: nothing is
// posted again, and what was started is found by its comment.
func TestAnswerLost(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nil)
	id, c := pending(t, p, "collect "+sandbox.Laptop+" why")
	p.Defender.Inject(defenderfake.Fault{On: defenderfake.CollectPackage, Times: 1, When: defenderfake.AfterEffect, Drop: true})
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, id, "will not be sent twice")
	card(t, p, id, "Succeeded", p.Defender.Actions()[0].ID)
	if n := posts(p, defenderfake.CollectPackage); n != 1 {
		t.Errorf("%d calls of Defender, want 1", n)
	}
}

// restarted is a request that was approved by Grace while Defender was down,
// and whose bot was stopped before it could be sent: another bot, which
// remembers nothing of anybody, is to send it.
func restarted(t *testing.T, between func(p *sandbox.Place)) (p *sandbox.Place, id string) {
	t.Helper()
	p = open(t, redistest.Mini(t).Addr(), nil)
	stop := run(t, p, p.Env(), app.Options{})
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	p.Defender.Down()
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, id, "Defender cannot be reached")
	stop()
	between(p)
	if err := p.Defender.Up(); err != nil {
		t.Fatal(err)
	}
	launch(t, p, p.Env()) // it need not get ready
	return p, id
}

// TestApproverGone deactivates the approver between approval and sending.
func TestApproverGone(t *testing.T) {
	t.Parallel()
	p, id := restarted(t, func(p *sandbox.Place) {
		if err := p.Slack.ChangeUser(sandbox.Grace, func(u *slackfake.User) { u.Deleted = true }); err != nil {
			t.Error(err)
		}
	})
	card(t, p, id, "Not sent", "no longer an approver")
	nothingSent(t, p)
}

// TestApproverUnchecked cannot ask Slack about the approver at the moment of
// sending: the call waits, and goes when Slack answers.
func TestApproverUnchecked(t *testing.T) {
	t.Parallel()
	mend := func() {}
	p, id := restarted(t, func(p *sandbox.Place) {
		mend = p.Slack.Break(slackfake.Fault{Method: "users.info", Status: 500})
	})
	card(t, p, id, "Slack could not confirm that <@"+sandbox.Grace+"> may still approve")
	nothingSent(t, p)
	mend()
	card(t, p, id, "Succeeded")
	if n := posts(p, defenderfake.StartInvestigation); n != 1 {
		t.Errorf("%d calls of Defender, want 1", n)
	}
}

// TestWindowIsFull approves more than Microsoft's window takes: what is too
// much says when it will go, and waits.
func TestWindowIsFull(t *testing.T) {
	t.Parallel()
	p := start(t, func(o *sandbox.Options) {
		o.Catalogue = sandbox.Narrow("investigate", defender.Limit{Calls: 1, Per: 6 * time.Second})
	}, nil)
	one, first := pending(t, p, "investigate "+sandbox.Server+" why")
	two, second := pending(t, p, "investigate "+sandbox.Laptop+" why")
	click(t, p, sandbox.Grace, first, "approve")
	click(t, p, sandbox.Grace, second, "approve")
	card(t, p, two, "limit", "xpected")
	card(t, p, one, "Succeeded")
	card(t, p, two, "Succeeded")
	calls := p.Defender.Investigations()
	if len(calls) != 2 || calls[1].Started.Sub(calls[0].Started) < 6*time.Second {
		t.Errorf("investigations %+v, want two, 6 s apart at least", calls)
	}
}
