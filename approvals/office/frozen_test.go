package office

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// frozenCards is a chat that posts cards and changes none, and what it did.
type frozenCards struct {
	posted, changes int
	left            []string // what each card that was posted succeeds
}

func (c *frozenCards) show(r approvals.Request) (string, error) {
	if r.Card.TS != "" {
		c.changes++
		return r.Card.TS, fmt.Errorf("%w: edit_window_closed", approvals.ErrFrozen)
	}
	c.posted++
	c.left = append(c.left, r.Card.Left)
	return fmt.Sprint(c.posted, ".1"), nil
}

// TestRenderFrozen has a chat that changes no card: the first change makes one
// successor, further ones none, and how it ended is said in the thread.
func TestRenderFrozen(t *testing.T) {
	chat, said := &frozenCards{}, 0
	o := newOffice(t, nil, chatter{show: chat.show, say: func(approvals.Request) error { said++; return nil }}, nil)
	log := o.logs()
	r := o.waiting()
	o.turns(20)
	for range 3 {
		apply(t, o.store, o.load(r.ID), approvals.Redraw{})
		o.turns(20)
		o.pass(time.Hour)
	}
	for range 100 {
		o.turns(20)
		o.pass(time.Hour)
	}
	r = o.load(r.ID)
	if chat.posted != 2 || r.Card.TS != "2.1" || chat.left[0] != "" || chat.left[1] != "1.1" {
		t.Errorf("%d cards were posted, the last is %+v, and they succeed %q; want two, the second after 1.1", chat.posted, r.Card, chat.left)
	}
	if said != 1 || r.Behind() {
		t.Errorf("the end was said %d times, and the card is behind: %v; want once, and no more tries", said, r.Behind())
	}
	if chat.changes > 60 || !strings.Contains(log.String(), "edit_window_closed") {
		t.Errorf("%d tries to change it in four days; log:\n%s", chat.changes, log)
	}
}

// TestRenderReplyNever: a reply that is never taken is tried for a day, less and
// less often, and then given up, which is said once.
func TestRenderReplyNever(t *testing.T) {
	for name, trouble := range map[string]error{
		"trouble that passes":        errors.New("internal_error"),
		"no thread in any card":      fmt.Errorf("%w: thread_not_found", approvals.ErrGone),
		"left alone for ever longer": &approvals.Later{After: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			said, posted := 0, 0
			var tries []time.Time
			var o *office
			o = newOffice(t, nil, chatter{
				show: func(r approvals.Request) (string, error) {
					if r.Card.TS == "" {
						posted++
						return fmt.Sprint(posted, ".1"), nil
					}
					return r.Card.TS, nil
				},
				say: func(approvals.Request) error { said++; tries = append(tries, o.clock()); return trouble },
			}, nil)
			log := o.logs()
			r := o.waiting()
			o.turns(20)
			apply(t, o.store, o.load(r.ID), approvals.Cancel{By: approvalstest.Asker})
			start := o.clock()
			for o.clock().Sub(start) < 30*24*time.Hour && o.load(r.ID).Behind() {
				o.turns(5)
				o.pass(time.Minute)
			}
			if r = o.load(r.ID); r.Behind() || r.Card.Told != len(r.Notices) {
				t.Fatalf("after %s it is still tried: %+v, %d times", o.clock().Sub(start), r.Card, said)
			}
			if took := o.clock().Sub(start); took > 26*time.Hour || said > 80 || posted > 2 {
				t.Errorf("given up after %s and %d tries, with %d cards", took, said, posted)
			}
			for i := 2; i < len(tries); i++ {
				if pause, before := tries[i].Sub(tries[i-1]), tries[i-1].Sub(tries[i-2]); pause+time.Minute < before {
					t.Errorf("a pause of %s after one of %s", pause, before)
				}
			}
			if n := strings.Count(log.String(), "msg=\"message given up\""); n != 1 {
				t.Errorf("the end was logged %d times:\n%s", n, log)
			}
		})
	}
}

// TestRenderWordNever: the same with what is said to the requester alone, where
// there is no card to say it on.
func TestRenderWordNever(t *testing.T) {
	tries := 0
	o := newOffice(t, nil, chatter{show: func(approvals.Request) (string, error) { tries++; return "", errors.New("internal_error") }}, nil)
	log := o.logs()
	r := o.waiting()
	r = apply(t, o.store, r, approvals.Reject{Why: approvals.Why{Reason: approvals.NotInChannel}})
	start := o.clock()
	for o.clock().Sub(start) < 30*24*time.Hour && o.load(r.ID).Behind() {
		o.turns(5)
		o.pass(time.Minute)
	}
	if took := o.clock().Sub(start); took > 26*time.Hour {
		t.Errorf("given up after %s and %d tries", took, tries)
	}
	if n := strings.Count(log.String(), "msg=\"message given up\""); n != 1 {
		t.Errorf("the end was logged %d times:\n%s", n, log)
	}
}

// TestRenderCardLater: a card is another matter: it is brought up to date however
// long Slack was down, though not every few minutes.
func TestRenderCardLater(t *testing.T) {
	down, tries := false, 0
	o := newOffice(t, nil, chatter{show: func(approvals.Request) (string, error) {
		if tries++; down {
			return "", errors.New("no connection")
		}
		return "1.1", nil
	}}, nil)
	r := o.waiting()
	o.turns(20)
	down, tries = true, 0
	apply(t, o.store, o.load(r.ID), approvals.Cancel{By: approvalstest.Asker})
	for range 24 * 60 {
		o.turns(3)
		o.pass(time.Minute)
	}
	tries = 0
	for range 24 * 12 {
		o.turns(3)
		o.pass(5 * time.Minute)
	}
	if tries < 20 || tries > 26 {
		t.Errorf("%d tries on the second day, want one an hour", tries)
	}
	down = false
	o.pass(time.Hour)
	o.turns(20)
	if r = o.load(r.ID); r.Behind() {
		t.Errorf("the card is %+v when Slack is back", r.Card)
	}
}
