package ack

import (
	"context"
	"errors"
	"math/rand/v2"
	"syscall"
	"time"
)

// arrivals are moments after the start at which commands come when many people send them
// independently of each other, so many a second: a Poisson process. The same seed gives the
// same moments, so that all programs of a round have the same bursts.
func arrivals(seed uint64, rate float64, count int) []time.Duration {
	chance := rand.New(rand.NewPCG(seed, uint64(count))) //nolint:gosec // it shall be the same each time
	at := make([]time.Duration, count)
	var now time.Duration
	for i := range at {
		now += time.Duration(chance.ExpFloat64() / rate * float64(time.Second))
		at[i] = now
	}
	return at
}

// longestSleep is how soon the end of a context is seen.
const longestSleep = 100 * time.Millisecond

// sleepUntil waits for a moment. Go's own timers can be a millisecond late in a process that
// does nothing else, which is as long as what is measured.
func sleepUntil(ctx context.Context, moment time.Time) error {
	for {
		left := time.Until(moment)
		if left <= 0 || ctx.Err() != nil {
			return ctx.Err()
		}
		t := syscall.NsecToTimespec(int64(min(left, longestSleep)))
		if err := syscall.Nanosleep(&t, nil); err != nil && !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
