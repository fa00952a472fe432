package ack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"defenderbot/bench/side"
)

// driver lets people type commands.
type driver struct {
	world *side.World
	next  int // device
}

// taken is what became of some commands.
type taken struct {
	took    side.Sample // until the acknowledgement, from when Slack should have sent the command
	lost    int         // of those, not recorded: another answer, or none in time
	elapsed time.Duration
}

// send lets a number of commands be typed, some at once, the next one when one is answered.
func (d *driver) send(ctx context.Context, count, inFlight int) (taken, error) {
	began, first := time.Now(), d.next
	d.next += count
	var next atomic.Int64
	got := newTally(count)
	g, ctx := errgroup.WithContext(ctx)
	for range inFlight {
		g.Go(func() error {
			for n := int(next.Add(1)) - 1; n < count; n = int(next.Add(1)) - 1 {
				if err := d.typed(ctx, first+n, time.Now(), got); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := g.Wait()
	return got.after(time.Since(began)), err
}

// pour lets commands be typed at given moments, however long answers take.
func (d *driver) pour(ctx context.Context, moments []time.Duration) (taken, error) {
	began, first := time.Now(), d.next
	d.next += len(moments)
	got := newTally(len(moments))
	g, ctx := errgroup.WithContext(ctx)
	for n, m := range moments {
		due := began.Add(m)
		if err := side.SleepUntil(ctx, due); err != nil {
			return taken{}, errors.Join(err, g.Wait())
		}
		g.Go(func() error { return d.typed(ctx, first+n, due, got) })
	}
	err := g.Wait()
	return got.after(time.Since(began)), err
}

// typed lets command n be typed. What the driver itself is late counts as well: else a
// program that takes the processors from it would look faster.
func (d *driver) typed(ctx context.Context, n int, due time.Time, got *tally) error {
	late := max(time.Since(due), 0)
	out, err := d.world.Slack.Command(ctx, person(n), channel(n), command(n))
	if err != nil {
		return fmt.Errorf("type a command: %w", err)
	}
	got.note(late+out.Took, out.Acked && out.Answer != nil && strings.HasPrefix(out.Answer.Text, "Recorded as "))
	return nil
}

// slackGivesUp is for how long Slack waits, and counts for what was not recorded.
const slackGivesUp = 3 * time.Second

// recorded is how many were recorded each second.
func (t taken) recorded() float64 { return float64(len(t.took)-t.lost) / t.elapsed.Seconds() }

// tally collects what became of commands.
type tally struct {
	mu  sync.Mutex
	all taken
}

func newTally(size int) *tally { return &tally{all: taken{took: make(side.Sample, 0, size)}} }

func (t *tally) note(took time.Duration, recorded bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !recorded {
		t.all.lost++
		took = slackGivesUp
	}
	t.all.took = append(t.all.took, took)
}

func (t *tally) after(elapsed time.Duration) taken {
	t.all.elapsed = elapsed
	return t.all
}
