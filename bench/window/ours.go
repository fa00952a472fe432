package window

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
)

// ours makes calls as the bot does: a request that was approved takes its slot in the commit
// that marks it as being sent, and the commit of the answer moves the slot back.
type ours struct {
	rdb   *redis.Client
	store *ledger.Store
	first *approvals.Request // next in line; nil: nobody has asked for it yet
	made  int
	trail string // the key of the audit trail; empty: not known yet
}

// open is the bot's store on a Redis, with the action collect held to these limits.
func open(ctx context.Context, rdb *redis.Client, limits []defender.Limit, now func() time.Time) (*ledger.Store, error) {
	collect, _ := defender.Actions().Named("collect")
	collect.Post.Limits = limits
	store := ledger.NewStore(ledger.StoreConfig{
		Redis: rdb, Tenant: ledger.Tenant{Authority: "global", Tenant: "bench", Client: "bench"}, Installation: ledger.Installation{App: "A1", Team: "T1"},
		Catalogue: defender.Catalogue{collect}, Clock: now,
	})
	return store, store.Prepare(ctx)
}

func (o *ours) ask(ctx context.Context) (func(context.Context) error, time.Time, error) {
	if o.first == nil {
		o.made++
		r, err := approved(ctx, o.store, o.made)
		if err != nil {
			return nil, time.Time{}, err
		}
		o.first = &r
	}
	sent, err := o.store.Apply(ctx, ledger.NewOp(), *o.first, sending(o.store))
	if full, is := errors.AsType[*ledger.Full](err); is {
		return nil, full.At, nil
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("take a slot: %w", err)
	}
	o.first = nil
	return func(ctx context.Context) error { return o.answered(ctx, sent) }, time.Time{}, nil
}

// answered saves the answer, and then lets everything be forgotten that no window needs, so that
// a day fits into the memory of miniredis. That looks for an entry of the trail from its beginning.
func (o *ours) answered(ctx context.Context, r approvals.Request) error {
	job := approvals.Job{ID: r.ID}
	for _, e := range []approvals.Event{
		approvals.On{Event: approvals.Accept{Attempt: 1, Job: job}},
		approvals.On{Event: approvals.Report{Job: job, As: approvals.Succeeded}},
		approvals.Forget{},
	} {
		var err error
		if r, err = apply(ctx, o.store, r, e); err != nil {
			return err
		}
	}
	if o.trail == "" {
		found, err := o.rdb.Keys(ctx, "*:audit").Result()
		if err != nil || len(found) != 1 {
			return fmt.Errorf("find the audit trail among %q: %w", found, err)
		}
		o.trail = found[0]
	}
	return o.rdb.XTrimMaxLen(ctx, o.trail, 100).Err()
}

// approved is the n-th request, all the way to where its call waits for a slot.
func approved(ctx context.Context, s *ledger.Store, n int) (approvals.Request, error) {
	asked := approvalstest.Asked(approvalstest.DeviceNo(n % 65536))
	asked.Terms.ExecutionTTL = 1000 * time.Hour
	r, err := s.Create(ctx, ledger.NewOp(), asked, 0)
	if err == nil {
		r, err = apply(ctx, s, r, approvals.Resolve{Devices: r.Devices})
	}
	if err == nil {
		r, err = apply(ctx, s, r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()})
	}
	return r, err
}

func apply(ctx context.Context, s *ledger.Store, r approvals.Request, e approvals.Event) (approvals.Request, error) {
	after, err := s.Apply(ctx, ledger.NewOp(), r, func(approvals.Request) (approvals.Event, error) { return e, nil })
	if err != nil {
		return r, fmt.Errorf("%s: %w", approvals.EventName(e), err)
	}
	return after, nil
}

func sending(s *ledger.Store) ledger.Decision {
	return func(approvals.Request) (approvals.Event, error) {
		return approvals.On{Event: approvals.Send{NotAfter: s.Now().Add(approvals.SendLimit)}}, nil
	}
}
