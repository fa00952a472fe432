package office

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/defender"
	"defenderbot/internal/redistest"
)

// counted counts the commands that a client sends.
type counted struct{ n atomic.Int64 }

func (c *counted) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *counted) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmd)
	}
}

func (c *counted) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.n.Add(int64(len(cmds)))
		return next(ctx, cmds)
	}
}

// BenchmarkIdleWorker measures how many commands a second a worker sends that
// has nothing to do.
func BenchmarkIdleWorker(b *testing.B) {
	rdb := redistest.Client(b, redistest.Best(b))
	s := newTestStore(b, rdb, defender.Actions())
	var c counted
	rdb.AddHook(&c)
	w := NewWorker(WorkerConfig{Store: s, Log: slog.New(slog.DiscardHandler)})
	watched := time.Duration(0)
	for b.Loop() {
		ctx, cancel := context.WithTimeout(b.Context(), 10*time.Second)
		began := time.Now()
		if err := w.Run(ctx); err == nil {
			b.Fatal("it ended by itself")
		}
		watched += time.Since(began)
		cancel()
	}
	b.ReportMetric(float64(c.n.Load())/watched.Seconds(), "commands/s")
	b.ReportMetric(0, "ns/op")
}
