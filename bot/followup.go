package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/defender"
)

// follower is what can be asked for from the card of a request, and how.
type follower struct {
	how     approvals.How
	button  string // its action_id
	action  defender.Action
	devices []approvals.Device
	again   bool // it was asked for from here before
}

// followers are those of a request, as far as this bot offers them.
func (v Views) followers(r approvals.Request) (list []follower) {
	was := v.action(r)
	add := func(how approvals.How, button, name string) {
		action, known := v.offered(name)
		if devices := r.Follows(how); known && len(devices) > 0 {
			again := slices.ContainsFunc(r.Followed, func(f approvals.Followed) bool { return f.How == how })
			list = append(list, follower{how, button, action, devices, again})
		}
	}
	if was.Ended != nil {
		add(approvals.AsSuccessor, actionSuccessor, was.Ended.Successor)
	}
	add(approvals.AsUndo, actionUndo, was.Undo)
	return list
}

// offered is an action of the catalogue that can be asked for here.
func (v Views) offered(name string) (defender.Action, bool) {
	action, known := v.Catalogue.Named(name)
	return action, known && !v.Policy.RuleFor(name).Off
}

// press is the button that asks for it, after a question that says for which devices, and who decides.
func (f follower) press(value string) slack.BlockElement {
	who := "Somebody else has to approve it."
	if f.how == approvals.AsSuccessor {
		who = "Somebody who has not asked for this before has to approve it."
	}
	ask := "Ask for "
	if f.again {
		ask = "Ask again for "
	}
	text := fmt.Sprintf("This makes a new request, by you, for %s. %s", namesOf(f.devices), who)
	b := slack.NewButtonBlockElement(f.button, value, plainText(cut(ask+quotedTitle(f.action)+"…", 75))).WithConfirm(slack.NewConfirmationBlockObject(
		plainText(cut(f.action.Title+"?", 100)), plainText(cut(text, 300)), plainText("Ask"), plainText("Not now")))
	b.AccessibilityLabel = cut(fmt.Sprintf("%s%s: %s", ask, f.action.Title, namesOf(f.devices)), 75)
	return b
}

// quotedTitle is the title of an action inside a sentence.
func quotedTitle(a defender.Action) string { return "“" + a.Title + "”" }

// mostNames is how many devices are named in a question; the card has them all.
const mostNames = 3

func namesOf(devices []approvals.Device) string {
	var names []string
	for _, d := range devices[:min(len(devices), mostNames)] {
		name := cut(fact(d.Name), 40)
		if name == "" {
			name = d.ID
		}
		names = append(names, name)
	}
	text := strings.Join(names, ", ")
	if more := len(devices) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// lineage says from which request this one was made, and what was asked for from its card.
func (v Views) lineage(r approvals.Request) (list []para) {
	switch id := code(r.From.Request); r.From.How {
	case approvals.AsSuccessor:
		list = append(list, says(words("In place of "), id, words(", whose action Microsoft has ended.")))
	case approvals.AsUndo:
		list = append(list, says(words("Undoes "), id, words(".")))
	}
	for _, f := range r.Followed {
		list = append(list, says(words("Asked for "+quotedTitle(v.action(approvals.Request{Action: f.Action}))+": "), code(f.As), words(".")))
	}
	return list
}

// succeed asks for what Microsoft offers in place of what it has ended.
func (b *Bot) succeed(ctx context.Context, a act) (approvals.Request, page, error) {
	return b.follow(ctx, a, approvals.AsSuccessor)
}

// undo asks for what takes back what has succeeded.
func (b *Bot) undo(ctx context.Context, a act) (approvals.Request, page, error) {
	return b.follow(ctx, a, approvals.AsUndo)
}

func (b *Bot) follow(ctx context.Context, a act, how approvals.How) (approvals.Request, page, error) {
	r, err := b.desk.FollowUp(ctx, a.by, a.id, a.digest, how)
	return r, b.workspace.views.followedPage(r), err
}

func (v Views) followedPage(r approvals.Request) page {
	return sayf("Asked for %s as %s; the card appears here. Somebody else has to approve it.", quotedTitle(v.action(r)), r.ID)
}
