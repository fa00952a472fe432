package office

import (
	"context"
	"errors"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"defenderbot/approvals"
)

// reader is somebody who reads, and what is known of what they may see.
type reader struct {
	policy  approvals.Policy
	f       approvals.Facts // Decides: on something
	ch      approvals.Channel
	public  bool            // everybody in the channel reads it
	decides map[matter]bool // on what
	unread  error           // why it is not known of all
}

// matter is what somebody decides on or not, of a request.
type matter struct {
	action    string // empty: any of another version
	escalated bool   // those who are called in late decide too
}

// readerOf finds out what has to be known about somebody who wants to read, or refuses it.
// That a group of approvers cannot be read shows less to those who may be in it.
func (d *Desk) readerOf(ctx context.Context, by By, v approvals.Verb) (reader, error) {
	f, err := d.people.facts(ctx, by.User, v, approvals.Request{})
	if err != nil {
		return reader{}, notKnown(err)
	}
	ch, err := d.people.place(ctx, f, by.Place.Channel)
	if err != nil {
		return reader{}, notKnown(err)
	}
	ch.ID = by.Place.Channel
	who := reader{policy: d.people.policy, f: f, ch: ch, public: by.Public}
	who.decides, who.unread = d.people.deciding(ctx, f)
	who.f.Decides = slices.Contains(slices.Collect(maps.Values(who.decides)), true)
	noApprover := approvals.OnlyApprovers
	if v == approvals.ToFreeze {
		noApprover = approvals.NotYoursToFreeze
	}
	return who, who.unless(noApprover, who.policy.May(v, who.f, ch, approvals.Request{}))
}

// deciding finds out what a person decides on.
func (p people) deciding(ctx context.Context, f approvals.Facts) (map[matter]bool, error) {
	matters := p.matters()
	yes, unread := make([]bool, len(matters)), make([]error, len(matters))
	g := new(errgroup.Group)
	for i, m := range matters {
		r := approvals.Request{Action: m.action}
		if m.escalated {
			r.Escalated = r.Escalated.Add(1)
		}
		g.Go(safely(func() error {
			judged, err := p.decides(ctx, f, r)
			yes[i], unread[i] = judged.Decides, err
			return nil
		}))
	}
	err := g.Wait()
	decides := map[matter]bool{}
	lift := matter{action: approvals.Unfreeze}
	for i, m := range matters {
		decides[m] = yes[i]
		decides[lift] = decides[lift] || yes[i] && !m.escalated
	}
	return decides, errors.Join(append(unread, err)...)
}

// matters are all that there are.
func (p people) matters() (all []matter) {
	for _, action := range append(slices.Collect(maps.Keys(p.policy.ByAction)), "") {
		all = append(all, matter{action, false}, matter{action, true})
	}
	return all
}

// may is a refusal unless the request may be shown to those who read.
func (w reader) may(r approvals.Request) error {
	v := approvals.ToSee
	if w.public {
		v = approvals.ToShow
	}
	return w.unless(approvals.NotYoursToSee, w.policy.May(v, w.on(r), w.ch, r))
}

// on is what is known of the person about r.
func (w reader) on(r approvals.Request) approvals.Facts {
	f, m := w.f, matter{r.Action, !r.Escalated.IsZero()}
	if _, known := w.decides[m]; !known {
		m.action = ""
	}
	f.Decides = w.decides[m]
	return f
}

// decidesNow reports whether r waits for this person to decide on it, where its channel shows
// it, or to review it. A review whose card the channel did not take can be closed nowhere else.
func (w reader) decidesNow(r approvals.Request) bool {
	if r.UnderReview() {
		return w.policy.May(approvals.ToReview, w.on(r), w.ch, r) == nil
	}
	given := slices.ContainsFunc(r.Approvals, func(a approvals.Approval) bool { return a.By.Is(w.f.Person) })
	return r.State == approvals.Pending && r.Card.TS != "" && !given && w.policy.May(approvals.ToDeny, w.on(r), w.ch, r) == nil
}

// unless is a refusal as it is, unless somebody is refused for being no approver, and that is
// not known.
func (w reader) unless(noApprover approvals.Reason, refused error) error {
	if w.unread != nil && approvals.IsRefusal(refused, noApprover) {
		return notKnown(w.unread)
	}
	return refused
}

// everywhere reports whether those who read see more than what was made in the channel.
func (w reader) everywhere() bool { return w.f.Decides && !w.public }

// keep tells which requests of a list may be shown; nil: all of it.
func (w reader) keep() func(approvals.Request) bool {
	if w.everywhere() && !slices.Contains(slices.Collect(maps.Values(w.decides)), false) {
		return nil
	}
	return func(r approvals.Request) bool { return w.may(r) == nil }
}
