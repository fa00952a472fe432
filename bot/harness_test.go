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

	"defenderbot/internal/slackfake"
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
	opened  []time.Time
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
			w.opened = append(w.opened, time.Now())
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
		if err := w.stop(); err != nil && !errors.Is(err, ErrForGood) {
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
		if strings.Contains(w.log.String(), secret) {
			w.t.Errorf("the log holds the secret %q:\n%s", secret, &w.log)
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
		ok, changed := seen(), w.changed
		w.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			w.t.Fatalf("waited in vain for %s; log:\n%s", what, &w.log)
		}
	}
}

// happened waits until an event was counted n times.
func (w *watched) happened(event string, n int) {
	w.t.Helper()
	w.wait(event, func() bool { return w.times(event) >= n })
}

func (w *watched) times(event string) int {
	return len(slices.DeleteFunc(slices.Clone(w.events), func(e string) bool { return e != event }))
}

// pauses are the pauses that the log announced, with the errors they were for.
func (w *watched) pauses() (pauses []time.Duration, causes []string) {
	for line := range strings.Lines(w.log.String()) {
		var l struct {
			Msg   string        `json:"msg"`
			Again time.Duration `json:"again_in"`
			Error string        `json:"error"`
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			w.t.Fatalf("log line %q: %v", line, err)
		}
		if strings.Contains(l.Msg, "trying again") {
			pauses, causes = append(pauses, l.Again), append(causes, l.Error)
		}
	}
	return pauses, causes
}

// soon is how long a test waits for what must come.
func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// newWorkspace is a Slack with a person and a channel, and the app's side of it.
func newWorkspace(t testing.TB, change ...func(*slackfake.Options)) (*slackfake.Server, *Slack) {
	t.Helper()
	o := slackfake.Options{Now: time.Now, AckLimit: 15 * time.Second}
	for _, f := range change {
		f(&o)
	}
	s, err := slackfake.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.AddUser(slackfake.User{ID: typist, Name: "ada"})
	s.AddUser(slackfake.User{ID: clicker, Name: "grace"})
	s.AddChannel(slackfake.Channel{ID: channel, Name: "incident", Bot: true, Members: []string{typist, clicker}})
	client, err := NewSlack(soon(t), SlackConfig{APIURL: s.APIURL(), AppToken: s.AppToken(), BotToken: s.BotToken(), Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return s, client
}

const (
	typist  = "U0ADA"
	clicker = "U0GRACE"
	channel = "C0INCIDENT"
)

// connected is a session with that many sockets on a workspace of its own.
func connected(t *testing.T, sockets int, change ...func(*Session)) (*slackfake.Server, *watched) {
	t.Helper()
	s, client := newWorkspace(t)
	w := watch(t, client.OpenSocket, append([]func(*Session){func(x *Session) { x.Sockets = sockets }}, change...)...)
	w.note(func() { w.secrets = append(w.secrets, s.AppToken(), s.BotToken()) })
	w.happened("hello", sockets)
	sockWait(t, s, "all sockets", func() bool { return len(s.Sockets()) == sockets })
	return s, w
}

// sockWait waits for something to be seen in the workspace.
func sockWait(t *testing.T, s *slackfake.Server, what string, seen func() bool) {
	t.Helper()
	if err := s.Wait(soon(t), func(*slackfake.Server) bool { return seen() }); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// typeHelp types a command that any handler of the tests acknowledges.
func typeHelp(t *testing.T, s *slackfake.Server) slackfake.Outcome {
	t.Helper()
	out, err := s.Command(soon(t), typist, channel, "help")
	if err != nil {
		t.Fatal(err)
	}
	return out
}
