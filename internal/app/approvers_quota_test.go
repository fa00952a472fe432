package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// TestApproversQuota has a group of a hundred: the start asks about thirty, and
// only then, slowly, about the others.
func TestApproversQuota(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	group := slackfake.Group{ID: "S0ALL", Handle: "all"}
	for i := range 100 {
		u := slackfake.User{ID: fmt.Sprintf("U0MANY%03d", i), Name: fmt.Sprint("many", i)}
		if i == 99 {
			u.Guest = slackfake.MultiGuest
		}
		p.Slack.AddUser(u)
		group.Members = append(group.Members, u.ID)
	}
	p.Slack.AddGroup(group)
	asked := func() (n int) {
		for _, call := range p.Slack.APICalls() {
			if call.Method == "users.info" {
				n++
			}
		}
		return n
	}
	env := p.Env()
	env.Approvers, env.HTTPAddr = group.ID, freeAddr(t)
	l := launchWith(t, p, env, app.Options{RosterEvery: 24 * time.Hour})
	l.becomes(t, p)
	if n := asked(); n != 30 {
		t.Errorf("the start took %d look-ups, want 30", n)
	}
	wantProbe(t, env.HTTPAddr, "/readyz", http.StatusOK, "ready")
	if got := metrics(t, env.HTTPAddr)["defenderbot_approvers"]; got != "30" {
		t.Errorf("%s people are known to be able to decide, want 30", got)
	}
	if all, _ := l.log.read(); strings.Contains(all, "APPROVERS") {
		t.Errorf("the log speaks of people who were not asked about yet:\n%s", all)
	}
	pending(t, p, "investigate "+sandbox.Server+" why")
	if n := asked(); n != 31 { // Ada
		t.Errorf("%d look-ups after somebody asked, want 31", n)
	}

	env.HTTPAddr = freeAddr(t)
	l = launchWith(t, p, env, app.Options{RosterEvery: time.Second})
	l.becomes(t, p)
	l.log.wait(t, `"level":"WARN"`, "many99 (U0MANY099)", "a guest")
	if got := metrics(t, env.HTTPAddr)["defenderbot_approvers"]; got != "99" {
		t.Errorf("%s people may decide in the end, want 99", got)
	}
}

// TestApproversThrottled gets a 429 for the first look-up of the start, and
// comes back when it may.
func TestApproversThrottled(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	p.Slack.Break(slackfake.Fault{Method: "users.info", RetryAfter: 1, Times: 1})
	env := p.Env()
	env.HTTPAddr = freeAddr(t)
	l := launch(t, p, env)
	l.becomes(t, p)
	if got := metrics(t, env.HTTPAddr)["defenderbot_approvers"]; got != "2" {
		t.Errorf("%s people may decide, want 2", got)
	}
	if all, _ := l.log.read(); strings.Contains(all, "does not count") {
		t.Errorf("somebody does not count:\n%s", all)
	}
}
