package bot

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/commands"
)

// actionReview is the button for the review of what somebody did alone.
const actionReview = "review"

// forceFor lets somebody act without a second person, and says what came of it.
func (b *Bot) forceFor(ctx context.Context, a act, c commands.Force) page {
	a.what, a.wish = "force", wishOf(commands.Ask{Action: c.Action, Devices: []commands.Device{c.Device}, Comment: c.Comment})
	_, said, err := b.perform(ctx, a, (*Bot).force)
	return b.orEnded(said, err, commands.Ask{Action: c.Action, Devices: []commands.Device{c.Device}, Comment: c.Comment})
}

func (b *Bot) force(ctx context.Context, a act) (approvals.Request, page, error) {
	r, err := b.desk.Force(ctx, a.by, a.wish)
	if err == nil {
		b.workspace.remember(r.ID, a.to.url)
	}
	return r, forcedPage(r), err
}

// forcedPage is the answer to whoever acts alone.
func forcedPage(r approvals.Request) page {
	return sayf("Recorded as %s. You are acting alone: once I have looked up the device, this goes to Defender without anybody's approval. "+
		"The card mentions the approvers; one of them has to review it.", r.ID)
}

// unreviewed says, before all else, that nobody approved it, and whom its review waits for.
func (v Views) unreviewed(r approvals.Request) page {
	if !r.UnderReview() {
		return nil
	}
	spans := []span{strong("🚨 Break-glass: "), mention(r.By.ID), strong(" acted alone. Nobody approved this."), words(" Waiting for a review by")}
	return page{says(append(spans, v.reviewers(r)...)...)}
}

// reviewed says who reviewed what was done alone, and what they wrote.
func (v Views) reviewed(r approvals.Request) page {
	if !r.Acted() || r.UnderReview() {
		return nil
	}
	return page{
		says(strong("🚨 Break-glass: "), mention(r.By.ID), words(" acted alone. Reviewed by "), mention(r.Review.By.ID), words(", "), when(r.Review.At), words(":")),
		quoted(r.Review.Text),
	}
}

// reviewers mentions those who may review what was done alone.
func (v Views) reviewers(r approvals.Request) []span {
	spans := append(v.approvers(r), words(" (not "), mention(r.By.ID), words(")"))
	return spans
}

// reviewButton opens the form of a review; there is none unless a review is open.
func (v Views) reviewButton(r approvals.Request, value string) []slack.BlockElement {
	if !r.UnderReview() {
		return nil
	}
	return []slack.BlockElement{v.labelled(r, slack.NewButtonBlockElement(actionReview, value, plainText("Review…"))).WithStyle(slack.StylePrimary)}
}

// reviewDue calls those who may review it once more.
func (v Views) reviewDue(r approvals.Request) page {
	return page{
		says(strong("🚨 "+v.headline(r)+"."), words(" "), mention(r.By.ID), words(" acted alone, "), when(r.ApprovedAt()), words(", and nobody has reviewed it yet.")),
		says(append([]span{words("Waiting for a review by")}, v.reviewers(r)...)...),
		says(words("Press "), strong("Review…"), words(" on the card. I ask again every day until somebody has reviewed it.")),
		aside(r.ID),
	}
}

// reviewDone tells everybody, and first whoever acted alone, what the review says.
func (v Views) reviewDone(r approvals.Request) page {
	return page{
		says(mention(r.By.ID), words(" 🚨 Break-glass: "), strong(v.headline(r)+"."), words(" Reviewed by "), mention(r.Review.By.ID), words(", "), when(r.Review.At), words(":")),
		quoted(r.Review.Text),
		aside(r.ID),
	}
}

// reviewForm is the form that asks for the text of a review.
const reviewForm = "review"

// askReview opens that form. Whoever cannot review it is told so before they
// type; all is checked again when the form comes back.
func (b *Bot) askReview(ctx context.Context, a act) (approvals.Request, page, error) {
	r, err := b.desk.MayReview(ctx, a.by, a.id, a.digest)
	if err != nil {
		return r, nil, err
	}
	meta, err := json.Marshal(denial{a.id, a.digest, a.by.Place.Channel, a.by.On.TS, a.by.On.Copy, a.by.Home})
	if err == nil {
		err = b.workspace.openForm(ctx, a.trigger, b.workspace.views.reviewView(r, string(meta)))
	}
	if err != nil {
		err = errors.Join(errFormClosed, err)
	}
	return approvals.Request{}, nil, err
}

// reviewView is the form. It covers the card, so it says what it is about.
func (v Views) reviewView(r approvals.Request, meta string) slack.ModalViewRequest {
	p := append(page{says(strong(v.headline(r) + "."))}, wanted(r)...)
	p = append(p, says(mention(r.By.ID), words(" acted alone: nobody approved this.")), v.telling(r).line())
	input := slack.NewPlainTextInputBlockElement(plainText("Was it right? What follows from it?"), reasonInput)
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: reviewForm, PrivateMetadata: meta,
		Title: plainText("Review " + r.ID), Submit: plainText("Close review"), Close: plainText("Back"),
		Blocks: slack.Blocks{BlockSet: append(p.blocks(),
			slack.NewInputBlock(reasonBlock, plainText("Your review (everybody in the channel will see this)"), nil,
				input.WithMultiline(true).WithMinLength(1).WithMaxLength(reasonLimit)))},
	}
}

// readReview reads the form, which carries the same as that of a denial.
func readReview(b *Bot, e Envelope, i interaction) (a act, wrong map[string]string) {
	if a, wrong = readDenial(b, e, i); a.envelope.ID != "" {
		a.what = reviewForm
	}
	if len(wrong) > 0 && wrong[reasonBlock] == noReason {
		wrong[reasonBlock] = "Please write what you found."
	}
	return a, wrong
}

func (b *Bot) review(ctx context.Context, a act) (approvals.Request, page, error) {
	r, err := b.desk.Review(ctx, a.by, a.id, a.digest, a.text)
	return r, sayf("You reviewed %s. Its card and its thread show what you wrote.", r.ID), err
}

// beyondReach says on a card that waits for approval why it takes one more.
func beyondReach(r approvals.Request) page {
	if !r.Beyond || r.State != approvals.Pending {
		return nil
	}
	return page{says(words("⚠️ "), strong("One more approval than usual"), words(": with this, approved requests of "), mention(r.By.ID),
		wordsf(" would reach more than %s.", r.Terms.ReachInWords()))}
}
