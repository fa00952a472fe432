package approvals

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"defenderbot/defender"
)

// Worker does what the clock asks for: it claims what is due from the agenda
// and takes one step of it. Any number of workers can run beside each other.
type Worker struct {
	store    *Store
	defender *defender.Client
	people   Directory
	policy   Policy
	chat     Chat
	log      *slog.Logger
	handed   chan inHand
	places   chan struct{} // one for each step that may run at once
	polls    polls
	steps    sync.WaitGroup
}

// WorkerConfig is what a Worker needs.
type WorkerConfig struct {
	Store    *Store
	Defender *defender.Client
	People   Directory
	Policy   Policy
	Chat     Chat
	Log      *slog.Logger
}

// inHand is a request that was committed for this process to go on with.
type inHand struct {
	request Request
	claim   claimed
}

// atOnce is how many steps one process takes at once. A step can take as long
// as one call to Defender.
const atOnce = 64

// NewWorker makes a Worker. It starts nothing.
func NewWorker(c WorkerConfig) *Worker {
	return &Worker{
		store: c.Store, defender: c.Defender, people: c.People, policy: c.Policy, chat: c.Chat, log: c.Log,
		handed: make(chan inHand, atOnce), places: make(chan struct{}, atOnce),
	}
}

// hand gives the worker a request to go on with. If it is too busy, the lease
// runs out and whoever is free takes the request from the agenda.
func (w *Worker) hand(r Request, c claimed) {
	select {
	case w.handed <- inHand{r, c}:
	default:
	}
}

// Run claims and works until ctx ends, then waits for the steps under way.
func (w *Worker) Run(ctx context.Context) error {
	defer w.steps.Wait()
	for ctx.Err() == nil {
		wait, err := w.round(ctx)
		if err != nil && ctx.Err() == nil {
			w.log.WarnContext(ctx, "the agenda cannot be read; trying again", "error", err)
			wait = idle
		}
		w.rest(ctx, wait)
	}
	return ctx.Err()
}

// rest waits for time to pass, for something to become due, or for a request
// that is handed over.
func (w *Worker) rest(ctx context.Context, wait time.Duration) {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-w.store.wake:
	case h := <-w.handed:
		w.start(ctx, func(ctx context.Context) { w.goOn(ctx, h.claim, h.request) })
	}
}

// round claims as much as there are free places for and starts a step of each.
func (w *Worker) round(ctx context.Context) (time.Duration, error) {
	free := cap(w.places) - len(w.places)
	if free == 0 {
		return 50 * time.Millisecond, nil
	}
	got, wait, err := w.store.claim(ctx, free)
	for _, c := range got {
		w.start(ctx, func(ctx context.Context) { w.take(ctx, c) })
	}
	return wait, err
}

// start runs one step beside the others. What has begun is finished: the end
// of ctx starts a last stretch of time instead of cutting it off.
func (w *Worker) start(ctx context.Context, step func(context.Context)) {
	w.places <- struct{}{}
	w.steps.Go(func() {
		defer func() { <-w.places }()
		ctx, cancel := outlive(ctx, lastStretch)
		defer cancel()
		defer w.recover(ctx)
		step(ctx)
	})
}

// lastStretch is how long a step may go on after the process was told to stop:
// one call to Defender and the commit of its answer.
const lastStretch = 22 * time.Second

// outlive is a context that ends a while after ctx does.
func outlive(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		sleep(longer, by)
		cancel()
	})
	return longer, func() {
		stop()
		cancel()
	}
}

// recover keeps a bug in one step from ending everything. The lease runs out
// and the step is tried again; what it was sending becomes uncertain.
func (w *Worker) recover(ctx context.Context) {
	if p := recover(); p != nil {
		w.log.ErrorContext(ctx, "a step panicked", "panic", p)
	}
}

// take does one step of what was claimed.
func (w *Worker) take(ctx context.Context, c claimed) {
	if id, ok := strings.CutPrefix(c.Member, cardOf("")); ok {
		w.render(ctx, c, id)
		return
	}
	r, err := w.store.Load(ctx, c.Member)
	if isNo(err, NoSuchRequest) {
		w.giveBack(ctx, c, time.Time{})
		return
	}
	if err != nil {
		w.log.WarnContext(ctx, "a request cannot be read; trying again", "request", c.Member, "error", err)
		return
	}
	w.goOn(ctx, c, r)
}

// goOn takes one step of r. A commit sets the agenda itself; where nothing was
// committed the claim is given back.
func (w *Worker) goOn(ctx context.Context, c claimed, r Request) {
	again, err := w.step(ctx, r)
	switch {
	case isNo(err, DoesNotFit):
		w.log.DebugContext(ctx, "others were faster", "request", r.ID, "error", err)
		again = w.store.Now().Add(stepRetry)
	case err != nil:
		w.log.WarnContext(ctx, "a step failed; trying again", "request", r.ID, "error", err)
		again = w.store.Now().Add(stepRetry)
	}
	if !again.IsZero() {
		w.giveBack(ctx, c, again)
	}
}

// stepRetry is the pause after a step that failed.
const stepRetry = 3 * time.Second

func (w *Worker) giveBack(ctx context.Context, c claimed, again time.Time) {
	if err := w.store.finish(ctx, c, again); err != nil {
		w.log.WarnContext(ctx, "a claim cannot be given back; its lease will run out", "member", c.Member, "error", err)
	}
}

// step does the most urgent thing that r asks for. It answers when to look
// again, or zero if it has committed something.
func (w *Worker) step(ctx context.Context, r Request) (time.Time, error) {
	now := w.store.Now()
	if _, ok := ripe(r, now); ok {
		_, err := w.store.Apply(ctx, newOp(), r, func(r Request) (Event, error) {
			if e, ok := ripe(r, w.store.Now()); ok {
				return e, nil
			}
			return nil, no(DoesNotFit, "nothing is due")
		})
		return time.Time{}, err
	}
	switch r.State {
	case Checking:
		return w.check(ctx, r)
	case Approved:
		return w.calls(ctx, r)
	case Pending, Done, Denied, Cancelled, Expired, Rejected:
	}
	return due(r, now), nil
}

// calls does the most urgent thing that the calls of r ask for.
func (w *Worker) calls(ctx context.Context, r Request) (time.Time, error) {
	now := w.store.Now()
	var again time.Time
	for i, c := range r.Calls {
		switch {
		case c.State == Queued && !c.waiting() && !c.Hold.After(now):
			return time.Time{}, w.tell(ctx, r, i, Wait{Why: c.Why})
		case c.waiting() && again.IsZero():
			at, err := w.send(ctx, r, i)
			if err != nil || at.IsZero() {
				return at, err
			}
			again = at
		}
	}
	for _, look := range []func(context.Context, Request) (time.Time, bool, error){w.search, w.follow} {
		at, changed, err := look(ctx, r)
		if err != nil || changed {
			return time.Time{}, err
		}
		again = earliest(again, at)
	}
	return earliest(again, due(r, now)), nil
}

// tell commits one event of one call.
func (w *Worker) tell(ctx context.Context, r Request, call int, e CallEvent) error {
	_, err := w.store.Apply(ctx, newOp(), r, func(Request) (Event, error) {
		return On{Call: call, Event: e}, nil
	})
	return err
}

func asNo(err error) (*No, bool) { return errors.AsType[*No](err) }

func isNo(err error, reason Reason) bool {
	refused, ok := asNo(err)
	return ok && refused.Why.Reason == reason
}
