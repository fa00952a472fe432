package app_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// leaves deactivates somebody.
func leaves(t *testing.T, p *sandbox.Place, user string) {
	t.Helper()
	if err := p.Slack.ChangeUser(user, func(u *slackfake.User) { u.Deleted = true }); err != nil {
		t.Error(err)
	}
}

// TestRequesterLeavesBeforeApproval: what somebody asked for who is deactivated
// is not approved.
func TestRequesterLeavesBeforeApproval(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	stop := run(t, p, p.Env(), app.Options{})
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	stop() // what it knows of people it knows for a minute
	leaves(t, p, sandbox.Ada)
	run(t, p, p.Env(), app.Options{})
	says(t, "approve", click(t, p, sandbox.Grace, c, "approve"), "can no longer make requests", "nothing was sent")
	card(t, p, id, "Waiting for approval")
	nothingSent(t, p)
}

// TestRequesterLeavesBeforeSending: a call that was approved in time is not made
// any more.
func TestRequesterLeavesBeforeSending(t *testing.T) {
	t.Parallel()
	p, id := restarted(t, func(p *sandbox.Place) { leaves(t, p, sandbox.Ada) })
	card(t, p, id, "Not sent", "can no longer make requests")
	nothingSent(t, p)
}

// runAhead has the clock of Redis, which is the bot's, go on that far ahead.
func runAhead(t *testing.T, redis *miniredis.Miniredis, by time.Duration) {
	t.Helper()
	redis.SetTime(time.Now().Add(by))
	tick := time.NewTicker(10 * time.Millisecond)
	done := make(chan struct{})
	var ticking sync.WaitGroup
	ticking.Go(func() {
		for {
			select {
			case now := <-tick.C:
				redis.SetTime(now.Add(by))
			case <-done:
				return
			}
		}
	})
	t.Cleanup(func() {
		tick.Stop()
		close(done)
		ticking.Wait()
	})
}

// TestTryAgainLate presses Try again 60 days after the end, on what somebody
// asked who has left since: it is a request of whoever pressed, who needs a second
// person.
func TestTryAgainLate(t *testing.T) {
	t.Parallel()
	redis := redistest.Mini(t)
	p := open(t, redis.Addr(), nil)
	stop := run(t, p, p.Env(), app.Options{})
	p.Defender.Inject(defenderfake.Fault{On: defenderfake.CollectPackage, Times: 1, Status: http.StatusForbidden, Code: "DisallowedOperation"})
	first, c := pending(t, p, "collect "+sandbox.Server+" why")
	click(t, p, sandbox.Grace, c, "approve")
	failed := card(t, p, first, "Failed")
	stop()
	leaves(t, p, sandbox.Ada)
	runAhead(t, redis, 60*24*time.Hour)
	run(t, p, p.Env(), app.Options{})

	answer := click(t, p, sandbox.Grace, failed, "retry")
	says(t, "Try again", answer, "Somebody else has to approve it")
	second := requestID.FindString(strings.ReplaceAll(answer, first, ""))
	again := card(t, p, second, "Waiting for approval", "Asked by <@"+sandbox.Grace+">", "<@"+sandbox.Ada+"> asked for this before and cannot approve it")
	says(t, "her own", click(t, p, sandbox.Grace, again, "approve"), "your own request")
	if n := posts(p, defenderfake.CollectPackage); n != 1 {
		t.Errorf("%d POSTs, want the one that failed", n)
	}
	click(t, p, sandbox.Joan, again, "approve")
	card(t, p, second, "Succeeded", "Approved by <@"+sandbox.Joan+">")
}

// TestNearerHost moves the bot to a nearer server of the same tenant while a
// request waits: nothing of it is lost.
func TestNearerHost(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.Cloud = "global"
	stop := run(t, p, env, app.Options{})
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	stop()
	env.Cloud = "eu"
	run(t, p, env, app.Options{})
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, id, "Succeeded")
	if keys, err := redistest.Client(t, strings.TrimPrefix(p.Redis, "redis://")).Keys(limit(t), "*:window:startInvestigation").Result(); err != nil || len(keys) != 1 {
		t.Errorf("windows %q, %v; want one", keys, err)
	}
}
