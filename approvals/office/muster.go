package office

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"defenderbot/approvals"
)

// Slack allows about a hundred users.info a minute for the app in the workspace,
// over all replicas, and clicks need them as well
// (https://docs.slack.dev/apis/web-api/rate-limits,
// https://docs.slack.dev/reference/methods/users.info).
const (
	mostLookUps   = 30 // people who are asked about in one go: at the start, and for one request
	lookUpsAtOnce = 8  // of those
)

// Muster looks at the list for the first time: at its groups and at the first
// people on it. Run goes on with the rest. What is not known at the deadline of
// ctx stays so.
func (r *Roster) Muster(ctx context.Context) {
	defer r.pass(ctx)()
	r.readGroups(ctx, r.groupsOnLists())
	first := r.ids(anybody)
	first = first[:min(len(first), mostLookUps)]
	if wait := r.meetAtOnce(ctx, first); wait > 0 && nap(ctx, wait) {
		unmet := r.ids(sighting.unknown)
		unmet = slices.DeleteFunc(unmet, func(id string) bool { return !slices.Contains(first, id) })
		_ = r.meet(ctx, unmet, 0) // none of them can be stale
	}
}

// Run looks everybody up again and again until ctx ends, one by one and with
// pauses, a hundred in the time between two rounds. In between it asks about
// those of whom nothing is known, and about nobody else.
func (r *Roster) Run(ctx context.Context, every time.Duration) error {
	round, between, pause := time.NewTicker(every), time.NewTicker(every/10), every/100
	defer round.Stop()
	defer between.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-round.C:
			r.refresh(ctx, pause)
			between.Reset(every / 10) // two passes at once would hear the same
		case <-between.C:
			r.catchUp(ctx, pause)
		}
	}
}

// refresh asks about everything on the list.
func (r *Roster) refresh(ctx context.Context, pause time.Duration) {
	defer r.pass(ctx)()
	r.readGroups(ctx, r.groupsOnLists())
	r.logStale(ctx, r.meet(ctx, r.ids(anybody), pause))
}

// catchUp asks about what is not known. After a pass without any answer it asks about somebody
// who is known, too: only then is it sure whether nobody can be looked up.
func (r *Roster) catchUp(ctx context.Context, pause time.Duration) {
	passes := r.quiet()
	doubtful := passes > 0
	if r.State().settled() && !doubtful {
		return
	}
	if doubtful {
		defer r.pass(ctx)()
	}
	r.readGroups(ctx, r.unread())
	_ = r.meet(ctx, r.ids(sighting.unknown), pause) // none of them can be stale
	if known := r.ids(sighting.answered); doubtful && len(known) > 0 && !r.heard() {
		next := passes % len(known)            // another one each time
		_ = r.meet(ctx, known[next:next+1], 0) // how stale that one is matters to nobody
	}
}

// unread are the groups that could not be read.
func (r *Roster) unread() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(r.groupsOnLists(), func(g string) bool { return !r.isUnread(g) })
}

// readGroups asks who is in these groups, side by side. Those of which Slack says
// when to ask again are asked again then.
func (r *Roster) readGroups(ctx context.Context, groups []string) {
	for len(groups) > 0 {
		var put []reading // off
		wait, answers := time.Duration(0), r.people.read(ctx, groups)
		for range groups {
			a := <-answers
			if later, is := errors.AsType[*approvals.Later](a.err); is {
				put, wait = append(put, a), max(wait, later.After, time.Second)
				continue
			}
			r.learnGroup(ctx, a)
		}
		groups = nil
		asked := len(put) == 0 || nap(ctx, wait)
		for _, a := range put {
			if groups = append(groups, a.id); !asked {
				r.learnGroup(ctx, a)
			}
		}
		if !asked {
			return
		}
	}
}

// meetAtOnce looks people up, several at the same time. As soon as Slack wants to
// be left alone it asks about nobody else, and says for how long.
func (r *Roster) meetAtOnce(ctx context.Context, ids []string) (wait time.Duration) {
	var mu sync.Mutex
	told := func(w time.Duration) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		wait = max(wait, w)
		return wait
	}
	g := new(errgroup.Group)
	g.SetLimit(lookUpsAtOnce)
	for _, id := range ids {
		g.Go(func() error {
			if told(0) > 0 {
				return nil
			}
			s := r.lookUpOne(ctx, id)
			r.learn(ctx, s)
			if later, is := errors.AsType[*approvals.Later](s.err); is {
				told(max(later.After, time.Second))
			}
			return nil
		})
	}
	_ = g.Wait() // they return none
	return wait
}

// meet looks people up one by one, as patiently as Slack wants, and returns why
// it could not do so again with somebody who is known.
func (r *Roster) meet(ctx context.Context, ids []string, pause time.Duration) (stale error) {
	for i, id := range ids {
		if ctx.Err() != nil || i > 0 && !nap(ctx, pause) {
			break
		}
		s, _ := patiently(ctx, func() (sighting, error) { s := r.lookUpOne(ctx, id); return s, s.err }) // it holds the error
		if r.learn(ctx, s) {
			stale = s.err
		}
	}
	return stale
}

// lookUpOne asks about one person.
func (r *Roster) lookUpOne(ctx context.Context, id string) sighting {
	s := sighting{id: id}
	s.err = safely(func() (err error) { s.facts, err = r.people.dir.Facts(ctx, id); return err })()
	return s
}

// patiently asks again for as long as the answer is to ask again later.
func patiently[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	for {
		got, err := ask()
		later, ok := errors.AsType[*approvals.Later](err)
		if !ok || !nap(ctx, max(later.After, time.Second)) {
			return got, err
		}
	}
}
