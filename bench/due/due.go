// Package due measures how promptly things are done that have a time, what it takes of the
// store to know when, and how soon another process does them when one dies.
package due

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"defenderbot/bench/due/piece"
	"defenderbot/bench/side"
)

// engines are those that are compared; the bot comes first.
func engines() []engine {
	return []engine{
		{name: "this bot", open: openBot, lead: 6 * time.Second, apart: 300 * time.Millisecond, patience: 75 * time.Second, works: []work{
			{resolve, "a device is looked up", "lease of 30 s", 30 * time.Second},
			{card, "a card is posted", "lease of 60 s", 60 * time.Second},
		}},
		{name: "asynq, tuned", open: openAsynq(true), lead: 4 * time.Second, apart: 12 * time.Second, patience: 140 * time.Second, works: []work{
			{piece.Type, "a task", "lease of 30 s, missed 30 s later, looked for every 60 s", 0},
		}},
		{name: "River, tuned", open: openRiver(true), lead: lookAhead, apart: 300 * time.Millisecond, patience: 100 * time.Second, works: []work{
			{piece.Type, "a job", "rescued after 30 s, looked for every 30 s", 0},
		}},
		{name: "asynq, default", open: openAsynq(false), lead: 4 * time.Second, coarse: true, apart: 4 * time.Second, patience: 190 * time.Second, works: []work{
			{piece.Type, "a task", "as tuned, then a pause of 15 to 45 s", 0},
		}},
		// Its rescue comes an hour later, which is too long to wait for.
		{name: "River, default", open: openRiver(false), lead: lookAhead, coarse: true},
	}
}

// lookAhead is longer than the 5 s between two looks of River's scheduler, at each of which it
// hands on what is due until the next: what is planned later than that may be missed by it
// (https://github.com/riverqueue/river/blob/v0.51.2/internal/maintenance/job_scheduler.go).
const lookAhead = 6 * time.Second

// Run makes the study. Idle and killed processes mostly wait, so those are measured side by
// side, but not beside what is timed to the millisecond.
func Run(ctx context.Context, lab *side.Lab) (side.Report, error) {
	all := engines()
	f := findings{rounds: side.Pick(lab, 3, 1), deaths: side.Pick(lab, 4, 1)}
	phases, ctx := errgroup.WithContext(ctx)
	phases.SetLimit(side.Pick(lab, 1, 2))
	phases.Go(func() (err error) {
		f.late, err = measureLateness(ctx, lab, all, f.rounds)
		return err
	})
	phases.Go(func() error { return f.wait(ctx, lab, all) })
	if err := phases.Wait(); err != nil {
		return side.Report{}, err
	}
	return f.report(all), nil
}

// wait measures what idle processes send, and how soon others take over from those that are
// killed.
func (f *findings) wait(ctx context.Context, lab *side.Lab, all []engine) error {
	lab.Say("due: idle processes, and processes that are killed")
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		f.idle, err = measureIdle(ctx, lab, all)
		return err
	})
	g.Go(func() (err error) {
		f.taken, err = measureTakeOver(ctx, lab, all, f.deaths)
		return err
	})
	return g.Wait()
}
