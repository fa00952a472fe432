package trips

import (
	"context"
	"maps"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// counted are the commands that Redis carries out while something is done, by name. Those that
// bring the others there are left out.
func counted(t *testing.T, rdb *redis.Client, do func(context.Context) error) map[string]int {
	t.Helper()
	if err := rdb.ConfigResetStat(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := do(t.Context()); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, found := range regexp.MustCompile(`cmdstat_([^:]+):calls=(\d+)`).FindAllStringSubmatch(rdb.Info(t.Context(), "commandstats").Val(), -1) {
		counts[found[1]], _ = strconv.Atoi(found[2])
	}
	for _, name := range []string{"evalsha", "config|resetstat"} {
		delete(counts, name)
	}
	return counts
}

// bot is a store of the bot's and what it takes to bring a request to its approval.
type bot struct {
	*testing.T
	store *ledger.Store
}

func (b bot) apply(r approvals.Request, e approvals.Event) approvals.Request {
	b.Helper()
	after, err := b.store.Apply(b.Context(), ledger.NewOp(), r, func(approvals.Request) (approvals.Event, error) { return e, nil })
	if err != nil {
		b.Fatal(err)
	}
	return after
}

func (b bot) pending() approvals.Request {
	b.Helper()
	asked := approvalstest.Asked(approvalstest.DeviceNo(1))
	r, err := b.store.Create(b.Context(), ledger.NewOp(), asked, 0)
	if err != nil {
		b.Fatal(err)
	}
	r = b.apply(r, approvals.Resolve{Devices: r.Devices})
	return b.apply(r, approvals.Show{TS: "1.2", Visible: r.Visible})
}

// ofBot is what Redis does for one click of the bot: for the load, the approval and the send.
func ofBot(t *testing.T, rdb *redis.Client) (work [3]map[string]int) {
	t.Helper()
	b := bot{t, ledger.NewStore(ledger.StoreConfig{
		Redis: rdb, Installation: ledger.Installation{App: "A1", Team: "T1"}, Catalogue: defender.Actions(), Clock: time.Now,
	})}
	if err := b.store.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, l := b.pending(), ledger.Lease{}
	work[0] = counted(t, rdb, func(ctx context.Context) (err error) {
		r, err = b.store.Load(ctx, r.ID)
		return err
	})
	work[1] = counted(t, rdb, func(ctx context.Context) (err error) {
		r, l, err = b.store.ApplyAndLease(ctx, ledger.NewOp(), r, func(r approvals.Request) (approvals.Event, error) {
			return approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()}, nil
		})
		return err
	})
	if _, _, err := b.store.Lease(t.Context(), 8); err != nil { // the worker takes the card, and sees which server it is
		t.Fatal(err)
	}
	work[2] = counted(t, rdb, func(ctx context.Context) (err error) {
		r, err = b.store.ApplyLeased(ctx, l, r, func(approvals.Request) (approvals.Event, error) {
			return approvals.On{Event: approvals.Send{NotAfter: b.store.Now().Add(approvals.SendLimit)}}, nil
		})
		return err
	})
	return work
}

// TestSameWork has the bot's scripts and these do the same: each command is carried out as often.
func TestSameWork(t *testing.T) {
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		rdb, id := s.Client(t), "D-ABCDEF"
		want := ofBot(t, rdb)
		trips := New(rdb)
		if err := trips.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := trips.Seed(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		for i, trip := range []struct {
			name string
			run  func(context.Context) error
		}{
			{"load", func(ctx context.Context) error { return trips.Load(ctx, id) }},
			{"approve", func(ctx context.Context) error { return trips.Approve(ctx, id, "1") }},
			{"send", func(ctx context.Context) error { return trips.Send(ctx, id, "2") }},
		} {
			if got := counted(t, rdb, trip.run); !maps.Equal(got, want[i]) {
				t.Errorf("%s.lua makes %v, the bot makes %v", trip.name, got, want[i])
			}
		}
	})
}
