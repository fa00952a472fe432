package approvals

import (
	"cmp"
	"maps"
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
	ToSee     Verb = "see"    // one request
	ToShow    Verb = "show"   // one request, to everybody in the channel
	ToList    Verb = "list"   // whatever of it may be seen
	ToReport  Verb = "report" // how it went over time
	ToFetch   Verb = "fetch"  // the package of what was collected
	ToPick    Verb = "pick"
	ToFreeze  Verb = "freeze" // everything: no call leaves until it is lifted
	ToForce   Verb = "force"  // break-glass: ask, and act without a second person
	ToReview  Verb = "review" // close the review of what was forced
)

// Unfreeze is the action of a request to lift a freeze. It is no row of the catalogue: it
// has no devices and makes no call.
const Unfreeze = "unfreeze"

// Rule says who asks for an action, who decides on it, and how many have to.
type Rule struct {
	Requesters List // empty: every full member
	Approvers  List // empty: nobody
	EscalateTo List // who decides too once others are called in; empty: nobody is
	Needed     int  // distinct approvers
	Off        bool // nobody may ask for it, and what waits is neither approved nor sent
}

// Policy says who may do what. It is the same for every way a wish comes in.
type Policy struct {
	Default     Rule            // of actions that have none of their own: those of another version
	ByAction    map[string]Rule // each whole: nothing of the default is added to it
	Channels    []string        // where commands are taken; empty: wherever the bot is
	BreakGlass  bool            // an approver may act alone, and is reviewed
	AllowShared bool            // also in channels shared with other organisations, or with other workspaces of our own
}

// Deciders are those who decide on r, as it stands: the approvers of its action, and from
// when they are called in on, those to whom it is escalated.
func (p Policy) Deciders(r Request) List {
	rule := p.RuleFor(r.Action)
	if r.Escalated.IsZero() {
		return rule.Approvers
	}
	return List{
		Users:  slices.Concat(rule.Approvers.Users, rule.EscalateTo.Users),
		Groups: slices.Concat(rule.Approvers.Groups, rule.EscalateTo.Groups),
	}
}

// RuleFor is the rule that an action goes by. Whoever approves any of them may ask for a
// freeze to be lifted, and anybody else of them approves it.
func (p Policy) RuleFor(action string) Rule {
	if action == Unfreeze {
		all := p.approvers()
		return Rule{Requesters: all, Approvers: all, Needed: 1}
	}
	if r, own := p.ByAction[action]; own {
		return r
	}
	return p.Default
}

// approvers are those of all actions, each once.
func (p Policy) approvers() (all List) {
	for _, r := range append(slices.Collect(maps.Values(p.ByAction)), p.Default) {
		all.Users, all.Groups = append(all.Users, r.Approvers.Users...), append(all.Groups, r.Approvers.Groups...)
	}
	slices.Sort(all.Users)
	slices.Sort(all.Groups)
	return List{Users: slices.Compact(all.Users), Groups: slices.Compact(all.Groups)}
}

// Groups are all user groups that somebody is judged by, each once.
func (p Policy) Groups() (all []string) {
	for _, r := range append(slices.Collect(maps.Values(p.ByAction)), p.Default) {
		all = append(append(all, r.Requesters.Groups...), slices.Concat(r.Approvers.Groups, r.EscalateTo.Groups)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// On are the actions that are switched on, by name.
func (p Policy) On() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(p.ByAction)), func(a string) bool { return p.ByAction[a].Off })
}

// May reports whether the person may do it, by everything but the state of the
// request; [Next] checks that. A no is a *Refusal. For [ToAsk] the request has no
// more than its action, and for [ToList], [ToReport] and [ToFreeze] nothing; the channel is empty for a
// decision of a member of this workspace.
func (p Policy) May(v Verb, f Facts, ch Channel, r Request) error {
	if !p.Admits(f, ch) {
		return Refuse(NotAMember, "")
	}
	switch v {
	case ToAsk:
		return p.mayAsk(f, ch, r.Action)
	case ToApprove:
		return cmp.Or(mayDecide(f, r), p.isOn(r.Action))
	case ToDeny: // what only ends it is never switched off
		return mayDecide(f, r)
	case ToCancel, ToFetch:
		return involved(f, r)
	case ToPick:
		if !f.Is(r.By) {
			return Refuse(NotYoursToPick, "")
		}
		return nil
	case ToRetry:
		return cmp.Or(p.mayAskIn(ch), involved(f, r), p.isOn(r.Action))
	case ToStop:
		return unlessOwnHand(f, NotYoursToStop)
	case ToSee:
		return maySee(f, ch, r)
	case ToShow:
		return mayShow(ch, r)
	case ToList:
		return nil
	case ToReport:
		if !f.Decides {
			return Refuse(OnlyApprovers, "")
		}
		return nil
	case ToFreeze:
		if !f.Decides {
			return Refuse(NotYoursToFreeze, "")
		}
		return nil
	case ToForce:
		return p.mayForce(f, ch, r.Action)
	case ToReview:
		return mayDecide(f, r)
	}
	return Refuse(NotAMember, string(v))
}

// MayAskIn reports whether the person may ask for anything at all in the channel. A no is
// a *Refusal.
func (p Policy) MayAskIn(f Facts, ch Channel) error {
	if !p.Admits(f, ch) {
		return Refuse(NotAMember, "")
	}
	return p.mayAskIn(ch)
}

// MayTypeIn is a refusal where typing the id of r in that place does not count for the
// person: it counts where r was made and, for its requester, wherever commands are taken.
func (p Policy) MayTypeIn(place Place, f Facts, r Request) error {
	switch {
	case place == r.Place:
		return nil
	case !f.Is(r.By) || place.Team != r.Place.Team:
		return Refuse(TypedElsewhere, "")
	case !p.takes(place.Channel):
		return Refuse(ChannelNotTaken, "")
	}
	return nil
}

// maySee lets the requester and the approvers through, and whoever asks where the card is.
func maySee(f Facts, ch Channel, r Request) error {
	if mayShow(ch, r) != nil && involved(f, r) != nil {
		return Refuse(NotYoursToSee, r.ID)
	}
	return nil
}

// takes reports whether commands are taken in a channel.
func (p Policy) takes(channel string) bool {
	return len(p.Channels) == 0 || slices.Contains(p.Channels, channel)
}

// mayShow is a refusal unless the request was made in the channel: everybody there has seen it.
func mayShow(ch Channel, r Request) error {
	if ch.ID == "" || ch.ID != r.Place.Channel {
		return Refuse(MadeElsewhere, r.ID)
	}
	return nil
}

// Admits reports whether the person is one of those who may do anything in the
// channel.
func (p Policy) Admits(f Facts, ch Channel) bool { return f.ID != "" && p.Bar(f, ch) == "" }

// isOn is a refusal where the action is switched off.
func (p Policy) isOn(action string) error {
	if p.RuleFor(action).Off {
		return Refuse(ActionOff, action)
	}
	return nil
}

func (p Policy) mayAsk(f Facts, ch Channel, action string) error {
	if err := cmp.Or(p.mayAskIn(ch), p.isOn(action)); err != nil {
		return err
	}
	if !f.Asks {
		return Refuse(NotARequester, "")
	}
	return nil
}

// mayForce lets the approvers of an action through, where there is break-glass at all.
func (p Policy) mayForce(f Facts, ch Channel, action string) error {
	if err := cmp.Or(p.mayAskIn(ch), p.isOn(action)); err != nil {
		return err
	}
	if !p.BreakGlass {
		return Refuse(NoBreakGlass, "")
	}
	return unlessOwnHand(f, NotAnApprover)
}

// StillForces reports whether somebody who acts alone still may, at the moment of sending.
func (p Policy) StillForces(f Facts, ch Channel) bool {
	return p.BreakGlass && p.Admits(f, ch) && f.Decides
}

// involved lets the requester and the approvers through.
func involved(f Facts, r Request) error {
	if f.Is(r.By) {
		return nil
	}
	return unlessOwnHand(f, NotYours)
}

func (p Policy) mayAskIn(ch Channel) error {
	switch {
	case ch.Direct:
		return Refuse(DirectMessage, "")
	case !p.takes(ch.ID):
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
	return unlessOwnHand(f, NotAnApprover)
}

// unlessOwnHand lets through who decides, and refuses who does not for that reason, or for
// how they came to be an approver.
func unlessOwnHand(f Facts, otherwise Reason) error {
	switch {
	case f.Decides:
		return nil
	case f.OwnHand:
		return Refuse(OwnHand, "")
	}
	return Refuse(otherwise, "")
}
