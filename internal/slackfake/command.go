package slackfake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What keeps a person from doing something at all, before the app hears of it.
var (
	ErrNoSuchUser    = errors.New("slackfake: no such active user")
	ErrNotInChannel  = errors.New("slackfake: the person is not in that channel")
	ErrArchived      = errors.New("slackfake: the channel is archived")
	ErrNoSuchElement = errors.New("slackfake: there is no such button, menu, shortcut or view for that person")
	ErrSeveral       = errors.New("slackfake: several buttons have that action_id; say which by its value")
)

// What Slack itself tells people. The words of the first two are Slack's; the others say what it shows.
const (
	ShownTimeout        = "operation_timeout"
	ShownDispatchFailed = "dispatch_failed"
	ShownBadAnswer      = "invalid_command_response"
	ShownButtonWarning  = "a warning sign beside the button"
	ShownModalTrouble   = "We had some trouble connecting. Try again?"
	// ShownShortcutTrouble is for a shortcut that the app did not take.
	ShownShortcutTrouble = "the shortcut did not work"
)

// Outcome is what a person sees of what they did.
type Outcome struct {
	EnvelopeID string // empty when Slack sent nothing to the app
	Socket     int
	Acked      bool // the app answered in time
	Took       time.Duration
	Shown      string            // what Slack itself shows: a refusal, an error, a warning; empty when all went well
	Answer     *Message          // the message that came with the acknowledgement
	Errors     map[string]string // by block_id: what is wrong with a submitted view
	Closed     bool              // the submitted view has closed
}

// Command lets a member type the app's slash command into a channel and waits until Slack has answered. What was typed
// stands behind the command; the command itself may stand before it. Names, channels, hosts and addresses in it reach the
// app as Slack writes them. An external person is told that there is no such command, and the app hears nothing.
func (s *Server) Command(ctx context.Context, user, channel, typed string) (Outcome, error) {
	payload, h, err := s.commandPayload(user, channel, typed)
	if err != nil || payload == nil {
		return Outcome{Shown: s.notValid(payload == nil && err == nil)}, err
	}
	r, err := s.SendEnvelope(ctx, Envelope{Kind: "slash_commands", Accepts: true, Payload: payload})
	out := outcomeOf(r)
	if err != nil {
		return out, err
	}
	switch {
	case r.Socket == 0:
		out.Shown = s.failed(ShownDispatchFailed)
	case !r.Acked:
		out.Shown = s.failed(ShownTimeout)
	case hasPayload(r.Payload):
		s.answerCommand(&out, r.Payload, h)
	}
	return out, nil
}

func outcomeOf(r Receipt) Outcome {
	return Outcome{EnvelopeID: r.EnvelopeID, Socket: r.Socket, Acked: r.Acked, Took: r.Took}
}

func (s *Server) failed(code string) string {
	return fmt.Sprintf("%s failed with the error \"%s\"", s.opts.Command, code)
}

func (s *Server) notValid(refused bool) string {
	if !refused {
		return ""
	}
	return s.opts.Command + " is not a valid command."
}

// commandPayload makes the payload: https://docs.slack.dev/interactivity/implementing-slash-commands. It is nil for
// people of other companies.
func (s *Server) commandPayload(user, channel, typed string) (json.RawMessage, *hook, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, c, err := s.present(user, channel)
	if err != nil {
		return nil, nil, err
	}
	if s.external(u) {
		return nil, nil, nil
	}
	text := s.mangle(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(typed), s.opts.Command)))
	url, h := s.newHook("commands", hook{channel: channel, user: user})
	p := object{
		"token": "deprecated", "team_id": s.opts.TeamID, "team_domain": domain,
		"channel_id": c.ID, "channel_name": payloadName(c), "user_id": u.ID, "user_name": u.Name,
		"command": s.opts.Command, "text": text, "api_app_id": appID, "is_enterprise_install": "false",
		"response_url": url, "trigger_id": s.newTrigger(user),
	}
	if s.opts.EnterpriseID != "" {
		p["enterprise_id"], p["enterprise_name"] = s.opts.EnterpriseID, "Sandbox Org"
	}
	return encode(p), h, nil
}

// present is somebody who can type in a channel now. The lock is held.
func (s *Server) present(user, channel string) (*User, *Channel, error) {
	u, err := s.active(user)
	c := s.channels[channel]
	switch {
	case err != nil:
		return nil, nil, err
	case c == nil || !slices.Contains(c.Members, user):
		return nil, nil, ErrNotInChannel
	case c.Archived:
		return nil, nil, ErrArchived
	}
	return u, c, nil
}

func payloadName(c *Channel) string {
	switch {
	case c.DMWith != "":
		return "directmessage"
	case c.Several:
		return "mpdm-" + strings.ToLower(strings.Join(c.Members, "--")) + "-1"
	case c.Private:
		return "privategroup"
	}
	return c.Name
}

// answerCommand shows what came with the acknowledgement of a command.
func (s *Server) answerCommand(out *Outcome, payload json.RawMessage, h *hook) {
	s.change(func() {
		a, err := argsOf(payload)
		before := s.messages.total
		if err == nil {
			err = s.respond(h, a)
		}
		if err != nil {
			out.Shown = s.failed(ShownBadAnswer)
			return
		}
		if s.messages.total > before { // what came over the response_url may have been faster
			all := s.messages.newest()
			m := *all[len(all)-1]
			out.Answer = &m
		}
	})
}

// Say lets a member write an ordinary message and returns its ts.
func (s *Server) Say(user, channel, text string) (ts string, err error) {
	s.change(func() {
		if _, _, err = s.present(user, channel); err == nil {
			ts = s.post(Message{Channel: channel, User: user}, content{text: s.mangle(text)}).TS
		}
	})
	return ts, err
}
