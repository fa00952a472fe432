package bot

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
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
// know the same at the same time. Errors are not kept.
type memory struct {
	clock  func() time.Time
	flight singleflight.Group
	mu     sync.Mutex
	kept   map[string]kept
}

type kept struct {
	value any
	until time.Time
	ahead time.Time // when it is asked for again, if somebody wants it
}

func newMemory(clock func() time.Time) *memory { return &memory{clock: clock, kept: map[string]kept{}} }

// recall gives what is remembered under key, or asks. The age counts from
// before the question, so that an answer is never older than it says.
func recall[T any](ctx context.Context, m *memory, key string, ask func(context.Context) (T, error)) (T, error) {
	k, ahead := m.look(key)
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
			m.keep(key, kept{v, asked.Add(fresh), asked.Add(aging)})
		}
		return v, err
	})
	if is {
		return v, nil // and the next one gets the new answer
	}
	var none T
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

// look is what is kept under key, if it is fresh, and whether it is time to ask for
// it again. That is said to one caller only.
func (m *memory) look(key string) (k kept, ahead bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, now := m.kept[key], m.clock()
	if !now.Before(k.until) {
		return kept{}, false
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

func (m *memory) forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.kept, key)
}
