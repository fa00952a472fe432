package due

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"defenderbot/bench/side"
)

// takeOver is, by kind, how long after a process was killed each of its jobs was done by
// another, and how many were not.
type takeOver struct {
	after map[string]side.Sample
	left  map[string]int
}

func newTakeOver() takeOver { return takeOver{map[string]side.Sample{}, map[string]int{}} }

// measureTakeOver kills processes of all engines beside each other: they mostly wait.
func measureTakeOver(ctx context.Context, lab *side.Lab, all []engine, deaths int) ([]takeOver, error) {
	found := make([][]takeOver, len(all))
	g, ctx := errgroup.WithContext(ctx)
	for i, e := range all {
		found[i] = make([]takeOver, deaths)
		for d := range deaths {
			if e.patience == 0 {
				continue
			}
			g.Go(func() (err error) {
				found[i][d], err = e.takeOver(ctx, lab, time.Duration(d)*e.apart)
				return err
			})
		}
	}
	err := g.Wait()
	sums := make([]takeOver, len(all))
	for i := range all {
		sums[i] = together(found[i])
	}
	return sums, err
}

// takeOver lets a process begin jobs that do not end, starts another and kills the first after
// a while.
func (e engine) takeOver(ctx context.Context, lab *side.Lab, life time.Duration) (t takeOver, err error) {
	err = e.onStage(ctx, lab, func(s stage, first *side.Program) error {
		hung, release, err := s.hang(ctx)
		if err != nil {
			return err
		}
		second, err := s.start(ctx)
		if err != nil {
			return err
		}
		if err := rest(ctx, life); err != nil {
			return errors.Join(err, second.Kill())
		}
		killed := time.Now()
		if err := first.Kill(); err != nil {
			return errors.Join(err, second.Kill())
		}
		release()
		if t, err = e.await(ctx, s, hung, killed, side.Pick(lab, e.patience, time.Second)); err != nil {
			return second.Failed(err)
		}
		return second.Stop()
	})
	return t, err
}

// await waits until all jobs are done, or for as long as patience lasts.
func (engine) await(ctx context.Context, s stage, hung []job, killed time.Time, patience time.Duration) (takeOver, error) {
	var t takeOver
	err := eventually(ctx, patience, func(ctx context.Context) (bool, error) {
		done, err := s.done(ctx)
		if err != nil {
			return false, err
		}
		t = resumed(hung, done, killed)
		return len(t.left) == 0, nil
	})
	if err != nil && !errors.Is(err, errTooLong) {
		return t, fmt.Errorf("wait for a take-over: %w", err)
	}
	return t, nil
}

// resumed is when each of the jobs was done that a process left behind which was killed.
func resumed(hung []job, done map[job]time.Time, killed time.Time) takeOver {
	t := newTakeOver()
	for _, j := range hung {
		at, is := done[j]
		if !is {
			t.left[j.kind]++
			continue
		}
		t.after[j.kind] = append(t.after[j.kind], at.Sub(killed))
	}
	return t
}

// together is what several deaths showed.
func together(all []takeOver) takeOver {
	sum := newTakeOver()
	for _, t := range all {
		for kind, n := range t.left {
			sum.left[kind] += n
		}
		for kind, s := range t.after {
			sum.after[kind] = append(sum.after[kind], s...)
		}
	}
	return sum
}
