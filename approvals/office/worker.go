package office

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
	"defenderbot/internal/audit"
)

// Worker does what the clock asks for: it leases what is due on the agenda
// and takes one step of it. Any number of workers can run beside each other.
type Worker struct {
	store     *ledger.Store
	defender  *defender.Client
	people    people
	roster    *Roster // nil: who could approve is not counted
	chat      approvals.Chat
	homes     approvals.Homes
	log       *slog.Logger
	mu        sync.Mutex
	stopped   bool // and takes nothing more
	handed    chan inHand
	toRefresh chan string   // requests whose cards people were told to look at
	places    chan struct{} // one for each step that may run at once
	polls     polls
	asked     recent[time.Time] // when Defender was asked about a job or a call, and not before when again
	found     recent[finding]   // what it said of a device that a request names
	posted    recent[int]       // which attempt of a call was sent last, by this process
	named     recent[struct{}]  // of which call's device it was asked late
	missed    recent[int]       // how often Defender did not know a device of a request
	blind     recent[darkness]  // since when it cannot be asked about a call
	said      recent[struct{}]  // what was logged, and is not logged each time
	pauses    pauses            // of endpoints that refuse everybody
	way       way               // on which steps give way to answers
	missPause time.Duration     // before Defender is asked again about a device that it did not know
	nameLimit time.Duration     // for how long a step asks for names
	homing    chan struct{}     // one for each home that is looked at

	sealer audit.Sealer
	tended time.Time // when the sealing was last seen to be on the agenda

	homesSince  time.Time // since when looks at homes are counted
	homesLooked int
	steps       sync.WaitGroup
}

// WorkerConfig is what a Worker needs.
type WorkerConfig struct {
	Store    *ledger.Store
	Defender *defender.Client
	People   approvals.Directory
	Policy   approvals.Policy
	Roster   *Roster // counts who could be the additional approver; nil: it is not counted
	Chat     approvals.Chat
	Homes    approvals.Homes // nil: they are left as they are
	Log      *slog.Logger
	Sealer   audit.Sealer // of the audit trail
	Answers  Answers      // to which steps give way; nil: to nobody
}

// inHand is a request that was committed for this process to go on with.
type inHand struct {
	request approvals.Request
	lease   ledger.Lease
}

// atOnce is how many steps one process takes at once. A step can take as long
// as one call to Defender.
const atOnce = 64

// NewWorker makes a Worker. It starts nothing.
func NewWorker(c WorkerConfig) *Worker {
	return &Worker{
		store: c.Store, defender: c.Defender, people: people{c.People, c.Policy}, roster: c.Roster, chat: c.Chat, homes: c.Homes, log: c.Log, sealer: c.Sealer, way: newWay(c.Answers),
		handed: make(chan inHand, atOnce), toRefresh: make(chan string, atOnce), places: make(chan struct{}, atOnce),
		missPause: stepRetry, nameLimit: nameLimit, homing: make(chan struct{}, homesAtOnce),
	}
}

// handOver gives the worker a request to go on with. One that has stopped gives the
// lease back for others.
func (w *Worker) handOver(ctx context.Context, r approvals.Request, l ledger.Lease) {
	if !w.takes(inHand{r, l}) {
		w.finish(ctx, l, w.store.Now(), r)
	}
}

// takes reports whether the worker has not stopped. Where it is too busy, the lease
// runs out and whoever is free takes the request from the agenda: a click waits to be
// acknowledged, and not for that.
func (w *Worker) takes(h inHand) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return false
	}
	select {
	case w.handed <- h:
	default:
	}
	return true
}

// Run leases and works until ctx ends, then waits for the steps under way and
// leaves to others what was handed over last.
func (w *Worker) Run(ctx context.Context) error {
	defer w.leave(ctx)
	defer w.steps.Wait()
	var taking sync.WaitGroup
	defer taking.Wait()
	taking.Go(func() { w.takeHanded(ctx) })
	for ctx.Err() == nil {
		looked := time.NewTimer(between)
		wait, err := w.round(ctx)
		if err != nil && ctx.Err() == nil && w.once("agenda read failed "+w.store.Clock().Truncate(time.Minute).String()) {
			w.log.WarnContext(ctx, "agenda read failed", "error", err)
		}
		w.rest(ctx, wait)
		w.way.space(ctx, looked.C)
	}
	return ctx.Err()
}

// rest waits for time to pass or for something to become due.
func (w *Worker) rest(ctx context.Context, wait time.Duration) {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-w.store.Woken():
	case id := <-w.toRefresh:
		w.start(ctx, id, func(ctx context.Context) { w.refreshCard(ctx, id) })
	}
}

// takeHanded starts what is handed over, until ctx ends. Somebody has just clicked, so it waits
// neither for the agenda nor for a place, and gives way to nobody.
func (w *Worker) takeHanded(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case h := <-w.handed:
			w.goOn(ctx, h)
		}
	}
}

// goOn starts what was handed over. Nobody was woken for the rest that its commit made due, such
// as the card, so that it would not come first: now it may.
func (w *Worker) goOn(ctx context.Context, h inHand) {
	w.start(ctx, h.request.ID, func(ctx context.Context) {
		defer w.store.Wake()
		w.advance(ctx, h.lease, h.request)
	})
}

// leave puts what was handed over and not begun on the agenda for others.
func (w *Worker) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	w.mu.Lock()
	w.stopped = true
	w.mu.Unlock()
	if _, _, err := w.store.Lease(ctx, 0); err != nil { // what Redis has lost meanwhile perhaps nobody else knows
		w.log.WarnContext(ctx, "last look at redis failed", "error", err)
	}
	for {
		select {
		case h := <-w.handed:
			w.finish(ctx, h.lease, w.store.Now(), h.request)
		default:
			return
		}
	}
}

// idle is the longest that a worker sleeps without asking what is due: others
// may have put something on the agenda.
const idle = time.Second

// round leases as much as there are free places for, starts a step of each, and
// says how long to sleep.
func (w *Worker) round(ctx context.Context) (time.Duration, error) {
	free := cap(w.places) - len(w.places)
	if free == 0 {
		return 50 * time.Millisecond, nil
	}
	w.tend(ctx)
	got, next, err := w.store.Lease(ctx, free)
	for _, c := range got {
		w.places <- struct{}{}
		w.start(ctx, c.Member, func(ctx context.Context) {
			defer func() { <-w.places }()
			defer w.way.give(ctx)()
			w.work(ctx, c)
		})
	}
	if next.IsZero() {
		return idle, err
	}
	return min(max(next.Sub(w.store.Now()), 0), idle), err
}

// start runs one step beside the others. What has begun is finished: the end of
// ctx starts a last stretch of time instead of cutting it off.
func (w *Worker) start(ctx context.Context, member string, step func(context.Context)) {
	w.steps.Go(func() {
		ctx, cancel := outlive(ctx, lastStretch)
		defer cancel()
		defer w.recovered(ctx, member)
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
		nap(longer, by)
		cancel()
	})
	return longer, func() {
		stop()
		cancel()
	}
}

// recovered keeps a bug in one step from ending everything. The lease runs out
// and the step is tried again; what it was sending becomes uncertain.
func (w *Worker) recovered(ctx context.Context, member string) {
	if p := recover(); p != nil {
		kind, id := approvals.KindOf(member)
		w.log.ErrorContext(ctx, "step panicked", "request", id, "kind", string(kind), "panic", p, "stack", string(debug.Stack()))
	}
}

// work does one step of what was leased.
func (w *Worker) work(ctx context.Context, l ledger.Lease) {
	k, id := approvals.KindOf(l.Member)
	switch k {
	case approvals.Home:
		w.showHome(ctx, l, id)
		return
	case approvals.Alert:
		w.announce(ctx, l)
		return
	case approvals.Seal:
		w.seal(ctx, l)
		return
	case approvals.Clock, approvals.Look, approvals.Draw:
	}
	r, err := w.store.Load(ctx, id)
	if err != nil {
		w.unread(ctx, l, id, err)
		return
	}
	w.advance(ctx, l, r)
}

// advance takes one step of r. A commit gives the lease back itself; where nothing
// was committed it is given back here, and what is missing of r on the agenda is
// put there.
func (w *Worker) advance(ctx context.Context, l ledger.Lease, r approvals.Request) {
	again, committed, err := w.step(ctx, l, r)
	switch {
	case approvals.IsRefusal(err, approvals.DoesNotFit):
		w.log.DebugContext(ctx, "lost commit race", "request", r.ID, "error", err)
		again = w.store.Now().Add(stepRetry)
	case approvals.IsRefusal(err, approvals.UnknownAction):
		w.leaveAlone(ctx, r.ID, err, slog.LevelWarn)
		waited := w.store.Now().Sub(r.LastChange()) // in an update others come soon, after a roll-back perhaps never
		again = w.store.Now().Add(min(max(waited/10, othersTurn), time.Minute))
	case err != nil:
		w.log.WarnContext(ctx, "step failed", "request", r.ID, "error", err)
		again = w.store.Now().Add(stepRetry)
	case committed:
		return
	}
	w.finish(ctx, l, again, r)
}

// stepRetry is the pause after a step that failed.
const stepRetry = 3 * time.Second

// finish gives a lease back: look again at the given time, or never if it is zero.
func (w *Worker) finish(ctx context.Context, l ledger.Lease, again time.Time, r approvals.Request) {
	if err := w.store.Finish(ctx, l, again, r); err != nil && w.once("lease return failed "+w.store.Clock().Truncate(time.Minute).String()) {
		w.log.WarnContext(ctx, "lease return failed", "member", l.Member, "error", err)
	}
	if !again.IsZero() && !again.After(w.store.Now()) {
		w.store.Wake()
	}
}

// nap waits for d or the end of ctx, and reports whether it was d.
func nap(ctx context.Context, d time.Duration) bool {
	done, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-done.Done()
	return ctx.Err() == nil
}
