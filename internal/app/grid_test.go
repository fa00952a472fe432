package app_test

import (
	"strings"
	"testing"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// TestApproversTwoIDs has somebody whom Slack names once by the id of the
// workspace, with that of the organisation beside it, and once by the latter
// alone.
func TestApproversTwoIDs(t *testing.T) {
	t.Parallel()
	const here, org = "U0KIM", "W0KIM"
	both := []slackfake.User{{ID: here, Name: "kim", EnterpriseID: "E0ORG", EnterpriseUserID: org}, {ID: org, Name: "kim"}}
	for _, asks := range []string{here, org} {
		t.Run(asks+" asks", func(t *testing.T) {
			t.Parallel()
			decides := here
			if asks == here {
				decides = org
			}
			p := grid(t, both...)
			env := p.Env()
			env.Approvers, env.MaxOpenPerRequester = decides+","+sandbox.Grace, "1"
			run(t, p, env, app.Options{})
			id := ask(t, p, asks, "investigate "+sandbox.Server+" why")
			c := card(t, p, id, "Waiting for approval")
			says(t, "approve", click(t, p, decides, c, "approve"), "your own request")
			says(t, "more than one may have open", command(t, p, decides, sandbox.Incident, "investigate "+sandbox.Laptop+" why"),
				"as many undecided requests as one person may have")
			nothingSent(t, p)
			click(t, p, sandbox.Grace, c, "approve")
			card(t, p, id, "Succeeded")
			if got := held(t, p); strings.Contains(strings.Join(got, " "), "asks/") {
				t.Errorf("a request that was decided still counts as open: %q", got)
			}
		})
	}

	t.Run("approves twice", func(t *testing.T) {
		t.Parallel()
		p := grid(t, both...)
		env := p.Env()
		env.Approvers, env.ApprovalsRequired = strings.Join([]string{here, org, sandbox.Grace}, ","), "2"
		run(t, p, env, app.Options{})
		_, c := pending(t, p, "investigate "+sandbox.Server+" why")
		click(t, p, here, c, "approve")
		says(t, "again", click(t, p, org, c, "approve"), "already")
		nothingSent(t, p)
	})

	t.Run("is counted once", func(t *testing.T) {
		t.Parallel()
		p := grid(t, both...)
		env := p.Env()
		env.Approvers, env.ApprovalsRequired = here+","+org, "2"
		says(t, "error", launch(t, p, env).ends(t).Error(), "APPROVERS", "collect (1 of 2)", "kim ("+org+"): another id")
		env.Approvers, env.ApprovalsRequired = env.Approvers+","+sandbox.Grace, "2"
		run(t, p, env, app.Options{})
		says(t, "answer", command(t, p, sandbox.Grace, sandbox.Incident, "investigate "+sandbox.Server+" why"),
			"Too few people other than you", "kim ("+org+"): another id")
	})
}

// TestApproversOtherWorkspace lets a person of another workspace of the
// organisation act: only in a channel that the workspaces share, and only where
// the configuration allows it.
func TestApproversOtherWorkspace(t *testing.T) {
	t.Parallel()
	const sis, shared = "W0SIS", "C0SHARED"
	place := func(t *testing.T, allow string) *sandbox.Place {
		t.Helper()
		p := grid(t, slackfake.User{ID: sis, Name: "sis", TeamID: "T0SISTER", EnterpriseID: "E0ORG", EnterpriseUserID: sis})
		p.Slack.AddChannel(slackfake.Channel{ID: shared, Name: "shared", Bot: true, OrgShared: true, Members: []string{sandbox.Ada, sandbox.Grace, sis}})
		env := p.Env()
		env.Approvers, env.AllowSharedChannels = sis+","+sandbox.Grace, allow
		run(t, p, env, app.Options{})
		return p
	}
	in := func(t *testing.T, p *sandbox.Place, channel, text string) slackfake.Message {
		t.Helper()
		id := requestID.FindString(command(t, p, sandbox.Ada, channel, text))
		c, err := p.WaitCard(limit(t), channel, id, "Waiting for approval")
		if id == "" || err != nil {
			t.Fatalf("%q: %v", id, err)
		}
		return c
	}
	refused := func(t *testing.T, p *sandbox.Place, c slackfake.Message) {
		t.Helper()
		for _, action := range []string{"approve", "cancel"} {
			says(t, action, click(t, p, sis, c, action), "Only full members")
		}
		says(t, "asking", command(t, p, sis, c.Channel, "investigate "+sandbox.Laptop+" why"), "Only full members")
		nothingSent(t, p)
	}
	t.Run("not allowed", func(t *testing.T) {
		t.Parallel()
		p := place(t, "false")
		refused(t, p, in(t, p, sandbox.Incident, "investigate "+sandbox.Server+" why"))
		refused(t, p, in(t, p, shared, "collect "+sandbox.Server+" why"))
	})
	t.Run("allowed", func(t *testing.T) {
		t.Parallel()
		p := place(t, "true")
		refused(t, p, in(t, p, sandbox.Incident, "investigate "+sandbox.Server+" why"))
		c := in(t, p, shared, "collect "+sandbox.Server+" why")
		says(t, "approval", click(t, p, sis, c, "approve"), "You approved")
		if _, err := p.WaitCard(limit(t), shared, "Succeeded", "Approved by <@"+sis+">"); err != nil {
			t.Error(err)
		}
		deny(t, p, sis, in(t, p, shared, "investigate "+sandbox.Laptop+" why"))
		id := requestID.FindString(command(t, p, sis, shared, "investigate "+sandbox.Desktop+" why"))
		own, err := p.WaitCard(limit(t), shared, id, "Waiting for approval")
		if id == "" || err != nil {
			t.Fatalf("%q: %v", id, err)
		}
		click(t, p, sandbox.Grace, own, "approve")
		if _, err := p.WaitCard(limit(t), shared, id, "Succeeded"); err != nil {
			t.Errorf("%v\n%s", err, p.Slack.Transcript(shared, ""))
		}
	})
	t.Run("the channel cannot be looked up", func(t *testing.T) {
		t.Parallel()
		p := open(t, "", func(o *sandbox.Options) { embedded(o); o.Slack.EnterpriseID = "E0ORG" })
		p.Slack.AddUser(slackfake.User{ID: sis, Name: "sis", TeamID: "T0SISTER", EnterpriseID: "E0ORG", EnterpriseUserID: sis})
		p.Slack.AddChannel(slackfake.Channel{ID: shared, Name: "shared", Bot: true, OrgShared: true, Members: []string{sandbox.Ada, sandbox.Grace, sis}})
		env := p.Env()
		env.Approvers, env.AllowSharedChannels = sis+","+sandbox.Grace, "true"
		run(t, p, env, app.Options{})
		c := in(t, p, shared, "collect "+sandbox.Server+" why")
		skip(t, p, time.Minute)
		p.Slack.Break(slackfake.Fault{Method: "conversations.info", Status: 500})
		says(t, "approval", click(t, p, sis, c, "approve"), "Slack could not tell me")
		nothingSent(t, p)
		says(t, "approval by a member", click(t, p, sandbox.Grace, c, "approve"), "You approved")
	})
}
