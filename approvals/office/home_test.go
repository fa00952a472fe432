package office

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
)

// tabs are the Home tabs of a chat: each shows a page, and keeps what it was told.
type tabs struct {
	page  string // what every home has to show now
	err   error
	looks int
	was   []string
	users map[string]int // how often each was looked at
	takes func()         // what happens meanwhile
}

func (h *tabs) ShowHome(_ context.Context, user, was string) (string, error) {
	h.looks++
	h.users[user]++
	h.takes()
	h.was = append(h.was, was)
	return h.page, h.err
}

// TestHomeLooks: a home that was opened is looked at now and once a minute, as it was
// shown last, for some hours.
func TestHomeLooks(t *testing.T) {
	o, h := homeOffice(t)
	if o.turns(10); h.looks != 0 {
		t.Fatalf("%d looks before it was opened", h.looks)
	}
	h.page = "one"
	openHome(t, o)
	for _, page := range []string{"one", "one", "two"} {
		h.page = page
		o.turns(10)
		o.pass(approvals.HomeEvery - time.Millisecond)
		if o.turns(10) != 0 {
			t.Error("a look before a minute was over")
		}
		o.pass(time.Millisecond)
	}
	o.turns(10)
	if got, want := strings.Join(h.was, ","), ",one,one,two"; got != want {
		t.Errorf("what was shown last, as told: %q, want %q", got, want)
	}
	before := h.looks
	o.pass(approvals.HomeLife)
	o.redis.FastForward(approvals.HomeLife)
	o.turns(10)
	o.pass(approvals.HomeEvery)
	if taken := o.turns(10); taken != 0 || h.looks != before {
		t.Errorf("%d looks and %d steps more, long after it was opened", h.looks-before, taken)
	}
	openHome(t, o)
	if o.turns(10); h.looks != before+1 {
		t.Errorf("%d looks after it was opened again, want 1", h.looks-before)
	}
}

// TestHomeTurn: homes take a part of the worker's places at most, and one that finds none
// free is looked at soon.
func TestHomeTurn(t *testing.T) {
	o, h := homeOffice(t)
	if most := cap(o.homing); most == 0 || most > cap(o.places)/2 {
		t.Errorf("homes may take %d of %d places", most, cap(o.places))
	}
	var done []func()
	for free := true; free; {
		var d func()
		if d, free = o.homeTurn(); free {
			done = append(done, d)
		}
	}
	openHome(t, o)
	if taken := o.turns(10); taken != 1 || h.looks != 0 {
		t.Errorf("no place is free: %d steps and %d looks, want one step", taken, h.looks)
	}
	done[0]()
	for want := range 2 { // it gives its place back
		o.pass(max(stepRetry, approvals.HomeEvery*time.Duration(want)))
		if o.turns(10); h.looks != want+1 {
			t.Errorf("one place is free: %d looks, want %d", h.looks, want+1)
		}
	}
}

// TestHomeMany: of very many homes each is shown when it is opened, and then a few a minute
// are looked at; none is always left out.
func TestHomeMany(t *testing.T) {
	o, h := homeOffice(t)
	h.page, h.takes = "one", func() { o.pass(time.Millisecond) }
	const all = homesAMinute * 3 / 2
	for i := range all {
		if err := o.store.OpenHome(t.Context(), fmt.Sprint("U", i)); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []int{all, homesAMinute, homesAMinute} {
		h.looks = 0
		if o.turns(10 * all); h.looks != want {
			t.Errorf("minute %d: %d looks, want %d", i, h.looks, want)
		}
		o.pass(approvals.HomeEvery)
	}
	for user, n := range h.users {
		if n < 2 {
			t.Errorf("%s was looked at %d times", user, n)
		}
	}
	if len(h.users) != all {
		t.Errorf("%d homes were shown, want %d", len(h.users), all)
	}
}

// TestHomeTrouble: what passes is tried again in a minute and said once; what Slack
// refuses is left until the home is opened again.
func TestHomeTrouble(t *testing.T) {
	refused := &approvals.NoPlace{Why: approvals.Why{Reason: approvals.SlackRefused, Detail: "not_enabled"}, Err: errors.New("not_enabled")}
	for name, tt := range map[string]struct {
		err   error
		looks int // in three minutes
		lines int
		known string // what the next look is told was shown
		cause string
	}{
		"passing":          {errors.New("timeout"), 3, 1, "one", "timeout"},
		"refused":          {refused, 1, 1, "one", "not_enabled"},
		"shown since then": {approvals.ErrShownSince, 3, 0, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			o, h := homeOffice(t)
			o.log = slog.New(slog.NewTextHandler(&log, nil))
			h.page = "one"
			openHome(t, o)
			o.turns(10)
			h.err, h.looks = tt.err, 0
			for range 3 {
				o.pass(approvals.HomeEvery)
				o.turns(10)
			}
			if lines := strings.Count(log.String(), "level=WARN"); h.looks != tt.looks || lines != tt.lines {
				t.Errorf("%d looks and %d lines, want %d and %d\n%s", h.looks, lines, tt.looks, tt.lines, log.String())
			}
			if mark, open, err := o.store.Home(t.Context(), "U1"); mark != tt.known || !open || err != nil {
				t.Errorf("the home is known to show %q (open: %t, %v), want %q", mark, open, err, tt.known)
			}
			if tt.lines > 0 && !strings.Contains(log.String(), tt.cause) {
				t.Errorf("the cause is not in the log:\n%s", log.String())
			}
		})
	}
}

func homeOffice(t *testing.T) (*office, *tabs) {
	t.Helper()
	o, h := newOffice(t, nil, chatter{}, nil), &tabs{users: map[string]int{}, takes: func() {}}
	o.homes = h
	return o, h
}

func openHome(t *testing.T, o *office) {
	t.Helper()
	if err := o.store.OpenHome(t.Context(), "U1"); err != nil {
		t.Fatal(err)
	}
}

// TestByHome: a decision counts on the card, on a copy, and on the person's home in the
// same workspace, and nowhere else.
func TestByHome(t *testing.T) {
	place := approvals.Place{Team: "T1", Channel: "C1"}
	r := approvals.Request{Place: place, Card: approvals.Card{TS: "1.1"}}
	for name, tt := range map[string]struct {
		by   By
		want bool
	}{
		"the card":                      {By{Place: place, On: Message{TS: "1.1"}}, true},
		"a copy":                        {By{Place: place, On: Message{TS: "2.2", Copy: true}}, true},
		"another message":               {By{Place: place, On: Message{TS: "2.2"}}, false},
		"no message":                    {By{Place: place}, false},
		"the home":                      {By{Place: approvals.Place{Team: "T1"}, Home: true}, true},
		"a view that is no home":        {By{Place: approvals.Place{Team: "T1"}}, false},
		"the home of another workspace": {By{Place: approvals.Place{Team: "T2"}, Home: true}, false},
		"a home that names a channel":   {By{Place: place, Home: true}, false},
	} {
		err := tt.by.shown(r)
		if (err == nil) != tt.want || err != nil && !approvals.IsRefusal(err, approvals.OtherMessage) {
			t.Errorf("%s: %v, want it to count: %t", name, err, tt.want)
		}
	}
}
