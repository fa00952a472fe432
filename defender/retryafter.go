package defender

import (
	"net/http"
	"strconv"
	"time"
)

const (
	// Used when Defender throttles without saying for how long.
	retryDefault = time.Minute
	// Keeps an answer of 0 from becoming a loop.
	retryLeast = time.Second
	// The longest window that Microsoft documents for these endpoints.
	retryMost = time.Hour
)

// retryAfter reads the header Retry-After, seconds or an HTTP date. For [Throttled] there
// is always a wait; for other causes only if the header has one.
func retryAfter(header string, now time.Time, c Cause) time.Duration {
	wait, ok := parseRetryAfter(header, now)
	switch {
	case ok:
		return min(max(wait, retryLeast), retryMost)
	case c == Throttled:
		return retryDefault
	default:
		return 0
	}
}

// parseRetryAfter returns the wait as it was written; a date in the past is negative.
func parseRetryAfter(header string, now time.Time) (time.Duration, bool) {
	if n, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(n) * time.Second, true
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0, false
	}
	return at.Sub(now), true
}
