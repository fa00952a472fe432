package slackfake

import (
	"context"
	"encoding/json"
	"slices"
)

// Shortcut lets a member of a channel use a message shortcut of the app on a message and waits until Slack has answered:
// https://docs.slack.dev/interactivity/implementing-shortcuts. The app has to have a shortcut with that callback_id.
// Messages that only one person sees offer none. People of other companies do not see the app's shortcuts, as they do not
// have its commands (the pages do not say so; the app must not depend on it).
func (s *Server) Shortcut(ctx context.Context, user, channel, ts, callbackID string) (Outcome, error) {
	payload, err := s.shortcutPayload(user, channel, ts, callbackID)
	if err != nil {
		return Outcome{}, err
	}
	r, err := s.SendEnvelope(ctx, Envelope{Kind: "interactive", Accepts: true, Payload: payload})
	out := outcomeOf(r)
	if err == nil && !r.Acked {
		out.Shown = ShownShortcutTrouble
	}
	return out, err
}

// shortcutPayload is https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload.
func (s *Server) shortcutPayload(user, channel, ts, callbackID string) (json.RawMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, c, err := s.present(user, channel)
	if err != nil {
		return nil, err
	}
	m := s.find(channel, ts)
	if m == nil || m.EphemeralTo != "" || s.external(u) || !slices.Contains(s.features.Shortcuts, callbackID) {
		return nil, ErrNoSuchElement
	}
	url, _ := s.newHook("app", hook{channel: c.ID, user: u.ID, thread: m.ThreadTS})
	out := s.interaction("message_action", u)
	out["callback_id"], out["action_ts"] = callbackID, s.nextTS()
	out["message_ts"], out["message"], out["response_url"] = m.TS, s.wire(m), url
	out["channel"] = object{"id": c.ID, "name": payloadName(c)}
	return encode(out), nil
}
