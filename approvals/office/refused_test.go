package office

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
)

var errRestricted = errors.New("restricted_action")

func restricted() error {
	return &approvals.NoPlace{Why: approvals.Why{Reason: approvals.PostingRestricted, Detail: "restricted_action"}, Err: errRestricted}
}

// waiting is a request that waits for approval, asked for and not shown yet.
func (o *office) waiting() approvals.Request {
	o.t.Helper()
	r, err := o.store.Create(o.t.Context(), ledger.NewOp(), approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
	if err != nil {
		o.t.Fatal(err)
	}
	return apply(o.t, o.store, r, approvals.Resolve{Devices: r.Devices})
}

// logs lets the office write its log into what it returns.
func (o *office) logs() *bytes.Buffer {
	var b bytes.Buffer
	o.log = slog.New(slog.NewTextHandler(&b, nil))
	return &b
}

// TestRenderFirstPostRefused rejects the request with the reason that the chat
// gave, which the requester is then told.
func TestRenderFirstPostRefused(t *testing.T) {
	var states []approvals.State
	o := newOffice(t, nil, chatter{show: func(r approvals.Request) (string, error) {
		if states = append(states, r.State); r.State == approvals.Pending {
			return "", restricted()
		}
		return "", nil
	}}, nil)
	log := o.logs()
	r := o.waiting()
	o.turns(20)
	if r = o.load(r.ID); r.State != approvals.Rejected || r.Ended.Why != (approvals.Why{Reason: approvals.PostingRestricted, Detail: "restricted_action"}) {
		t.Errorf("%s, %+v; want rejected for the reason the chat gave", r.State, r.Ended.Why)
	}
	if want := []approvals.State{approvals.Pending, approvals.Rejected}; !slices.Equal(states, want) {
		t.Errorf("shown as %v, want %v", states, want)
	}
	if n := strings.Count(log.String(), "error=restricted_action"); n != 1 {
		t.Errorf("logged %d times, want once:\n%s", n, log)
	}
}

// TestRenderReplyRefused: a refused reply is left out, ends nothing, and is not tried again.
func TestRenderReplyRefused(t *testing.T) {
	said := 0
	o := newOffice(t, nil, chatter{say: func(approvals.Request) error { said++; return restricted() }}, nil)
	log := o.logs()
	r := o.waiting()
	o.turns(20)
	o.pass(r.Terms.ApprovalTTL / 2)
	o.turns(20)
	o.pass(time.Minute)
	o.turns(20)
	if r = o.load(r.ID); r.State != approvals.Pending || r.Card.Told != 1 || r.Behind() || said != 1 {
		t.Errorf("%s, told %d, tried %d times; want pending, told and one try", r.State, r.Card.Told, said)
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 1 || !strings.Contains(log.String(), "restricted_action") {
		t.Errorf("logged %d times, want once:\n%s", n, log)
	}
}

// TestRenderUpdateRefused: a refused update leaves the card as it is, ends nothing, and is tried again
// until the card is true.
func TestRenderUpdateRefused(t *testing.T) {
	updates, mended := 0, false
	o := newOffice(t, nil, chatter{show: func(r approvals.Request) (string, error) {
		if r.Card.TS == "" || mended {
			return "1.1", nil
		}
		updates++
		return "", restricted()
	}}, nil)
	r := o.waiting()
	o.turns(20)
	apply(t, o.store, o.load(r.ID), approvals.Redraw{})
	o.turns(20)
	if r = o.load(r.ID); r.State != approvals.Pending || r.Card.TS != "1.1" || updates != 1 {
		t.Errorf("%s, card %+v, %d updates; want pending, the same card, one try", r.State, r.Card, updates)
	}
	apply(t, o.store, r, approvals.Cancel{By: approvalstest.Asker})
	o.turns(20)
	if r = o.load(r.ID); !r.Behind() || r.Card.TS != "1.1" {
		t.Errorf("the card of the cancelled request is %+v, and does not show that", r.Card)
	}
	for range 12 {
		o.pass(time.Minute)
		o.turns(20)
	}
	if tries := updates; tries < 4 || tries > 20 {
		t.Errorf("%d tries in 12 minutes", tries)
	}
	mended = true
	o.pass(time.Hour)
	o.turns(20)
	if r = o.load(r.ID); r.Behind() {
		t.Errorf("the card is %+v when it can be changed again", r.Card)
	}
}

// TestRenderOurMistakes: they are logged as errors, so that whoever runs the bot hears of them.
func TestRenderOurMistakes(t *testing.T) {
	o := newOffice(t, nil, chatter{show: func(r approvals.Request) (string, error) {
		if r.State != approvals.Pending {
			return "", nil
		}
		return "", &approvals.NoPlace{Why: approvals.Why{Reason: approvals.CardRefused, Detail: "invalid_blocks"}, Err: errors.New("invalid_blocks")}
	}}, nil)
	log := o.logs()
	o.waiting()
	o.turns(20)
	if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), "invalid_blocks") {
		t.Errorf("logged:\n%s", log)
	}
}

// TestRenderReplyUnthreaded: a reply without its card has the card posted again, and is not said again.
func TestRenderReplyUnthreaded(t *testing.T) {
	said, posted := 0, 0
	o := newOffice(t, nil, chatter{
		show: func(r approvals.Request) (string, error) {
			if r.Card.TS == "" {
				posted++
				return fmt.Sprint("1.", posted), nil
			}
			return r.Card.TS, nil
		},
		say: func(approvals.Request) error { said++; return approvals.ErrUnthreaded },
	}, nil)
	r := o.waiting()
	o.turns(20)
	o.pass(r.Terms.ApprovalTTL / 2)
	o.turns(20)
	o.pass(time.Minute)
	o.turns(20)
	if r = o.load(r.ID); r.State != approvals.Pending || r.Card.TS != "1.2" || r.Behind() || said != 1 {
		t.Errorf("%s, card %+v, said %d times; want a second card and one reply", r.State, r.Card, said)
	}
}

// TestRenderPauseFloor: whatever the chat says, it is left alone for a second.
func TestRenderPauseFloor(t *testing.T) {
	for _, after := range []time.Duration{-time.Hour, 0, time.Millisecond, time.Second, 7 * time.Second} {
		o := newOffice(t, nil, chatter{}, nil)
		want := max(after, time.Second)
		if got := o.redraw(o.waiting(), &approvals.Later{After: after}).Sub(o.clock()); got != want {
			t.Errorf("after %s: %s, want %s", after, got, want)
		}
	}
}

// TestRenderSecondRequest: it sends its requester to the card of the first one,
// which was deleted: it is posted again.
func TestRenderSecondRequest(t *testing.T) {
	gone := false
	posted := map[string]int{}
	o := newOffice(t, nil, chatter{show: func(r approvals.Request) (string, error) {
		if r.Card.TS == "" {
			posted[r.ID]++
			return fmt.Sprint(posted[r.ID], ".1"), nil
		}
		if gone {
			gone = false
			return "", approvals.ErrGone
		}
		return r.Card.TS, nil
	}}, nil)
	first := o.waiting()
	o.turns(20)
	gone = true
	named := approvalstest.Asked(approvals.Device{Name: "srv-1"})
	r, err := o.store.Create(t.Context(), ledger.NewOp(), named, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.openForApproval(t.Context(), ledger.Lease{}, r, first.Devices); err != nil {
		t.Fatal(err)
	}
	o.turns(20)
	if r = o.load(r.ID); r.Ended.Why.Reason != approvals.AlreadyOpen || r.Ended.Why.Detail != first.ID {
		t.Fatalf("the second one ended with %+v", r.Ended.Why)
	}
	if first = o.load(first.ID); posted[first.ID] != 2 || first.Card.TS != "2.1" || first.Behind() {
		t.Errorf("the card of the first one is %+v, posted %d times; want a second one", first.Card, posted[first.ID])
	}
}

// teller counts whom it told alone.
type teller struct {
	chatter

	told []approvals.State
}

func (t *teller) Tell(_ context.Context, r approvals.Request) error {
	t.told = append(t.told, r.State)
	return nil
}

// TestRenderToldOnce: where showing a request meant telling its requester alone, and
// that failed, they are not told a second time at once.
func TestRenderToldOnce(t *testing.T) {
	chat := &teller{}
	o := newOffice(t, nil, chat, nil)
	trouble := errors.New("no answer")
	never := approvals.Request{ID: "D-1", State: approvals.Rejected, Asked: o.clock()}
	if err := o.tellInstead(t.Context(), never, trouble); !errors.Is(err, trouble) || len(chat.told) != 0 {
		t.Errorf("one that nobody was asked about: %v, told %v", err, chat.told)
	}
	late := approvals.Request{ID: "D-2", State: approvals.Expired, Asked: o.clock(), Opened: o.clock()}
	if err := o.tellInstead(t.Context(), late, trouble); err != nil || len(chat.told) != 1 {
		t.Errorf("one whose card was never posted: %v, told %v", err, chat.told)
	}
}
