package office

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// How long a poll waits for others to share its read.
	gather = 50 * time.Millisecond
	// How many machine actions one read can ask for.
	perRead = 20
	// How many share one poll.
	perPoll = 100
)

// polls lets steps that ask for machine actions at about the same time share
// one read: the read windows are small, and one list tells of twenty.
type polls struct {
	mu      sync.Mutex
	current *poll // still takes questions
}

// poll is one shared question and its answer.
type poll struct {
	ids   []string
	done  chan struct{}
	looks []look
	at    time.Time
	err   error
}

// errPollLost is the answer to those whose poll was asked by a step that ended
// before it.
var errPollLost = errors.New("the poll was not finished")

// share puts ids to a shared poll. Whoever opens one waits a moment, closes it to
// further questions and reads for all.
func (p *polls) share(ctx context.Context, ids []string, read func(context.Context, []string) ([]look, time.Time, error)) ([]look, time.Time, error) {
	one, mine := p.join(ids)
	if mine {
		defer close(one.done)
		nap(ctx, gather)
		p.shut(one)
		one.err = errPollLost
		one.looks, one.at, one.err = read(ctx, one.ids)
		return one.looks, one.at, one.err
	}
	select {
	case <-one.done:
		return one.looks, one.at, one.err
	case <-ctx.Done():
		return nil, time.Time{}, ctx.Err()
	}
}

// join adds ids to the open poll, or opens one.
func (p *polls) join(ids []string) (one *poll, mine bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil || len(p.current.ids)+len(ids) > perPoll {
		p.current, mine = &poll{done: make(chan struct{})}, true
	}
	p.current.ids = append(p.current.ids, ids...)
	return p.current, mine
}

func (p *polls) shut(one *poll) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == one {
		p.current = nil
	}
}
