package bot

import (
	"context"

	"defenderbot/approvals"
)

// privates has a row for every button and menu of a private answer, by its action_id: what
// its value says, and what it does. Each is trusted no further than what is typed: the desk
// checks all of it.
func privates() map[string]func(b *Bot, ctx context.Context, e Envelope, i interaction, p pressed) {
	return map[string]func(*Bot, context.Context, Envelope, interaction, pressed){
		actionSuccessor: (*Bot).privately,
		actionAnyway:    (*Bot).privately,
		actionAsk:       (*Bot).openDraft,
		actionPackage:   acting((*Bot).fetchOne, func(a *act, value string) { a.id, a.digest, a.nth = packageOf(value) }),
		actionPick:      acting((*Bot).pick, func(a *act, value string) { a.id, a.nth, a.device = pickOf(value) }),
	}
}

// acting is a click on something private that does what a handler does.
func acting(do handler, says func(a *act, value string)) func(b *Bot, ctx context.Context, e Envelope, i interaction, p pressed) {
	return func(b *Bot, ctx context.Context, e Envelope, i interaction, p pressed) {
		where, _ := place(i)
		a := newAct(e, p.ActionID, where, reply{i.User.ID, i.Container.ChannelID, i.ResponseURL})
		a.by.Private = true
		says(&a, p.value())
		_, said, _ := b.perform(ctx, a, do)
		b.ack(e, nil)
		b.whisper(ctx, a.to, said)
	}
}

// asker is where the requester of r is told something privately: by the command that made
// it, where that is remembered and works still.
func (w *Workspace) asker(r approvals.Request) reply {
	w.mu.Lock()
	u := w.urls[r.ID]
	w.mu.Unlock()
	if w.memory.clock().After(u.until) {
		u.url = ""
	}
	return reply{user: r.By.ID, channel: r.Place.Channel, url: u.url}
}
