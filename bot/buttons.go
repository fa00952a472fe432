package bot

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
)

// The action ids of the buttons. Outside programs press them by these names.
const (
	actionApprove = "approve"
	actionDeny    = "deny"
	actionCancel  = "cancel"
	actionRetry   = "retry"
	actionStop    = "stop"
	actionFreeze  = "freeze" // of homes alone

	actionSuccessor = "successor" // also of private answers, where its value is a command
	actionAnyway    = "anyway"    // of private answers alone
	actionUndo      = "undo"
	actionAsk       = "ask"     // also of private answers, where its value is a draft
	actionPackage   = "package" // also of private answers, where its value says which
	actionPick      = "pick"    // a menu of private answers
)

// buttons are what can still be done; nil where nothing can.
func (v Views) buttons(r approvals.Request) slack.Block {
	value := r.ID + "." + r.Digest()
	elements := v.decisive(r, value)
	if get := v.packageButton(r, value); get != nil {
		elements = append(elements, v.labelled(r, get))
	}
	for _, f := range v.followers(r) {
		elements = append(elements, f.press(value))
	}
	if len(elements) == 0 {
		return nil
	}
	return slack.NewActionBlock(fmt.Sprintf("%s.%d", r.ID, r.Visible), elements...) // a new one for each version: clients cache by it
}

// decisive are the buttons that decide on the request itself, or have it tried again.
func (v Views) decisive(r approvals.Request, value string) []slack.BlockElement {
	switch r.State {
	case approvals.Pending:
		yes := v.labelled(r, slack.NewButtonBlockElement(actionApprove, value, plainText("Approve")))
		nay := v.labelled(r, slack.NewButtonBlockElement(actionDeny, value, plainText("Deny…")))
		return []slack.BlockElement{yes.WithStyle(slack.StylePrimary), nay.WithStyle(slack.StyleDanger), v.labelled(r, cancelButton(value, "Cancel request", unsent(r)))}
	case approvals.Approved:
		var list []slack.BlockElement
		if slices.ContainsFunc(r.Calls, func(c approvals.Call) bool { return c.State == approvals.Queued }) {
			list = append(list, v.labelled(r, cancelWaiting(r, value)))
		}
		if stop := v.stopButton(r, value); stop != nil {
			list = append(list, v.labelled(r, stop))
		}
		return append(append(list, v.reviewButton(r, value)...), v.retryButton(r, value)...)
	case approvals.Done:
		return append(v.reviewButton(r, value), v.retryButton(r, value)...)
	case approvals.Expired:
		if r.Unfreezes() { // no form asks for that
			return nil
		}
		return []slack.BlockElement{v.labelled(r, slack.NewButtonBlockElement(actionAsk, value, plainText("Ask again…")))}
	case approvals.Checking, approvals.Denied, approvals.Cancelled, approvals.Rejected:
	}
	return nil
}

// unsent is what cancelling r before it is decided means.
func unsent(r approvals.Request) string {
	if r.Unfreezes() {
		return left(r)
	}
	return "Nothing will be sent to Defender."
}

// labelled has a screen reader say what a button is about: it may be heard without the card
// (https://docs.slack.dev/reference/block-kit/block-elements/button-element).
func (v Views) labelled(r approvals.Request, b *slack.ButtonBlockElement) *slack.ButtonBlockElement {
	about := v.headline(r)
	b.AccessibilityLabel = cut(strings.TrimSuffix(b.Text.Text, "…")+": "+strings.ToLower(about[:1])+about[1:], 75)
	return b
}

func cancelButton(value, label, means string) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(actionCancel, value, plainText(label)).WithConfirm(slack.NewConfirmationBlockObject(
		plainText(label+"?"), plainText(means), plainText("Yes, cancel"), plainText("Keep waiting")))
}

// cancelWaiting cancels what was approved and is not sent yet.
func cancelWaiting(r approvals.Request, value string) *slack.ButtonBlockElement {
	if len(r.Calls) == 1 {
		return cancelButton(value, "Cancel waiting call", "It will not be sent to Defender.")
	}
	return cancelButton(value, "Cancel waiting calls", "Calls that have not been sent yet will not be. Those already sent go on.")
}

// retryButton has what did not work tried again, where there is something: on several
// devices it says on which.
func (v Views) retryButton(r approvals.Request, value string) []slack.BlockElement {
	devices := r.Retryable()
	if len(devices) == 0 {
		return nil
	}
	label, since := "Try again", "the first request ended"
	if len(r.Devices) > 1 {
		label += ": " + namesOf(devices)
	}
	if r.State != approvals.Done {
		since = "it failed"
	}
	b := slack.NewButtonBlockElement(actionRetry, value, plainText(cut(label, 75))).WithConfirm(slack.NewConfirmationBlockObject(
		plainText("Try again?"), plainText(cut("This makes a new request for "+namesOf(devices)+". If you are an approver, "+
			"your click counts as an approval if "+since+" recently.", 300)), plainText("Try again"), plainText("Not now")))
	return []slack.BlockElement{v.labelled(r, b)}
}

// splitValue takes a button's value apart.
func splitValue(value string) (id, digest string) {
	id, digest, _ = strings.Cut(value, ".")
	return id, digest
}
