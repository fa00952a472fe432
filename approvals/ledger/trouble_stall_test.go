package ledger

import (
	"errors"
	"sync"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/redistest"
)

// stallLength is longer than anybody waits.
const stallLength = 10 * time.Second

// TestRedisStall stops Redis for ten seconds
// under traffic. Who waits is answered in time that it cannot be confirmed,
// and what reached Redis meanwhile is refused as late when it goes on.
func TestRedisStall(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		begin func(t *testing.T, s *redistest.Server) (end func())
	}{
		{"the process is stopped", func(t *testing.T, s *redistest.Server) func() { return s.Freeze(t) }},
		{"clients are paused", func(t *testing.T, s *redistest.Server) func() {
			err := s.Client(t).Do(t.Context(), "client", "pause", stallLength.Milliseconds(), "all").Err()
			if err != nil {
				t.Fatal(err)
			}
			return func() {}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			redistest.Real(t, func(t *testing.T, server *redistest.Server) {
				one, other := twoStores(t, of(server), 0)
				var during []deed
				n := trouble(t, one, other, func(*flow) {
					end := tt.begin(t, server)
					over := time.NewTimer(stallLength)
					during = askedDuring(t, one, 8)
					<-over.C
					end()
				})
				if n.slowest > askLimit+time.Second {
					t.Errorf("somebody waited %s for an answer, want at most %s and a little", n.slowest, askLimit)
				}
				for _, d := range during {
					if !errors.Is(d.err, approvals.ErrUnconfirmed) || d.took > askLimit+time.Second {
						t.Errorf("asked during the stall: %v after %s, want could not confirm after %s", d.err, d.took, askLimit)
					}
					if opKept(t, one, d.op) {
						t.Errorf("recorded although it arrived more than 3 s late")
					}
				}
			})
		})
	}
}

// askedDuring asks so often at once, and gives what became of it.
func askedDuring(t *testing.T, s *Store, n int) []deed {
	f := &flow{t: t}
	f.asked.Store(60_000)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if _, err := f.ask(s); err == nil {
				t.Error("a stalled Redis took a request")
			}
		})
	}
	wg.Wait()
	return f.done
}
