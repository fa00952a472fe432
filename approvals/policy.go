package approvals

import (
	"context"
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
