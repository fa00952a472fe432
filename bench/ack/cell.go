package ack

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"defenderbot/bench/side"
)

// cell is one program under one load, in one round: what came of it.
type cell struct {
	taken

	used  side.Usage
	calls int // to Slack during the load
}

// warmUp is one command in each channel: everybody and every channel is known then, all
// connections are open, and what compiles as it runs has done so.
const warmUp = channels

// measure starts a program in a world of its own, on an empty Redis, and puts a load on it.
func measure(ctx context.Context, r *side.Redis, c side.Contender, l load, seed uint64) (_ cell, err error) {
	if err := r.Empty(ctx); err != nil {
		return cell{}, fmt.Errorf("empty Redis: %w", err)
	}
	w, err := side.Open(r) //nolint:contextcheck // it runs until it is closed
	if err != nil {
		return cell{}, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	devices := 0 // of which only the bot asks Defender
	if c.Name == side.Bot {
		devices = warmUp + l.behind + l.commands
	}
	populate(w, devices)
	p, err := c.Start(ctx, w)
	if err != nil {
		return cell{}, err
	}
	defer func() {
		if err = errors.Join(err, p.Kill()); err != nil {
			err = p.Failed(err)
		}
	}()
	if c.Name == side.Bot {
		lifted, failed := w.LiftReads(ctx, r, everybody())
		if failed != nil {
			return cell{}, failed
		}
		defer func() { err = errors.Join(err, lifted()) }()
	}
	d := &driver{world: w}
	if err := d.warm(ctx, c.Name == side.Bot); err != nil {
		return cell{}, err
	}
	if _, err := d.send(ctx, l.behind, 64); err != nil {
		return cell{}, err
	}
	return watched(w, p, r, func() (taken, error) { return d.put(ctx, l, seed) })
}

// put puts a load on the program.
func (d *driver) put(ctx context.Context, l load, seed uint64) (taken, error) {
	if l.rate > 0 {
		return d.pour(ctx, arrivals(seed, l.rate, l.commands))
	}
	return d.send(ctx, l.commands, l.inFlight)
}

// warm sends commands that do not count, and waits for their cards if there are any.
func (d *driver) warm(ctx context.Context, withCards bool) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	t, err := d.send(ctx, warmUp, 64)
	if err != nil {
		return err
	}
	if t.lost > 0 {
		return fmt.Errorf("%d of the first %d commands were not recorded", t.lost, warmUp)
	}
	if withCards {
		if err := cards(ctx, d.world, warmUp); err != nil {
			return err
		}
	}
	runtime.GC() // of the world before
	return nil
}

// watched is what a load took, processors' time included.
func watched(w *side.World, p *side.Program, r *side.Redis, do func() (taken, error)) (cell, error) {
	calls := w.Slack.Totals().APICalls
	before, err := side.Used(p, r)
	if err != nil {
		return cell{}, err
	}
	t, err := do()
	if err != nil {
		return cell{}, err
	}
	used, err := side.Used(p, r)
	return cell{t, used.Since(before), w.Slack.Totals().APICalls - calls}, err
}

// cards waits until the bot has posted a number of cards, and has nothing more to say.
func cards(ctx context.Context, w *side.World, count int) error {
	const pause, turns = 50 * time.Millisecond, 5
	for same, last := 0, -1; same < turns || posted(w) < count; time.Sleep(pause) {
		if ctx.Err() != nil {
			return fmt.Errorf("%d of %d cards: %w", posted(w), count, ctx.Err())
		}
		now := w.Slack.Totals().APICalls
		if same++; now != last {
			same, last = 0, now
		}
	}
	return nil
}

func posted(w *side.World) int {
	n := 0
	for _, c := range w.Slack.APICalls() {
		if c.Method == "chat.postMessage" && c.Error == "" {
			n++
		}
	}
	return n
}
