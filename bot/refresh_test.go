package bot

import (
	"context"
	"errors"
	"flag"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"defenderbot/internal/slackfake"
)

// traffic is people who type commands one after the other until it is stopped.
type traffic struct {
	mu      sync.RWMutex // held for reading while a command is under way
	stop    chan struct{}
	people  sync.WaitGroup
	typed   atomic.Int64
	missing atomic.Int64
}

func startTraffic(t testing.TB, s *slackfake.Server, people int) *traffic {
	t.Helper()
	f := &traffic{stop: make(chan struct{})}
	for range people {
		f.people.Go(func() {
			for {
				select {
				case <-f.stop:
					return
				default:
				}
				f.mu.RLock()
				out, err := s.Command(t.Context(), typist, channel, "help")
				f.mu.RUnlock()
				f.typed.Add(1)
				if err != nil || !out.Acked {
					f.missing.Add(1)
					f.wait(t, s)
				}
			}
		})
	}
	return f
}

// wait lets somebody whose command failed wait until Slack has a socket to send
// the next one to.
func (f *traffic) wait(t testing.TB, s *slackfake.Server) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		select {
		case <-f.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	_ = s.Wait(ctx, func(*slackfake.Server) bool { return len(s.Sockets()) > 0 }) // or the traffic has ended
}

// lull runs f while no command is under way, as Slack ends a socket only when
// it sends nothing to it any more.
func (f *traffic) lull(then func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	then()
}

func (f *traffic) end() {
	close(f.stop)
	f.people.Wait()
}

// refreshed is how often TestSessionRefreshes has a socket refreshed.
var refreshed = flag.Int("refreshes", 50, "refreshes of sockets under traffic")

func TestSessionRefreshes(t *testing.T) {
	refreshes := *refreshed
	s, w := connected(t, 2)
	f := startTraffic(t, s, 3)
	for i := range refreshes {
		old := s.Sockets()[0]
		before := s.Totals().Acks
		s.Disconnect([]string{slackfake.ReasonWarning, slackfake.ReasonRefresh}[i%2], time.Hour, old)
		sockWait(t, s, "a successor before the old one is closed", func() bool {
			open := s.Sockets()
			return len(open) == 3 && open[0] == old
		})
		sockWait(t, s, "envelopes on the old socket, answered there", func() bool {
			acks := s.Acks() // the newest of all that there were
			since := max(len(acks)-(s.Totals().Acks-before), 0)
			return slices.ContainsFunc(acks[since:], func(a slackfake.Ack) bool {
				return a.SentTo == old && a.Socket == old
			})
		})
		w.happened("hello", 2+i+1)
		if n := w.Live(); n != 3 {
			t.Fatalf("refresh %d: %d sockets live during the overlap, want 3", i, n)
		}
		f.lull(func() {
			s.Cut(old)
			sockWait(t, s, "the end of the old socket", func() bool { return len(s.Sockets()) == 2 })
		})
		w.happened("closed", i+1)
		if n := w.Live(); n != 2 {
			t.Fatalf("refresh %d: %d sockets live after it, want 2", i, n)
		}
	}
	f.end()
	t.Logf("%d refreshes under %d commands", refreshes, f.typed.Load())
	if lost := f.missing.Load(); lost > 0 {
		t.Errorf("%d of %d commands were not acknowledged", lost, f.typed.Load())
	}
	for _, a := range s.Acks() {
		if a.Problem != "" {
			t.Errorf("acknowledgement on socket %d for an envelope of %d: %s", a.Socket, a.SentTo, a.Problem)
		}
	}
	if n := len(w.opened()); n != 2+refreshes {
		t.Errorf("%d sockets were opened for 2 and %d refreshes", n, refreshes)
	}
	if pauses, causes := w.pauses(); len(pauses) > 0 {
		t.Errorf("a refresh is routine, and the log says: %q", causes)
	}
}

// soaked sends enough commands that everything a session does by itself has
// happened.
func soaked(t *testing.T, s *slackfake.Server) {
	t.Helper()
	for range 100 {
		if out := typeHelp(t, s); !out.Acked {
			t.Fatalf("socket %d does not acknowledge", out.Socket)
		}
	}
}

// TestSessionOneSuccessor: one socket has one successor.
func TestSessionOneSuccessor(t *testing.T) {
	s, w := connected(t, 1)
	s.Disconnect(slackfake.ReasonWarning, time.Hour, 1)
	s.Disconnect(slackfake.ReasonRefresh, time.Hour, 1)
	w.happened(slackfake.ReasonRefresh, 1)
	w.happened("hello", 2)
	soaked(t, s)
	if got := s.Sockets(); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("after a warning and a refresh_requested on one socket %v are open, want 1 and 2", got)
	}
}

// TestSessionNoThirdSocket: of two sockets there is never a third.
func TestSessionNoThirdSocket(t *testing.T) {
	s, w := connected(t, 1)
	s.Disconnect(slackfake.ReasonWarning, time.Hour, 1)
	sockWait(t, s, "a successor", func() bool { return slices.Equal(s.Sockets(), []int{1, 2}) })
	s.Disconnect(slackfake.ReasonWarning, time.Hour, 2)
	w.happened(slackfake.ReasonWarning, 2)
	soaked(t, s)
	if got := s.Sockets(); !slices.Equal(got, []int{1, 2}) {
		t.Fatalf("both sockets were announced to end: %v are open, want still 1 and 2", got)
	}
	s.Cut(1)
	sockWait(t, s, "the successor's successor, once there is room", func() bool { return slices.Equal(s.Sockets(), []int{2, 3}) })
}

// TestSessionForgottenSocket: an old socket that Slack forgets is closed.
func TestSessionForgottenSocket(t *testing.T) {
	s, w := connected(t, 1, func(x *Session) { x.pace.overlap = 100 * time.Millisecond })
	s.Disconnect(slackfake.ReasonRefresh, time.Hour, 1)
	w.happened("closed", 1)
	sockWait(t, s, "only the successor", func() bool { return slices.Equal(s.Sockets(), []int{2}) })
}

// TestSessionKeepsOldSocket: the old socket stays while no successor can be had.
func TestSessionKeepsOldSocket(t *testing.T) {
	s, w := connected(t, 1)
	mended := s.Break(slackfake.Fault{Method: "apps.connections.open", Error: "internal_error"})
	s.Disconnect(slackfake.ReasonWarning, time.Hour, 1)
	w.wait("three tries", func() bool { return len(w.opened()) >= 1+3 })
	soaked(t, s)
	if got := s.Sockets(); !slices.Equal(got, []int{1}) || w.Live() != 1 {
		t.Errorf("%v are open and %d live, want the old one", got, w.Live())
	}
	mended()
	w.happened("hello", 2)
	sockWait(t, s, "both", func() bool { return slices.Equal(s.Sockets(), []int{1, 2}) })
}

// Slack that takes every socket back at once must not be asked for sockets in a
// tight loop, whether or not it announces it.
func TestSessionShortLivedSockets(t *testing.T) {
	const tries, retry = 6, 40 * time.Millisecond
	for name, frames := range map[string][]string{
		"closed":    {hello},
		"announced": {hello, `{"type":"disconnect","reason":"refresh_requested"}`},
	} {
		t.Run(name, func(t *testing.T) {
			w := watch(t, peer(t, func(conn *websocket.Conn) { speak(conn, frames...) }),
				func(x *Session) { x.pace.settled, x.pace.retry, x.pace.most = time.Hour, retry, retry })
			w.wait("some tries", func() bool { return len(w.opened()) >= tries })
			// Of the pauses between them the first may be none: a refresh is routine.
			if took, least := w.opened()[tries-1].Sub(w.opened()[0]), (tries-2)*retry/2; took < least {
				t.Errorf("%d sockets in %v, want pauses of %v together", tries, took, least)
			}
		})
	}
	t.Run("growing", func(t *testing.T) {
		w := watch(t, peer(t, func(conn *websocket.Conn) { speak(conn, hello) }),
			func(x *Session) { x.pace.settled, x.pace.retry, x.pace.most = time.Hour, time.Millisecond, time.Hour })
		w.wait("some tries", func() bool { return len(w.opened()) >= 7 })
		w.stop()
		pauses, _ := w.pauses()
		if got, least := pauses[5], 16*time.Millisecond; got < least {
			t.Errorf("the pause after the sixth socket that did not last is %v, want %v or more: %v", got, least, pauses)
		}
	})
	t.Run("but those that lasted are", func(t *testing.T) {
		w := watch(t, peer(t, func(conn *websocket.Conn) { speak(conn, hello) }),
			func(x *Session) {
				x.pace.settled, x.pace.retry, x.pace.most = time.Nanosecond, time.Millisecond, time.Hour
			})
		w.wait("some tries", func() bool { return len(w.opened()) >= 7 })
		if err := w.stop(); errors.Is(err, ErrPermanent) {
			t.Error(err)
		}
		pauses, _ := w.pauses()
		if longest := slices.Max(pauses); longest > 2*time.Millisecond {
			t.Errorf("the longest pause is %v, want the first one each time: %v", longest, pauses)
		}
	})
}
