package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// quickPace is for tests: what a session does by itself it does at once, and
// what it waits for may take as long as a busy machine needs.
func quickPace() pace {
	return pace{
		stagger: time.Millisecond, handshake: 20 * time.Second, ping: 50 * time.Millisecond, silence: 20 * time.Second,
		write: 20 * time.Second, overlap: 20 * time.Second, goodbye: 20 * time.Second, drain: 20 * time.Second,
		settled: time.Nanosecond, retry: time.Millisecond, most: 4 * time.Millisecond, crowded: time.Millisecond,
	}
}

// watched is a session that runs, and everything that can be seen of it.
type watched struct {
	*Session

	t      *testing.T
	cancel context.CancelFunc
	result chan error

	mu      sync.Mutex
	changed chan struct{}
	log     bytes.Buffer
	events  []string
	asks    []time.Time
	secrets []string
}

// watch runs a session with one socket. Envelopes are acknowledged empty unless
// change says otherwise. At the end of the test the session is stopped, and
// nothing secret may be in its log.
func watch(t *testing.T, open func(context.Context) (string, error), change ...func(*Session)) *watched {
	t.Helper()
	w := &watched{t: t, result: make(chan error, 1), changed: make(chan struct{})}
	w.Session = &Session{
		Sockets: 1, Clock: time.Now, Log: slog.New(slog.NewJSONHandler(w, nil)), Count: w.count, pace: quickPace(),
		Handle: func(e Envelope) {
			if err := e.Ack(nil); err != nil {
				t.Errorf("acknowledge %s: %v", e.ID, err)
			}
		},
	}
	w.Open = func(ctx context.Context) (string, error) {
		address, err := open(ctx)
		w.note(func() {
			w.asks = append(w.asks, time.Now())
			w.keepSecret(address)
		})
		return address, err
	}
	for _, f := range change {
		f(w.Session)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	go func() { w.result <- w.Run(ctx) }()
	t.Cleanup(func() {
		if err := w.stop(); err != nil && !errors.Is(err, ErrPermanent) {
			t.Errorf("Run: %v", err)
		}
		w.checkLog()
	})
	return w
}

// stop ends the session and returns what Run returned.
func (w *watched) stop() error {
	w.t.Helper()
	w.cancel()
	return w.ended()
}

// ended waits for the end of Run.
func (w *watched) ended() error {
	w.t.Helper()
	select {
	case err := <-w.result:
		w.result <- err
		return err
	case <-soon(w.t).Done():
		w.t.Fatal("Run does not return")
		return nil
	}
}

// keepSecret remembers an address and what is secret in it.
func (w *watched) keepSecret(address string) {
	if u, err := url.Parse(address); err == nil && u.Query().Get("ticket") != "" {
		address = u.Query().Get("ticket")
	}
	if address != "" {
		w.secrets = append(w.secrets, address)
	}
}

func (w *watched) checkLog() {
	w.t.Helper()
	for _, secret := range w.secrets {
		if strings.Contains(w.logged(), secret) {
			w.t.Errorf("the log holds the secret %q:\n%s", secret, w.logged())
		}
	}
}

func (w *watched) note(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	close(w.changed)
	w.changed = make(chan struct{})
}

// Write takes the log.
func (w *watched) Write(line []byte) (n int, err error) {
	w.note(func() { n, err = w.log.Write(line) })
	return n, err
}

func (w *watched) count(event string) { w.note(func() { w.events = append(w.events, event) }) }

// wait waits until seen is true, looking at each change of what is watched.
func (w *watched) wait(what string, seen func() bool) {
	w.t.Helper()
	ctx := soon(w.t)
	for {
		w.mu.Lock()
		changed := w.changed
		w.mu.Unlock()
		if seen() {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			w.t.Fatalf("waited in vain for %s; log:\n%s", what, w.logged())
		}
	}
}

// happened waits until an event was counted n times.
func (w *watched) happened(event string, n int) {
	w.t.Helper()
	w.wait(event, func() bool { return w.times(event) >= n })
}

func (w *watched) times(event string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(w.events), func(e string) bool { return e != event }))
}

func (w *watched) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

// opened are the times when a socket was asked for.
func (w *watched) opened() []time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.asks)
}

// pauses are the pauses that the log announced, with the errors they were for.
func (w *watched) pauses() (pauses []time.Duration, causes []string) {
	for line := range strings.Lines(w.logged()) {
		var l struct {
			Msg   string `json:"msg"`
			Again string `json:"again_in"`
			Error string `json:"error"`
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			w.t.Fatalf("log line %q: %v", line, err)
		}
		if strings.Contains(l.Msg, "slack socket down") {
			again, err := time.ParseDuration(l.Again)
			if err != nil {
				w.t.Fatalf("log line %q: %v", line, err)
			}
			pauses, causes = append(pauses, again), append(causes, l.Error)
		}
	}
	return pauses, causes
}

// soon is how long a test waits for what must come.
func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
