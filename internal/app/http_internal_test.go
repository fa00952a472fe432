package app

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// door is a listener in a bubble: who comes in is one end of a pipe, so that the
// server's times are the bubble's.
type door struct {
	in     chan net.Conn
	closed chan struct{}
}

func (d *door) Accept() (net.Conn, error) {
	select {
	case c := <-d.in:
		return c, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

func (d *door) Addr() net.Addr { return &net.UnixAddr{Name: "door", Net: "pipe"} }
func (d *door) Close() error   { close(d.closed); return nil }

// enter connects.
func (d *door) enter() net.Conn {
	client, server := net.Pipe()
	d.in <- server
	return client
}

// served runs the server until the test ends; what it says is in the log.
func served(t *testing.T, h http.Handler) (d *door, log *bytes.Buffer) {
	t.Helper()
	d, log = &door{in: make(chan net.Conn), closed: make(chan struct{})}, new(bytes.Buffer)
	s := newServer(h, slog.New(slog.NewTextHandler(log, nil)))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(d) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the server ended with %v", err)
		}
	})
	return d, log
}

// TestServerTimeouts lets somebody come in who does not go on, and waits
// until the server hangs up.
func TestServerTimeouts(t *testing.T) {
	const get = "GET /healthz HTTP/1.1\r\nHost: h\r\n"
	for _, tt := range []struct {
		name, sends string
		answers     string
		within      time.Duration
	}{
		{"nothing sent", "", "", readLimit},
		{"header without an end", get, "", readLimit},
		{"body that never comes", get + "Content-Length: 10\r\n\r\n", "200 OK", readLimit},
		{"chunks that never come", get + "Transfer-Encoding: chunked\r\n\r\n", "200 OK", readLimit},
		{"kept alive", get + "Connection: keep-alive\r\n\r\n", "200 OK", 0},
		{"HTTP/1.0 kept alive", "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "200 OK", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, _ := served(t, newWatch(Options{}).handler())
				start, conn := time.Now(), d.enter()
				defer conn.Close()
				if _, err := io.WriteString(conn, tt.sends); err != nil {
					t.Fatal(err)
				}
				answer, err := io.ReadAll(conn)
				if err != nil {
					t.Fatal(err)
				}
				if tt.answers == "" && len(answer) != 0 || !strings.Contains(string(answer), tt.answers) {
					t.Errorf("answer %q, want %q", answer, tt.answers)
				}
				// net/http gives the other side another half second after its answer.
				if took := time.Since(start); took > tt.within+time.Second {
					t.Errorf("the server hung up after %v, want %v", took, tt.within)
				}
			})
		})
	}
}

// TestServerAnswerUnread asks and does not read.
func TestServerAnswerUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := make(chan time.Time, 1)
		d, _ := served(t, http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
			_, err := out.Write(make([]byte, 1<<20))
			if err == nil {
				t.Error("it was all written to nobody")
			}
			over <- time.Now()
		}))
		start, conn := time.Now(), d.enter()
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if took := (<-over).Sub(start); took != writeLimit {
			t.Errorf("the server gave up after %v, want %v", took, writeLimit)
		}
	})
}

// TestServerLargeHeader counts how much of a header of 1 MB the server takes.
func TestServerLargeHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := served(t, newWatch(Options{}).handler())
		conn := d.enter()
		defer conn.Close()
		answer := make(chan string, 1)
		go func() {
			line, _ := bufio.NewReader(conn).ReadString('\n') // what there is of it is compared
			answer <- line
		}()
		io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: h\r\n")
		taken := 0
		for line := "X-Large: " + strings.Repeat("x", 1<<10) + "\r\n"; taken < 1<<20; {
			n, err := io.WriteString(conn, line)
			taken += n
			if err != nil {
				break
			}
		}
		if taken > 16<<10 {
			t.Errorf("the server took %d bytes of a header", taken)
		}
		if got := <-answer; !strings.Contains(got, "431") {
			t.Errorf("answer %q, want 431", got)
		}
	})
}

// TestServerFullHouse fills the server with connections that ask nothing: a
// prober is answered at once all the same, and one line of the log says it.
func TestServerFullHouse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, log := served(t, newWatch(Options{}).handler())
		start := time.Now()
		var closed atomic.Int64
		for range roomLimit + 100 {
			conn := d.enter()
			go func() {
				conn.Read(make([]byte, 1))
				closed.Add(1)
			}()
		}
		prober := d.enter()
		defer prober.Close()
		if _, err := io.WriteString(prober, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if answer, err := io.ReadAll(prober); err != nil || !strings.Contains(string(answer), "200 OK") {
			t.Errorf("answer %q, %v", answer, err)
		}
		synctest.Wait()
		if got := closed.Load(); got != 101 {
			t.Errorf("%d connections were closed, want the oldest 101", got)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("the prober waited %v", took)
		}
		if n := strings.Count(log.String(), "http connection limit reached"); n != 1 {
			t.Errorf("the log says it %d times, want once:\n%s", n, log)
		}
	})
}

// TestServerPanic has a handler panic: it is in the bot's own log.
func TestServerPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, log := served(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a fault") }))
		conn := d.enter()
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		io.ReadAll(conn)
		synctest.Wait()
		if got := log.String(); !strings.Contains(got, "level=WARN") || !strings.Contains(got, "a fault") {
			t.Errorf("log: %q", got)
		}
	})
}

// TestProbeShared asks from many sides at once. The one who came first hangs up,
// and the others get the answer to the question that it asked.
func TestProbeShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		down := errors.New("down")
		p := probe[int]{clock: time.Now, every: probeEvery, ask: func(ctx context.Context) (int, error) {
			asked++
			select {
			case <-time.After(probeLimit / 2):
				return 0, down
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}}
		get := func(ctx context.Context) error { _, err := p.get(ctx); return err }
		first, hangUp := context.WithCancel(t.Context())
		answers := make(chan error, 300)
		go func() { answers <- get(first) }()
		synctest.Wait()
		for range 299 {
			go func() { answers <- get(t.Context()) }()
		}
		synctest.Wait()
		hangUp()
		if err := <-answers; !errors.Is(err, context.Canceled) {
			t.Errorf("who hung up got %v", err)
		}
		for range 299 {
			if err := <-answers; !errors.Is(err, down) {
				t.Errorf("got %v, want %v", err, down)
			}
		}
		if asked != 1 {
			t.Errorf("asked %d times, want once", asked)
		}
	})
}

// TestProbeAge asks at different times after an answer.
func TestProbeAge(t *testing.T) {
	asked, now := 0, time.Unix(0, 0)
	const every = 5 * time.Second
	p := probe[int]{clock: func() time.Time { return now }, every: every, ask: func(context.Context) (int, error) { asked++; return asked, nil }}
	for _, tt := range []struct {
		later time.Duration
		want  int
	}{{0, 1}, {every - 1, 1}, {1, 2}, {every, 3}} {
		now = now.Add(tt.later)
		if got, err := p.get(t.Context()); err != nil || asked != tt.want || got != asked {
			t.Errorf("asked %d times, want %d; got %d (%v)", asked, tt.want, got, err)
		}
	}
}

// TestProbeSilent asks somebody who never answers.
func TestProbeSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := probe[int]{clock: time.Now, every: probeEvery, ask: func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }}
		start := time.Now()
		if _, err := p.get(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != probeLimit {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}
