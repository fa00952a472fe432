package sandbox

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"defenderbot/internal/app"
	"defenderbot/internal/slackfake"
)

// What this test's own binary is as a child.
const (
	childBot  = "child-bot"
	childEcho = "child-echo" // logs its orders
)

func TestMain(m *testing.M) {
	var err error
	switch os.Args[len(os.Args)-1] {
	case childBot:
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		err = RunChild(ctx, os.Stdin, os.Stderr, time.Now)
		stop()
	case childEcho:
		_, err = io.Copy(os.Stderr, os.Stdin)
	default:
		goleak.VerifyTestMain(m)
	}
	if err != nil {
		os.Exit(1)
	}
}

func openPlace(t *testing.T) *Place {
	t.Helper()
	p, err := Open(Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// watcher waits for a state of a process.
type watcher struct {
	mu      sync.Mutex
	changed chan struct{}
}

func newWatcher() *watcher { return &watcher{changed: make(chan struct{})} }

func (w *watcher) ring() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *watcher) wait(t *testing.T, b *Process, what string, ok func(ProcessState) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		w.mu.Lock()
		changed := w.changed
		w.mu.Unlock()
		s := b.State()
		if ok(s) {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("not seen: %s; the process is %+v", what, s)
		}
	}
}

func process(t *testing.T, p *Place, child string, changed func()) *Process {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b := p.Process([]string{program, child}, p.Env(), changed)
	t.Cleanup(func() {
		if err := b.Kill(); err != nil {
			t.Error(err)
		}
	})
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestKilled kills a bot between a request and its approval. The next one goes
// on from Redis.
func TestKilled(t *testing.T) {
	p := openPlace(t)
	b := process(t, p, childBot, func() {})
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	connected := func(s *slackfake.Server) bool { return len(s.Sockets()) > 0 }
	if err := p.Slack.Wait(ctx, connected); err != nil {
		t.Fatalf("%v; its log:\n%s", err, strings.Join(b.State().Log, "\n"))
	}
	if err := b.Start(); err == nil {
		t.Error("a second process was started beside the first")
	}
	if out, err := p.Slack.Command(ctx, Ada, Incident, "collect desktop-test123 before the crash"); err != nil || out.Answer == nil {
		t.Fatalf("the command: %+v, %v", out, err)
	}
	card, err := p.WaitCard(ctx, Incident, "Waiting for approval")
	if err != nil {
		t.Fatal(err)
	}
	first := b.State().PID
	if err := b.Kill(); err != nil {
		t.Fatal(err)
	}
	if s := b.State(); s.Running || s.Ended != "signal: killed" {
		t.Errorf("after the crash: %+v", s)
	}
	if err := p.Slack.Wait(ctx, func(s *slackfake.Server) bool { return len(s.Sockets()) == 0 }); err != nil {
		t.Fatal(err)
	}
	// The crash may have come before the card was noted: then it is looked
	// after again when the lease on it has ended.
	if err := p.Skip(2 * time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	if b.State().PID == first {
		t.Error("it is the same process")
	}
	if err := p.Slack.Wait(ctx, connected); err != nil {
		t.Fatal(err)
	}
	if out, err := p.Slack.Click(ctx, Grace, Incident, card.TS, "approve"); err != nil || !out.Acked {
		t.Fatalf("the click: %+v, %v", out, err)
	}
	if _, err := p.WaitCard(ctx, Incident, "before the crash", "Approved by"); err != nil {
		t.Fatalf("%v\n%s", err, p.Slack.Transcript(Incident, Grace))
	}
	if err := b.Stop(); err != nil {
		t.Fatal(err)
	}
	if s := b.State(); s.Running || s.Ended != "exit status 0" {
		t.Errorf("after being asked to stop: %+v", s)
	}
}

// TestTimeShown lets time pass and looks at what the process is told.
func TestTimeShown(t *testing.T) {
	p := openPlace(t)
	w := newWatcher()
	if err := p.Skip(time.Minute); err != nil {
		t.Fatal(err)
	}
	b := process(t, p, childEcho, w.ring)
	w.wait(t, b, "the time at the start", func(s ProcessState) bool {
		return len(s.Log) == 1 && strings.Contains(s.Log[0], `"ahead":60000000000`)
	})
	if err := p.Skip(time.Hour); err != nil {
		t.Fatal(err)
	}
	w.wait(t, b, "an hour later", func(s ProcessState) bool { return slices.Contains(s.Log, `{"ahead":3660000000000}`) })
}

// TestLogLength keeps the end of a long log.
func TestLogLength(t *testing.T) {
	b := openPlace(t).Process(nil, app.Env{}, func() {})
	log := &tail{b: b}
	for range logLines {
		if _, err := io.WriteString(log, "old\nolder\nne"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(log, "w\n"); err != nil {
			t.Fatal(err)
		}
	}
	got := b.State().Log
	if len(got) != logLines || got[logLines-1] != "new" || got[logLines-2] != "older" {
		t.Errorf("%d lines, ending in %q", len(got), got[len(got)-2:])
	}
}

func TestRunChild(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nothing", "", "the first order: EOF"},
		{"only the time", `{"ahead":1}`, "the first order has no configuration"},
		{"an empty configuration", `{"env":{},"ahead":1}`, "SLACK_APP_TOKEN"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := RunChild(t.Context(), strings.NewReader(tt.in), io.Discard, time.Now)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v; want %s", err, tt.want)
			}
		})
	}
}

func TestFollower(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f := &follower{real: func() time.Time { return start }}
	in, out := io.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.follow(json.NewDecoder(in))
	}()
	if _, err := io.WriteString(out, `{"ahead":1}`+"\n"+`{"ahead":60000000000}`+"\n"); err != nil {
		t.Fatal(err)
	}
	out.Close()
	<-ended
	if got, want := f.now(), start.Add(time.Minute); !got.Equal(want) {
		t.Errorf("it is %v, want %v", got, want)
	}
}
