package ledger

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// ownSlots are the slots that this process has booked, by window: what Redis loses of
// them the server counts all the same.
type ownSlots struct {
	mu  sync.Mutex
	has map[string]map[string]int64 // window, slot, until when it may be counted as made

	owed atomic.Bool // Redis has lost changes, and perhaps some of them
}

// longestWindow is after how long a slot says nothing any more: Microsoft's longest
// window is an hour.
const longestWindow = time.Hour + 5*time.Minute

// note takes a change of a window into account that Redis made at now.
func (o *ownSlots) note(window string, c change, now int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	slots := o.has[window]
	if slots == nil {
		slots = map[string]int64{}
	}
	if c.Take != nil {
		slots[c.Take.Slot] = now + c.Take.Lasts
	}
	if c.Suspect != nil {
		slots[c.Suspect.Slot] = now + c.Suspect.Lasts
	}
	if _, own := slots[c.Settle]; own {
		slots[c.Settle] = min(slots[c.Settle], now)
	}
	delete(slots, c.Release)
	for slot, at := range slots {
		if at < now-longestWindow.Milliseconds() {
			delete(slots, slot)
		}
	}
	if o.has == nil {
		o.has = map[string]map[string]int64{}
	}
	o.has[window] = slots
}

// all are the slots of each window.
func (o *ownSlots) all() map[string][]redis.Z {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := map[string][]redis.Z{}
	for window, slots := range o.has {
		for slot, at := range slots {
			list[window] = append(list[window], redis.Z{Score: float64(at), Member: slot})
		}
	}
	return list
}

// putBack puts slots back that Redis may have lost. What fails is tried again at the
// next look.
func (s *Store) putBack(ctx context.Context) {
	if !s.own.owed.Load() {
		return
	}
	for window, slots := range s.own.all() {
		if err := s.rdb.ZAddNX(ctx, window, slots...).Err(); err != nil {
			s.note(err)
			return
		}
	}
	s.own.owed.Store(false)
}
