package app

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals/ledger"
	"defenderbot/defender"
	"defenderbot/internal/redistest"
)

// tripMeter counts commands.
type tripMeter struct{ n atomic.Int64 }

func (m *tripMeter) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (m *tripMeter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		m.n.Add(1)
		return next(ctx, cmd)
	}
}

func (m *tripMeter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// TestBacklogSparesRedis: however often and by how many /metrics is asked for, Redis is asked
// two things in five seconds.
func TestBacklogSparesRedis(t *testing.T) {
	rdb, meter := redistest.Client(t, redistest.Mini(t).Addr()), &tripMeter{}
	store := ledger.NewStore(ledger.StoreConfig{
		Redis: rdb, Tenant: ledger.Tenant{Authority: "global", Tenant: "t", Client: "c"}, Installation: ledger.Installation{App: "A1", Team: "T1"},
		Catalogue: defender.Actions(), Clock: time.Now,
	})
	if err := store.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	rdb.AddHook(meter)
	var ahead atomic.Int64
	m := newMetrics(defender.Actions(), "v0")
	m.backlog.asks(store, defender.Actions().Names(), func() time.Time { return time.Unix(ahead.Load(), 0) })
	scrape := func(want int64) {
		t.Helper()
		done := make(chan error)
		for range 20 {
			go func() { _, err := m.registry.Gather(); done <- err }()
		}
		for range 20 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if n := meter.n.Load(); n != want {
			t.Errorf("%d commands, want %d", n, want)
		}
	}
	ahead.Add(1)
	scrape(2)
	ahead.Add(4)
	scrape(2)
	ahead.Add(1)
	scrape(4)
}
