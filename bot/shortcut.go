package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"defenderbot/approvals"
	"defenderbot/commands"
)

// investigateMessage is the shortcut on a message that asks for an action on the devices
// which the message names. Slash commands do not work in threads
// (https://docs.slack.dev/interactivity/implementing-slash-commands); this does.
const investigateMessage = "investigate_message"

// shortcuts has a row for every shortcut on a message, by its callback_id: what the form is
// filled in with.
func shortcuts() map[string]func(b *Bot, message json.RawMessage) draft {
	return map[string]func(*Bot, json.RawMessage) draft{
		investigateMessage: (*Bot).draftOf,
	}
}

// shortcut answers a shortcut on a message: a form opens, and its card goes into the thread
// of that message.
func (b *Bot) shortcut(ctx context.Context, e Envelope, i interaction) {
	fill := shortcuts()[i.CallbackID]
	if fill == nil {
		b.log.WarnContext(ctx, "shortcut unknown", "envelope", e.ID, "user", i.User.ID)
		b.excuse(ctx, e, reply{i.User.ID, i.Channel.ID, i.ResponseURL}, unknownShortcut)
		return
	}
	var payload struct {
		Message json.RawMessage `json:"message"`
		TS      string          `json:"message_ts"`
	}
	_ = json.Unmarshal(e.Payload, &payload) // it was read once; what is missing is empty
	a := newAct(e, i.CallbackID, approvals.Place{Team: i.Team.ID, Channel: i.Channel.ID}, reply{i.User.ID, i.Channel.ID, i.ResponseURL})
	a.trigger, a.draft = i.TriggerID, fill(b, payload.Message)
	a.by.Direct = i.Channel.amongSome()
	a.draft.thread = cmp.Or(fieldOf(payload.Message, "thread_ts"), fieldOf(payload.Message, "ts"), payload.TS)
	_, said, _ := b.perform(ctx, a, (*Bot).openAskForm)
	b.ack(e, nil)
	b.whisper(ctx, a.to, said)
}

// draftOf is what a message says about devices, for the form. Ids are sure, names are not:
// where there are ids, a name is most likely that of one of them.
func (b *Bot) draftOf(message json.RawMessage) draft {
	about := mentioned(message)
	found := about.IDs
	if len(found) == 0 {
		found = about.Names
	}
	d := draft{note: "I found no device in that message; name it here."}
	d.Comment = cut(commands.Readable(commands.AsRead(about.title)), mostTitle)
	d.Action = b.workspace.views.proposed()
	if len(found) == 0 {
		return d
	}
	d.note = "Filled in from that message; check it before you ask."
	if more := len(found) - b.grammar.MaxDevices; more > 0 {
		found = found[:b.grammar.MaxDevices]
		d.note += fmt.Sprintf(" It names %d more than one request takes.", more)
	}
	if len(about.IDs) > 0 && len(about.Names) > 0 {
		d.note += " It also names " + inWordsOf(about.Names) + ": add what is another device."
	}
	d.Device = asList(found)
	return d
}

// mostTitle is how much of an alert's title becomes the comment.
const mostTitle = 200

func asList(devices []commands.Device) string {
	texts := make([]string, len(devices))
	for i, d := range devices {
		texts[i] = d.String()
	}
	return strings.Join(texts, ", ")
}

func inWordsOf(devices []commands.Device) string {
	text := asList(devices[:min(len(devices), mostNames)])
	if more := len(devices) - mostNames; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// proposed is the action that the form has chosen where nobody has: the first that is
// switched on here and that Microsoft still offers.
func (v Views) proposed() string {
	for _, a := range v.Catalogue {
		if _, on := v.offered(a.Name); on && a.Ended == nil {
			return a.Name
		}
	}
	return ""
}
