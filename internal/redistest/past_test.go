package redistest_test

import (
	"testing"
	"time"

	"defenderbot/internal/redistest"
)

// TestFrom: a server that begins with the data of another has it, and the time that it is told:
// what was to be forgotten in an hour is so in one and a half, half an hour before.
func TestFrom(t *testing.T) {
	t.Parallel()
	redistest.Real(t, func(t *testing.T, first *redistest.Server) {
		rdb := first.Client(t)
		if err := rdb.Set(t.Context(), "kept", "as it was", time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
		data := t.TempDir()
		first.Keep(t, data)
		const ahead = -30 * time.Minute
		redistest.From(t, data, ahead, func(t *testing.T, s *redistest.Server) {
			rdb := s.Client(t)
			now, err := rdb.Time(t.Context()).Result()
			if behind := time.Now().Add(ahead).Sub(now); err != nil || behind.Abs() > 5*time.Second {
				t.Errorf("%v: its clock is wrong by %v", err, behind)
			}
			text, err := rdb.Get(t.Context(), "kept").Result()
			left := rdb.PTTL(t.Context(), "kept").Val()
			if err != nil || text != "as it was" || left < 89*time.Minute || left > 90*time.Minute {
				t.Errorf("%v: %q, for %v", err, text, left)
			}
		})
	})
}
