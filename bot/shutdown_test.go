package bot

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"defenderbot/internal/redistest"
)

// ourGoroutines are the goroutines of sessions and sockets, as stacks.
func ourGoroutines() string {
	stacks := make([]byte, 1<<20)
	var ours []string
	for g := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(g, "bot.(*socket)") || strings.Contains(g, "bot.(*running)") {
			ours = append(ours, g)
		}
	}
	return strings.Join(ours, "\n\n")
}

// What is being answered when the process is told to end is finished and
// acknowledged before the sockets are closed; then nothing is left.
func TestShutdownFinishesAnswers(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 2)
	open := d.gate.shut()
	defer open()
	answered := d.commands(1000, 5)
	await(t, "commands being answered", d.gate.waiting, 5)
	d.cancel()
	late := d.commands(2000, 3) // what comes until the sockets are closed is answered too
	await(t, "more commands being answered", d.gate.waiting, 3)
	if n := len(d.slack.Sockets()); n != 2 || d.Live() != 2 {
		t.Errorf("while commands are being answered %d sockets are open and %d live, want 2", n, d.Live())
	}
	select {
	case err := <-d.result:
		t.Fatalf("Run returned before everything was answered: %v", err)
	default:
	}
	open()
	for _, out := range append(answered(), late()...) {
		if !out.Acked || !strings.Contains(answerOf(out), "Recorded as D-") {
			t.Errorf("acknowledged %v with %q, want that it is recorded", out.Acked, answerOf(out))
		}
	}
	if err := d.ended(); err != nil {
		t.Errorf("Run: %v, want nil", err)
	}
	if left := ourGoroutines(); left != "" {
		t.Errorf("after Run there is still:\n%s", left)
	}
	if d.Live() != 0 {
		t.Errorf("%d sockets are live after the end", d.Live())
	}
	sockWait(t, d.slack, "no sockets", func() bool { return len(d.slack.Sockets()) == 0 })
}

// TestShutdownBounded: an end does not wait for ever.
func TestShutdownBounded(t *testing.T) {
	s, client := newWorkspace(t)
	w := watch(t, client.OpenSocket, func(x *Session) {
		x.pace.drain = 50 * time.Millisecond
		x.Drained = func(ctx context.Context) { <-ctx.Done() }
	})
	w.happened("hello", 1)
	if err := w.stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	sockWait(t, s, "no sockets", func() bool { return len(s.Sockets()) == 0 })
}

// The last acknowledgement and the close frame arrive, in this order, also
// where Slack has sent more meanwhile; of that nothing happens any more.
func TestShutdownClosesSockets(t *testing.T) {
	type end struct {
		frames []string
		err    error
	}
	ends := make(chan end, 1)
	handled := make(chan Envelope, 10)
	w := watch(t, peer(t, func(conn *websocket.Conn) {
		closing := conn.CloseHandler()
		conn.SetCloseHandler(func(code int, text string) error {
			speak(conn, `{"envelope_id":"too-late","type":"slash_commands"}`)
			return closing(code, text)
		})
		speak(conn, hello, `{"envelope_id":"in-time","type":"slash_commands"}`)
		frames, err := hear(conn)
		ends <- end{frames, err}
	}), func(x *Session) {
		x.Handle = func(e Envelope) { handled <- e }
		x.Drained = func(context.Context) {
			if err := (<-handled).Ack(nil); err != nil {
				t.Errorf("the last acknowledgement: %v", err)
			}
		}
	})
	w.happened("hello", 1)
	started := time.Now()
	if err := w.stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	got := <-ends
	if len(got.frames) != 1 || got.frames[0] != `{"envelope_id":"in-time"}` || !websocket.IsCloseError(got.err, websocket.CloseNormalClosure) {
		t.Errorf("Slack heard %q and then %v, want the acknowledgement and a normal close", got.frames, got.err)
	}
	if len(handled) > 0 {
		t.Errorf("%q was handled, and could not have been acknowledged", (<-handled).ID)
	}
	if took := time.Since(started); took > w.pace.goodbye/2 {
		t.Errorf("the end took %v although Slack answered at once", took)
	}
}

// TestShutdownDeafPeer: a peer that ignores the goodbye is left.
func TestShutdownDeafPeer(t *testing.T) {
	release := make(chan bool)
	defer close(release)
	w := watch(t, peer(t, func(conn *websocket.Conn) {
		speak(conn, hello)
		<-release
	}), func(x *Session) { x.pace.goodbye = 300 * time.Millisecond })
	w.happened("hello", 1)
	if err := w.stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	if left := ourGoroutines(); left != "" || w.Live() != 0 {
		t.Errorf("Run did not wait for the end of its socket: %d live\n%s", w.Live(), left)
	}
}

// An end during a handshake that hangs does not wait for it.
func TestShutdownDuringHandshake(t *testing.T) {
	for name, greeted := range map[string]bool{"before the upgrade": false, "before hello": true} {
		t.Run(name, func(t *testing.T) {
			arrived, release := make(chan bool, 1), make(chan bool)
			defer close(release)
			open := peer(t, func(conn *websocket.Conn) {
				arrived <- true
				hear(conn)
			})
			if !greeted {
				open = silentListener(t, arrived, release)
			}
			w := watch(t, open, func(x *Session) { x.pace.handshake = time.Hour })
			<-arrived
			if err := w.stop(); err != nil || errors.Is(err, context.Canceled) {
				t.Errorf("Run: %v, want nil", err)
			}
		})
	}
}

// A write that does not get through ends the socket instead of holding a
// worker up.
func TestSocketStuckWrite(t *testing.T) {
	failed := make(chan error, 1)
	release := make(chan bool)
	defer close(release)
	w := watch(t, peer(t, func(conn *websocket.Conn) {
		speak(conn, hello, `{"envelope_id":"e1","type":"slash_commands","accepts_response_payload":true}`)
		<-release // reads nothing
	}), func(x *Session) {
		x.pace.write = 100 * time.Millisecond
		x.pace.ping = time.Hour
		x.Handle = func(e Envelope) {
			for {
				if err := e.Ack(strings.Repeat("x", ackLimit-100)); err != nil {
					failed <- err
					return
				}
			}
		}
	})
	select {
	case err := <-failed:
		if err == nil {
			t.Error("no error")
		}
	case <-soon(t).Done():
		t.Fatal("the write hangs")
	}
	w.happened("closed", 1)
	w.wait("the cause in the log", func() bool {
		_, causes := w.pauses()
		return len(causes) > 0 && strings.Contains(causes[0], "could not be written in time")
	})
}
