package app_test

import (
	"strings"
	"testing"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// TestOtherDeployment runs two replicas, and then another deployment on the same
// Slack app with a Redis of its own, which warns of what it finds. Whoever presses a
// card and reaches the wrong side hears who may have it.
func TestOtherDeployment(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	options := app.Options{CensusEvery: 50 * time.Millisecond}
	replicas := []*launched{launchWith(t, p, p.Env(), options), launchWith(t, p, p.Env(), options)}
	for _, l := range replicas {
		l.becomes(t, p)
	}
	if err := p.Slack.Wait(limit(t), func(s *slackfake.Server) bool { return len(s.Sockets()) == 4 }); err != nil {
		t.Fatalf("%d sockets, %v", len(p.Slack.Sockets()), err)
	}
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	env := p.Env()
	env.RedisURL = "redis://" + redistest.Mini(t).Addr()
	other := launchWith(t, p, env, options)
	other.becomes(t, p)
	other.log.wait(t, `"level":"WARN"`, "foreign slack sockets open", `"others":4`)
	for range 6 { // one socket after the other, as Slack has it
		if answer := click(t, p, sandbox.Ben, c, "approve"); strings.Contains(answer, "another copy of this bot") {
			says(t, "answer", answer, "no record of that request", id)
			return
		}
	}
	t.Error("the other deployment got none of the clicks")
}
