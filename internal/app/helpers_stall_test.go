package app_test

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"

	"defenderbot/internal/redistest"
)

// stall is a way to Redis on which answers can be held back.
type stall struct {
	addr string
	to   string

	mu    sync.Mutex
	open  chan struct{} // closed while answers pass
	era   int           // of the connections that are well; those of an earlier one are silent
	conns []net.Conn
	done  sync.WaitGroup
}

// newStall listens until the test ends.
func newStall(t testing.TB, to string) *stall {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &stall{addr: l.Addr().String(), to: to, open: make(chan struct{})}
	close(s.open)
	s.done.Go(func() { s.accept(l) })
	t.Cleanup(func() {
		l.Close()
		s.pass()
		s.mu.Lock()
		for _, c := range s.conns {
			c.Close()
		}
		s.mu.Unlock()
		s.done.Wait()
	})
	return s
}

func (s *stall) accept(l net.Listener) {
	for {
		in, err := l.Accept()
		if err != nil {
			return
		}
		out, err := new(net.Dialer).DialContext(context.Background(), "tcp", s.to)
		if err != nil {
			in.Close()
			continue
		}
		s.mu.Lock()
		s.conns = append(s.conns, in, out)
		era := s.era
		s.mu.Unlock()
		s.done.Go(func() {
			io.Copy(out, in)
			out.Close()
		})
		s.done.Go(func() {
			io.Copy(late{in, s, era}, out)
			in.Close()
		})
	}
}

// late writes when answers may pass.
type late struct {
	net.Conn
	stall *stall
	era   int
}

// Write waits. On a silent connection what was written is lost.
func (l late) Write(b []byte) (int, error) {
	l.stall.mu.Lock()
	open, silent := l.stall.open, l.era < l.stall.era
	l.stall.mu.Unlock()
	if silent {
		return len(b), nil
	}
	<-open
	return l.Conn.Write(b)
}

// hold holds answers back from now on.
func (s *stall) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = make(chan struct{})
}

// silence loses all further answers on the connections of now, without a word,
// as when the machine behind them is gone; new ones are well.
func (s *stall) silence() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.era++
}

// pass lets them pass again.
func (s *stall) pass() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.open:
	default:
		close(s.open)
	}
}

// freeAddr is an address that nobody listens on.
func freeAddr(t testing.TB) string {
	t.Helper()
	return "127.0.0.1:" + redistest.FreePort(t)
}
