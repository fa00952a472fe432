package ack

import (
	"math/rand/v2"
	"time"
)

// arrivals are moments after the start at which commands come when many people send them
// independently of each other, at a mean rate a second: a Poisson process. The same seed gives the
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
