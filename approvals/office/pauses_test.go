package office

import (
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/defender"
)

// TestPausesGrow: pauses double up to half an hour, each endpoint by itself, and begin
// anew after it took something.
func TestPausesGrow(t *testing.T) {
	var p pauses
	scan, isolate := defender.Endpoint{Name: "scan"}, defender.Endpoint{Name: "isolate"}
	blind, told := &defender.Error{}, &defender.Error{RetryAfter: 17 * time.Second}
	for n, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		if got := p.asked(scan, blind); got != want*time.Minute+approvals.Margin {
			t.Errorf("pause %d is %s, want %d min", n+1, got, want)
		}
	}
	if got := p.asked(scan, told); got != told.RetryAfter+approvals.Margin {
		t.Errorf("asked for 17s and got %s", got)
	}
	if got := p.next(isolate, time.Second); got != time.Second+approvals.Margin {
		t.Errorf("the first pause of another endpoint is %s", got)
	}
	p.over(scan)
	if got := p.asked(scan, blind); got != firstPause+approvals.Margin {
		t.Errorf("after a success the pause is %s", got)
	}
}

// TestPausesEnter: many calls go at once while an endpoint takes them, and one at a
// time while it refuses everybody.
func TestPausesEnter(t *testing.T) {
	var p pauses
	scan := defender.Endpoint{Name: "scan"}
	both := func() [2]bool { return [2]bool{p.enter(scan), p.enter(scan)} }
	if got := both(); got != [2]bool{true, true} {
		t.Fatalf("while it takes calls two may enter: %v", got)
	}
	p.leave(scan)
	p.leave(scan)
	p.next(scan, time.Second)
	if got := both(); got != [2]bool{true, false} {
		t.Errorf("while it refuses two may enter: %v, want one", got)
	}
	p.leave(scan)
	if !p.enter(scan) {
		t.Error("after the one has left, want the next")
	}
}
