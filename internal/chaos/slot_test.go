package chaos_test

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"
)

// slot is a place for one replica: its ways to the world stay, its processes
// come and go.
type slot struct {
	name string
	path string
	env  []string
	log  *journal
	ways []interface{ close() }

	mu     sync.Mutex
	now    *process // nil: none yet
	starts int
	frozen bool // stopped with SIGSTOP, and to be left alone
	closed bool
}

// newSlot makes a slot with its ways. Nothing runs in it yet.
func newSlot(t testing.TB, r *round, number int) *slot {
	t.Helper()
	s := &slot{name: fmt.Sprintf("r%d.%d", r.number, number), path: r.plan.program, log: r.log}
	redis := newRedisWay(t, r.plan.redis, r.gate, s)
	slack := newSlackWay(t, r.slack.APIURL(), r.gate, s)
	defender := newDefenderWay(t, r.defender.URL(), r.gate, s, r.posts)
	s.ways = []interface{ close() }{redis, slack, defender}
	s.env = append(r.env(), fmt.Sprintf("REDIS_URL=redis://%s/%d", redis.addr, r.number%databases), "SLACK_API_URL="+slack.apiURL(),
		"DEFENDER_API_URL="+defender.url(), "AZURE_AUTHORITY_HOST="+defender.url(),
		"PATH="+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"))
	return s
}

// start starts a process unless one runs.
func (s *slot) start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.now != nil && s.now.alive() {
		return nil
	}
	s.starts++
	p, err := startProcess(fmt.Sprintf("%s/%d", s.name, s.starts), s.path, s.env, s.log)
	if err != nil {
		return fmt.Errorf("start %s: %w", s.name, err)
	}
	s.now = p
	return nil
}

// process is what runs here; nil if nothing does, or if it is to be left alone.
func (s *slot) process() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil || !s.now.alive() || s.frozen {
		return nil
	}
	return s.now
}

// freeze stops what runs here in the middle of what it does, until thaw. False:
// nothing runs.
func (s *slot) freeze() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil || !s.now.alive() || s.frozen {
		return false
	}
	s.frozen = true
	s.now.signal(syscall.SIGSTOP)
	return true
}

func (s *slot) thaw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = false
	s.now.signal(syscall.SIGCONT)
}

// close ends what runs here for good, and then its ways.
func (s *slot) close() {
	s.mu.Lock()
	s.closed = true
	p := s.now
	s.mu.Unlock()
	if p != nil {
		p.kill()
	}
	for _, w := range s.ways {
		w.close()
	}
}
