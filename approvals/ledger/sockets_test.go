package ledger

import (
	"testing"
	"time"

	"defenderbot/internal/redistest"
)

// TestSocketsOfAll counts those of all processes by their last word, and those that
// are gone for a while only.
func TestSocketsOfAll(t *testing.T) {
	mini := redistest.Mini(t)
	now := time.Now()
	mini.SetTime(now)
	s := newTestStore(t, redistest.Client(t, mini.Addr()), testActions())
	for _, tt := range []struct {
		process    string
		n, all     int
		after      time.Duration
		whatIsSeen string
	}{
		{"a", 2, 2, 0, "the first"},
		{"b", 3, 5, 0, "another"},
		{"a", 2, 5, 10 * time.Second, "the first again"},
		{"a", 0, 3, 0, "the first without any"},
		{"a", 2, 5, 0, "and with two"},
		{"a", 2, 5, socketsLife - 11*time.Second, "just before the other is forgotten"},
		{"a", 4, 4, 2 * time.Second, "after it was forgotten"},
	} {
		now = now.Add(tt.after)
		mini.SetTime(now)
		if all, err := s.Sockets(t.Context(), tt.process, tt.n); err != nil || all != tt.all {
			t.Errorf("%s: %d sockets of all, %v, want %d", tt.whatIsSeen, all, err, tt.all)
		}
	}
	mini.FastForward(time.Hour)
	if mini.Exists(s.keys.sockets()) {
		t.Error("the key outlives its processes")
	}
}
