package ledger

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// askLimit is how long somebody who waits for an acknowledgement waits: Slack
// allows 3 seconds.
const askLimit = 2500 * time.Millisecond

// flow is steady traffic: stories of requests, told through two stores, with
// two parties at every step that only one may win.
type flow struct {
	t      testing.TB
	stores [2]*Store
	good   chan struct{} // one for each change that succeeded, as far as it has room
	stop   chan struct{}
	wg     sync.WaitGroup
	asked  atomic.Int32

	mu   sync.Mutex
	done []deed
}

// deed is one change that was tried, and what was said about it.
type deed struct {
	op, id, event string
	version       int64 // after it, if it succeeded
	err           error
	took          time.Duration
}

// startFlow begins the traffic. It ends with finish.
func startFlow(t testing.TB, one, other *Store) *flow {
	t.Helper()
	f := &flow{t: t, stores: [2]*Store{one, other}, good: make(chan struct{}, 1), stop: make(chan struct{})}
	for i := range 6 {
		rng := rand.New(rand.NewPCG(uint64(i), 7))
		f.wg.Go(func() {
			for !f.stopped() {
				f.story(rng)
			}
		})
	}
	return f
}

func (f *flow) stopped() bool {
	select {
	case <-f.stop:
		return true
	default:
		return false
	}
}

// more waits until n more changes have succeeded.
func (f *flow) more(n int) {
	f.t.Helper()
	limit := time.NewTimer(60 * time.Second)
	defer limit.Stop()
	for range n {
		select {
		case <-f.good:
		case <-limit.C:
			f.t.Fatal("the traffic does not go on")
		}
	}
}

// refused waits until n changes were refused in these words.
func (f *flow) refused(n int, word string) {
	f.t.Helper()
	limit := time.NewTimer(60 * time.Second)
	defer limit.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for f.met(word) < n {
		select {
		case <-tick.C:
		case <-limit.C:
			f.t.Fatalf("%d changes were answered with %q, want %d", f.met(word), word, n)
		}
	}
}

// met counts the changes that failed with a word in their error.
func (f *flow) met(word string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, d := range f.done {
		if d.err != nil && strings.Contains(d.err.Error(), word) {
			n++
		}
	}
	return n
}

// story is the life of one request, or the first steps of it.
func (f *flow) story(rng *rand.Rand) {
	s, other := f.stores[0], f.stores[1]
	if rng.IntN(2) == 0 {
		s, other = other, s
	}
	r, err := f.ask(s)
	for range 1 + rng.IntN(8) {
		if err != nil || r.State.Ended() || !sleep(f.t.Context(), 3*time.Millisecond) {
			return
		}
		f.step(s, other, r)
		r, err = f.load(s, r.ID)
	}
}

// load reads a request, with a little patience. Who gives up goes on with
// another story, so that there is always somebody who changes something.
func (f *flow) load(s *Store, id string) (r approvals.Request, err error) {
	for range 20 {
		r, err = s.Load(f.t.Context(), id)
		if err == nil || approvals.IsRefusal(err, approvals.NoSuchRequest) || !sleep(f.t.Context(), 20*time.Millisecond) {
			break
		}
	}
	return r, err
}

// step does with r what comes next. Where two could do it, two try.
func (f *flow) step(s, other *Store, r approvals.Request) {
	switch r.State {
	case approvals.Checking:
		f.do(s, r, approvals.Resolve{Devices: r.Devices})
	case approvals.Pending:
		f.both(
			func() { f.do(s, r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()}) },
			func() { f.do(other, r, f.second(r)) },
		)
	case approvals.Approved:
		e := f.callEvent(s, r)
		f.both(func() { f.do(s, r, approvals.On{Call: 0, Event: e}) }, func() { f.do(other, r, approvals.On{Call: 0, Event: e}) })
	case approvals.Done, approvals.Denied, approvals.Cancelled, approvals.Expired, approvals.Rejected:
	}
}

// second is what a second approver wants at the same moment: of four, one
// says no.
func (f *flow) second(r approvals.Request) approvals.Event {
	if r.ID[len(r.ID)-1]%4 == 0 {
		return approvals.Deny{By: approvalstest.Second, Digest: r.Digest(), Text: "no"}
	}
	return approvals.Approve{By: approvalstest.Second, Digest: r.Digest()}
}

func (f *flow) callEvent(s *Store, r approvals.Request) approvals.CallEvent {
	c := r.Calls[0]
	job := approvals.Job{ID: "job-" + r.ID}
	switch c.State {
	case approvals.Queued:
		return approvals.Send{NotAfter: s.Now().Add(approvals.SendLimit)}
	case approvals.Sending:
		return approvals.Accept{Attempt: c.Attempt, Job: job}
	case approvals.Running:
		return approvals.Report{Job: job, As: approvals.Succeeded}
	case approvals.Uncertain, approvals.Succeeded, approvals.Failed, approvals.CallCancelled, approvals.Lapsed, approvals.Unknown:
	}
	f.t.Errorf("the story never leads to a call that is %s", c.State)
	return approvals.Stop{By: approvalstest.Asker}
}

func (f *flow) both(one, other func()) {
	var wg sync.WaitGroup
	wg.Go(one)
	wg.Go(other)
	wg.Wait()
}

func (f *flow) ask(s *Store) (approvals.Request, error) {
	return f.note("ask", func(ctx context.Context, op Op) (approvals.Request, error) {
		return s.Create(ctx, op, approvalstest.Asked(approvalstest.DeviceNo(int(f.asked.Add(1)))), 0)
	})
}

func (f *flow) do(s *Store, r approvals.Request, e approvals.Event) {
	_, _ = f.note(approvals.EventName(e), func(ctx context.Context, op Op) (approvals.Request, error) {
		return s.Apply(ctx, op, r, func(approvals.Request) (approvals.Event, error) { return e, nil })
	})
}

// note tries a change as somebody who waits for the answer, and keeps what was
// said about it.
func (f *flow) note(event string, change func(ctx context.Context, op Op) (approvals.Request, error)) (approvals.Request, error) {
	ctx, cancel := context.WithTimeout(f.t.Context(), askLimit)
	defer cancel()
	op, began := NewOp(), time.Now()
	after, err := change(ctx, op)
	f.mu.Lock()
	f.done = append(f.done, deed{op.ID, after.ID, event, after.Version, err, time.Since(began)})
	f.mu.Unlock()
	if err == nil {
		select {
		case f.good <- struct{}{}:
		default:
		}
	}
	return after, err
}

// finish ends the traffic.
func (f *flow) finish() {
	close(f.stop)
	f.wg.Wait()
}
