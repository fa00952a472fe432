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
		if all, err := s.Sockets(t.Context(), tt.process, tt.n, Greeting{}); err != nil || all != tt.all {
			t.Errorf("%s: %d sockets of all, %v, want %d", tt.whatIsSeen, all, err, tt.all)
		}
	}
	mini.FastForward(time.Hour)
	if mini.Exists(s.keys.sockets()) {
		t.Error("the key outlives its processes")
	}
}

// TestSocketsCensus reads what the processes said, for as long as it counts, and what the
// chat said when somebody last took its greeting down. It changes nothing.
func TestSocketsCensus(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		rdb := redistest.Client(t, addr)
		s := newTestStore(t, rdb, testActions())
		look := func(what string, want Census) {
			t.Helper()
			got, err := s.Census(t.Context())
			if want.Greeting.Named > 0 {
				want.Greeting.At = got.Greeting.At
			}
			if err != nil || got != want || want.Greeting.Named > 0 && time.Since(got.Greeting.At).Abs() > time.Minute {
				t.Errorf("%s: %+v, %v, want %+v", what, got, err, want)
			}
		}
		note := func(process string, n int, g Greeting) {
			t.Helper()
			if _, err := s.Sockets(t.Context(), process, n, g); err != nil {
				t.Fatal(err)
			}
		}
		look("nobody has said anything", Census{})
		note("a", 2, Greeting{})
		note("b", 3, Greeting{Named: 7, Ours: 5})
		look("two processes, and a greeting", Census{2, 5, Greeting{Named: 7, Ours: 5}})
		note("a", 2, Greeting{})
		look("who has none to report leaves it", Census{2, 5, Greeting{Named: 7, Ours: 5}})
		note("a", 2, Greeting{Named: 5, Ours: 5})
		look("the last one counts", Census{2, 5, Greeting{Named: 5, Ours: 5}})
		ctx := t.Context()
		if err := rdb.ZAdd(ctx, s.keys.sockets(), z("4/c", time.Now().Add(-socketsLife-time.Second))).Err(); err != nil {
			t.Fatal(err)
		}
		look("a process that has said nothing for long", Census{2, 5, Greeting{Named: 5, Ours: 5}})
		if n, err := rdb.ZCard(ctx, s.keys.sockets()).Result(); n != 3 || err != nil {
			t.Errorf("looking has left %d entries, %v, want all 3", n, err)
		}
		for key, most := range map[string]time.Duration{s.keys.sockets(): socketsLife, s.keys.greeting(): greetingLife} {
			if life, err := rdb.PTTL(ctx, key).Result(); err != nil || life <= 0 || life > most {
				t.Errorf("%s lives for %v, %v", key, life, err)
			}
		}
	})
}
