package office

import (
	"sync"
	"time"
)

// recent remembers things, in this process alone, and forgets those of more than ten
// minutes ago when there are many: what another one
// does not know it asks Defender for again.
type recent[T any] struct {
	mu    sync.Mutex
	has   map[string]noted[T]
	swept time.Time // when the old ones were looked for last
}

type noted[T any] struct {
	at    time.Time
	value T
}

const (
	remembered = 10 * time.Minute
	// How many things are remembered before the old ones are looked for, and how long after
	// that again: it takes the longer the more there are.
	memories   = 4096
	sweepAgain = time.Minute
)

func (l *recent[T]) put(key string, value T, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.has == nil {
		l.has = map[string]noted[T]{}
	}
	if len(l.has) >= memories && now.Sub(l.swept) >= sweepAgain {
		l.swept = now
		for k, n := range l.has {
			if now.Sub(n.at) > remembered {
				delete(l.has, k)
			}
		}
	}
	l.has[key] = noted[T]{now, value}
}

// get gives what was noted, unless it is from a time that has not come: clocks
// can be ahead for a moment.
func (l *recent[T]) get(key string, now time.Time) (noted[T], bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, ok := l.has[key]
	if !ok || n.at.After(now) {
		return noted[T]{}, false
	}
	return n, true
}
