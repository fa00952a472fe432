package bot

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/slack-go/slack"
)

// interaction is what is read of a click or a form. A click carries the whole
// message that was pressed; what is not needed of it is not decoded, so that nothing
// there can keep a click from counting
// (https://docs.slack.dev/reference/interaction-payloads/block_actions-payload).
type interaction struct {
	Type        slack.InteractionType `json:"type"`
	CallbackID  string                `json:"callback_id"` // of a shortcut
	User        named                 `json:"user"`
	Team        named                 `json:"team"`
	Channel     channelNamed          `json:"channel"`
	TriggerID   string                `json:"trigger_id"`
	ResponseURL string                `json:"response_url"`
	Container   struct {
		ChannelID string `json:"channel_id"`
		MessageTS string `json:"message_ts"`
		Type      string `json:"type"`
		ViewID    string `json:"view_id"`
		// Ephemeral is true for a message that only one person sees. It is not decoded:
		// whatever else stands there must not keep a click from counting.
		Ephemeral json.RawMessage `json:"is_ephemeral"`
	} `json:"container"`
	Message posted    `json:"message"`
	Actions []pressed `json:"actions"`
	View    submitted `json:"view"`
}

// private reports whether what was pressed is a message that only one person sees.
func (i interaction) private() bool { return string(i.Container.Ephemeral) == "true" }

// named is something of which the id is enough.
type named struct {
	ID string `json:"id"`
}

// channelNamed is a channel with its name, of which nothing but a beginning is looked at:
// whatever stands there must not keep a click from counting.
type channelNamed struct {
	ID   string          `json:"id"`
	Name json.RawMessage `json:"name"`
}

// amongSome reports whether it is a direct message between some people.
func (c channelNamed) amongSome() bool { return amongSome(strings.TrimPrefix(string(c.Name), `"`)) }

// pressed is an element of a message that was used: a button, or a menu.
type pressed struct {
	Type     string `json:"type"`
	ActionID string `json:"action_id"`
	Value    string `json:"value"`
	// Option is what was chosen from a menu. What else stands there must not keep a click
	// from counting, so it is not decoded with the rest.
	Option json.RawMessage `json:"selected_option"`
}

// value is that of a button, or of what was chosen from a menu.
func (p pressed) value() string { return cmp.Or(p.Value, fieldOf(p.Option, "value")) }

// submitted is a form that comes back, or the home that something was pressed on.
type submitted struct {
	ID              string           `json:"id"`
	Type            slack.ViewType   `json:"type"`
	App             string           `json:"app_id"`
	CallbackID      string           `json:"callback_id"`
	PrivateMetadata string           `json:"private_metadata"`
	State           *slack.ViewState `json:"state"`
}

// posted is the message that was pressed, as far as it shows whose it is. One that
// cannot be read is nobody's.
type posted struct {
	User, BotID, TS string
	Blocks          []json.RawMessage
	Buttons         []pressed
}

// UnmarshalJSON implements [json.Unmarshaler]. It never fails.
func (p *posted) UnmarshalJSON(text []byte) error {
	var m struct {
		User   string            `json:"user"`
		BotID  string            `json:"bot_id"`
		TS     string            `json:"ts"`
		Blocks []json.RawMessage `json:"blocks"`
	}
	if json.Unmarshal(text, &m) == nil {
		*p = posted{User: m.User, BotID: m.BotID, TS: m.TS, Blocks: m.Blocks}
		for _, block := range m.Blocks {
			p.Buttons = append(p.Buttons, buttonsIn(block)...)
		}
	}
	return nil
}

// buttonsIn are the buttons of a block of actions; other blocks of a card have none.
func buttonsIn(block json.RawMessage) (list []pressed) {
	var actions struct {
		Type     string            `json:"type"`
		Elements []json.RawMessage `json:"elements"`
	}
	if json.Unmarshal(block, &actions) != nil || actions.Type != string(slack.MBTAction) {
		return nil
	}
	for _, element := range actions.Elements {
		var b pressed
		if json.Unmarshal(element, &b) == nil && b.Type == string(slack.METButton) {
			list = append(list, b)
		}
	}
	return list
}

// fieldOf is a text in a payload of which other parts may be anything; empty: it is
// not there.
func fieldOf(payload json.RawMessage, path ...string) string {
	for _, name := range path {
		var object map[string]json.RawMessage
		if json.Unmarshal(payload, &object) != nil {
			return ""
		}
		payload = object[name]
	}
	var text string
	if json.Unmarshal(payload, &text) != nil {
		return ""
	}
	return text
}
