package sandbox

import (
	"slices"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// clock is the time of a place. It runs with real time and can be moved
// ahead, so that hours can pass in a moment.
type clock struct {
	real func() time.Time
	mu   sync.Mutex
	skip time.Duration
	told []func(time.Duration) // are told the skip whenever it changes
	stop chan struct{}         // of the goroutine that keeps Redis on this time; nil: Redis has its own
	gone sync.WaitGroup
}

// Now is the time of the place.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.real().Add(c.skip)
}

// tell lets to know by how much the time is ahead, whenever that changes.
func (c *clock) tell(to func(ahead time.Duration)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, to)
}

// aheadNow is by how much the time is ahead of real time.
func (c *clock) aheadNow() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.skip
}

// anyJump is more than a clock ever jumps: where time is moved for everybody, Redis
// is moved a moment before or after the bot.
const anyJump = 100 * 365 * 24 * time.Hour

// tick is how often Redis is told the time once it differs from its own.
const tick = 2 * time.Millisecond

// ahead moves the time and, from the first time on, keeps Redis on it.
func (c *clock) ahead(d time.Duration, redis *miniredis.Miniredis) {
	c.mu.Lock()
	c.skip += d
	ahead, told := c.skip, slices.Clone(c.told)
	first := c.stop == nil
	if first {
		c.stop = make(chan struct{})
	}
	c.mu.Unlock()
	redis.SetTime(c.Now())
	for _, tell := range told {
		tell(ahead)
	}
	if first {
		c.gone.Go(func() { c.keep(redis) })
	}
}

func (c *clock) keep(redis *miniredis.Miniredis) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-c.stop:
			return
		case <-t.C:
			redis.SetTime(c.Now())
		}
	}
}

func (c *clock) close() {
	if c.stop != nil {
		close(c.stop)
		c.gone.Wait()
	}
}
