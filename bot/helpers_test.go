package bot

import (
	"bytes"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/slackfake"
	"defenderbot/internal/testclock"
)

// newWorkspace is a Slack with a person and a channel, and the app's side of it.
func newWorkspace(t testing.TB, change ...func(*slackfake.Options)) (*slackfake.Server, *Workspace) {
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
	client, err := NewWorkspace(soon(t), WorkspaceConfig{APIURL: s.APIURL(), AppToken: s.AppToken(), BotToken: s.BotToken(), Clock: time.Now})
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

func isNoPlace(err error) bool {
	_, is := errors.AsType[*approvals.NoPlace](err)
	return is
}

// outside is a workspace with Ada in a channel that the bot is in, and what the
// bot has of it.
type outside struct {
	*slackfake.Server
	slack *Workspace
	clock *testclock.Clock
}

func visit(t *testing.T, o slackfake.Options) outside {
	t.Helper()
	clock := testclock.New(asked)
	o.Now = clock.Now
	server, err := slackfake.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	server.AddUser(slackfake.User{ID: ada, Name: "ada"})
	server.AddUser(slackfake.User{ID: grace, Name: "grace"})
	server.AddChannel(slackfake.Channel{ID: room, Name: "incident-42", Bot: true, Members: []string{ada, grace}})
	s, err := NewWorkspace(t.Context(), WorkspaceConfig{
		APIURL: server.APIURL(), AppToken: server.AppToken(), BotToken: server.BotToken(), Clock: clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Use(views())
	return outside{server, s, clock}
}

// asks counts the calls of one method.
func (o outside) asks(method string) int {
	n := 0
	for _, c := range o.APICalls() {
		if c.Method == method {
			n++
		}
	}
	return n
}

// envelope is one that keeps the answer it was acknowledged with.
func envelope(id string, answer *string) Envelope {
	return Envelope{ID: id, TakesPayload: true, Received: time.Now(), write: func(frame []byte) error {
		*answer = string(frame)
		return nil
	}}
}

// book is a log that is read while it is written.
type book struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *book) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(line)
}

func (b *book) read() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// logbook is a log and what stands in it.
func logbook() (*slog.Logger, *book) {
	b := &book{}
	return slog.New(slog.NewTextHandler(b, nil)), b
}
