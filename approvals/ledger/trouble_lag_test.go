package ledger

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/internal/redistest"
)

type piece struct {
	bytes []byte
	due   <-chan time.Time
}

func newFar(t testing.TB, to string, lag time.Duration) *far {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	f := &far{addr: l.Addr().String(), lag: lag, cut: make(chan struct{})}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go f.serve(c, to)
		}
	}()
	return f
}

func (f *far) serve(replica net.Conn, to string) {
	defer replica.Close()
	master, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer master.Close()
	go io.Copy(master, replica)
	line := make(chan piece, 10_000)
	go func() {
		defer close(line)
		for {
			buf := make([]byte, 64<<10)
			n, err := master.Read(buf)
			if err != nil {
				return
			}
			line <- piece{buf[:n], time.After(f.lag)}
		}
	}()
	for p := range line {
		select {
		case <-f.cut:
			return
		case <-p.due:
			replica.Write(p.bytes)
		}
	}
}

// loseMaster loses a master under traffic, and with it what its replica has
// not got yet. The replica takes over.
func loseMaster(t testing.TB, durable int, lag time.Duration) tally {
	t.Helper()
	master := redistest.Start(t, "--repl-diskless-sync-delay", "0")
	line := newFar(t, master.Addr, lag)
	replica := redistest.StartReplica(t, &redistest.Server{Addr: line.addr})
	var addr atomic.Value
	addr.Store(master.Addr)
	one, other := twoStores(t, func(t testing.TB) redis.UniversalClient {
		rdb := redis.NewClient(&redis.Options{
			MaxRetries: -1, DialerRetries: 1, ContextTimeoutEnabled: true, DisableIdentity: true,
			Dialer: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, addr.Load().(string))
			},
		})
		t.Cleanup(func() { rdb.Close() })
		return rdb
	}, durable)
	f := startFlow(t, one, other)
	f.more(100)
	close(line.cut)
	master.Kill(t)
	if err := replica.Client(t).Do(t.Context(), "replicaof", "no", "one").Err(); err != nil {
		t.Fatal(err)
	}
	addr.Store(replica.Addr)
	if durable == 0 {
		f.more(50)
	} else {
		f.refused(6, approvals.ErrTooFewReplicas.Error())
	}
	f.finish()
	return f.check(checkWhole(t, one), one)
}

// TestSentinelLaggingReplica shows what REDIS_WAIT_REPLICAS is for.
func TestSentinelLaggingReplica(t *testing.T) {
	redistest.Real(t, func(t *testing.T, _ *redistest.Server) {
		for _, durable := range []int{0, 1} {
			n := loseMaster(t, durable, 100*time.Millisecond)
			if gap := n.lost > 0; gap != (durable == 0) {
				t.Errorf("with REDIS_WAIT_REPLICAS=%d: %d of %d changes were confirmed and are gone", durable, n.lost, n.confirmed+n.lost)
			}
		}
	})
}

// BenchmarkMasterLost measures how much of what was confirmed is gone with a
// master, by how far its replica is behind.
func BenchmarkMasterLost(b *testing.B) {
	for _, lag := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond} {
		for _, durable := range []int{0, 1} {
			b.Run(fmt.Sprintf("lag=%s/wait=%d", lag, durable), func(b *testing.B) {
				lost, confirmed := 0, 0
				for b.Loop() {
					n := loseMaster(b, durable, lag)
					lost, confirmed = lost+n.lost, confirmed+n.confirmed
				}
				b.ReportMetric(float64(lost)/float64(b.N), "lost")
				b.ReportMetric(float64(confirmed)/float64(b.N), "confirmed")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
