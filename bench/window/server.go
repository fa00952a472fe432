package window

import (
	"time"

	"defenderbot/defender"
)

// counting says since when a server counts the calls that matter to one that arrives.
type counting func(arrives time.Time, per time.Duration) time.Time

// sliding looks back for as long as the limit says. What is exactly as old has left.
func sliding(arrives time.Time, per time.Duration) time.Time { return arrives.Add(-per + 1) }

// fixed has windows that follow each other from a moment on.
func fixed(from time.Time) counting {
	return func(arrives time.Time, per time.Duration) time.Time {
		into := arrives.Sub(from) % per
		if into < 0 {
			into += per
		}
		return arrives.Add(-into)
	}
}

// refused is how many of these arrivals, in their order, a server refuses. What it refuses
// takes no place: Microsoft does not say whether it does, and if it did more would be refused.
func refused(arrivals []time.Time, limits []defender.Limit, since counting) int {
	var taken []time.Time
	count := 0
	for _, at := range arrivals {
		if tooMany(taken, at, limits, since) {
			count++
			continue
		}
		taken = append(taken, at)
	}
	return count
}

func tooMany(taken []time.Time, at time.Time, limits []defender.Limit, since counting) bool {
	for _, l := range limits {
		if n := len(taken) - l.Calls; n >= 0 && !taken[n].Before(since(at, l.Per)) {
			return true
		}
	}
	return false
}
