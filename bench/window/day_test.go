package window

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"defenderbot/internal/redistest"
)

// gate lets one call go in a while, whatever it is asked for.
type gate struct {
	clock    *clock
	open     time.Time
	early    int // how often it was asked before the time that it had named
	let      []time.Time
	answered []time.Time
}

func (g *gate) ask(context.Context) (func(context.Context) error, time.Time, error) {
	if g.clock.now.Before(g.open) {
		g.early++
	}
	if len(g.let) > 0 && g.clock.now.Before(g.let[len(g.let)-1].Add(10*time.Second)) {
		g.open = g.let[len(g.let)-1].Add(10 * time.Second)
		return nil, g.open, nil
	}
	g.let = append(g.let, g.clock.now)
	return func(context.Context) error { g.answered = append(g.answered, g.clock.now); return nil }, time.Time{}, nil
}

// TestDay runs a day with a gate: each call leaves as soon as it may, arrives within the
// time of the network, and its answer comes after that.
func TestDay(t *testing.T) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	c := &clock{redis: redistest.Mini(t)}
	c.set(from)
	g := &gate{clock: c}
	d := &day{clock: c, rng: rand.New(rand.NewPCG(1, 1)), wanted: []time.Time{from, from, from.Add(time.Minute)}}
	arrivals, err := d.run(t.Context(), g, from.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if d.waited != 10*time.Second {
		t.Errorf("they waited %s together, want 10s: one of two at the same time", d.waited)
	}
	want := []time.Time{from, from.Add(10 * time.Second), from.Add(time.Minute)}
	if len(g.let) != 3 || len(arrivals) != 3 || len(g.answered) != 3 || g.early > 0 {
		t.Fatalf("left at %s, arrived at %s, answered at %s, asked %d times too early", g.let, arrivals, g.answered, g.early)
	}
	for i := range want {
		if g.let[i] != want[i] {
			t.Errorf("call %d left at %s, want %s", i, g.let[i], want[i])
		}
		if took := arrivals[i].Sub(g.let[i]); took < 0 || took > longest {
			t.Errorf("call %d was under way for %s", i, took)
		}
		if took := g.answered[i].Sub(arrivals[i]); took < 0 || took > back {
			t.Errorf("the answer to call %d took %s", i, took)
		}
	}
}
