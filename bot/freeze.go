package bot

import (
	"context"
	"errors"
	"strings"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/commands"
	"defenderbot/defender"
)

// lifting is what a request to lift a freeze is called where others have an action.
func lifting() defender.Action {
	return defender.Action{
		Name: approvals.Unfreeze, Title: "Lift the freeze", Verb: "Lift the freeze",
		Effect: "Approved calls that are waiting are then sent to Defender, as soon as Microsoft's limits allow.",
	}
}

// orderedBy is whose freeze it is, and since when. It calls nobody: every card says it.
func orderedBy(f approvals.Freeze) (spans []span) {
	switch called := f.By.Called(); called {
	case "":
		spans = append(spans, words("somebody"))
	case f.By.ID:
		spans = append(spans, mention(f.By.ID))
	default:
		spans = append(spans, words(called))
	}
	if f.At.IsZero() { // nobody can read what stands there
		return spans
	}
	return append(spans, words(", "), when(f.At))
}

// mostOfFreeze is how many characters of the reason of a freeze stand on other cards.
const mostOfFreeze = 200

// because is why calls are frozen, as far as there is room.
func because(f approvals.Freeze) page {
	if f.Text == "" {
		return nil
	}
	return page{quoted(cut(oneLine(f.Text), mostOfFreeze))}
}

// held says of a request that a freeze keeps it from being sent, by whose order and why.
func held(r approvals.Request) page {
	f := r.HeldBy()
	if !f.Is() {
		return nil
	}
	next := ". This can still be decided; once approved, it waits until the freeze is lifted. The reason:"
	if r.State == approvals.Approved {
		next = ". What waits is sent when the freeze is lifted. The reason:"
	}
	return append(frozenSince(f, next), because(f)...)
}

func frozenSince(f approvals.Freeze, next string) page {
	spans := append([]span{words("🧊 "), strong("Nothing new is started in Defender"), words(": frozen by ")}, orderedBy(f)...)
	if f.Text == "" {
		next = strings.TrimSuffix(next, " The reason:")
		next = strings.Replace(next, ":", ".", 1)
	}
	return page{says(append(spans, words(next))...)}
}

// lifts says which freeze a request is to lift.
func lifts(r approvals.Request) page {
	if !r.Unfreezes() {
		return nil
	}
	return append(page{says(append([]span{words("Frozen by ")}, append(orderedBy(r.Frozen), words(":"))...)...)}, because(r.Frozen)...)
}

// left is what is so after a request has ended without an approval.
func left(r approvals.Request) string {
	if r.Unfreezes() {
		return "The freeze stays in force."
	}
	return "Nothing was sent."
}

// underFreeze is a page of something else, which begins with the freeze in force.
func underFreeze(f approvals.Freeze, slash string, p page) page {
	if !f.Is() {
		return p
	}
	return append(append(frozenSince(f, ":"), because(f)...), append(page{howToLift(slash)}, p...)...)
}

func howToLift(slash string) para {
	return says(words("To lift it, an approver types "), code(slash+" unfreeze <reason>"), words(", and another approver approves that."))
}

// frozePage is the answer to an order to freeze.
func frozePage(slash string) page {
	return page{
		says(words("🧊 "), strong("Frozen"), words(": from now on nothing new is started in Defender, for anybody. What is already running goes on, and can still be stopped.")),
		says(words("Requests can still be made and decided; their cards say that they wait. Approvals run out as usual.")),
		howToLift(slash),
	}
}

// frozenAlready is the answer where there is a freeze already.
func frozenAlready(f approvals.Freeze) page {
	spans := append([]span{words("This changed nothing: calls are frozen already, by ")}, orderedBy(f)...)
	return append(page{says(append(spans, words(":"))...)}, because(f)...)
}

// freeze takes an order to freeze.
func (b *Bot) freeze(ctx context.Context, a act) (approvals.Request, page, error) {
	if err := b.elsewhere(a); err != nil { // a form says where it was sent
		return approvals.Request{}, nil, err
	}
	_, err := b.desk.Freeze(ctx, a.by, a.text)
	return approvals.Request{}, frozePage(b.grammar.Slash), err
}

func (b *Bot) freezeTyped(ctx context.Context, a act, c commands.Freeze) page {
	a.what, a.text = actionFreeze, c.Reason
	_, said, _ := b.perform(ctx, a, (*Bot).freeze)
	return said
}

// unfreezeTyped asks for a freeze to be lifted.
func (b *Bot) unfreezeTyped(ctx context.Context, a act, c commands.Unfreeze) page {
	a.what, a.text = approvals.Unfreeze, c.Reason
	_, said, _ := b.perform(ctx, a, func(b *Bot, ctx context.Context, a act) (approvals.Request, page, error) {
		r, err := b.desk.Unfreeze(ctx, a.by, a.text)
		if err == nil {
			b.workspace.remember(r.ID, a.to.url)
		}
		return r, sayf("Recorded as %s. Its card appears here; the freeze is lifted when another approver approves it.", r.ID), err
	})
	return said
}

// freezeForm is the form that asks for the reason of a freeze.
const freezeForm = "freeze"

// askFreeze opens it, from a home alone.
func (b *Bot) askFreeze(ctx context.Context, a act) (approvals.Request, page, error) {
	if !a.by.Home {
		return approvals.Request{}, nil, approvals.Refuse(approvals.OtherMessage, "")
	}
	err := b.elsewhere(a)
	if err == nil {
		err = b.desk.MayFreeze(ctx, a.by)
	}
	if err == nil {
		if err = b.workspace.openForm(ctx, a.trigger, freezeView()); err != nil {
			err = errors.Join(errFormClosed, err)
		}
	}
	return approvals.Request{}, nil, err
}

func freezeView() slack.ModalViewRequest {
	p := page{
		says(strong("Freeze everything?")),
		says(words("From now on nothing new is started in Defender, for anybody. This takes effect at once, without a second person. What is already running goes on, and can still be stopped. To lift it, another approver has to agree.")),
	}
	input := slack.NewPlainTextInputBlockElement(plainText("The list of hosts is wrong, an account was stolen, …"), reasonInput)
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: freezeForm,
		Title: plainText("Freeze"), Submit: plainText("Freeze"), Close: plainText("Back"),
		Blocks: slack.Blocks{BlockSet: append(p.blocks(),
			slack.NewInputBlock(reasonBlock, plainText("Why? (Everybody who uses this bot will see this)"), nil,
				input.WithMultiline(true).WithMinLength(1).WithMaxLength(reasonLimit)))},
	}
}

// readFreeze reads the form. It was opened on the home of whoever sends it.
func readFreeze(_ *Bot, e Envelope, i interaction) (a act, wrong map[string]string) {
	a = newAct(e, freezeForm, approvals.Place{Team: i.Team.ID}, reply{user: i.User.ID})
	a.by.Home = true
	if a.text = reason(i.View.State); a.text == "" {
		return a, map[string]string{reasonBlock: noReason}
	}
	return a, nil
}

// homeFreeze is what a home has about freezes: the one in force, or a button for approvers.
func homeFreeze(slash string, f approvals.Freeze, may bool) []slack.Block {
	switch {
	case f.Is():
		return underFreeze(f, slash, nil).blocks()
	case !may:
		return nil
	}
	button := slack.NewButtonBlockElement(actionFreeze, freezeForm, plainText("Freeze everything…"))
	button.AccessibilityLabel = "Freeze everything: start nothing more in Defender"
	return []slack.Block{slack.NewActionBlock("freeze", button.WithStyle(slack.StyleDanger))}
}
