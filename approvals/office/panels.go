package office

import (
	"cmp"
	"fmt"
	"slices"

	"defenderbot/approvals"
)

// panel is one list of approvers with the actions that it decides on.
type panel struct {
	list    approvals.List
	actions []string
}

// panels are those of the actions that are switched on, no list twice.
func panels(p approvals.Policy) (all []panel) {
	for _, action := range p.On() {
		list := p.RuleFor(action).Approvers
		i := slices.IndexFunc(all, func(o panel) bool { return o.list.Equal(list) })
		if i < 0 {
			i, all = len(all), append(all, panel{list: list})
		}
		all[i].actions = append(all[i].actions, action)
	}
	return all
}

// requesting are the lists of those who may ask for the actions that are switched on.
func requesting(p approvals.Policy) (all []approvals.List) {
	for _, action := range p.On() {
		all = append(all, p.RuleFor(action).Requesters)
	}
	return all
}

// calledIn are the lists of those who decide too once an action is escalated, none twice.
func calledIn(p approvals.Policy) (all []approvals.List) {
	for _, action := range p.On() {
		if list := p.RuleFor(action).EscalateTo; !slices.ContainsFunc(all, list.Equal) {
			all = append(all, list)
		}
	}
	return all
}

// groupsOf are the groups on lists, each once.
func groupsOf(lists ...approvals.List) (all []string) {
	for _, l := range lists {
		all = append(all, l.Groups...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// approving are the lists of approvers.
func (r *Roster) approving() []approvals.List {
	lists := make([]approvals.List, len(r.deciding))
	for i, p := range r.deciding {
		lists[i] = p.list
	}
	return lists
}

// deciders is how the lists of approvers stand: each by itself, and in Able and Out
// all of them together. The lock is held.
func (r *Roster) deciders() RosterState {
	all := r.standings(r.onAny(r.approving()))
	s := RosterState{Able: able(all), none: len(r.deciding) > 0}
	counts := map[string]bool{} // on some list; the second id of a person can be alone on one
	for _, p := range r.deciding {
		own := r.standings(r.on(p.list))
		for _, e := range own {
			counts[e.ID] = counts[e.ID] || e.Bar == ""
		}
		known := !slices.ContainsFunc(append(own, r.barred(p.list.Groups)...), approvals.Standing.Undecided)
		for _, action := range p.actions {
			d := Deciding{action, able(own), r.people.policy.RuleFor(action).Needed, known}
			if s.Deciding = append(s.Deciding, d); known && d.Able < d.Needed {
				s.Short = append(s.Short, fmt.Sprintf("%s (%d of %d)", action, d.Able, d.Needed))
			} else {
				s.none = false
			}
		}
	}
	slices.Sort(s.Short)
	slices.SortFunc(s.Deciding, func(a, b Deciding) int { return cmp.Compare(a.Action, b.Action) })
	met := slices.DeleteFunc(slices.Clone(all), func(e approvals.Standing) bool { return e.Bar == approvals.NotAsked })
	s.Unmet = len(all) - len(met)
	s.Out = slices.DeleteFunc(others(append(met, r.barred(groupsOf(r.approving()...))...)), func(e approvals.Standing) bool { return counts[e.ID] })
	return s
}

// standings are how ids count where everybody does who is let in anywhere. The lock
// is held.
func (r *Roster) standings(ids []string) []approvals.Standing {
	return r.people.standings(r.sightings(ids), nil, approvals.Channel{OrgShared: true})
}

// uncalled are the entries of those who are called in late that count on none of their
// lists. What is not asked about yet is no trouble. The lock is held.
func (r *Roster) uncalled() (out []approvals.Standing) {
	counts := map[string]bool{}
	for _, list := range r.calledIn {
		for _, e := range r.standings(r.on(list)) {
			counts[e.ID] = counts[e.ID] || e.Bar == "" || e.Bar == approvals.NotAsked
			out = append(out, e)
		}
	}
	out = others(append(out, r.barred(groupsOf(r.calledIn...))...))
	out = slices.DeleteFunc(out, func(e approvals.Standing) bool { return counts[e.ID] })
	return slices.CompactFunc(out, func(a, b approvals.Standing) bool { return a.ID == b.ID })
}

// askers fills in how the lists of those who may ask stand. The lock is held.
func (r *Roster) askers(s *RosterState) {
	s.CannotAsk, s.nobody = r.barred(groupsOf(r.requesting...)), len(r.requesting) > 0
	for _, list := range r.requesting {
		barred := r.barred(list.Groups)
		s.nobody = s.nobody && !list.Empty() && len(list.Users) == 0 && len(barred) == len(list.Groups) &&
			!slices.ContainsFunc(barred, approvals.Standing.Undecided)
	}
}
