package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/commands"
	"defenderbot/defender"
)

// The form that asks for an action. Outside programs fill it in by these names.
const (
	askForm      = "ask"
	actionBlock  = "action"
	deviceBlock  = "device"
	commentBlock = "comment"
	askInput     = "value" // in each block
)

// mostDevices is how many characters the field of devices takes, and can be filled in with
// (https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element).
const mostDevices = 3000

// draft is what the form is filled in with, as far as something is known.
type draft struct {
	commands.Draft

	note   string // what to know of it, before the fields
	thread string // the message in whose thread the card will be; empty: none
}

// asking is what the form carries to its submission.
type asking struct {
	Channel string `json:"channel"`
	Thread  string `json:"thread,omitempty"`
}

// openAskForm opens the form, for the place of a and filled in with its draft. Who cannot ask
// for anything there is told so before they type; all is checked again when it is sent.
func (b *Bot) openAskForm(ctx context.Context, a act) (approvals.Request, page, error) {
	if err := b.elsewhere(a); err != nil {
		return approvals.Request{}, nil, err
	}
	if err := b.desk.MayAsk(ctx, a.by); err != nil {
		return approvals.Request{}, nil, err
	}
	return approvals.Request{}, nil, b.showAskForm(ctx, a)
}

func (b *Bot) showAskForm(ctx context.Context, a act) error {
	meta, err := json.Marshal(asking{a.by.Place.Channel, a.draft.thread})
	if err == nil {
		err = b.workspace.openForm(ctx, a.trigger, b.workspace.views.askView(a.draft, b.grammar.MaxDevices, string(meta)))
	}
	if err != nil {
		err = errors.Join(errFormClosed, err)
	}
	return err
}

// offerForm opens the form for a command without words. Where it cannot be opened, help is
// what is left.
func (b *Bot) offerForm(ctx context.Context, a act) page {
	a.what = "form"
	_, said, err := b.perform(ctx, a, (*Bot).openAskForm)
	if errors.Is(err, errFormClosed) {
		said = append(said, asWritten(b.grammar.Help())...)
	}
	return said
}

// openDraft opens the form for the button of a wrong command's answer. What the button
// holds is trusted no further than what somebody types.
func (b *Bot) openDraft(ctx context.Context, e Envelope, i interaction, p pressed) {
	where, _ := place(i)
	a := newAct(e, "form", where, reply{i.User.ID, i.Container.ChannelID, i.ResponseURL})
	a.trigger, a.by.Direct = i.TriggerID, i.Channel.amongSome()
	said := say(unknownButton)
	if err := json.Unmarshal([]byte(p.Value), &a.draft.Draft); err == nil {
		_, said, _ = b.perform(ctx, a, (*Bot).openAskForm)
	}
	b.ack(e, nil)
	b.whisper(ctx, a.to, said)
}

// askAgain opens the form, filled in with what the request asked for whose card was pressed.
func (b *Bot) askAgain(ctx context.Context, a act) (approvals.Request, page, error) {
	r, err := b.desk.MayAskAgain(ctx, a.by, a.id, a.digest)
	if err != nil {
		return r, nil, err
	}
	ids := make([]string, len(r.Devices))
	for i, d := range r.Devices {
		ids[i] = d.ID
	}
	a.draft = draft{
		Draft: commands.Draft{Action: r.Action, Device: strings.Join(ids, ", "), Comment: r.Comment},
		note:  "The same as " + r.ID + ", for " + namesOf(r.Devices) + ".", thread: r.InThread(),
	}
	return approvals.Request{}, nil, b.showAskForm(ctx, a) // the message stays as it is
}

// draftButton opens the form with what could be understood of a command, if anything was
// and a button can hold it.
func draftButton(d commands.Draft) page {
	value, err := json.Marshal(d)
	if err != nil || d == (commands.Draft{}) || len(value) > valueLimit {
		return nil
	}
	return choice(nil, []button{{id: actionAsk, label: "Open the form", value: string(value)}})
}

// askView is the form.
func (v Views) askView(d draft, most int, meta string) slack.ModalViewRequest {
	var p page
	if d.note != "" {
		p = append(p, says(words(d.note)))
	}
	where := "in this channel"
	if d.thread != "" {
		where = "in the thread of that message"
	}
	p = append(p, says(words("The card will appear "+where+". Somebody else has to approve it.")))
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: askForm, PrivateMetadata: meta,
		Title: plainText("Ask for an action"), Submit: plainText("Ask"), Close: plainText("Cancel"),
		Blocks: slack.Blocks{BlockSet: append(p.blocks(), v.actionField(d.Action), deviceField(d.Device, most), commentField(d.Comment))},
	}
}

// actionField offers what is switched on here, and says of what Microsoft has ended that
// it has.
func (v Views) actionField(chosen string) *slack.InputBlock {
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plainText("Choose an action"), askInput)
	var notices []string
	for _, a := range v.Catalogue {
		if _, on := v.offered(a.Name); !on {
			continue
		}
		option := slack.NewOptionBlockObject(a.Name, plainText(cut(titleAndName(a), 75)), nil)
		menu.Options = append(menu.Options, option)
		if a.Name == chosen {
			menu.InitialOption = option
		}
		if a.Ended != nil {
			notices = append(notices, titleAndName(a)+": "+a.Notice())
		}
	}
	block := slack.NewInputBlock(actionBlock, plainText("Action"), nil, menu)
	if len(notices) > 0 {
		block.Hint = plainText(cut(strings.Join(notices, " "), 2000))
	}
	return block
}

func titleAndName(a defender.Action) string { return a.Title + " (" + a.Name + ")" }

func deviceField(filled string, most int) *slack.InputBlock {
	input := slack.NewPlainTextInputBlockElement(plainText("srv-db-01"), askInput).WithMultiline(true).WithMaxLength(mostDevices)
	input.InitialValue = cut(filled, mostDevices)
	block := slack.NewInputBlock(deviceBlock, plainText("Devices"), nil, input)
	block.Hint = plainText(fmt.Sprintf("Host names, device ids (40 hex digits) or addresses of device pages in the Defender portal; up to %d, separated by commas, spaces or line breaks.", most))
	return block
}

func commentField(filled string) *slack.InputBlock {
	input := slack.NewPlainTextInputBlockElement(plainText("What you have seen"), askInput).WithMultiline(true).WithMinLength(1).WithMaxLength(commands.MaxComment)
	input.InitialValue = cut(filled, commands.MaxComment)
	block := slack.NewInputBlock(commentBlock, plainText("Why?"), nil, input)
	block.Hint = plainText("The approver reads this, and Defender keeps it.")
	return block
}

// readAsk reads the form.
func readAsk(b *Bot, e Envelope, i interaction) (a act, wrong map[string]string) {
	var where asking
	if err := json.Unmarshal([]byte(i.View.PrivateMetadata), &where); err != nil || where.Channel == "" {
		return a, map[string]string{actionBlock: formUnread}
	}
	a = newAct(e, askForm, approvals.Place{Team: i.Team.ID, Channel: where.Channel}, reply{user: i.User.ID, channel: where.Channel})
	c, problem := b.grammar.Fields(i.View.chosen(actionBlock), i.View.typed(deviceBlock), i.View.typed(commentBlock))
	a.wish = wishOf(c)
	a.wish.Thread = where.Thread
	wrong = map[string]string{}
	for block, why := range map[string]string{actionBlock: problem.Action, deviceBlock: problem.Devices, commentBlock: problem.Comment} {
		if why != "" {
			wrong[block] = why
		}
	}
	return a, wrong
}

// typed is what stands in a field of the form; chosen is what was chosen there.
func (s submitted) typed(block string) string {
	if s.State == nil {
		return ""
	}
	return s.State.Values[block][askInput].Value
}

func (s submitted) chosen(block string) string {
	if s.State == nil {
		return ""
	}
	return s.State.Values[block][askInput].SelectedOption.Value
}

// askRefused says a refusal beside the field that it is about.
func askRefused(b *Bot, a act, said page, err error) (block string, instead page) {
	refused, _ := approvals.AsRefusal(err)
	switch {
	case refused == nil:
	case refused.Why.Reason == approvals.AlreadyOpen, refused.Why.Reason == approvals.Excluded:
		return deviceBlock, said
	case refused.Why.Reason == approvals.Ended:
		return actionBlock, b.workspace.views.endedField(b.grammar.Slash, a.wish.Action)
	}
	return actionBlock, said
}

// endedField says beside the menu that Defender has refused an action here because
// Microsoft has ended it.
func (v Views) endedField(slash, name string) page {
	action, _ := v.Catalogue.Named(name)
	text := "Nothing was recorded: Defender refused this here, because Microsoft has ended it."
	if next, ok := v.successor(action); ok {
		text += " Choose " + quotedTitle(next) + " instead."
	}
	return say(text + " To ask for it anyway, type it as a command: the answer to " + slash + " " + name + " has a button for that.")
}
