package office

import (
	"context"
	"strings"

	"defenderbot/approvals"
	"defenderbot/defender"
)

// Wish is what a command asks for.
type Wish struct {
	Action  string
	Devices []approvals.Device // each with an id or a name
	Comment string
	Thread  string // the message of the place that it is about; empty: none
	Anyway  bool   // also where it is known that Defender refuses it, because Microsoft has ended it
}

// Ask makes a request of a wish. What Defender has refused less than a day ago because
// Microsoft has ended it is a *Refusal with the reason Ended, and since when.
func (d *Desk) Ask(ctx context.Context, by By, w Wish) (approvals.Request, error) {
	action, ok := d.store.Action(w.Action)
	if !ok {
		return approvals.Request{}, approvals.Refuse(approvals.UnknownAction, w.Action)
	}
	f, ch, everybody, err := d.lookUp(ctx, by, approvals.ToAsk, w.Action)
	if err != nil {
		return approvals.Request{}, notKnown(err)
	}
	terms := d.termsOf(action)
	if err := d.people.policy.May(approvals.ToAsk, f, ch, approvals.Request{Action: w.Action}); err != nil {
		return approvals.Request{}, err
	}
	if err := d.roster.enough(ctx, everybody, []approvals.Person{f.Person}, ch, terms.Needed); err != nil {
		return approvals.Request{}, err
	}
	r := approvals.Request{
		Action: w.Action, Devices: w.Devices, Comment: w.Comment,
		By: f.Person, Place: by.Place, Thread: w.Thread, Terms: terms, Roll: everybody.called,
	}
	create := d.store.CreateIfOffered
	if w.Anyway {
		create = d.store.Create
	}
	made, err := create(ctx, by.op(approvals.ToAsk, w.parts(r)...), r, d.most)
	if id := approvals.OpenElsewhere(err); id != "" {
		d.lookAfter(id)
	}
	return made, err
}

// parts are what makes of a wish for r another wish.
func (w Wish) parts(r approvals.Request) []string {
	parts := []string{r.Digest(), hostNames(w.Devices)}
	if w.Thread != "" {
		parts = append(parts, w.Thread)
	}
	return parts
}

// termsOf are the terms of a new request for an action.
func (d *Desk) termsOf(action defender.Action) approvals.Terms {
	terms := d.terms
	rule := d.people.policy.RuleFor(action.Name)
	terms.Needed, terms.Horizon, terms.Excludes = rule.Needed, action.Horizon, action.Excludes
	if !rule.EscalateTo.Empty() {
		terms.EscalateAfter = terms.ApprovalTTL * 2 / 3
	}
	if action.Ended != nil {
		terms.QueuedFor = action.Ended.QueuedFor
	}
	return terms
}

// hostNames are the names of devices that have no id yet.
func hostNames(devices []approvals.Device) string {
	names := make([]string, len(devices))
	for i, d := range devices {
		names[i] = d.Name
	}
	return strings.Join(names, ",")
}

// lookUp finds out at once what has to be known about who asks and where, and as
// much as can be about who could approve.
func (d *Desk) lookUp(ctx context.Context, by By, v approvals.Verb, action string) (f approvals.Facts, ch approvals.Channel, everybody roll, err error) {
	err = together(
		ctx,
		func(ctx context.Context) (err error) {
			f, err = d.people.facts(ctx, by.User, v, approvals.Request{Action: action, Forced: v == approvals.ToForce})
			return err
		},
		func(ctx context.Context) (err error) { ch, err = d.placeOf(ctx, by); return err },
		func(ctx context.Context) error { everybody = d.people.approvers(ctx, action); return nil },
	)
	return f, ch, everybody, err
}
