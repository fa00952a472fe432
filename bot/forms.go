package bot

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
	"defenderbot/commands"
)

// form is what is done with a form that comes back.
type form struct {
	field string // the block beside which stands what belongs to no other
	// read is what the form asks for, or what is wrong with it, by block.
	read func(*Bot, Envelope, interaction) (a act, wrong map[string]string)
	do   handler
	// refused is what is told of a refusal, and beside which block; nil: what anybody is
	// told, beside field.
	refused func(b *Bot, a act, said page, err error) (block string, instead page)
}

// forms has a row for every form, by its callback_id.
func forms() map[string]form {
	return map[string]form{
		denyForm:   {field: reasonBlock, read: readDenial, do: (*Bot).deny},
		reviewForm: {field: reasonBlock, read: readReview, do: (*Bot).review},
		freezeForm: {field: reasonBlock, read: readFreeze, do: (*Bot).freeze},
		askForm:    {field: actionBlock, read: readAsk, do: (*Bot).ask, refused: askRefused},
	}
}

// formErrors keeps a form open and shows what is wrong with it.
type formErrors struct {
	Action string            `json:"response_action"`
	Errors map[string]string `json:"errors"`
}

func (f form) wrong(why string) formErrors { return wrongIn(map[string]string{f.field: why}) }

func wrongIn(blocks map[string]string) formErrors {
	for block, why := range blocks {
		blocks[block] = cut(why, 300)
	}
	return formErrors{"errors", blocks}
}

// submitted answers a form: it closes if what it asks for was done.
func (b *Bot) submitted(ctx context.Context, e Envelope, i interaction) {
	f, known := forms()[i.View.CallbackID]
	if !known {
		b.log.WarnContext(ctx, "form unknown", "envelope", e.ID, "form", cut(i.View.CallbackID, 40), "user", i.User.ID)
		b.ack(e, inPlaceOf(unknownForm))
		return
	}
	a, wrong := f.read(b, e, i)
	if len(wrong) > 0 {
		b.log.InfoContext(ctx, "form not taken", "form", i.View.CallbackID, "user", i.User.ID, "fields", slices.Sorted(maps.Keys(wrong)))
		b.ack(e, wrongIn(wrong))
		return
	}
	r, said, err := b.perform(ctx, a, f.do)
	if err == nil {
		b.ack(e, nil)
		b.tell(ctx, a, said)
	} else {
		b.ack(e, f.notDone(b, a, said, err))
	}
	b.tidy(ctx, a, r)
}

// notDone keeps a form open that asks for what was refused.
func (f form) notDone(b *Bot, a act, said page, err error) formErrors {
	block := f.field
	if f.refused != nil {
		block, said = f.refused(b, a, said, err)
	}
	return wrongIn(map[string]string{block: said.plain()})
}

// errFormClosed means that Slack would not open the form.
var errFormClosed = errors.New("the form could not be opened")

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
	Home bool   `json:"home,omitempty"` // it was the person's home, instead
}

// askWhy asks for the reason of a denial. Whoever cannot deny it is told so before
// they type one; all is checked again when the form comes back.
func (b *Bot) askWhy(ctx context.Context, a act) (approvals.Request, page, error) {
	r, err := b.desk.MayDeny(ctx, a.by, a.id, a.digest)
	if err != nil {
		return r, nil, err
	}
	meta, err := json.Marshal(denial{a.id, a.digest, a.by.Place.Channel, a.by.On.TS, a.by.On.Copy, a.by.Home})
	if err == nil {
		err = b.workspace.openForm(ctx, a.trigger, b.workspace.views.denyView(r, string(meta)))
	}
	if err != nil {
		err = errors.Join(errFormClosed, err)
	}
	return approvals.Request{}, nil, err // the message stays until the form is sent
}

// denyView is the form. It covers the card, so it says what it is about.
func (v Views) denyView(r approvals.Request, meta string) slack.ModalViewRequest {
	p := append(page{says(strong(v.headline(r) + "?"))}, wanted(r)...)
	for _, dev := range r.Devices {
		p = append(p, says(append([]span{words("• ")}, v.named(dev)...)...))
	}
	p = append(p, v.endedNotice(v.action(r))...)
	input := slack.NewPlainTextInputBlockElement(plainText("Wrong host, no longer needed, ..."), reasonInput)
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: denyForm, PrivateMetadata: meta,
		Title: plainText("Deny " + r.ID), Submit: plainText("Deny"), Close: plainText("Back"),
		Blocks: slack.Blocks{BlockSet: append(p.blocks(),
			slack.NewInputBlock(reasonBlock, plainText("Why? (Everybody in the channel will see this)"), nil,
				input.WithMultiline(true).WithMinLength(1).WithMaxLength(reasonLimit)))},
	}
}

// readDenial reads the form.
func readDenial(_ *Bot, e Envelope, i interaction) (a act, wrong map[string]string) {
	var d denial
	if err := json.Unmarshal([]byte(i.View.PrivateMetadata), &d); err != nil || d.ID == "" {
		return a, map[string]string{reasonBlock: formUnread}
	}
	a = newAct(e, denyForm, approvals.Place{Team: i.Team.ID, Channel: d.Channel}, reply{user: i.User.ID, channel: d.Channel})
	a.id, a.digest, a.by.On = d.ID, d.Digest, office.Message{TS: d.TS, Copy: d.Copy}
	a.by.Home = d.Home
	if a.text = reason(i.View.State); a.text == "" {
		return a, map[string]string{reasonBlock: noReason}
	}
	return a, nil
}

// reason is what was typed, without what could mislead a reader.
func reason(s *slack.ViewState) string {
	if s == nil {
		return ""
	}
	return cut(commands.Readable(s.Values[reasonBlock][reasonInput].Value), reasonLimit)
}

func (b *Bot) deny(ctx context.Context, a act) (approvals.Request, page, error) {
	r, err := b.desk.Deny(ctx, a.by, a.id, a.digest, a.text)
	return r, deniedPage(r), err
}
