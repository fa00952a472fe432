package chaos_test

import (
	"context"
	"strings"
	"time"

	"defenderbot/internal/slackfake"
)

// copies are the messages about requests that are not the card that the record
// holds, by request: a crash between posting and saving leaves one.
func (r *round) copies(e evidence) map[string][]slackfake.Message {
	found := map[string][]slackfake.Message{}
	for _, m := range r.messages() {
		id := requestID.FindString(m.Text)
		if record, there := e.records[id]; there && record.Card.TS != m.TS {
			found[id] = append(found[id], m)
		}
	}
	return found
}

// retired is how long the bot may take to take a copy away that was clicked.
const retired = 10 * time.Second

// clickCopies clicks the copies that still have buttons. The first click has to
// take them away: what they show is not so.
func (r *round) clickCopies(ctx context.Context) error {
	records, err := r.records(ctx)
	if err != nil {
		return err
	}
	for id, list := range r.copies(evidence{records: records}) {
		for _, m := range list {
			r.left++
			if button := firstButton(m); button != "" && records[id].Card.TS != "" {
				r.clickCopy(ctx, id, m, button)
			}
		}
	}
	return nil
}

// firstButton is what somebody would press on a message; empty: nothing there.
func firstButton(m slackfake.Message) string {
	for _, button := range []string{"approve", "cancel"} {
		if hasButton(m, button) {
			return button
		}
	}
	return ""
}

func hasButton(m slackfake.Message, button string) bool {
	return strings.Contains(string(m.Blocks), `"action_id":"`+button+`"`)
}

func (r *round) clickCopy(ctx context.Context, id string, m slackfake.Message, button string) {
	ctx, cancel := context.WithTimeout(ctx, retired)
	defer cancel()
	for range 3 {
		out, err := r.slack.Click(ctx, approvers()[0], m.Channel, m.TS, button)
		if err == nil && out.Acked {
			break
		}
	}
	err := r.slack.Wait(ctx, func(s *slackfake.Server) bool {
		now, ok := s.Message(m.Channel, m.TS)
		return !ok || now.Deleted
	})
	if err != nil {
		r.fail("%s: %s: the second card %s was clicked and is still there", wrongCard, id, m.TS)
	}
}
