package app_test

import (
	"context"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
)

// TestFollowHorizon waits for a device that is switched off: the card says
// so after a while, another process goes on with it, and after the longest time
// that Microsoft keeps such an action the card says that the end is not known.
func TestFollowHorizon(t *testing.T) {
	t.Parallel()
	p := timeless(t)
	stop := run(t, p, p.Env(), app.Options{})
	id, c := pending(t, p, "collect "+sandbox.Offline+" switched off")
	click(t, p, sandbox.Grace, c, "approve")
	runs(t, p, id)
	slowly := func() bool {
		skip(t, p, 5*time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := p.WaitCard(ctx, sandbox.Incident, id, "Sent to Defender", "This is taking longer than usual", "the device had last been seen")
		return err == nil
	}
	for tries := 0; !slowly(); tries++ {
		if tries == 10 {
			t.Fatalf("the card does not say that it takes long\n%s", p.Slack.Transcript(sandbox.Incident, ""))
		}
	}
	stop()
	run(t, p, p.Env(), app.Options{})
	got := pass(t, p, id, 6*time.Hour, 80*time.Hour, approvals.Unknown)
	if got.Why.Reason != approvals.TookTooLong {
		t.Errorf("ended because of %s", got.Why.Reason)
	}
	card(t, p, id, "Outcome unknown", "Check the Defender portal")
	if ran := got.EndedAt.Sub(got.Started); ran < 73*time.Hour || ran > 91*time.Hour { // it ends with the first look after the horizon, and the test skips six hours at once
		t.Errorf("followed for %s, want the 73 h of the catalogue", ran)
	}
	if n := posts(p, defenderfake.CollectPackage); n != 1 {
		t.Errorf("%d calls of Defender, want 1", n)
	}
}
