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
	AllowShared bool           // also in channels shared with other organisations
	Needed      int            // distinct approvers
	NeededFor   map[string]int // the same for single actions
}

// May says whether the person may do it, by everything but the state of the
// request; next holds the rest. A no is a *No. The request is empty for [ToAsk].
func (p Policy) May(v Verb, f Facts, ch Channel, r Request) error {
	if !f.member() {
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

// member reports whether the person is a full member of the workspace.
func (f Facts) member() bool {
	return f.ID != "" && !f.Bot && !f.Deleted && !f.Guest && !f.External
}

// stillAsks finds out whether a requester may still ask. A no is a *No, as is
// not knowing, in err.
func (p Policy) stillAsks(ctx context.Context, d Directory, by Person) (refused, err error) {
	f, err := p.facts(ctx, d, by.ID)
	if err != nil {
		return nil, &No{Why: Why{Reason: RequesterUnchecked, Detail: by.ID}, Err: err}
	}
	if !f.member() || !f.Asks {
		return no(RequesterGone, by.ID), nil
	}
	return nil, nil
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

// enough says whether enough people besides the requester could approve.
func enough(everybody []string, by Person, needed int) error {
	others := slices.DeleteFunc(slices.Clone(everybody), func(id string) bool {
		return id == by.ID || by.Enterprise != "" && id == by.Enterprise
	})
	if len(others) < needed {
		return no(NobodyElse, "")
	}
	return nil
}
