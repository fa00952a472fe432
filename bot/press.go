package bot

import (
	"context"
	"slices"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
)

// buttons has a row for every button of a card, by its action_id: what a click
// does.
func buttons() map[string]handler {
	return map[string]handler{
		actionApprove:   (*Bot).approve,
		actionDeny:      (*Bot).askWhy,
		actionReview:    (*Bot).askReview,
		actionCancel:    (*Bot).cancel,
		actionRetry:     (*Bot).retry,
		actionStop:      (*Bot).stop,
		actionSuccessor: (*Bot).succeed,
		actionUndo:      (*Bot).undo,
		actionPackage:   (*Bot).fetch,
		actionAsk:       (*Bot).askAgain,
		actionFreeze:    (*Bot).askFreeze,
	}
}

func (b *Bot) approve(ctx context.Context, a act) (approvals.Request, page, error) {
	r, err := b.desk.Approve(ctx, a.by, a.id, a.digest)
	return r, approvedPage(r), err
}

func (b *Bot) cancel(ctx context.Context, a act) (approvals.Request, page, error) {
	r, err := b.desk.Cancel(ctx, a.by, a.id)
	return r, cancelledPage(r), err
}

func (b *Bot) retry(ctx context.Context, a act) (approvals.Request, page, error) {
	r, err := b.desk.Retry(ctx, a.by, a.id, a.digest)
	return r, retriedPage(r), err
}

// press answers a click on a button of a card, or of a private answer.
func (b *Bot) press(ctx context.Context, e Envelope, i interaction) {
	private := func(p pressed) bool { return privates()[p.ActionID] != nil }
	if at := slices.IndexFunc(i.Actions, private); at >= 0 && i.private() {
		privates()[i.Actions[at].ActionID](b, ctx, e, i, i.Actions[at])
		return
	}
	at := slices.IndexFunc(i.Actions, func(p pressed) bool { return buttons()[p.ActionID] != nil })
	if at < 0 {
		b.pressUnknown(ctx, e, i)
		return
	}
	a := b.click(e, i, i.Actions[at])
	r, said, err := b.perform(ctx, a, buttons()[i.Actions[at].ActionID])
	b.ack(e, nil)
	b.tell(ctx, a, b.orEnded(said, err, askedAgain(r)))
	b.tidy(ctx, a, r)
	b.orphaned(ctx, a, i.Message, err)
}

// pressUnknown answers a click on nothing that this version knows: a link, which has
// no value, or a button of another version.
func (b *Bot) pressUnknown(ctx context.Context, e Envelope, i interaction) {
	at := slices.IndexFunc(i.Actions, func(p pressed) bool { return p.value() != "" })
	if at < 0 {
		b.ack(e, nil)
		return
	}
	b.log.WarnContext(ctx, "button unknown", "envelope", e.ID, "button", cut(i.Actions[at].ActionID, 40), "user", i.User.ID)
	b.excuse(ctx, e, reply{i.User.ID, i.Container.ChannelID, i.ResponseURL}, unknownButton)
}

// click makes an act of a click.
func (b *Bot) click(e Envelope, i interaction, p pressed) act {
	where, ts := place(i)
	a := newAct(e, p.ActionID, where, reply{i.User.ID, i.Container.ChannelID, i.ResponseURL})
	a.by.On = office.Message{TS: ts, Copy: ts != "" && b.workspace.wrote(i, p)}
	a.by.Home = b.workspace.isHome(i) && onHome(p.ActionID)
	a.id, a.digest = splitValue(p.Value)
	a.trigger = i.TriggerID
	return a
}

// place is where a click claims to come from; nowhere if its parts disagree.
func place(i interaction) (p approvals.Place, ts string) {
	c, m := i.Container, i.Message
	if i.Channel.ID != c.ChannelID || m.TS != "" && m.TS != c.MessageTS {
		return approvals.Place{Team: i.Team.ID}, ""
	}
	return approvals.Place{Team: i.Team.ID, Channel: c.ChannelID}, c.MessageTS
}

// wrote reports whether the bot wrote the message that was pressed, and all of
// its own buttons there are of one request. What a card looked like is Slack's
// word; anything else could name any message.
func (w *Workspace) wrote(i interaction, p pressed) bool {
	m := i.Message
	if w.botUser == "" || m.User != w.botUser || m.BotID != w.botID || m.TS == "" || m.TS != i.Container.MessageTS {
		return false
	}
	own, found := buttons(), false
	for _, b := range m.Buttons {
		if own[b.ActionID] == nil {
			continue
		}
		if b.Value != p.Value {
			return false
		}
		found = found || b.ActionID == p.ActionID
	}
	return found
}

// tidy puts right what a crash between posting a card and saving its name can
// leave: a card that the record does not know, or a second copy of one. Nothing
// but a copy of the very card is ever taken away. Try again answers with another
// request, which has a card of its own.
func (b *Bot) tidy(ctx context.Context, a act, r approvals.Request) {
	channel, ts := a.by.Place.Channel, a.by.On.TS
	if !a.by.On.Copy || r.ID == "" || r.ID != a.id || r.Place != a.by.Place || r.Card.TS == ts {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, replyLimit)
	defer cancel()
	var err error
	if r.Card.TS == "" {
		r, err = b.desk.Found(ctx, r, ts)
	}
	if err == nil && r.Card.TS != ts {
		err = b.workspace.Retire(ctx, channel, ts)
	}
	if err != nil {
		b.log.WarnContext(ctx, "stray card not tidied", "request", r.ID, "error", err)
	}
}
