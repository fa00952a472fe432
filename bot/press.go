package bot

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
	"defenderbot/commands"
)

// The form that asks for the reason of a denial.
const (
	denyForm    = "deny"
	reasonBlock = "reason"
	reasonInput = "text"
	reasonLimit = 500
)

// denial is what the form carries to its submission.
type denial struct {
	ID      string `json:"id"`
	Digest  string `json:"digest"`
	Channel string `json:"channel"`
	// The message whose button was pressed, and whether it was a copy of the card.
	TS   string `json:"ts"`
	Copy bool   `json:"copy,omitempty"`
}

// press answers a click on a button of a card.
func (b *Bot) press(ctx context.Context, e Envelope, i slack.InteractionCallback) {
	limited, cancel := context.WithDeadline(ctx, e.Received.Add(ackBudget))
	defer cancel()
	action := i.ActionCallback.BlockActions[0]
	id, digest := splitValue(action.Value)
	where, ts := place(i)
	by := office.By{Op: e.ID, User: i.User.ID, Place: where, On: office.Message{TS: ts, Copy: ts != "" && b.workspace.wrote(i, action)}}
	to := reply{user: i.User.ID, channel: i.Container.ChannelID, url: i.ResponseURL}
	var r approvals.Request
	var err error
	switch action.ActionID {
	case actionApprove:
		r, err = b.desk.Approve(limited, by, id, digest)
	case actionCancel:
		r, err = b.desk.Cancel(limited, by, id)
	case actionRetry:
		r, err = b.desk.Retry(limited, by, id, digest)
	case actionDeny:
		err = b.openDenial(limited, i, denial{id, digest, by.Place.Channel, by.On.TS, by.On.Copy})
	default:
		b.ack(e, nil) // a link, or a button of another version
		return
	}
	b.ack(e, nil)
	switch {
	case err != nil:
		b.noteFailure(ctx, action.ActionID, by, id, err)
		b.tell(ctx, to, explain(err))
	case action.ActionID != actionDeny:
		b.tell(ctx, to, decided(action.ActionID, r))
	}
	if r.ID == id { // Retry answers with another request, which has a card of its own
		b.tidy(ctx, by, r)
	}
}

// place is where a click says that it was made; nowhere, where it contradicts
// itself.
func place(i slack.InteractionCallback) (p approvals.Place, ts string) {
	c, m := i.Container, i.Message
	if i.Channel.ID != c.ChannelID || m.Timestamp != "" && m.Timestamp != c.MessageTs {
		return approvals.Place{Team: i.Team.ID}, ""
	}
	return approvals.Place{Team: i.Team.ID, Channel: c.ChannelID}, c.MessageTs
}

// wrote reports whether the bot wrote the message that was pressed, and all of
// its own buttons there are of one request. What a card looked like is Slack's
// word; anything else could name any message.
func (w *Workspace) wrote(i slack.InteractionCallback, pressed *slack.BlockAction) bool {
	m := i.Message
	if w.botUser == "" || m.User != w.botUser || m.BotID != w.botID || m.Timestamp == "" || m.Timestamp != i.Container.MessageTs {
		return false
	}
	found := false
	for _, b := range ownButtons(m.Blocks) {
		if b.Value != pressed.Value {
			return false
		}
		found = found || b.ActionID == pressed.ActionID
	}
	return found
}

// ownButtons are the buttons of a card among blocks.
func ownButtons(blocks slack.Blocks) (list []*slack.ButtonBlockElement) {
	for _, block := range blocks.BlockSet {
		actions, ok := block.(*slack.ActionBlock)
		if !ok {
			continue
		}
		for _, e := range actions.Elements.ElementSet {
			if b, ok := e.(*slack.ButtonBlockElement); ok && slices.Contains([]string{actionApprove, actionDeny, actionCancel, actionRetry}, b.ActionID) {
				list = append(list, b)
			}
		}
	}
	return list
}

// tidy puts right what a crash between posting a card and saving its name can
// leave: a card that the record does not know, or a second copy of one. Nothing
// but a copy of the very card is ever taken away.
func (b *Bot) tidy(ctx context.Context, by office.By, r approvals.Request) {
	channel, ts := by.Place.Channel, by.On.TS
	if !by.On.Copy || r.ID == "" || r.Place != by.Place || r.Card.TS == ts {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, replyLimit)
	defer cancel()
	var err error
	if r.Card.TS == "" {
		err = b.desk.Found(ctx, r, ts)
	} else {
		err = b.workspace.Retire(ctx, channel, ts)
	}
	if err != nil {
		b.log.WarnContext(ctx, "a card that the record does not know could not be put right", "request", r.ID, "error", err)
	}
}

// errFormClosed says that Slack would not open the form.
var errFormClosed = errors.New("the form could not be opened")

// openDenial asks for a reason. Who could never deny is told so right away;
// the rest is checked when the form comes back.
func (b *Bot) openDenial(ctx context.Context, i slack.InteractionCallback, d denial) error {
	if err := b.desk.MayDecide(ctx, i.User.ID); err != nil {
		return err
	}
	meta, err := json.Marshal(d)
	if err != nil {
		return errors.Join(errFormClosed, err)
	}
	if err := b.workspace.openForm(ctx, i.TriggerID, denyView(d.ID, string(meta))); err != nil {
		return errors.Join(errFormClosed, err)
	}
	return nil
}

// denyView is the form.
func denyView(id, meta string) slack.ModalViewRequest {
	input := slack.NewPlainTextInputBlockElement(plainText("Wrong host, not needed any more, ..."), reasonInput)
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: denyForm, PrivateMetadata: meta,
		Title: plainText("Deny " + id), Submit: plainText("Deny"), Close: plainText("Back"),
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewInputBlock(reasonBlock, plainText("Why? (Everybody in the channel will see it)"), nil,
				input.WithMultiline(true).WithMinLength(1).WithMaxLength(reasonLimit)),
		}},
	}
}

// formErrors keeps a form open and shows what is wrong with it.
type formErrors struct {
	Action string            `json:"response_action"`
	Errors map[string]string `json:"errors"`
}

// submitted answers the form: it closes if the denial was recorded.
func (b *Bot) submitted(ctx context.Context, e Envelope, i slack.InteractionCallback) {
	limited, cancel := context.WithDeadline(ctx, e.Received.Add(ackBudget))
	defer cancel()
	wrong := func(why string) {
		b.ack(e, formErrors{"errors", map[string]string{reasonBlock: why}})
	}
	var d denial
	if err := json.Unmarshal([]byte(i.View.PrivateMetadata), &d); err != nil {
		wrong(formUnread)
		return
	}
	text := reason(i.View.State)
	if text == "" {
		wrong(noReason)
		return
	}
	by := office.By{
		Op: e.ID, User: i.User.ID, Place: approvals.Place{Team: i.Team.ID, Channel: d.Channel},
		On: office.Message{TS: d.TS, Copy: d.Copy},
	}
	r, err := b.desk.Deny(limited, by, d.ID, d.Digest, text)
	if err != nil {
		b.noteFailure(ctx, actionDeny, by, d.ID, err)
		wrong(cut(explain(err), 300))
	} else {
		b.ack(e, nil)
		b.tell(ctx, reply{user: by.User, channel: d.Channel}, decided(actionDeny, r))
	}
	b.tidy(ctx, by, r)
}

// reason is what was typed, without what could mislead a reader.
func reason(s *slack.ViewState) string {
	if s == nil {
		return ""
	}
	return cut(commands.Readable(s.Values[reasonBlock][reasonInput].Value), reasonLimit)
}
