package office

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
)

// TestRenderReplyFails: what Slack does not take is tried again
// when Slack says, or after a pause that grows.
func TestRenderReplyFails(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		wait time.Duration
	}{
		"too many":         {&approvals.Later{After: 30 * time.Second}, 30 * time.Second},
		"another error":    {errors.New("restricted_action_thread_locked"), 5 * time.Second},
		"the card is gone": {approvals.ErrGone, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
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
			r := o.working("collect", 1, 0)
			r = apply(t, o.store, r, approvals.Cancel{By: approvalstest.Asker})
			o.turns(50)
			if said != 1 || posted > 1 {
				t.Errorf("tried %d times at once, %d cards posted; want one try and no card", said, posted)
			}
			o.pass(tt.wait - time.Millisecond)
			o.turns(50)
			if said != 1 {
				t.Errorf("tried %d times before %s were over", said, tt.wait)
			}
			o.pass(time.Millisecond)
			o.turns(50)
			if said != 2 || posted > 1 {
				t.Errorf("tried %d times after %s, %d cards posted; want a second try and one card at most", said, tt.wait, posted)
			}
			if v := o.load(r.ID).Version - r.Version; v > 1 && posted == 0 {
				t.Errorf("%d commits, want one: that the card is shown", v)
			}
		})
	}
}

// TestRenderSecondCard posts a card twice, since the first answer is lost. While the
// second one is posted somebody clicks on the first, which is the card then: the second
// one goes, and the first shows what there is.
func TestRenderSecondCard(t *testing.T) {
	var o *office
	var r approvals.Request
	shown, retired := map[string]approvals.State{}, []string{}
	chat := chatter{
		show: func(r approvals.Request) (string, error) {
			if r.Card.TS != "" {
				shown[r.Card.TS] = r.State
				return r.Card.TS, nil
			}
			shown["2.2"] = r.State
			apply(o.t, o.store, o.load(r.ID), approvals.Show{TS: "1.1"})
			return "2.2", nil
		},
		retire: func(ts string) { retired = append(retired, ts) },
	}
	o = newOffice(t, nil, chat, nil)
	r = pendingOn(t, o.store, approvals.Device{ID: approvalstest.HexID})
	o.turns(50)
	o.pass(leastPause + 5*time.Second)
	o.turns(50)
	if r = o.load(r.ID); r.Card.TS != "1.1" || r.Behind() || shown["1.1"] != approvals.Pending {
		t.Errorf("the card is %+v, shown were %v; want the first one, up to date", r.Card, shown)
	}
	if diff := cmp.Diff([]string{"2.2"}, retired); diff != "" {
		t.Error("taken away:", diff)
	}
}

// TestRenderRedraw: a redraw comes soon after a change.
func TestRenderRedraw(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	r := o.working("collect", 1, 1)
	o.pass(2 * time.Hour)
	if got := o.redraw(r, errors.ErrUnsupported).Sub(o.clock()); got != 5*time.Minute {
		t.Errorf("after two hours without a change: %s, want 5m", got)
	}
	r = apply(t, o.store, r, approvals.On{Call: 0, Event: approvals.Report{Job: r.Calls[0].Job, As: approvals.Failed}})
	if got := o.redraw(r, errors.ErrUnsupported).Sub(o.clock()); got != 5*time.Second {
		t.Errorf("right after a change: %s, want 5s", got)
	}
}

// TestRenderChangeInPause: a card that waits long for its thread is drawn
// when there is something new.
func TestRenderChangeInPause(t *testing.T) {
	fails := true
	var shown approvals.State
	o := newOffice(t, nil, chatter{
		show: func(r approvals.Request) (string, error) { shown = r.State; return "1.1", nil },
		say: func(approvals.Request) error {
			if fails {
				return &approvals.Later{After: 5 * time.Minute}
			}
			return nil
		},
	}, nil)
	r, err := o.store.Create(t.Context(), ledger.NewOp(), approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
	if err != nil {
		t.Fatal(err)
	}
	r = apply(t, o.store, r, approvals.Resolve{Devices: r.Devices})
	o.turns(10)
	o.pass(r.Terms.ApprovalTTL / 2) // the reminder is due
	o.turns(10)
	fails = false
	apply(t, o.store, o.load(r.ID), approvals.Deny{By: approvalstest.Leader, Digest: r.Digest(), Text: "no"})
	o.turns(10)
	if shown != approvals.Denied {
		t.Errorf("the card shows that it is %s, want denied", shown)
	}
}
