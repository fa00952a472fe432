package defender

import (
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	// Keeps an answer of 0 from becoming a loop.
	retryLeast = time.Second
	// The longest window that Microsoft documents for these endpoints.
	retryMost = time.Hour
)

// retryAfter is how long an answer asks to be left alone: by its header Retry-After
// (https://www.rfc-editor.org/rfc/rfc9110#name-retry-after), or by its message, whichever
// is longer. 0: it does not say.
func retryAfter(header, message string, now time.Time) time.Duration {
	wait, ok := parseRetryAfter(header, now)
	if said, found := secondsIn(message); found {
		wait, ok = max(wait, said), true
	}
	if !ok {
		return 0
	}
	return min(max(wait, retryLeast), retryMost)
}

// parseRetryAfter returns the wait as it was written, in seconds or as an HTTP date; a
// date in the past is negative. Fractions of a second, and the unit behind the number, are
// not in the standard and were seen.
func parseRetryAfter(header string, now time.Time) (time.Duration, bool) {
	header = strings.TrimSpace(header)
	if wait, ok := seconds(strings.TrimSpace(strings.TrimRight(header, "sS"))); ok {
		return wait, true
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0, false
	}
	return at.Sub(now), true
}

// again finds the wait in a message such as "Try again in 1523 seconds".
var again = regexp.MustCompile(`(?i)\b(?:again|retry)\s+(?:in|after)\s+(\d+(?:\.\d+)?)\s*s`)

func secondsIn(message string) (time.Duration, bool) {
	found := again.FindStringSubmatch(message)
	if found == nil {
		return 0, false
	}
	return seconds(found[1])
}

// seconds reads a number of seconds, and rounds it up to whole ones.
func seconds(s string) (time.Duration, bool) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || n < 0 {
		return 0, false
	}
	return time.Duration(math.Ceil(min(n, math.MaxInt32))) * time.Second, true
}
