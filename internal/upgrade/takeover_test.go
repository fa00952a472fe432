package upgrade_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// away is how long nothing ran: longer than a POST that was under way can have taken.
const away = 90 * time.Second

// behind is by how much the clock has to be ahead for the version before to have been killed
// just now; it is less than nothing.
func behind(t *testing.T) time.Duration {
	t.Helper()
	return time.Until(readWorld(t).At.Add(away)).Truncate(time.Second)
}

// ends is how each request that the version before has left ends under this one.
func ends() map[string]string {
	return map[string]string{
		"expired": "expired", "denied": "denied", "cancelled": "cancelled", "rejected": "rejected", // as they were
		"succeeded": "done succeeded", "failed": "done failed", "lapsed": "done lapsed", "unknown": "done unknown", "call cancelled": "done cancelled",
		"pending": "done succeeded", "half": "done succeeded", "checking": "done succeeded", // decided now
		"running": "done succeeded", "sending": "done succeeded", "uncertain": "done succeeded", "queued": "done succeeded", // gone on with
		"lifted": "done", "lifted again": "done",
	}
}

// TestUpgrade: this version reads what the version before has left in a real Redis when it was
// killed, works on it, and finishes all of it; Defender is called once for what had not been
// sent, and never for what had.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	ahead, left := behind(t), readWorld(t)
	redistest.From(t, redisData, ahead, func(t *testing.T, s *redistest.Server) {
		p := open(t, s.Addr, sandbox.Options{
			Now: func() time.Time { return time.Now().Add(ahead) }, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
			Defender: defenderfake.Options{FreshFor: -1, PendingFor: time.Millisecond, RunFor: time.Millisecond},
		})
		p.Slack.Restore(left.Messages)
		p.Defender.Restore(left.Actions, left.Investigations)
		p.start()
		p.decide()
		p.goOn()
		all := p.until("everything has ended and is shown", func(all map[string]approvals.Request) bool {
			for _, r := range all {
				if !r.State.Ended() {
					return false
				}
			}
			return shown(all)
		})
		got := map[string]string{}
		for comment, r := range all {
			got[comment] = brief(r)
		}
		if diff := cmp.Diff(ends(), got); diff != "" {
			t.Errorf("how it ended (-want +got):\n%s", diff)
		}
		p.oncePerCall(all, left)
		p.sealed()
	})
}

// start starts this version in the place.
func (p people) start() {
	p.t.Helper()
	env := p.Env()
	env.ApprovalsRequired = "1,isolate=2"
	bot, err := p.Bot(env, app.Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	ended := make(chan error, 1)
	ctx, stop := context.WithCancel(context.WithoutCancel(p.t.Context()))
	go func() { ended <- bot.Run(ctx) }()
	p.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			p.t.Errorf("the bot ended with %v", err)
		}
	})
	p.connected()
}

// decide is what people do with what waits for them, on the cards of the version before.
func (p people) decide() {
	p.t.Helper()
	m := p.message("pick", "checking")
	id := p.records()["checking"].ID
	out, err := p.Slack.Choose(limit(p.t), sandbox.Ada, m.Channel, m.TS, "pick", id+".0."+sandbox.New)
	if err != nil || !out.Acked {
		p.t.Fatalf("choose a device: %v, %+v", err, out)
	}
	p.press(sandbox.Joan, "approve", "pending")
	p.press(sandbox.Joan, "approve", "half")
	p.press(sandbox.Joan, "approve", "checking")
	p.until("all that was approved waits for the end of the freeze", func(all map[string]approvals.Request) bool {
		for _, comment := range []string{"pending", "half", "checking", "queued"} {
			if brief(all[comment]) != "approved queued" {
				return false
			}
		}
		return true
	})
}

// goOn ends the freeze, and what the device was doing.
func (p people) goOn() {
	p.t.Helper()
	if err := p.Defender.Finish(p.records()["running"].Calls[0].Job.ID, defenderfake.ActionSucceeded); err != nil {
		p.t.Fatal(err)
	}
	p.unfreeze("lifted again")
}

// oncePerCall: Defender has made one action for each call that ran, and got a POST for those
// alone that the version before had not sent.
func (p people) oncePerCall(all map[string]approvals.Request, left world) {
	p.t.Helper()
	made := map[string]int{}
	for _, a := range p.Defender.Actions() {
		for comment, r := range all {
			if strings.Contains(a.Comment, r.ID) {
				made[comment]++
			}
		}
	}
	want := map[string]int{"succeeded": 1, "pending": 1, "half": 1, "checking": 1, "running": 1, "sending": 1, "uncertain": 1, "queued": 1}
	if diff := cmp.Diff(want, made); diff != "" {
		p.t.Errorf("actions of each request (-want +got):\n%s", diff)
	}
	if now := len(p.Defender.Actions()) - len(left.Actions); now != 4 {
		p.t.Errorf("%d actions since the version before; pending, half, checking and queued make 4", now)
	}
	posts := 0
	for _, c := range p.Defender.Calls() {
		if c.Method == http.MethodPost && strings.HasPrefix(c.Path, "/api/machines/") {
			posts++
		}
	}
	if posts != 4 {
		p.t.Errorf("%d POSTs left, want 4", posts)
	}
}

// sealed: the trail that both have written is whole, from the first seal of the one to the last of the other.
func (p people) sealed() {
	p.t.Helper()
	config, err := p.Env().AuditConfig(p.Now())
	if err != nil {
		p.t.Fatal(err)
	}
	trail, err := app.OpenTrail(limit(p.t), config, app.Options{Catalogue: defender.Actions(), Clock: p.Now})
	if err != nil {
		p.t.Fatal(err)
	}
	defer trail.Close()
	report, err := trail.Verify(limit(p.t), nil)
	if err != nil || len(report.Findings) > 0 {
		p.t.Errorf("%v: %+v", err, report.Findings)
	}
}
