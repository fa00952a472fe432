package office

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"defenderbot/approvals"
)

// noticed is a request with all notices that calls can have: the first fails, the second
// succeeds when the third takes long, and then that ends.
func (o *office) noticed(between func()) approvals.Request {
	o.t.Helper()
	r := o.working("collect", 3, 3)
	report := func(call int, as approvals.CallState, slow bool) {
		job := r.Calls[call].Job
		job.Slow = slow
		r = apply(o.t, o.store, o.load(r.ID), approvals.On{Call: call, Event: approvals.Report{Job: job, As: as}})
		between()
	}
	report(0, approvals.Failed, false)
	report(2, approvals.Running, true)
	report(1, approvals.Succeeded, false)
	report(2, approvals.Failed, true)
	return o.load(r.ID)
}

// TestNoticesNeverLoop: whatever Slack says to each notice, each is tried a few times at most
// and the card goes on being drawn.
func TestNoticesNeverLoop(t *testing.T) {
	trouble := errors.New("no answer")
	for _, tt := range []struct {
		name        string
		err         error
		tries, most int // of all three notices; how many cards are posted at most
	}{
		{"taken", nil, 3, 0},
		{"refused for ever", restricted(), 3, 0},
		{"the thread is gone each time", approvals.ErrUnthreaded, 3, 3},
		{"the thread cannot be found", fmt.Errorf("thread_not_found: %w", approvals.ErrGone), 60, 1},
		{"no answer for ever", trouble, 60, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			said, posted := 0, 0
			o := newOffice(t, nil, chatter{
				show: func(r approvals.Request) (string, error) {
					if r.Card.TS == "" {
						posted++
						return fmt.Sprint("2.", posted), nil
					}
					return r.Card.TS, nil
				},
				say: func(approvals.Request) error { said++; return tt.err },
			}, nil)
			r := o.noticed(func() { o.turns(50) })
			for range 40 {
				o.pass(time.Hour)
				o.turns(50)
			}
			r = o.load(r.ID)
			if said < 1 || said > tt.tries || posted > tt.most || r.Behind() {
				t.Errorf("tried %d times, %d cards posted, behind %v; want at most %d and %d, and not behind", said, posted, r.Behind(), tt.tries, tt.most)
			}
		})
	}
}

// TestNoticesOnce: each notice is one, whoever draws it and whenever; one that was posted
// when the process died before it was saved is posted once more, and not again after that.
func TestNoticesOnce(t *testing.T) {
	var said []approvals.NoticeKind
	dies := func() {}
	o := newOffice(t, nil, nil, nil)
	o.chat = sayer{chatter{}, func(r approvals.Request, n int) error {
		said = append(said, r.Notices[n].Kind)
		dies()
		return nil
	}}
	r := o.noticed(func() { o.turns(50) })
	o.pass(time.Minute)
	o.turns(50)
	want := []approvals.NoticeKind{approvals.NoticeFailure, approvals.NoticeSlow, approvals.NoticeEnd}
	if !slices.Equal(said, want) || o.load(r.ID).Card.Told != 3 {
		t.Errorf("said %q, want %q", said, want)
	}
	said = nil
	dies = func() { // what is committed after the reply is lost
		if restore := o.snapshot(); len(said) == 1 {
			defer restore()
			panic("the process dies")
		}
	}
	o.redis.FlushAll()
	r = o.noticed(func() {})
	func() {
		defer func() { _ = recover() }()
		o.turns(50)
	}()
	o.pass(2 * time.Minute)
	o.turns(50)
	o.pass(2 * time.Minute)
	o.turns(50)
	if want := []approvals.NoticeKind{approvals.NoticeEnd, approvals.NoticeEnd}; !slices.Equal(said, want) || o.load(r.ID).Behind() {
		t.Errorf("after a crash between the reply and its commit: said %q, want %q", said, want)
	}
}

// sayer is a chat that is told which notice it says.
type sayer struct {
	chatter

	say func(approvals.Request, int) error
}

func (s sayer) Say(_ context.Context, r approvals.Request, n int) error { return s.say(r, n) }
