package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// TestSlowSlack has a Slack that takes half a second for every answer, twelve groups
// of approvers of which some are switched off, and three who have to approve: every
// command and every click is answered in time, also when nothing is known any more.
func TestSlowSlack(t *testing.T) {
	t.Parallel()
	p := open(t, "", embedded)
	ids := []string{}
	for i := range 12 {
		g := slackfake.Group{ID: fmt.Sprint("S0MANY", i), Handle: fmt.Sprint("many", i), Members: []string{sandbox.Ben}, Disabled: i%3 == 0}
		p.Slack.AddGroup(g)
		ids = append(ids, g.ID)
	}
	env := p.Env()
	env.Approvers, env.ApprovalsRequired = strings.Join(append(ids, sandbox.OnCall), ","), "3"
	run(t, p, env, app.Options{})
	for _, method := range []string{"users.info", "usergroups.list", "usergroups.users.list", "conversations.info"} {
		p.Slack.Break(slackfake.Fault{Method: method, Delay: 500 * time.Millisecond})
	}
	skip(t, p, time.Minute)
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	for _, who := range []string{sandbox.Grace, sandbox.Joan, sandbox.Ben} {
		skip(t, p, time.Minute)
		says(t, "approval", click(t, p, who, c, "approve"), "You approved "+id)
	}
}
