package due

import (
	"context"
	"errors"
	"fmt"
	"time"

	"defenderbot/bench/side"
)

// engine is one way to have things done when they are due.
type engine struct {
	name   string
	open   func(context.Context, *side.Lab) (stage, error)
	lead   time.Duration // from planning things until the first is due
	coarse bool          // it looks every second or more seldom for what is due

	works    []work        // what of it is taken over
	apart    time.Duration // each process that is killed lives so much longer than the one before with what it has begun
	patience time.Duration // for how long a take-over is waited for; 0: not at all
}

// work is a kind of jobs, and the rule by which somebody else may take one over.
type work struct {
	kind  string        // of its jobs
	title string        // in the table
	rule  string        // the same
	lease time.Duration // within which it has to be taken over; 0: that is not promised
}

// job is one thing to do.
type job struct{ kind, id string }

// appointment is a job and when it is due.
type appointment struct {
	job

	at time.Time
}

// stage is an engine's own store, and what is needed around it.
type stage interface {
	// start starts one more process. It is at work on return.
	start(ctx context.Context) (*side.Program, error)
	// plan has things done at given times, and says when each is due: an engine may not
	// know fractions of a second.
	plan(ctx context.Context, at []time.Time) ([]appointment, error)
	// hang lets a process begin one job of each kind of work that does not end, and returns
	// when it has. Whoever begins one after release ends it at once.
	hang(ctx context.Context) (hung []job, release func(), err error)
	// done is when each job was done.
	done(ctx context.Context) (map[job]time.Time, error)
	// idle counts for a while what is sent to the store.
	idle(ctx context.Context, d time.Duration) (traffic, error)
	close() error
}

// onStage opens a stage, starts a process there, and does something with both.
func (e engine) onStage(ctx context.Context, lab *side.Lab, do func(stage, *side.Program) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", e.name, err)
		}
	}()
	s, err := e.open(ctx, lab)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	p, err := s.start(ctx)
	if err != nil {
		return err
	}
	if err := do(s, p); err != nil {
		return p.Failed(err)
	}
	return p.Stop()
}

// started is a process once it is at work.
func started(ctx context.Context, p *side.Program, atWork func(context.Context) (bool, error)) (*side.Program, error) {
	if err := eventually(ctx, 30*time.Second, atWork); err != nil {
		return nil, p.Failed(fmt.Errorf("it does not begin to work: %w", err))
	}
	return p, nil
}

// errTooLong means that something has not come while it was waited for.
var errTooLong = errors.New("it takes too long")

// eventually waits until something is so.
func eventually(ctx context.Context, patience time.Duration, so func(context.Context) (bool, error)) error {
	end := time.NewTimer(patience)
	defer end.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if is, err := so(ctx); is || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-end.C:
			return errTooLong
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// rest waits for d.
func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
