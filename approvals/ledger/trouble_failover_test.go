package ledger

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/internal/redistest"
)

// fault is how a master is taken from its sentinels, and brought back.
type fault func(t testing.TB, s *redistest.Server) (back func())

func dies(t testing.TB, s *redistest.Server) (back func()) {
	s.Kill(t)
	return func() { s.Up(t) }
}

// hangs stops a master that goes on later, believing for a while that it still
// is the master.
func hangs(t testing.TB, s *redistest.Server) (back func()) { return s.Freeze(t) }

// failover takes the master away under traffic, waits for another to be
// chosen, and brings the old one back: with WAIT, changes are confirmed again
// only when there are enough replicas again. Besides the tally it says how long
// no change succeeded.
func failover(t testing.TB, w *redistest.Watched, durable int, begin fault) (tally, time.Duration) {
	t.Helper()
	one, other := twoStores(t, func(t testing.TB) redis.UniversalClient { return w.Client(t) }, durable)
	f := startFlow(t, one, other)
	f.more(200)
	began := time.Now()
	back := begin(t, w.Master)
	redistest.Eventually(t, "another is master", func(ctx context.Context) bool {
		addr := w.MasterAddr(ctx)
		return addr != "" && addr != w.Master.Addr
	})
	enough := durable < len(w.Replicas)
	if !enough {
		back()
	}
	f.more(2) // one may be from before
	outage := time.Since(began)
	if enough {
		back()
	}
	f.more(100)
	old := w.Master.Client(t)
	redistest.Eventually(t, "the old master is a replica", func(ctx context.Context) bool {
		return strings.Contains(old.Info(ctx, "replication").Val(), "role:slave")
	})
	f.more(50)
	f.finish()
	return f.check(checkWhole(t, one), one), outage
}

// TestSentinelFailover takes the master away with
// REDIS_WAIT_REPLICAS as high as there are replicas: whatever was confirmed is
// with the new master. Without it only that nothing is torn can be promised.
func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		durable int
		fault   fault
	}{
		{"the master dies", 1, dies},
		{"the master hangs and comes back", 1, hangs},
		{"the master dies, without WAIT", 0, dies},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			redistest.Sentinel(t, 1, func(t *testing.T, w *redistest.Watched) {
				n, outage := failover(t, w, tt.durable, tt.fault)
				if tt.durable > 0 && n.lost > 0 {
					t.Errorf("%d changes were confirmed and are not there", n.lost)
				}
				t.Logf("out of service for %s, %+v", outage.Round(time.Millisecond), n)
			})
		})
	}
}

// BenchmarkFailover measures what a failover costs: for how long nothing is
// taken, and how many changes that were confirmed are gone afterwards.
func BenchmarkFailover(b *testing.B) {
	for _, tt := range []struct {
		replicas, durable int
		name              string
		fault             fault
	}{
		{1, 0, "dies", dies},
		{1, 1, "dies", dies},
		{1, 0, "hangs", hangs},
		{1, 1, "hangs", hangs},
		{2, 0, "dies", dies},
		{2, 1, "dies", dies},
		{2, 2, "dies", dies},
	} {
		b.Run(fmt.Sprintf("%s/replicas=%d/wait=%d", tt.name, tt.replicas, tt.durable), func(b *testing.B) {
			var confirmed, lost, unconfirmed, refused int
			var out time.Duration
			for b.Loop() {
				n, outage := failover(b, redistest.StartWatched(b, tt.replicas), tt.durable, tt.fault)
				confirmed, lost, out = confirmed+n.confirmed, lost+n.lost, out+outage
				unconfirmed, refused = unconfirmed+n.unconfirmed, refused+n.notRecorded
			}
			each := func(n int, unit string) { b.ReportMetric(float64(n)/float64(b.N), unit) }
			each(confirmed, "confirmed")
			each(lost, "lost")
			each(unconfirmed, "unconfirmed")
			each(refused, "not-recorded")
			b.ReportMetric(out.Seconds()/float64(b.N), "s-out")
			b.ReportMetric(0, "ns/op")
		})
	}
}
