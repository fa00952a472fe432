package office

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
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

// deciders is a directory of a requester and an approver group with that many people, of
// whom one in twenty has left.
func deciders(size int) (approvalstest.Town, approvals.Policy) {
	town := approvalstest.Town{People: map[string]approvals.Facts{"U1": {Person: approvalstest.Asker}}, Groups: map[string][]string{}}
	for i := range size {
		id := fmt.Sprintf("U9%04d", i)
		town.People[id] = approvals.Facts{Person: approvals.Person{ID: id, Name: id}, Deleted: i%20 == 19}
		town.Groups["S1"] = append(town.Groups["S1"], id)
	}
	return town, ruled(approvals.Rule{Approvers: approvals.List{Groups: []string{"S1"}}, Needed: 1})
}

// BenchmarkAsk is a wish from the desk to the record, with that many approvers.
func BenchmarkAsk(b *testing.B) {
	for _, size := range []int{1, 30, 300} {
		b.Run(fmt.Sprintf("approvers=%d", size), func(b *testing.B) {
			log, s := slog.New(slog.DiscardHandler), newTestStore(b, redistest.Client(b, redistest.Best(b)), defender.Actions())
			town, policy := deciders(size)
			roster := NewRoster(town, policy, log)
			roster.refresh(b.Context(), 0)
			worker := NewWorker(WorkerConfig{Store: s, People: town, Policy: policy, Log: log})
			d := NewDesk(DeskConfig{Store: s, People: town, Policy: policy, Roster: roster, Worker: worker, Terms: approvalstest.Asked().Terms})
			for n := 0; b.Loop(); n++ {
				by := By{Op: fmt.Sprint("op", n), User: approvalstest.Asker.ID, Place: approvals.Place{Team: "T1", Channel: "C1"}}
				w := Wish{Action: "collect", Devices: []approvals.Device{{ID: fmt.Sprintf("%040x", n)}}, Comment: "odd logins"}
				if _, err := d.Ask(b.Context(), by, w); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
