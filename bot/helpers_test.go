package bot

import (
	"testing"
	"time"

	"defenderbot/internal/slackfake"
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
