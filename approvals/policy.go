package approvals

import (
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
	ToStop    Verb = "stop"
)

// Policy says who may do what. It is the same for every way a wish comes in.
type Policy struct {
	Requesters  List // empty: every full member
	Approvers   List
	Channels    []string       // where commands are taken; empty: wherever the bot is
	AllowShared bool           // also in channels shared with other organisations, or with other workspaces of our own
	Needed      int            // distinct approvers, by the action that needs the fewest
	NeededFor   map[string]int // the same, by action
}

// May reports whether the person may do it, by everything but the state of the
// request; [Next] checks that. A no is a *Refusal. The request is empty for
// [ToAsk], and the channel for a decision of a member of this workspace.
func (p Policy) May(v Verb, f Facts, ch Channel, r Request) error {
	if !p.Admits(f, ch) {
		return Refuse(NotAMember, "")
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
	case ToStop:
		if !f.Decides {
			return Refuse(NotYoursToStop, "")
		}
		return nil
	}
	return Refuse(NotAMember, string(v))
}

// Admits reports whether the person is one of those who may do anything in the
// channel.
func (p Policy) Admits(f Facts, ch Channel) bool { return f.ID != "" && p.Bar(f, ch) == "" }

func (p Policy) mayAsk(f Facts, ch Channel) error {
	if err := p.mayAskIn(ch); err != nil {
		return err
	}
	if !f.Asks {
		return Refuse(NotARequester, "")
	}
	return nil
}

// involved lets the requester and the approvers through.
func involved(f Facts, r Request) error {
	if !f.Is(r.By) && !f.Decides {
		return Refuse(NotYours, "")
	}
	return nil
}

func (p Policy) mayAskIn(ch Channel) error {
	switch {
	case ch.Direct:
		return Refuse(DirectMessage, "")
	case len(p.Channels) > 0 && !slices.Contains(p.Channels, ch.ID):
		return Refuse(ChannelNotTaken, "")
	case ch.Archived:
		return Refuse(ChannelArchived, "")
	case !ch.Member:
		return Refuse(NotInChannel, "")
	case ch.Shared && !p.AllowShared:
		return Refuse(ChannelShared, "")
	}
	return nil
}

func mayDecide(f Facts, r Request) error {
	if err := r.MayNotDecide(f.Person); err != nil {
		return err
	}
	if !f.Decides {
		return Refuse(NotAnApprover, "")
	}
	return nil
}

// ApproversFor is how many distinct approvers an action needs.
func (p Policy) ApproversFor(action string) int {
	if n, ok := p.NeededFor[action]; ok {
		return n
	}
	return p.Needed
}
