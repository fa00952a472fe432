package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/commands"
	"defenderbot/defender"
)

// day is a date as everybody reads it, whatever their time zone: Microsoft names a day.
func day(t time.Time) string { return t.Format("2 January 2006") }

// endedNotice is the line of a card and of a form about an action that Microsoft has ended.
func (v Views) endedNotice(a defender.Action) []para {
	if a.Ended == nil {
		return nil
	}
	line := "⚠️ Microsoft ended this on " + day(a.Ended.Since) + ", so Defender may refuse it"
	if next, ok := v.successor(a); ok {
		line += fmt.Sprintf("; %s (%s) replaces it", quotedTitle(next), next.Name)
	}
	return []para{says(words(line + "."))}
}

// ended tells why a call came to nothing whose action Microsoft has ended: what happened,
// that the device is not the cause, and Defender's own words.
func (v Views) ended(r approvals.Request, c approvals.Call, e defender.Ending) []string {
	if c.State == approvals.Unknown {
		return []string{fmt.Sprintf("Defender did not begin within %s: Microsoft ended this on %s.", inWords(r.Terms.QueuedFor), day(e.Since))}
	}
	list := []string{"Defender refused it: Microsoft ended this on " + day(e.Since) + ". Not the device's fault."}
	if c.Why.Detail != "" {
		list = append(list, "Defender's words: “"+cut(strings.Trim(oneLine(c.Why.Detail), " .,;:"), mostDetail)+"”.")
	}
	return list
}

// instead says once on a card what replaces the action; a button asks for it.
func (v Views) instead(r approvals.Request) []para {
	for _, f := range v.followers(r) {
		if f.how == approvals.AsSuccessor {
			return []para{says(wordsf("%s (%s) replaces it; somebody else has to approve that.", quotedTitle(f.action), f.action.Name))}
		}
	}
	return nil
}

// valueLimit is how long a button's value may be. Slack documents 2,000 characters
// (https://docs.slack.dev/reference/block-kit/block-elements/button-element), and was
// seen to count bytes elsewhere.
const valueLimit = 2000

// endedPage is the answer to a command for an action that Defender has refused here since
// then, because Microsoft has ended it. Nothing was recorded: each button holds the whole
// command, and is the same as typing it.
func (v Views) endedPage(slash string, c commands.Ask, since time.Time) page {
	action, _ := v.Catalogue.Named(c.Action)
	p := page{says(words("Nothing was recorded: Defender refused this action here, "), when(since), words("."))}
	if action.Ended != nil {
		p[0].spans = append(p[0].spans, wordsf(" Microsoft ended “%s” on %s.", c.Action, day(action.Ended.Since)))
	}
	var buttons []button
	var typed []span
	if next, ok := v.successor(action); ok {
		instead := c
		instead.Action = next.Name
		buttons = append(buttons, button{id: actionSuccessor, label: "Ask for " + quotedTitle(next), value: instead.Sent(), style: slack.StylePrimary})
		typed = []span{words("For " + quotedTitle(next) + " instead, type: "), code(slash + " " + instead.Typed())}
	}
	buttons = append(buttons, button{id: actionAnyway, label: "Ask anyway", value: c.Sent()})
	if slices.ContainsFunc(buttons, func(b button) bool { return len(b.value) > valueLimit }) {
		p = append(p, choice(typed, nil)...)
		return append(p, sayf("To ask for “%s” anyway, ask with a shorter comment or for fewer devices: then there is a button for it.", c.Action)...)
	}
	return append(p, choice(typed, buttons)...)
}

// successor is what this bot offers in place of an action that has ended.
func (v Views) successor(a defender.Action) (defender.Action, bool) {
	if a.Ended == nil {
		return defender.Action{}, false
	}
	return v.offered(a.Ended.Successor)
}

// askFor records what a command asks for, and says what came of it.
func (b *Bot) askFor(ctx context.Context, a act, c commands.Ask, anyway bool) page {
	a.what, a.wish = "ask", wishOf(c)
	a.wish.Anyway = anyway
	_, said, err := b.perform(ctx, a, (*Bot).ask)
	return b.orEnded(said, err, c)
}

// orEnded is what somebody is told, or where Defender has ended the action here since what
// else they can ask for in place of c.
func (b *Bot) orEnded(said page, err error, c commands.Ask) page {
	refused, is := approvals.AsRefusal(err)
	if !is || refused.Why.Reason != approvals.Ended {
		return said
	}
	return b.workspace.views.endedPage(b.grammar.Slash, c, refused.Why.Since)
}

// askedAgain is the command for what did not work in a request.
func askedAgain(old approvals.Request) commands.Ask {
	again := commands.Ask{Action: old.Action, Comment: old.Comment}
	for _, d := range old.Retryable() {
		again.Devices = append(again.Devices, commands.Device{ID: d.ID})
	}
	return again
}

// privately answers a click on a button of a private answer. It is what typing the
// command that the button holds would be, and is trusted no further.
func (b *Bot) privately(ctx context.Context, e Envelope, i interaction, p pressed) {
	where, _ := place(i)
	a := newAct(e, p.ActionID, where, reply{i.User.ID, i.Container.ChannelID, i.ResponseURL})
	parsed, wrong := b.grammar.Parse(p.Value)
	said := b.obey(ctx, a, parsed, wrong, p.ActionID == actionAnyway)
	b.ack(e, nil)
	b.whisper(ctx, a.to, said)
}
