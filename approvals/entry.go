package approvals

import (
	"slices"
	"time"
)

// mostOnRoll is how many people are noted as those who were in the approver groups.
const mostOnRoll = 100

// RollOf is who is noted as having been in the approver groups when something was asked
// for: nobody, where they are too many.
func RollOf(ids []string) []string {
	all := slices.Clone(ids)
	slices.Sort(all)
	if all = slices.Compact(all); len(all) > mostOnRoll {
		return nil
	}
	return all
}

// ThroughGroup is f with what being in a group of approvers gives them on r. Whoever came
// into it after r was asked for counts, unless they or somebody who asked for r changed it
// last. Who was the last to change it, the changer, is nobody where that is not said.
func (f Facts) ThroughGroup(r Request, g Group, changer Person) Facts {
	f.Decides, f.OwnHand, f.Joined = true, false, time.Time{}
	switch {
	case !r.CameSince(f.Person, g):
	case changer.Is(f.Person) || r.Bars(changer):
		f.Decides, f.OwnHand = false, true
	case len(r.Roll) > 0 && g.Changed.After(r.Asked):
		f.Joined = g.Changed
	}
	return f
}

// CameSince reports whether somebody who is in a group now may have come into it after r was
// asked for: they were in none then or, where nobody noted who was, it was changed since.
// Slack knows the second of a change. Whoever is about to act alone may always have come since:
// nobody else's yes stands between such a change and the act.
func (r Request) CameSince(p Person, g Group) bool {
	switch {
	case r.Asked.IsZero(): // it is about no request yet
		return r.Forced
	case len(r.Roll) > 0:
		return !slices.ContainsFunc(r.Roll, p.HasID)
	}
	return !g.Changed.Before(r.Asked.Truncate(time.Second))
}
