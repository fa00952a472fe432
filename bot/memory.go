package bot

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"defenderbot/approvals"
)

// How old a fact about people may be; from which age on it is asked for again
// beside giving the old answer, so that what is in use is not waited for; and how
// long after a try that is left alone.
const (
	fresh      = 60 * time.Second
	aging      = 40 * time.Second
	aheadAgain = 5 * time.Second
)

// mostKept is how many answers are kept; more are forgotten, and asked for again.
const mostKept = 10_000

// memory keeps answers of Slack for a while, and asks once where many want to
// know the same at the same time. Of errors it keeps those that say how long asking again
// is of no use, so that many who want to know what Slack refuses do not use up its limits.
type memory struct {
	clock  func() time.Time
	flight singleflight.Group
	mu     sync.Mutex
	kept   map[string]kept
}

type kept struct {
	value any
	err   error // instead of a value
	until time.Time
	ahead time.Time // when it is asked for again, if somebody wants it
}

func newMemory(clock func() time.Time) *memory { return &memory{clock: clock, kept: map[string]kept{}} }

// recall gives what is remembered under key, or asks. The age counts from
// before the question, so that an answer is never older than it says.
func recall[T any](ctx context.Context, m *memory, key string, ask func(context.Context) (T, error)) (T, error) {
	var none T
	k, ahead := m.look(key)
	if k.err != nil {
		return none, k.err
	}
	v, is := k.value.(T)
	if is && !ahead {
		return v, nil
	}
	got := m.flight.DoChan(key, func() (answer any, err error) {
		defer func() { // a panic here would end the process, whoever recovers around it
			if p := recover(); p != nil {
				err = fmt.Errorf("asking Slack panicked: %v\n%s", p, debug.Stack())
			}
		}()
		asked := m.clock()
		v, err := ask(context.WithoutCancel(ctx))
		if err == nil {
			m.keep(key, kept{value: v, until: asked.Add(fresh), ahead: asked.Add(aging)})
		} else if until := m.refusedUntil(err, asked); !until.IsZero() {
			m.keepRefusal(key, kept{err: err, until: until, ahead: until})
		}
		return v, err
	})
	if is {
		return v, nil // and the next one gets the new answer
	}
	select {
	case <-ctx.Done():
		return none, ctx.Err()
	case res := <-got:
		v, ok := res.Val.(T)
		if res.Err != nil || !ok {
			return none, res.Err
		}
		return v, nil
	}
}

// refusedUntil is until when the same question gets the same error, if that is known: a
// refusal is a fact about people like any other, and Slack says for how long it wants to be
// left alone.
func (m *memory) refusedUntil(err error, asked time.Time) time.Time {
	if later, is := errors.AsType[*approvals.Later](err); is {
		return m.clock().Add(max(later.After, time.Second))
	}
	if _, is := errors.AsType[*approvals.Withheld](err); is || errors.Is(err, approvals.ErrNoSuchPerson) {
		return asked.Add(fresh)
	}
	return time.Time{}
}

// look is what is kept under key, if it is fresh, and whether it is time to ask for
// it again. That is said to one caller only.
func (m *memory) look(key string) (k kept, ahead bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, now := m.kept[key], m.clock()
	if !now.Before(k.until) {
		return kept{}, false
	}
	if _, is := errors.AsType[*approvals.Later](k.err); is {
		k.err = fmt.Errorf("%w: %w", &approvals.Later{After: k.until.Sub(now)}, k.err) // of two, the first is found
	}
	if now.Before(k.ahead) {
		return k, false
	}
	next := k
	next.ahead = now.Add(aheadAgain)
	m.kept[key] = next
	return k, true
}

func (m *memory) keep(key string, k kept) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.kept) >= mostKept {
		clear(m.kept)
	}
	m.kept[key] = k
}

// keepRefusal keeps an error, unless there still is an answer. That one is good until it is
// too old, and is not asked for again before.
func (m *memory) keepRefusal(key string, k kept) {
	m.mu.Lock()
	was := m.kept[key]
	m.mu.Unlock()
	if was.err == nil && m.clock().Before(was.until) {
		was.ahead = was.until
		k = was
	}
	m.keep(key, k)
}

// mostForgotten is how often a minute an answer is forgotten before it is too old, so that
// a flood of questions costs no more than some.
const mostForgotten = 5

// forget has what is kept under key asked for again.
func (m *memory) forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	times, now := m.kept["forgotten "+key], m.clock()
	n, _ := times.value.(int)
	if !now.Before(times.until) {
		n, times.until = 0, now.Add(fresh)
	}
	if n < mostForgotten {
		m.kept["forgotten "+key] = kept{value: n + 1, until: times.until}
		delete(m.kept, key)
	}
}
