package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"defenderbot/defender"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// trouble is what goes wrong on request.
type trouble struct {
	place *sandbox.Place

	mu        sync.Mutex
	down      bool
	throttled time.Time // until when; zero: not
	relax     []func()
	cut       int // calls there were when the next was to be cut; -1: none is
	spare     []func()
	ended     bool // investigations
}

// throttleFor is how long Defender turns everything away.
const throttleFor = 30 * time.Second

// refreshAfter is how long Slack keeps a socket that it is about to refresh.
const refreshAfter = 10 * time.Second

func newTrouble(place *sandbox.Place) *trouble { return &trouble{place: place, cut: -1} }

// posts are the endpoints that start something.
func posts() (list []string) {
	for _, a := range defender.Actions() {
		if on := "machines/" + a.Post.Name; !slices.Contains(list, on) {
			list = append(list, on)
		}
	}
	return list
}

// setDown closes Defender's port, or opens it again.
func (t *trouble) setDown(down bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.down == down {
		return nil
	}
	if down {
		t.place.Defender.Down()
	} else if err := t.place.Defender.Up(); err != nil {
		return fmt.Errorf("defender cannot come back: %w", err)
	}
	t.down = down
	return nil
}

// throttle makes Defender answer every start with 429 for a while.
func (t *trouble) throttle() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lift(&t.relax)
	t.throttled = t.place.Now().Add(throttleFor)
	for _, on := range posts() {
		t.relax = append(t.relax, t.place.Defender.Inject(defenderfake.Fault{
			On: on, Status: http.StatusTooManyRequests, RetryAfter: strconv.Itoa(int(throttleFor.Seconds())),
		}))
	}
}

// cutNext lets Defender start what the next POST asks for, and cuts the
// connection before it has answered.
func (t *trouble) cutNext() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lift(&t.spare)
	t.cut = len(t.place.Defender.Calls())
	for _, on := range posts() {
		t.spare = append(t.spare, t.place.Defender.Inject(defenderfake.Fault{
			On: on, When: defenderfake.AfterEffect, Drop: true, Times: 1,
		}))
	}
}

// setEnded makes Defender refuse investigations as it may since Microsoft has ended
// them, or takes that back.
func (t *trouble) setEnded(ended bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = ended
	var e defenderfake.Ended
	if ended {
		e.Start = defenderfake.EndedDisabled
	}
	t.place.Defender.EndInvestigations(e)
}

// refresh lets Slack announce that it is about to close all sockets.
func (t *trouble) refresh() {
	t.place.Slack.Disconnect(slackfake.ReasonRefresh, refreshAfter)
}

// settle ends what has had its time, and reports whether anything ended.
func (t *trouble) settle() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	ended := false
	if !t.throttled.IsZero() && !t.place.Now().Before(t.throttled) {
		t.throttled, ended = time.Time{}, true
		t.lift(&t.relax)
	}
	if t.cut >= 0 && slices.ContainsFunc(t.place.Defender.Calls()[t.cut:], wasCut) {
		t.cut, ended = -1, true
		t.lift(&t.spare)
	}
	return ended
}

func wasCut(c defenderfake.Call) bool {
	return c.Done && c.Status == 0 && slices.Contains(posts(), c.Endpoint)
}

func (t *trouble) lift(faults *[]func()) {
	for _, off := range *faults {
		off()
	}
	*faults = nil
}

// troubles is how things stand.
type troubles struct {
	Down      bool
	Throttled time.Time
	Cut       bool
	Ended     bool
}

func (t *trouble) state() troubles {
	t.mu.Lock()
	defer t.mu.Unlock()
	return troubles{t.down, t.throttled, t.cut >= 0, t.ended}
}
