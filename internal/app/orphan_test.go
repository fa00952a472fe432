package app_test

import (
	"strings"
	"testing"

	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// TestCardNotSaved posts a card whose name is never saved, as a crash
// in between leaves it. A click on it counts, and the one card that is left
// shows the truth: that card, or the one that the worker posted meanwhile.
func TestCardNotSaved(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"cancel", "deny"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			p := start(t, nil, nil)
			p.Slack.Break(slackfake.Fault{Method: "chat.postMessage", After: true, Drop: true, Times: 1})
			id := ask(t, p, sandbox.Ada, "investigate "+sandbox.Server+" why")
			orphan := card(t, p, id, "Waiting for approval")
			end := "Cancelled"
			if action == "cancel" {
				click(t, p, sandbox.Ada, orphan, "cancel")
			} else {
				end = "Denied"
				if out, err := p.Slack.Click(limit(t), sandbox.Grace, orphan.Channel, orphan.TS, "deny"); err != nil || !out.Acked {
					t.Fatalf("deny: %+v, %v", out, err)
				}
				form := p.Slack.Views(sandbox.Grace)[0]
				if out, err := p.Slack.Submit(limit(t), sandbox.Grace, form.ID, map[string]string{"text": "no"}); err != nil || !out.Closed {
					t.Fatalf("the form: %+v, %v", out, err)
				}
			}
			err := p.Slack.Wait(limit(t), func(*slackfake.Server) bool {
				cards := p.Cards(sandbox.Incident)
				return len(cards) == 1 && strings.Contains(cards[0].Text, end)
			})
			if err != nil {
				t.Errorf("the card does not show that it is %s:\n%s", end, p.Slack.Transcript(sandbox.Incident, ""))
			}
		})
	}
}
