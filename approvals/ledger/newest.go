package ledger

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"
)

// newest is the newest audit entry that this process has seen. While Redis has it,
// Redis has all that came before.
type newest struct {
	mu sync.Mutex
	id string // "<ms>-<n>"; empty: none yet
}

func (n *newest) seen() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.id
}

// sees takes an entry into account. Answers come in any order.
func (n *newest) sees(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if entryLess(n.id, id) {
		n.id = id
	}
}

// forget makes Redis's newest entry the newest, whatever it is.
func (n *newest) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.id = ""
}

// entryLess reports whether an entry of a stream was written before another
// (https://redis.io/docs/latest/develop/data-types/streams/#entry-ids).
func entryLess(a, b string) bool {
	if a == "" || b == "" {
		return b != ""
	}
	parts := func(id string) (ms, n uint64) {
		left, right, _ := strings.Cut(id, "-")
		ms, _ = strconv.ParseUint(left, 10, 64) // what Redis wrote is a number
		n, _ = strconv.ParseUint(right, 10, 64)
		return ms, n
	}
	ams, an := parts(a)
	bms, bn := parts(b)
	return ams < bms || ams == bms && an < bn
}

// SetBack reports whether Redis may have forgotten what became of something that was
// asked for then: it was found to have lost changes since.
func (s *Store) SetBack(asked time.Time) bool { return asked.UnixMilli() <= s.setBack.Load() }

// ErrElsewhere means that nothing was changed because another process of Redis answers
// than before: [Store.SettledAt] says from when on it may be tried again.
var ErrElsewhere = errors.New("another Redis process answers than before")

// looksAt notes which process of Redis was looked at.
func (s *Store) looksAt(server string) {
	if before := s.serverSeen(); before != "" && before != server {
		s.unsettle()
	}
	s.server.Store(&server)
}

func (s *Store) serverSeen() string {
	if id := s.server.Load(); id != nil {
		return *id
	}
	return ""
}

// unsettle has nothing sent for a while.
func (s *Store) unsettle() {
	now := s.clock()
	s.faulty.Store(&now)
}

// settle is how long nothing is sent after Redis failed to answer, was restarted or
// failed over: it may come back without its last changes, and each process looks within
// a second whether what it has seen is there.
const settle = 2500 * time.Millisecond

// SettledAt is until when nothing is sent because Redis failed or is another process; it
// may have passed.
func (s *Store) SettledAt() time.Time {
	if failed := s.faulty.Load(); failed != nil {
		return failed.Add(settle)
	}
	return time.Time{}
}
