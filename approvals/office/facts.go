package office

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"defenderbot/approvals"
)

// safely makes an error of a panic. One in a goroutine of a group would end the
// process, whoever recovers around the group.
func safely(f func() error) func() error {
	return func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panicked: %v\n%s", p, debug.Stack())
			}
		}()
		return f()
	}
}

// notKnown is the refusal for facts that could not be had: no facts, no yes.
func notKnown(err error) error {
	if err == nil {
		return nil
	}
	return &approvals.Refusal{Why: approvals.Why{Reason: approvals.NotKnown}, Err: err}
}

// people are those whom the policy judges, and the directory that knows them.
type people struct {
	dir    approvals.Directory
	policy approvals.Policy
}

// listed reports whether somebody is on a list, by any of their ids, in a group that
// counts, and may do anything at all. That somebody may not is known, whatever list cannot
// be read; and a group that cannot be read hides nobody who is on the list elsewhere.
func (p people) listed(ctx context.Context, f approvals.Facts, list approvals.List, counts func(approvals.Group) (bool, error)) (bool, error) {
	if p.policy.Bar(f, approvals.Channel{OrgShared: true}) != "" {
		return false, nil
	}
	if slices.ContainsFunc(list.Users, f.HasID) {
		return true, nil
	}
	var unread []error
	answers := p.read(ctx, list.Groups)
	for range list.Groups {
		a := <-answers
		if slices.ContainsFunc(a.Members, f.HasID) {
			yes, err := counts(a.Group)
			if yes {
				return true, nil
			}
			a.err = err
		}
		unread = append(unread, a.err)
	}
	return false, errors.Join(unread...)
}

// reading is what was answered about one group.
type reading struct {
	approvals.Group

	id  string // which was asked for
	err error
}

// read asks about groups, side by side, and answers for each as soon as it is
// known. Nobody has to wait for the rest.
func (p people) read(ctx context.Context, groups []string) <-chan reading {
	answers := make(chan reading, len(groups))
	ask := func(id string) {
		r := reading{id: id}
		r.err = safely(func() (err error) { r.Group, err = p.dir.Group(ctx, id); return err })()
		answers <- r
	}
	for _, id := range groups {
		if len(groups) == 1 { // the usual case, and mostly remembered
			ask(id)
			continue
		}
		go ask(id)
	}
	return answers
}

// roll is the list of approvers of an action as far as it could be read.
type roll struct {
	ids    []string             // of people, each once
	groups []approvals.Standing // those that give nobody, with the cause
	called []string             // who is in any group that decides, now or late; none where one cannot be read
}

// approvers are all of an action's who can be read, those of groups included.
func (p people) approvers(ctx context.Context, action string) roll {
	rule := p.policy.RuleFor(action)
	all, unread := roll{ids: slices.Clone(rule.Approvers.Users)}, false
	groups := groupsOf(rule.Approvers, rule.EscalateTo)
	answers := p.read(ctx, groups)
	for range groups {
		a := <-answers
		unread, all.called = unread || a.err != nil, append(all.called, a.Members...)
		if !slices.Contains(rule.Approvers.Groups, a.id) {
			continue
		}
		if s := groupStanding(a); s.Bar != "" {
			all.groups = append(all.groups, s)
			continue
		}
		all.ids = append(all.ids, a.Members...)
	}
	slices.Sort(all.ids)
	all.ids, all.called = slices.Compact(all.ids), approvals.RollOf(all.called)
	if unread {
		all.called = nil
	}
	return all
}

// facts are those about a person that the verb hangs on, for the action of r. It
// fails closed: what cannot be found out is an error, never a yes. The requester of
// r cancels and tries again without being an approver, so no list is read for that.
func (p people) facts(ctx context.Context, user string, v approvals.Verb, r approvals.Request) (approvals.Facts, error) {
	f, err := p.dir.Facts(ctx, user)
	if errors.Is(err, approvals.ErrNoSuchPerson) {
		return approvals.Facts{Person: approvals.Person{ID: user}, Deleted: true}, nil // gone, like somebody who was deactivated
	}
	if err != nil {
		return approvals.Facts{}, fmt.Errorf("facts about %s: %w", user, err)
	}
	switch v {
	case approvals.ToAsk:
		return p.asks(ctx, f, r.Action)
	case approvals.ToApprove, approvals.ToDeny, approvals.ToStop, approvals.ToForce, approvals.ToReview:
		return p.decides(ctx, f, r)
	case approvals.ToCancel, approvals.ToRetry, approvals.ToFetch, approvals.ToSee:
		if !f.Is(r.By) {
			return p.decides(ctx, f, r)
		}
	case approvals.ToPick: // the requester's alone
	case approvals.ToShow, approvals.ToList: // hang on who it is and where, and on no list
	case approvals.ToReport, approvals.ToFreeze: // on those of all actions: see readerOf
	}
	return f, nil
}

// asks fills in whether a person may ask for an action: everybody may where there is
// no list.
func (p people) asks(ctx context.Context, f approvals.Facts, action string) (_ approvals.Facts, err error) {
	list := p.policy.RuleFor(action).Requesters
	if list.Empty() {
		list.Users = []string{f.ID}
	}
	f.Asks, err = p.listed(ctx, f, list, func(approvals.Group) (bool, error) { return true, nil })
	return f, err
}

// decides fills in whether a person is on the list of those who decide on r as it stands,
// and how they came into the group that lets them.
func (p people) decides(ctx context.Context, f approvals.Facts, r approvals.Request) (approvals.Facts, error) {
	var through approvals.Facts // the last group that they are in
	decides, err := p.listed(ctx, f, p.policy.Deciders(r), func(g approvals.Group) (_ bool, err error) {
		through, err = p.through(ctx, f, r, g)
		return through.Decides, err
	})
	f.Decides, f.Joined, f.OwnHand = decides, through.Joined, through.OwnHand && !decides
	return f, err
}

// through is what being in a group gives a person on r. Whoever changed it last is looked up
// where that matters, for one person can have several ids.
func (p people) through(ctx context.Context, f approvals.Facts, r approvals.Request, g approvals.Group) (approvals.Facts, error) {
	changer := approvals.Person{ID: g.ChangedBy}
	if judged := f.ThroughGroup(r, g, changer); judged.OwnHand || changer.ID == "" || !r.CameSince(f.Person, g) {
		return judged, nil
	}
	known, err := p.known(ctx, changer.ID)
	if err != nil {
		return f, err
	}
	changer.Enterprise = known.Enterprise
	return f.ThroughGroup(r, g, changer), nil
}

// place is the channel, as far as what this person may do hangs on it: only
// people of another workspace of the organisation are let in by where they are, and
// nowhere by their home.
func (p people) place(ctx context.Context, f approvals.Facts, channel string) (approvals.Channel, error) {
	if !f.Elsewhere || !p.policy.AllowShared || channel == "" {
		return approvals.Channel{}, nil
	}
	ch, err := p.dir.Channel(ctx, channel)
	if err != nil {
		return approvals.Channel{}, fmt.Errorf("the channel of %s: %w", f.ID, err)
	}
	return ch, nil
}

// factsIn are the facts about a person, and about the channel of r as far as they
// hang on it.
func (p people) factsIn(ctx context.Context, user string, v approvals.Verb, r approvals.Request) (f approvals.Facts, ch approvals.Channel, err error) {
	if f, err = p.facts(ctx, user, v, r); err == nil {
		ch, err = p.place(ctx, f, r.Place.Channel)
	}
	return f, ch, err
}

// stillAsks reports whether the requester of r may still ask. Not knowing is a
// *Refusal. The list of approvers has no say in it.
func (p people) stillAsks(ctx context.Context, r approvals.Request) (bool, error) {
	f, ch, err := p.factsIn(ctx, r.By.ID, approvals.ToAsk, r)
	if err != nil {
		return false, &approvals.Refusal{Why: approvals.Why{Reason: approvals.RequesterUnchecked, Detail: r.By.ID}, Err: err}
	}
	return p.policy.Admits(f, ch) && f.Asks, nil
}

// stillAsked is the refusal for user to approve r because of the others in it:
// its requester, who may ask no longer, and those who asked or approved before and
// are the same person as user by what is known of them by now.
func (p people) stillAsked(ctx context.Context, r approvals.Request, user string) error {
	var f approvals.Facts
	var today approvals.Request
	var unsure [2]error // told after what is certain about the requester
	gone := together(
		ctx,
		func(ctx context.Context) error {
			asks, err := p.stillAsks(ctx, r)
			if err == nil && !asks {
				err = approvals.Refuse(approvals.RequesterGone, r.By.ID)
			}
			return err
		},
		func(ctx context.Context) error { today, unsure[0] = p.today(ctx, r); return nil },
		func(ctx context.Context) error { f, unsure[1] = p.known(ctx, user); return nil },
	)
	if err := cmp.Or(gone, unsure[0], unsure[1]); err != nil {
		return err
	}
	if r.State == approvals.Pending && slices.ContainsFunc(today.Approvals, func(a approvals.Approval) bool { return a.By.Is(f.Person) }) {
		return approvals.Refuse(approvals.AlreadyApproved, "")
	}
	return today.MayNotDecide(f.Person)
}

// stillOther is the refusal for user to review r where they are the same person as whoever
// acted, by what is known of them by now.
func (p people) stillOther(ctx context.Context, r approvals.Request, user string) error {
	today, err := p.today(ctx, r)
	if err != nil {
		return err
	}
	f, err := p.known(ctx, user)
	if err != nil {
		return err
	}
	return today.MayNotDecide(f.Person)
}

// today is r with the ids under which those who asked and approved are known by
// now: a workspace can have joined an organisation since. Not knowing is a *Refusal.
func (p people) today(ctx context.Context, r approvals.Request) (approvals.Request, error) {
	r.Approvals, r.Barred = slices.Clone(r.Approvals), slices.Clone(r.Barred)
	people := []*approvals.Person{&r.By}
	for i := range r.Barred {
		people = append(people, &r.Barred[i])
	}
	for i := range r.Approvals {
		people = append(people, &r.Approvals[i].By)
	}
	jobs := make([]func(context.Context) error, len(people))
	for i, who := range people {
		jobs[i] = func(ctx context.Context) error {
			f, err := p.known(ctx, who.ID)
			who.Enterprise = cmp.Or(who.Enterprise, f.Enterprise)
			return err
		}
	}
	err := together(ctx, jobs...) // which changes r
	return r, err
}

// known are the facts about a person, none where there is no such person. Not
// knowing is a *Refusal.
func (p people) known(ctx context.Context, user string) (approvals.Facts, error) {
	f, err := p.dir.Facts(ctx, user)
	if err != nil && !errors.Is(err, approvals.ErrNoSuchPerson) {
		return f, notKnown(fmt.Errorf("facts about %s: %w", user, err))
	}
	return f, nil
}
