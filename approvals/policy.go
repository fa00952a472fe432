package approvals

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// Verb is something that a person wants to do.
type Verb string

// What people can want.
const (
	ToAsk     Verb = "ask"
	ToApprove Verb = "approve"
	ToDeny    Verb = "deny"
	ToCancel  Verb = "cancel"
	ToRetry   Verb = "retry"
)

// Policy says who may do what. It is the same for every way a wish comes in.
type Policy struct {
	Requesters  List // empty: every full member
	Approvers   List
	Channels    []string       // where commands are taken; empty: wherever the bot is
	AllowShared bool           // also in channels shared with other organisations, or with other workspaces of our own
	Needed      int            // distinct approvers
	NeededFor   map[string]int // the same for single actions
}

// May reports whether the person may do it, by everything but the state of the
// request; next holds the rest. A no is a *No. The request is empty for
// [ToAsk], and the channel for a decision of a member of this workspace.
func (p Policy) May(v Verb, f Facts, ch Channel, r Request) error {
	if !p.member(f, ch) {
		return no(NotAMember, "")
	}
	switch v {
	case ToAsk:
		return p.mayAsk(f, ch)
	case ToApprove, ToDeny:
		return mayDecide(f, r)
	case ToCancel:
		return involved(f, r)
	case ToRetry:
		if err := p.mayAskIn(ch); err != nil {
			return err
		}
		return involved(f, r)
	}
	return no(NotAMember, string(v))
}

// member reports whether the person is one of those who may do anything in the
// channel.
func (p Policy) member(f Facts, ch Channel) bool { return f.ID != "" && p.bar(f, ch) == "" }

// stillAsks reports whether the requester of r may still ask. Not knowing is a
// *No. The list of approvers has no say in it.
func (p Policy) stillAsks(ctx context.Context, d Directory, r Request) (bool, error) {
	f, err := p.facts(ctx, d, r.By.ID, ToAsk)
	var ch Channel
	if err == nil {
		ch, err = p.place(ctx, d, f, r.Place.Channel)
	}
	if err != nil {
		return false, &No{Why: Why{Reason: RequesterUnchecked, Detail: r.By.ID}, Err: err}
	}
	return p.member(f, ch) && f.Asks, nil
}

// stillAsked is the refusal for user to approve r because of the others in it:
// its requester, who may ask no longer, and those who asked or approved before and
// are the same person as user by what is known of them by now.
func (p Policy) stillAsked(ctx context.Context, d Directory, r Request, user string) error {
	asks, err := p.stillAsks(ctx, d, r)
	if err == nil && !asks {
		err = no(RequesterGone, r.By.ID)
	}
	if err != nil {
		return err
	}
	today, err := p.today(ctx, d, r)
	if err != nil {
		return err
	}
	f, err := d.Facts(ctx, user)
	if err != nil {
		return unknown(fmt.Errorf("facts about %s: %w", user, err))
	}
	if slices.ContainsFunc(today.Approvals, func(a Approval) bool { return a.By.Is(f.Person) }) {
		return no(AlreadyApproved, "")
	}
	return today.mayNot(f.Person)
}

// today is r with the ids under which those who asked and approved are known by
// now: a workspace can have joined an organisation since. Not knowing is a *No.
func (p Policy) today(ctx context.Context, d Directory, r Request) (Request, error) {
	r = clone(r)
	r.Barred = slices.Clone(r.Barred)
	people := []*Person{&r.By}
	for i := range r.Barred {
		people = append(people, &r.Barred[i])
	}
	for i := range r.Approvals {
		people = append(people, &r.Approvals[i].By)
	}
	for _, who := range people {
		f, err := d.Facts(ctx, who.ID)
		if errors.Is(err, ErrNoSuchPerson) {
			continue
		}
		if err != nil {
			return r, unknown(fmt.Errorf("facts about %s: %w", who.ID, err))
		}
		who.Enterprise = cmp.Or(who.Enterprise, f.Enterprise)
	}
	return r, nil
}

func (p Policy) mayAsk(f Facts, ch Channel) error {
	if err := p.mayAskIn(ch); err != nil {
		return err
	}
	if !f.Asks {
		return no(NotARequester, "")
	}
	return nil
}

// involved lets the requester and the approvers through.
func involved(f Facts, r Request) error {
	if !f.Is(r.By) && !f.Decides {
		return no(NotYours, "")
	}
	return nil
}

func (p Policy) mayAskIn(ch Channel) error {
	switch {
	case len(p.Channels) > 0 && !slices.Contains(p.Channels, ch.ID):
		return no(ChannelNotTaken, "")
	case ch.Archived:
		return no(ChannelArchived, "")
	case !ch.Member:
		return no(NotInChannel, "")
	case ch.Shared && !p.AllowShared:
		return no(ChannelShared, "")
	}
	return nil
}

func mayDecide(f Facts, r Request) error {
	if err := r.mayNot(f.Person); err != nil {
		return err
	}
	if !f.Decides {
		return no(NotAnApprover, "")
	}
	return nil
}

// needed is how many distinct approvers an action needs.
func (p Policy) needed(action string) int {
	if n, ok := p.NeededFor[action]; ok {
		return n
	}
	return p.Needed
}
