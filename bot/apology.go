package bot

import (
	"context"

	"github.com/slack-go/slack"
)

// The sentences for what was not done.
const (
	unreadableSentence = "Slack sent me something I could not read, so I did nothing."
	unknownButton      = "That button belongs to another version of this bot, so nothing happened. " + unknownMend
	unknownForm        = "This form belongs to another version of this bot, so nothing happened. " + unknownMend
	unknownShortcut    = "That shortcut belongs to another version of this bot, so nothing happened. " + unknownMend
	unknownMend        = "Try again in a minute; if it stays that way, tell whoever runs this bot."
	brokeSentence      = "Something broke on my side. Check the channel to see whether this was recorded before you try again."
)

// apologise acknowledges an envelope with a sentence about why it was not
// dealt with, in the way in which its kind can be answered. It does not block.
func (b *Bot) apologise(ctx context.Context, e Envelope, sentence string) {
	switch e.Type {
	case "slash_commands":
		b.ack(e, say(sentence).inAck())
	case "interactive":
		b.apologiseFor(ctx, e, sentence)
	default:
		b.ack(e, nil)
	}
}

// apologiseFor is apologise for what people do with buttons and forms. It reads
// no more of the payload than it needs, since that may be what went wrong.
func (b *Bot) apologiseFor(ctx context.Context, e Envelope, sentence string) {
	f, known := forms()[fieldOf(e.Payload, "view", "callback_id")]
	switch kind := slack.InteractionType(fieldOf(e.Payload, "type")); {
	case kind == slack.InteractionTypeViewSubmission && known:
		b.ack(e, f.wrong(sentence))
	case kind == slack.InteractionTypeViewSubmission:
		b.ack(e, inPlaceOf(sentence))
	case kind == "":
		// Nobody knows who did what. Without an acknowledgement Slack tells them that it failed.
		b.log.WarnContext(ctx, "interaction not answered", "envelope", e.ID)
	case kind == slack.InteractionTypeBlockActions:
		b.excuse(ctx, e, reply{
			user: fieldOf(e.Payload, "user", "id"), channel: fieldOf(e.Payload, "container", "channel_id"), url: fieldOf(e.Payload, "response_url"),
		}, sentence)
	case kind == slack.InteractionTypeMessageAction:
		b.excuse(ctx, e, reply{
			user: fieldOf(e.Payload, "user", "id"), channel: fieldOf(e.Payload, "channel", "id"), url: fieldOf(e.Payload, "response_url"),
		}, sentence)
	default:
		b.ack(e, nil)
	}
}

// shown is an acknowledgement that puts a view in the place of a form
// (https://docs.slack.dev/surfaces/modals#updating_views).
type shown struct {
	Action string                 `json:"response_action"`
	View   slack.ModalViewRequest `json:"view"`
}

// inPlaceOf shows a sentence in the place of a form.
func inPlaceOf(sentence string) shown {
	return shown{"update", slack.ModalViewRequest{
		Type: slack.VTModal, Title: plainText("Nothing happened"), Close: plainText("Close"),
		Blocks: slack.Blocks{BlockSet: say(sentence).blocks()},
	}}
}

// excuse tells somebody who clicked why nothing was done. That takes a call to
// Slack; where too many of those are under way the click is left without an
// acknowledgement, and Slack shows a warning beside the button.
func (b *Bot) excuse(ctx context.Context, e Envelope, to reply, sentence string) {
	b.handling.begin()
	started := b.apologies.TryGo(func() error {
		defer b.handling.end()
		b.ack(e, nil)
		b.whisper(context.WithoutCancel(ctx), to, say(sentence))
		return nil
	})
	if !started {
		b.log.WarnContext(ctx, "click not answered", "envelope", e.ID)
		b.handling.end()
	}
}
