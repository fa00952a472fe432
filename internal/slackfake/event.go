package slackfake

import (
	"context"
	"encoding/json"
	"maps"
	"time"
)

// Event sends an event of the Events API, fields as they stand inside "event", and sends it again when it is not
// acknowledged: https://docs.slack.dev/apis/events-api#retries. The receipt is the last delivery's.
func (s *Server) Event(ctx context.Context, event map[string]any) (Receipt, error) {
	payload := s.eventPayload(event)
	r, err := s.SendEnvelope(ctx, Envelope{Kind: "events_api", Payload: payload})
	for i, wait := range s.opts.EventRetries {
		if err != nil || r.Acked {
			break
		}
		if err = s.rest(ctx, wait); err == nil {
			r, err = s.SendEnvelope(ctx, Envelope{Kind: "events_api", Payload: payload, Retry: i + 1, Reason: "timeout"})
		}
	}
	return r, err
}

func (s *Server) eventPayload(event map[string]any) json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	event = maps.Clone(event)
	if event["event_ts"] == nil {
		event["event_ts"] = s.nextTS()
	}
	return encode(object{
		"token": "deprecated", "team_id": s.opts.TeamID, "api_app_id": appID, "event": event, "type": "event_callback",
		"event_id": newID("Ev"), "event_time": s.opts.Now().Unix(), "is_ext_shared_channel": false,
		"authorizations": []object{{
			"enterprise_id": nil, "team_id": s.opts.TeamID, "user_id": botUserID, "is_bot": true, "is_enterprise_install": false,
		}},
	})
}

// rest waits in real time.
func (s *Server) rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.done:
		return ErrClosed
	}
}

// MentionBot lets a member write a message that begins with the bot's name. The app hears of it when it is in the channel.
func (s *Server) MentionBot(ctx context.Context, user, channel, text string) (Receipt, error) {
	ts, err := s.Say(user, channel, "@"+s.botName()+" "+text)
	if err != nil {
		return Receipt{}, err
	}
	m, _ := s.Message(channel, ts)
	s.mu.Lock()
	c := s.channels[channel]
	heard := c != nil && c.Bot && s.hears("app_mention") && s.needScope("app_mentions:read") == nil
	s.mu.Unlock()
	if !heard {
		return Receipt{}, nil
	}
	return s.Event(ctx, map[string]any{
		"type": "app_mention", "user": user, "channel": channel, "ts": ts, "event_ts": ts, "text": m.Text, "team": s.opts.TeamID,
	})
}

func (s *Server) botName() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.people[botUserID].Name
}
