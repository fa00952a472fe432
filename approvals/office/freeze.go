package office

import (
	"context"
	"fmt"

	"defenderbot/approvals"
)

// Freeze stops every call from being sent, by order of somebody who approves any action. It is the
// safe direction, so it needs nobody else, and is taken wherever it is given: also in a direct
// message, and where the bot takes no commands.
func (d *Desk) Freeze(ctx context.Context, by By, text string) (approvals.Freeze, error) {
	who, err := d.orders(ctx, by)
	if err != nil {
		return approvals.Freeze{}, err
	}
	return d.store.Freeze(ctx, by.op(approvals.ToFreeze, text), approvals.Freeze{By: who.f.Person, Text: text, Place: by.Place})
}

// MayFreeze is a refusal where an order of by to freeze would be refused now: enough to open
// a form, which is checked again when it is sent.
func (d *Desk) MayFreeze(ctx context.Context, by By) error {
	if _, err := d.orders(ctx, by); err != nil {
		return err
	}
	if f := d.store.Frozen(); f.Is() {
		return &approvals.Refusal{Why: approvals.Why{Reason: approvals.AlreadyFrozen, Detail: f.ID, Since: f.At}, Frozen: f}
	}
	return nil
}

// orders refuses everybody but the approvers. People of another workspace are let in by the
// channel alone, which has no say here.
func (d *Desk) orders(ctx context.Context, by By) (reader, error) {
	by.Place.Channel = ""
	return d.readerOf(ctx, by, approvals.ToFreeze)
}

// Unfreeze makes a request to lift the freeze in force. It is decided on like any other, by
// anybody else who approves any action.
func (d *Desk) Unfreeze(ctx context.Context, by By, comment string) (approvals.Request, error) {
	f, ch, everybody, err := d.lookUp(ctx, by, approvals.ToAsk, approvals.Unfreeze)
	if err != nil {
		return approvals.Request{}, notKnown(err)
	}
	r := approvals.Request{Action: approvals.Unfreeze, Comment: comment, By: f.Person, Place: by.Place, Terms: d.liftTerms()}
	if err := d.people.policy.May(approvals.ToAsk, f, ch, r); err != nil {
		if approvals.IsRefusal(err, approvals.NotARequester) { // it has no list of its own of who may ask
			err = approvals.Refuse(approvals.NotYoursToFreeze, "")
		}
		return approvals.Request{}, err
	}
	if r.Frozen, err = d.store.ReadFreeze(ctx); err != nil {
		return approvals.Request{}, fmt.Errorf("%w: %w", approvals.ErrNotRecorded, err)
	}
	if !r.Frozen.Is() {
		return approvals.Request{}, approvals.Refuse(approvals.NotFrozen, "")
	}
	if err := d.roster.enough(ctx, everybody, []approvals.Person{f.Person}, ch, r.Terms.Needed); err != nil {
		return approvals.Request{}, err
	}
	made, err := d.store.Create(ctx, by.op(approvals.ToAsk, approvals.Unfreeze, comment), r, d.most)
	if id := approvals.OpenElsewhere(err); id != "" {
		d.lookAfter(id)
	}
	return made, err
}

// liftTerms are the terms of a request to lift a freeze. It makes no call, so what is said
// there of calls means nothing.
func (d *Desk) liftTerms() approvals.Terms {
	terms := d.terms
	terms.Needed, terms.Horizon = d.people.policy.RuleFor(approvals.Unfreeze).Needed, terms.ExecutionTTL
	return terms
}

// Frozen is the freeze in force, as this process has seen it last; there may be none.
func (d *Desk) Frozen() approvals.Freeze { return d.store.Frozen() }
