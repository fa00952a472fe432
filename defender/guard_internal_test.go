package defender

import (
	"errors"
	"net/http/httptrace"
	"testing"
	"time"
)

// TestGuardSeal gives a request up while net/http's writing goroutine is still on its
// way: what it brings afterwards must not leave, or "nothing was written" was no proof.
func TestGuardSeal(t *testing.T) {
	g := &guard{now: time.Now, notAfter: time.Now().Add(time.Hour)}
	stands(t, g)
	if got := g.verdict(); got != NotSent {
		t.Errorf("verdict before any write = %v, want %v", got, NotSent)
	}
	if err := g.allow(); !errors.Is(err, errSealed) {
		t.Errorf("a write after the verdict: %v, want %v", err, errSealed)
	}
}

// TestGuardHandshake counts only what is written once the connection stands.
func TestGuardHandshake(t *testing.T) {
	for connected, want := range map[bool]Cause{false: NotSent, true: OutcomeUnknown} {
		g := &guard{now: time.Now, notAfter: time.Now().Add(time.Hour)}
		if connected {
			stands(t, g)
		}
		if err := g.allow(); err != nil {
			t.Fatalf("allow: %v", err)
		}
		if got := g.verdict(); got != want {
			t.Errorf("connection stands: %v, verdict after a write: %v, want %v", connected, got, want)
		}
	}
}

// stands tells the guard what net/http tells it when the connection stands.
func stands(t *testing.T, g *guard) {
	t.Helper()
	httptrace.ContextClientTrace(g.trace(t.Context())).GotConn(httptrace.GotConnInfo{})
}
