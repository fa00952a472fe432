package office

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
)

// TestWorkerPanicLogged: a mistake in a step ends that step alone, and the log says of which
// request it was.
func TestWorkerPanicLogged(t *testing.T) {
	o, b := newOffice(t, nil, chatter{}, nil), &book{}
	o.log = slog.New(slog.NewTextHandler(b, nil))
	o.start(t.Context(), approvals.Draw.Member("D-7K3F9Q"), func(context.Context) { panic("a mistake") })
	o.steps.Wait()
	if got := b.read(); !strings.Contains(got, "step panicked") || !strings.Contains(got, "request=D-7K3F9Q kind=card:") {
		t.Errorf("the log says %q", got)
	}
}

// TestWorkerSaysOnce: what fails again and again for one reason is said once in a while, and
// another reason at once.
func TestWorkerSaysOnce(t *testing.T) {
	b := &book{}
	failure := errors.New("slack is down")
	o := newOffice(t, nil, chatter{show: func(approvals.Request) (string, error) { return "", failure }}, nil)
	o.log = slog.New(slog.NewTextHandler(b, nil))
	o.working("collect", 1, 0)
	tries := func(d time.Duration) (said int) {
		for end := o.clock().Add(d); o.clock().Before(end); o.pass(10 * time.Second) {
			o.turns(20)
		}
		return strings.Count(b.read(), "card update failed")
	}
	if said := tries(2 * time.Minute); said != 1 {
		t.Errorf("it was said %d times, want once", said)
	}
	failure = errors.New("slack is up, and odd")
	if said := tries(2 * time.Minute); said != 1 {
		t.Errorf("something else was said %d times, want once", said)
	}
}
