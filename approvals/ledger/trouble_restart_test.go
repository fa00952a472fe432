package ledger

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/internal/redistest"
)

// of is how twoStores gets clients of one server.
func of(s *redistest.Server) func(testing.TB) redis.UniversalClient {
	return func(t testing.TB) redis.UniversalClient { return s.Client(t) }
}

// TestRedisRestart: a restart of Redis loses nothing.
func TestRedisRestart(t *testing.T) {
	redistest.Real(t, func(t *testing.T, server *redistest.Server) {
		one, other := twoStores(t, of(server), 0)
		trouble(t, one, other, func(f *flow) {
			for range 3 {
				server.Shutdown(t)
				f.refused(f.met("connection refused")+1, "connection refused")
				server.Up(t)
				f.more(50)
			}
		})
	})
}

// TestRedisCrash: a crash of Redis loses nothing.
func TestRedisCrash(t *testing.T) {
	redistest.Real(t, func(t *testing.T, server *redistest.Server) {
		one, other := twoStores(t, of(server), 0)
		trouble(t, one, other, func(f *flow) {
			for range 5 {
				server.Kill(t)
				server.Up(t)
				f.more(50)
			}
		})
	})
}

// TestRedisLoading restarts a server that takes seconds to read its
// file: each command in it costs the given microseconds. Who asks meanwhile,
// with nothing under way before, is told that nothing was recorded.
func TestRedisLoading(t *testing.T) {
	redistest.Real(t, func(t *testing.T, _ *redistest.Server) {
		server := redistest.Start(t, "--key-load-delay", "300")
		one, other := twoStores(t, of(server), 0)
		n := trouble(t, one, other, func(f *flow) {
			f.more(1000)
			server.Kill(t)
			var up atomic.Bool
			var asking sync.WaitGroup
			asking.Go(func() {
				for !up.Load() {
					_, _ = f.ask(one)
				}
			})
			server.Up(t)
			up.Store(true)
			asking.Wait()
			f.refused(1, "LOADING")
		})
		if n.notRecorded == 0 {
			t.Error("nobody was told that nothing was recorded")
		}
	})
}

// BenchmarkCrash measures what a crash of the process costs by how Redis
// writes its file. What a crash of the host could cost besides with everysec is
// what was confirmed in its last second or two: changes/s says how much that is.
func BenchmarkCrash(b *testing.B) {
	for _, fsync := range []string{"always", "everysec"} {
		b.Run(fsync, func(b *testing.B) {
			var n tally
			var flowed time.Duration
			before := 0
			for b.Loop() {
				server := redistest.Start(b, "--appendfsync", fsync)
				one, other := twoStores(b, of(server), 0)
				f := startFlow(b, one, other)
				began := time.Now()
				f.more(1000)
				flowed += time.Since(began)
				before += 1000
				server.Kill(b)
				server.Up(b)
				f.more(100)
				f.finish()
				got := f.check(checkWhole(b, one), one)
				n.lost += got.lost
				n.confirmed += got.confirmed
			}
			b.ReportMetric(float64(n.lost)/float64(b.N), "lost")
			b.ReportMetric(float64(n.confirmed)/float64(b.N), "confirmed")
			b.ReportMetric(float64(before)/flowed.Seconds(), "changes/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}
