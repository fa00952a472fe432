package bot

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/commands"
)

// longLook is for how long a command that only reads is worked on where its answer does
// not have to be in the acknowledgement.
const longLook = 20 * time.Second

// slowly reports whether a command is answered after its acknowledgement, and what is said
// there; empty: nothing. A history by name asks Defender which device that is, which takes a
// while. A report has a chart, which is left out where Slack refuses it; what an
// acknowledgement holds, Slack refuses without saying so.
func slowly(parsed commands.Command) (first page, is bool) {
	switch c := parsed.(type) {
	case commands.History:
		if c.Device.ID == "" {
			return sayf("Looking up %s in Defender …", c.Device), true
		}
	case commands.Report:
		return nil, true
	case commands.Ask, commands.Force, commands.Form, commands.Off, commands.Status, commands.List, commands.Limits, commands.Cancel,
		commands.Freeze, commands.Unfreeze, commands.Help:
	}
	return nil, false
}

// looked is what a command that only reads has found, and whom it mentions.
type looked struct {
	page   page
	people []approvals.Person
}

// look answers a command that only reads: one person or, where the command ends with
// public, everybody. Why it is refused only one person ever sees.
func (b *Bot) look(ctx context.Context, a act, what string, public bool, read func(context.Context, act) (looked, error)) page {
	a.what, a.by.Typed, a.by.Public = what, true, public
	var found looked
	_, said, err := b.perform(ctx, a, func(_ *Bot, ctx context.Context, a act) (r approvals.Request, _ page, err error) {
		found, err = read(ctx, a)
		return r, found.page, err
	})
	switch _, refused := approvals.AsRefusal(err); {
	case err != nil && !refused && !errors.Is(err, approvals.ErrNotRead):
		return say(unreadSentence)
	case err != nil:
		return orNoRecord(said, err)
	case public:
		return said.forAll(found.people)
	}
	return said
}

// unreadSentence is for what nobody foresaw. Nothing hangs on what only reads.
const unreadSentence = "I could not look that up: something on my side is not working. Nothing was changed. " +
	"Try again in a minute; if it stays that way, tell whoever runs this bot."

// orNoRecord is what somebody is told whose command was refused. An id that nobody has was
// most probably mistyped.
func orNoRecord(said page, err error) page {
	refused, is := approvals.AsRefusal(err)
	if !is || refused.Why.Reason != approvals.NoSuchRequest {
		return said
	}
	return say("I have no record of a request with that id, so nothing happened. Check the id; records are kept for a limited time.")
}

func (b *Bot) status(ctx context.Context, a act, c commands.Status) page {
	return b.look(ctx, a, "status", c.Public, func(ctx context.Context, a act) (looked, error) {
		if c.Request == "" {
			l, err := b.desk.Mine(ctx, a.by)
			return b.frozen(b.workspace.views.minePage(b.grammar.Slash, l), l.Requests...), err
		}
		r, err := b.desk.See(ctx, a.by, c.Request)
		return looked{b.workspace.views.statusPage(r, c.Public), involved(r)}, err
	})
}

func (b *Bot) list(ctx context.Context, a act, c commands.List) page {
	return b.look(ctx, a, "list", c.Public, func(ctx context.Context, a act) (looked, error) {
		l, err := b.desk.Open(ctx, a.by)
		return b.frozen(b.workspace.views.openPage(b.grammar.Slash, l), l.Requests...), err
	})
}

func (b *Bot) limits(ctx context.Context, a act, c commands.Limits) page {
	return b.look(ctx, a, "limits", c.Public, func(ctx context.Context, a act) (looked, error) {
		windows, err := b.desk.Limits(ctx, a.by)
		return b.frozen(limitsPage(windows)), err
	})
}

// frozen is what was found, behind the freeze in force.
func (b *Bot) frozen(p page, requests ...approvals.Request) looked {
	f := b.desk.Frozen()
	return looked{underFreeze(f, b.grammar.Slash, p), append(involved(requests...), f.By)}
}

func (b *Bot) history(ctx context.Context, a act, c commands.History) page {
	return b.look(ctx, a, "history", c.Public, func(ctx context.Context, a act) (looked, error) {
		h, err := b.desk.History(ctx, a.by, approvals.Device{ID: c.Device.ID, Name: c.Device.Name})
		return looked{b.workspace.views.historyPage(h), involved(h.Requests...)}, err
	})
}

func (b *Bot) report(ctx context.Context, a act, c commands.Report) page {
	return b.look(ctx, a, "report", c.Public, func(ctx context.Context, a act) (looked, error) {
		s, err := b.desk.Report(ctx, a.by, b.clock().AddDate(0, 0, -c.Days))
		return looked{b.workspace.views.reportPage(s), summed(s)}, err
	})
}

// cancelTyped cancels a request whose id was typed.
func (b *Bot) cancelTyped(ctx context.Context, a act, id string) page {
	a.what, a.id, a.by.Typed = actionCancel, id, true
	r, said, err := b.perform(ctx, a, func(b *Bot, ctx context.Context, a act) (approvals.Request, page, error) {
		r, err := b.desk.Cancel(ctx, a.by, a.id)
		return r, b.workspace.views.cancelledThere(r), err
	})
	if approvals.IsRefusal(err, approvals.AlreadyDecided) && r.State == approvals.Done {
		return b.workspace.views.nothingToCancel(r)
	}
	return orNoRecord(said, err)
}

// involved are the people whom a card can name.
func involved(requests ...approvals.Request) (all []approvals.Person) {
	for _, r := range requests {
		all = append(append(all, r.By, r.Ended.By, r.Frozen.By, r.Review.By), r.Barred...)
		for _, a := range r.Approvals {
			all = append(all, a.By)
		}
		for _, c := range r.Calls {
			all = append(all, c.By, c.Stop.By)
		}
	}
	return all
}

// summed are the people whom a report can name.
func summed(s approvals.Summary) (all []approvals.Person) {
	for _, w := range slices.Concat(s.Longest, s.Hasty) {
		all = append(all, w.Asked, w.Decided)
	}
	for _, p := range s.Pairs {
		all = append(all, p.Requester, p.Approver)
	}
	return all
}

// forAll is the page for everybody in the channel, which it says. It has names in place
// of mentions: nobody is called for what is only shown.
func (p page) forAll(people []approvals.Person) page {
	names := map[string]string{}
	for _, who := range people {
		if called := who.Called(); called != who.ID {
			names[who.ID] = called
		}
	}
	q := make(page, 0, len(p)+1)
	for _, each := range p {
		each.spans = slices.Clone(each.spans)
		for i, s := range each.spans {
			if s.user != "" || s.group != "" {
				each.spans[i] = words(cmp.Or(names[s.user], "somebody"))
			}
		}
		q = append(q, each)
	}
	return append(q, para{kind: toAll, spans: []span{words("Everybody in this channel sees this.")}})
}

// seenBy is who sees the page where Slack is asked for one of the two.
func (p page) seenBy() string {
	if p.has(toAll) {
		return slack.ResponseTypeInChannel
	}
	return slack.ResponseTypeEphemeral
}

func (p page) has(kind paraKind) bool {
	return slices.ContainsFunc(p, func(q para) bool { return q.kind == kind })
}

// without is the page without what is of these kinds.
func (p page) without(kinds ...paraKind) page {
	return slices.DeleteFunc(slices.Clone(p), func(q para) bool { return slices.Contains(kinds, q.kind) })
}
