package app_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// TestRefusalsInTrail: what people are refused is in the trail, the first of a person at
// once and the others when the bot stops: a click on one's own request, a command of
// another workspace, an envelope that comes again with something else in it.
func TestRefusalsInTrail(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, addr string) {
		p := open(t, addr, nil)
		stop := run(t, p, p.Env(), app.Options{})
		id, c := pending(t, p, "collect "+sandbox.Laptop+" why")
		for range 3 {
			says(t, "her own", click(t, p, sandbox.Ada, c, "approve"), "This is your own request")
		}
		send := func(envelope, team, user, text string) {
			t.Helper()
			r, err := p.Slack.SendEnvelope(limit(t), slackfake.Envelope{ID: envelope, Kind: "slash_commands", Accepts: true, Payload: encoded(map[string]any{
				"team_id": team, "channel_id": sandbox.Incident, "user_id": user, "command": "/defender", "text": text,
			})})
			if err != nil || !r.Acked {
				t.Fatalf("%s: acknowledged %v, %v", text, r.Acked, err)
			}
		}
		send("e1", "T0ELSE", "U0STRANGER", "list")
		send("e2", p.Slack.TeamID(), sandbox.Ben, "scan "+sandbox.Server+" why")
		send("e2", p.Slack.TeamID(), sandbox.Ben, "scan "+sandbox.Laptop+" why")
		stop()

		type brief struct {
			By, Name, Team, What, Reason, Request string
			Count                                 int
		}
		got := map[brief]bool{}
		for _, e := range trail(t, addr, "refused") {
			if e.At.IsZero() || e.Channel != sandbox.Incident {
				t.Errorf("no time or place in %+v", e)
			}
			got[brief{e.By, e.Name, e.Team, e.What, e.Reason, e.Request, e.Count}] = true
		}
		here := p.Slack.TeamID()
		want := map[brief]bool{
			{sandbox.Ada, nameOf(p, sandbox.Ada), here, "approve", "own_request", id, 0}: true,
			{sandbox.Ada, nameOf(p, sandbox.Ada), here, "approve", "own_request", id, 2}: true,
			{"U0STRANGER", "", "T0ELSE", "command", "other_team", "", 0}:                 true,
			{sandbox.Ben, nameOf(p, sandbox.Ben), here, "ask", "op_reused", "", 0}:       true,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
