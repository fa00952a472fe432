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
	held   bool // somebody does something to what runs here
	closed bool
}

// newSlot makes a slot with its ways. Nothing runs in it yet.
func newSlot(t testing.TB, r *round, number int) *slot {
	t.Helper()
	s := &slot{name: fmt.Sprintf("r%d.%d", r.number, number), path: r.plan.program, log: r.log}
	if r.plan.previous != "" && number > 0 {
		s.path = r.plan.previous
	}
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

// process is what runs here; nil if nothing does, or if somebody holds it.
func (s *slot) process() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil || !s.now.alive() || s.held {
		return nil
	}
	return s.now
}

// hold is process for whoever is about to do something to it. Others leave it
// alone until release.
func (s *slot) hold() *process {
	p := s.process()
	s.mu.Lock()
	defer s.mu.Unlock()
	if p == nil || s.held || p != s.now {
		return nil
	}
	s.held = true
	return p
}

func (s *slot) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = false
}

// halt stops what runs here in the middle of what it does, until resume. False:
// nothing runs, or not any more.
func (s *slot) halt() bool {
	p := s.hold()
	if p != nil && p.halt() {
		return true
	}
	if p != nil {
		s.release()
	}
	return false
}

func (s *slot) resume() {
	s.mu.Lock()
	p := s.now
	s.mu.Unlock()
	p.signal(syscall.SIGCONT)
	s.release()
}

// close ends what runs here, never to start again, and then its ways.
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
