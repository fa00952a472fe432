package redistest

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
)

// Shutdown ends the process in good order, as an operator's restart does.
func (s *Server) Shutdown(t testing.TB) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("end redis-server: %v", err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Fatalf("redis-server on %s did not end in good order: %v", s.Addr, err)
	}
	s.cmd = nil
}

// Freeze stops the process where it is: connections stay open and nothing is
// answered. The returned function lets it go on; it may be called twice.
func (s *Server) Freeze(t testing.TB) (thaw func()) {
	t.Helper()
	process := s.cmd.Process
	if err := process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatalf("freeze redis-server: %v", err)
	}
	thaw = func() {
		if err := process.Signal(syscall.SIGCONT); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("let redis-server go on: %v", err)
		}
	}
	t.Cleanup(thaw)
	return thaw
}

// info is the value of one field of INFO, or empty.
func info(text, field string) string {
	_, rest, _ := strings.Cut(text, "\n"+field+":")
	value, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(value)
}
