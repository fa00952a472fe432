package bot

import (
	"sync"
	"testing"
	"time"

	"defenderbot/internal/slackfake"
)

// handClock stands still until it is moved.
type handClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *handClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *handClock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// outside is a workspace with Ada in a channel that the bot is in, and what the
// bot has of it.
type outside struct {
	*slackfake.Server
	slack *Workspace
	clock *handClock
}

func visit(t *testing.T, o slackfake.Options) outside {
	t.Helper()
	clock := &handClock{at: asked}
	o.Now = clock.now
	server, err := slackfake.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	server.AddUser(slackfake.User{ID: ada, Name: "ada"})
	server.AddUser(slackfake.User{ID: grace, Name: "grace"})
	server.AddChannel(slackfake.Channel{ID: room, Name: "incident-42", Bot: true, Members: []string{ada, grace}})
	s, err := NewWorkspace(t.Context(), WorkspaceConfig{
		APIURL: server.APIURL(), AppToken: server.AppToken(), BotToken: server.BotToken(), Clock: clock.now,
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
