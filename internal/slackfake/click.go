package slackfake

import (
	"context"
	"encoding/json"
)

// Click lets a member press a button of a message as it stands now, and waits until Slack has answered. An external
// member of the channel can do it too. ErrNoSuchElement: the message, or a button with that action_id, is not there.
// ErrSeveral: more than one button has it.
func (s *Server) Click(ctx context.Context, user, channel, ts, actionID string) (Outcome, error) {
	return s.act(ctx, press{user: user, channel: channel, ts: ts, action: actionID, version: newest})
}

// ClickValue presses the button that has the value, where several have the same action_id.
func (s *Server) ClickValue(ctx context.Context, user, channel, ts, actionID, value string) (Outcome, error) {
	return s.act(ctx, press{user: user, channel: channel, ts: ts, action: actionID, version: newest, value: &value})
}

// ClickView lets a person press a button of a modal that they have open, or of their Home tab.
func (s *Server) ClickView(ctx context.Context, user, viewID, actionID string) (Outcome, error) {
	return s.act(ctx, press{user: user, view: viewID, action: actionID})
}

// ClickViewValue presses the button that has the value, where several have the same action_id.
func (s *Server) ClickViewValue(ctx context.Context, user, viewID, actionID, value string) (Outcome, error) {
	return s.act(ctx, press{user: user, view: viewID, action: actionID, value: &value})
}

// ClickVersion presses a button of an earlier version of a message (0 is the first), which a screen that lags still shows.
func (s *Server) ClickVersion(ctx context.Context, user, channel, ts, actionID string, version int) (Outcome, error) {
	return s.act(ctx, press{user: user, channel: channel, ts: ts, action: actionID, version: version})
}

// Choose lets a member pick the option with a value from a static menu of a message.
func (s *Server) Choose(ctx context.Context, user, channel, ts, actionID, value string) (Outcome, error) {
	return s.act(ctx, press{user: user, channel: channel, ts: ts, action: actionID, version: newest, choice: value})
}

const newest = -1 // the version that is shown now

// press is what a person does to an element of a message, or of a view.
type press struct {
	user, channel, ts, action string
	view                      string // the view's id; empty for messages
	version                   int
	choice                    string  // an option's value; empty for buttons
	value                     *string // the button's; nil: the only one with that action_id
}

func (s *Server) act(ctx context.Context, p press) (Outcome, error) {
	payload, err := s.pressPayload(p)
	if err != nil {
		return Outcome{}, err
	}
	r, err := s.SendEnvelope(ctx, Envelope{Kind: "interactive", Accepts: true, Payload: payload})
	out := outcomeOf(r)
	if err == nil && !r.Acked {
		out.Shown = ShownButtonWarning
	}
	return out, err
}

// pressPayload makes a block_actions payload:
// https://docs.slack.dev/reference/interaction-payloads/block_actions-payload.
func (s *Server) pressPayload(p press) (json.RawMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.view != "" {
		return s.viewPress(p)
	}
	return s.messagePress(p)
}

// viewPress has a view instead of a message, and neither a channel nor a response_url. The lock is held.
func (s *Server) viewPress(p press) (json.RawMessage, error) {
	u, err := s.active(p.user)
	if err != nil {
		return nil, err
	}
	v := s.view(p.view)
	if v == nil || v.User != p.user || (v.home && !s.features.HomeTab) {
		return nil, ErrNoSuchElement
	}
	action, err := p.element(encode(decodeObject(v.Body)["blocks"]))
	if err != nil {
		return nil, err
	}
	values, _, err := fillIn(v, nil)
	if err != nil {
		return nil, err
	}
	action["action_ts"] = s.nextTS()
	out := s.interaction("block_actions", u)
	out["container"] = object{"type": "view", "view_id": v.ID}
	out["view"], out["actions"] = s.wireView(v, values), []object{action}
	return encode(out), nil
}

func (s *Server) messagePress(p press) (json.RawMessage, error) {
	u, c, err := s.present(p.user, p.channel)
	if err != nil {
		return nil, err
	}
	m := s.find(p.channel, p.ts)
	if m == nil || (m.EphemeralTo != "" && m.EphemeralTo != p.user) {
		return nil, ErrNoSuchElement
	}
	blocks, err := p.blocks(m)
	if err != nil {
		return nil, err
	}
	action, err := p.element(blocks)
	if err != nil {
		return nil, err
	}
	action["action_ts"] = s.nextTS()
	url, _ := s.newHook("actions", hook{channel: c.ID, user: u.ID, original: m})
	out := s.interaction("block_actions", u)
	out["container"] = containerOf(m)
	out["channel"] = object{"id": c.ID, "name": payloadName(c)}
	out["state"] = object{"values": p.state(action)}
	out["response_url"] = url
	out["actions"] = []object{action}
	if m.EphemeralTo == "" {
		out["message"] = s.wire(m)
	}
	return encode(out), nil
}

// interaction holds the fields that all interactive payloads share. The lock is held.
func (s *Server) interaction(kind string, u *User) object {
	out := object{
		"type": kind, "api_app_id": appID, "token": "deprecated", "trigger_id": s.newTrigger(u.ID),
		"user":       object{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.TeamID},
		"team":       object{"id": s.opts.TeamID, "domain": domain},
		"enterprise": nil, "is_enterprise_install": false,
	}
	if s.opts.EnterpriseID != "" {
		out["enterprise"] = object{"id": s.opts.EnterpriseID, "name": "Sandbox Org"}
	}
	return out
}

func containerOf(m *Message) object {
	out := object{"type": "message", "message_ts": m.TS, "channel_id": m.Channel, "is_ephemeral": m.EphemeralTo != ""}
	if m.ThreadTS != "" {
		out["thread_ts"] = m.ThreadTS
	}
	return out
}

// blocks are those of the version that is on the screen.
func (p press) blocks(m *Message) (json.RawMessage, error) {
	v := p.version
	if v == newest {
		v = len(m.Versions) - 1
	}
	if v < 0 || v >= len(m.Versions) {
		return nil, ErrNoSuchElement
	}
	return m.Versions[v].Blocks, nil
}

// element finds what is pressed and returns it as it is echoed, confirm included.
func (p press) element(blocks json.RawMessage) (object, error) {
	var found object
	for _, b := range decodeList(blocks) {
		for _, e := range elementsOf(b) {
			if e["action_id"] != p.action || !p.fits(e) {
				continue
			}
			if found != nil {
				return nil, ErrSeveral
			}
			found = e
			found["block_id"] = b["block_id"]
		}
	}
	if found == nil {
		return nil, ErrNoSuchElement
	}
	return found, nil
}

// elementsOf are the interactive elements of a block.
func elementsOf(b object) []object {
	list := decodeList(encode(b["elements"]))
	for _, key := range []string{"accessory", "element"} {
		if e, ok := b[key].(object); ok {
			list = append(list, e)
		}
	}
	return list
}

// fits reports whether the element can be used this way, and marks the chosen option. A link button is pressed like others.
func (p press) fits(e object) bool {
	if p.choice == "" {
		return e["type"] == "button" && (p.value == nil || e["value"] == *p.value)
	}
	for _, o := range optionsOf(e) {
		if o["value"] == p.choice {
			e["selected_option"] = o
			delete(e, "options")
			delete(e, "option_groups")
			return true
		}
	}
	return false
}

func optionsOf(e object) []object {
	list := decodeList(encode(e["options"]))
	for _, g := range decodeList(encode(e["option_groups"])) {
		list = append(list, decodeList(encode(g["options"]))...)
	}
	return list
}

// state is what the inputs of the message hold: only the menu that was just used is known.
func (p press) state(action object) object {
	if p.choice == "" {
		return object{}
	}
	block, _ := action["block_id"].(string)
	return object{block: object{p.action: object{"type": action["type"], "selected_option": action["selected_option"]}}}
}
