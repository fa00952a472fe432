package side

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// longestSleep is how soon the end of a context is seen.
const longestSleep = 100 * time.Millisecond

// SleepUntil waits for a moment. Go's own timers can be a millisecond late in a process that
// does nothing else, which is as long as what some studies measure.
func SleepUntil(ctx context.Context, moment time.Time) error {
	for {
		left := time.Until(moment)
		if left <= 0 || ctx.Err() != nil {
			return ctx.Err()
		}
		t := syscall.NsecToTimespec(int64(min(left, longestSleep)))
		if err := syscall.Nanosleep(&t, nil); err != nil && !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("sleep: %w", err)
		}
	}
}
