package ledger

import (
	"context"
	"fmt"
	"sync"
	"time"

	"defenderbot/approvals"
)

// reading is what one answer says of Redis's clock: it was read at some moment
// between two of ours.
type reading struct {
	redis     time.Time
	sent, got time.Time
}

// skew is how far Redis's clock is from ours, which runs on evenly: Go measures by
// the monotonic clock where there is one
// (https://pkg.go.dev/time#hdr-Monotonic_Clocks).
type skew struct {
	mu        sync.Mutex
	start     time.Time // of our clock
	seen      time.Time // when the latest answer was there
	last      time.Time // Redis's time in it
	low, high time.Duration
}

// between is what r alone says of the skew.
func (k *skew) between(r reading) (low, high time.Duration) {
	at := r.redis.Sub(k.start)
	return at - r.got.Sub(k.start), at - r.sent.Sub(k.start)
}

// moved is by how much the skew has changed at least, from all that is known of it
// to what r says.
func (k *skew) moved(r reading) time.Duration {
	if k.start.IsZero() {
		return 0
	}
	switch low, high := k.between(r); {
	case low > k.high:
		return low - k.high
	case high < k.low:
		return high - k.low
	}
	return 0
}

// take adds r to what is known. Clocks drift a little: what r says counts where the
// two do not agree.
func (k *skew) take(r reading) {
	if k.start.IsZero() {
		k.start = r.sent
	}
	low, high := k.between(r)
	if agrees := low <= k.high && high >= k.low; agrees && !k.last.IsZero() {
		low, high = max(low, k.low), min(high, k.high)
	}
	k.low, k.high, k.last, k.seen = low, high, r.redis, r.got
}

// learn takes over what an answer says of Redis's clock. One that has jumped is
// believed only when the windows are counted anew: until then every slot is
// refused as late, and the next answer shows the jump again.
func (s *Store) learn(ctx context.Context, r reading) {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	if by := s.watch.moved(r); by.Abs() > s.limit {
		// Of two answers that were under way at once nobody knows which is the older.
		if r.sent.Before(s.watch.seen) || s.countAnew(ctx, by) != nil {
			return // to the next answer; why it was not counted, Failed was told
		}
		seen := s.clock()
		s.jumpedAt.Store(&seen)
		if by < 0 {
			s.note(s.dueNow(ctx))
		}
	}
	s.watch.take(r)
	s.ahead.Store(int64(r.redis.Sub(r.got)))
}

// Steady reports whether Redis's clock has not been seen to jump for that long.
func (s *Store) Steady(d time.Duration) bool {
	jumped := s.jumpedAt.Load()
	return jumped == nil || s.clock().Sub(*jumped) >= d
}

// dueNow makes all that is on the agenda due now: after a clock has gone back it would
// wait for as long as that.
func (s *Store) dueNow(ctx context.Context) error {
	var t tried
	_, err := s.once(ctx, s.scripts.now, []string{s.keys.agenda()}, &t, nil)
	return err
}

type jumpReply struct {
	timed
	First bool `json:"first"`
}

// countAnew counts the calls of all windows anew after a jump.
func (s *Store) countAnew(ctx context.Context, by time.Duration) error {
	keys, longest := []string{s.keys.jump()}, []int64{}
	for _, e := range s.actions.Endpoints() {
		most := approvals.Margin
		for _, l := range e.Limits {
			most = max(most, l.Per+approvals.Margin)
		}
		keys, longest = append(keys, s.keys.window(e.Name), s.keys.hold(e.Name)), append(longest, most.Milliseconds())
	}
	flight := approvals.SendLimit + approvals.PostLimit + approvals.Margin
	var t tried
	text, err := s.once(ctx, s.scripts.jump, keys, &t, []any{by.Milliseconds(), s.watch.last.UnixMilli(), flight.Milliseconds(), asJSON(longest)})
	var answer jumpReply
	if err == nil {
		err = decodeReply(text, &answer)
	}
	if err != nil {
		return fmt.Errorf("count the windows anew: %w", err)
	}
	if answer.First {
		s.jumped(by)
	}
	return nil
}
