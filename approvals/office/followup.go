package office

import (
	"context"
	"slices"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
)

// pressedOn is an ended request from whose card another one is asked for, and what has to
// be known for that.
type pressedOn struct {
	old       approvals.Request
	by        approvals.Facts
	channel   approvals.Channel
	approvers roll
}

// pressedOn reads the old request, and looks up at once what v needs for the action that
// is asked for from it. It refuses what was shown by another message or as something else.
func (d *Desk) pressedOn(ctx context.Context, by By, id, digest string, v approvals.Verb, next func(approvals.Request) string) (p pressedOn, err error) {
	if p.old, err = d.shown(ctx, by, id); err != nil {
		return p, err
	}
	if digest != p.old.Digest() {
		return p, approvals.WithRequest(approvals.Refuse(approvals.ShownDiffers, ""), p.old)
	}
	wanted := p.old
	wanted.Action = next(p.old)
	err = together(
		ctx,
		func(ctx context.Context) error { p.approvers = d.people.approvers(ctx, wanted.Action); return nil },
		func(ctx context.Context) (err error) { p.by, err = d.people.facts(ctx, by.User, v, wanted); return err },
		func(ctx context.Context) (err error) { p.channel, err = d.placeOf(ctx, by); return err },
	)
	return p, approvals.WithRequest(notKnown(err), p.old)
}

// from is the request for an action on some devices of the old one, in its place and for
// its reason.
func (d *Desk) from(p pressedOn, action defender.Action, devices []approvals.Device) approvals.Request {
	return approvals.Request{
		Action: action.Name, Devices: devices, Comment: p.old.Comment, By: p.by.Person, Place: p.old.Place, Thread: p.old.InThread(), Terms: d.termsOf(action),
		Roll: p.approvers.called,
	}
}

// record makes the new request where enough people could approve it.
func (d *Desk) record(ctx context.Context, op ledger.Op, p pressedOn, r approvals.Request, most int) (approvals.Request, error) {
	err := d.roster.enough(ctx, p.approvers, append(slices.Clone(r.Barred), r.By), p.channel, r.Terms.Needed)
	if err != nil {
		return p.old, approvals.WithRequest(err, p.old)
	}
	made, err := d.store.CreateIfOffered(ctx, op, r, most)
	if id := approvals.OpenElsewhere(err); id != "" {
		d.lookAfter(id)
	}
	if approvals.IsRefusal(err, approvals.Ended) {
		return p.old, err
	}
	return made, err
}

// FollowUp makes a new request from the card of an old one: for what Microsoft offers in
// place of an action that it has ended, or for what takes back what has succeeded. It is
// asked for by whoever pressed, who has to be one of those who may ask for it, and
// decided on like any other, on the same devices and for the same reason.
func (d *Desk) FollowUp(ctx context.Context, by By, id, digest string, how approvals.How) (approvals.Request, error) {
	p, err := d.pressedOn(ctx, by, id, digest, approvals.ToAsk, func(old approvals.Request) string {
		was, _ := d.store.Action(old.Action)
		return next(was, how)
	})
	if err != nil {
		return p.old, err
	}
	r, err := d.followUp(p, how)
	if err != nil {
		return p.old, approvals.WithRequest(err, p.old)
	}
	return d.record(ctx, by.op(approvals.ToAsk, string(how), id, digest), p, r, d.most)
}

func (d *Desk) followUp(p pressedOn, how approvals.How) (approvals.Request, error) {
	was, _ := d.store.Action(p.old.Action)
	action, ok := d.store.Action(next(was, how))
	devices := p.old.Follows(how)
	if !ok || len(devices) == 0 {
		return approvals.Request{}, approvals.Refuse(approvals.NothingFollows, "")
	}
	r := d.from(p, action, devices)
	r.From = approvals.Origin{Request: p.old.ID, How: how}
	if how == approvals.AsSuccessor {
		r.Barred = formerAskers(p.old, p.by.Person)
	}
	return r, d.people.policy.May(approvals.ToAsk, p.by, p.channel, r)
}

// next is the name of the action that follows in this way; empty: there is none.
func next(was defender.Action, how approvals.How) string {
	switch {
	case how == approvals.AsSuccessor && was.Ended != nil:
		return was.Ended.Successor
	case how == approvals.AsUndo:
		return was.Undo
	}
	return ""
}

// formerAskers are those who have asked for the same before, and so do not decide on what
// somebody asks for again; by, who does, cannot decide anyway.
func formerAskers(old approvals.Request, by approvals.Person) []approvals.Person {
	all := append(slices.Clone(old.Barred), old.By)
	return slices.DeleteFunc(all, by.Is)
}
