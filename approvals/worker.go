package approvals

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
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
	sent     chan string   // requests whose cards people were told to look at
	places   chan struct{} // one for each step that may run at once
	polls    polls
	asked    lately[time.Time] // when Defender was asked about a job or a call, and not before when again
	found    lately[Device]    // what it said of a device that a request names
	unfit    lately[struct{}]  // records that must not be acted on; each is logged once
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
		handed: make(chan inHand, atOnce), sent: make(chan string, atOnce), places: make(chan struct{}, atOnce),
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

// Run claims and works until ctx ends, then waits for the steps under way and
// leaves to others what was handed over last.
func (w *Worker) Run(ctx context.Context) error {
	defer w.leave(ctx)
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
	case id := <-w.sent:
		w.steps.Go(func() {
			ctx, cancel := outlive(ctx, lastStretch)
			defer cancel()
			defer w.recover(ctx)
			w.see(ctx, id)
		})
	case h := <-w.handed:
		w.start(ctx, func(ctx context.Context) { w.goOn(ctx, h.claim, h.request) })
	}
}

// leave puts what was handed over and not begun on the agenda for others.
func (w *Worker) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	for {
		select {
		case h := <-w.handed:
			w.finish(ctx, h.claim, w.store.Now())
		default:
			return
		}
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

// start runs one step beside the others. What has begun is finished: the end of
// ctx starts a last stretch of time instead of cutting it off.
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
		w.log.ErrorContext(ctx, "a step panicked", "panic", p, "stack", string(debug.Stack()))
	}
}

// take does one step of what was claimed.
func (w *Worker) take(ctx context.Context, c claimed) {
	_, id := kindOf(c.Member)
	r, err := w.store.Load(ctx, id)
	if err != nil {
		w.unread(ctx, c, id, err)
		return
	}
	w.goOn(ctx, c, r)
}

// unread lets go of a request that is gone, that must not be acted on, or that
// could not be read this time.
func (w *Worker) unread(ctx context.Context, c claimed, id string, err error) {
	now := w.store.Now()
	switch {
	case isNo(err, NoSuchRequest):
		w.finish(ctx, c, time.Time{})
	case isNo(err, NewerRecord):
		w.leaveAlone(ctx, id, err, slog.LevelError)
		w.finish(ctx, c, now.Add(othersTurn))
	case isNo(err, BrokenRecord):
		w.leaveAlone(ctx, id, err, slog.LevelError)
		w.finish(ctx, c, now.Add(5*time.Minute))
	default:
		w.log.WarnContext(ctx, "request not read; trying again", "request", id, "error", err)
		w.finish(ctx, c, now.Add(stepRetry))
	}
}

// othersTurn is how long a request is left to a version that can act on it.
const othersTurn = time.Second

// leaveAlone writes down, once, that a request is not acted on.
func (w *Worker) leaveAlone(ctx context.Context, id string, err error, level slog.Level) {
	if _, known := w.unfit.recall(id, w.store.Now()); known {
		return
	}
	w.unfit.note(id, struct{}{}, w.store.Now())
	refused, _ := asNo(err)
	w.log.Log(ctx, level, "record not acted on", "request", id, "reason", refused.Why.Reason, "detail", refused.Why.Detail,
		"key", w.store.keys.request(id), "error", refused.Err)
}

// goOn takes one step of r. A commit gives the claim back itself; where nothing
// was committed it is given back here, and what is missing of r on the agenda is
// put there.
func (w *Worker) goOn(ctx context.Context, c claimed, r Request) {
	again, committed, err := w.step(ctx, c, r)
	switch {
	case isNo(err, DoesNotFit):
		w.log.DebugContext(ctx, "others were faster", "request", r.ID, "error", err)
		again = w.store.Now().Add(stepRetry)
	case isNo(err, UnknownAction):
		w.leaveAlone(ctx, r.ID, err, slog.LevelWarn)
		again = w.store.Now().Add(othersTurn)
	case err != nil:
		w.log.WarnContext(ctx, "a step failed; trying again", "request", r.ID, "error", err)
		again = w.store.Now().Add(stepRetry)
	case committed:
		return
	}
	w.finish(ctx, c, again, w.others(c, r)...)
}

// others are the members that r has on the agenda besides the one of a claim.
func (w *Worker) others(c claimed, r Request) (list []duty) {
	now := w.store.Now()
	for _, k := range kinds() {
		if at := due(r, k, now); k.of(r.ID) != c.Member && !at.IsZero() {
			list = append(list, duty{Member: k.of(r.ID), At: millis(at)})
		}
	}
	return list
}

// stepRetry is the pause after a step that failed.
const stepRetry = 3 * time.Second

// finish gives a claim back: look again at the given time, or never if it is zero.
func (w *Worker) finish(ctx context.Context, c claimed, again time.Time, others ...duty) {
	if err := w.store.finish(ctx, c, again, others...); err != nil {
		w.log.WarnContext(ctx, "a claim cannot be given back; its lease will run out", "member", c.Member, "error", err)
	}
	if !again.IsZero() && !again.After(w.store.Now()) {
		w.store.wakeWorker()
	}
}

func asNo(err error) (*No, bool) { return errors.AsType[*No](err) }

func isNo(err error, reason Reason) bool {
	refused, ok := asNo(err)
	return ok && refused.Why.Reason == reason
}
