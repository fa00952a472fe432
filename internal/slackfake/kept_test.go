package slackfake

import (
	"context"
	"slices"
	"strconv"
	"testing"
)

func TestJournalBounded(t *testing.T) {
	var j journal[int]
	for i := range kept + 5 {
		j.add(i)
	}
	early := j.newest()
	for i := range 5 * kept {
		j.add(kept + 5 + i)
	}
	if len(early) != kept || early[0] != 5 || early[kept-1] != kept+4 {
		t.Errorf("what was read before has %d entries from %d on", len(early), early[0])
	}
	if got := j.newest(); len(got) != kept || got[kept-1] != 6*kept+4 || j.total != 6*kept+5 {
		t.Errorf("%d entries to %d of %d", len(got), got[len(got)-1], j.total)
	}
	if got := cap(j.entries); got > 3*kept {
		t.Errorf("room for %d entries", got)
	}
}

func TestShelfBounded(t *testing.T) {
	var s shelf[int]
	for i := range 3*kept + 1 {
		s.put(strconv.Itoa(i), i+1)
		s.put(strconv.Itoa(i), i+2)
	}
	if got := len(s.byID); got != kept {
		t.Errorf("%d entries, want %d", got, kept)
	}
	last := 2*kept + 1 // the oldest that is kept
	if s.get(strconv.Itoa(last)) != last+2 || s.get(strconv.Itoa(last-1)) != 0 {
		t.Errorf("entry %d is %d, the one before %d", last, s.get(strconv.Itoa(last)), s.get(strconv.Itoa(last-1)))
	}
	s.drop(strconv.Itoa(last))
	if got := s.get(strconv.Itoa(last)); got != 0 {
		t.Errorf("a dropped entry is %d", got)
	}
}

func TestTotals(t *testing.T) {
	s, _ := start(t)
	app := open(t, s)
	m, got := deliver(t, s, app, true)
	app.ack(m, "")
	r := <-got
	again := within(t, func(ctx context.Context) (Receipt, error) { return s.Redeliver(ctx, r.EnvelopeID) })
	app.ack(app.read(), "")
	<-again
	app.raw("hello")
	wait(t, s, func(s *Server) bool { return len(s.Acks()) == 3 })
	if got, want := s.Totals(), (Totals{Envelopes: 2, Acks: 3, APICalls: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// What is over leaves nothing behind: modals that are closed, faults that are used up.
func TestLeftovers(t *testing.T) {
	s, _ := start(t)
	app := open(t, s)
	for range 3 {
		openModal(t, s, app)
		s.Break(Fault{Method: "auth.test", Error: "fatal_error", Times: 1})
		call(t, s, "auth.test", s.BotToken(), nil)
	}
	s.Break(Fault{Method: "auth.test", Error: "fatal_error", Times: 1})
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.views) != 1 || len(s.faults) != 1 {
		t.Errorf("%d views and %d faults, want 1 and 1", len(s.views), len(s.faults))
	}
	if !slices.ContainsFunc(s.views, func(v *View) bool { return v.Open }) {
		t.Error("the open view is gone")
	}
}
