package app

import (
	"fmt"
	"slices"
	"strings"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
)

// lists says who on the lists of people does not count and why, and which lists
// others than administrators may be able to change. The roster logs all of it when it
// finds it out.
func lists(s office.RosterState) (found []Finding) {
	add := func(grade Grade, says, mend string) {
		found = append(found, Finding{About: "people", Grade: grade, Says: says, Mend: mend, logged: true})
	}
	for _, l := range []struct {
		variable string
		out      []approvals.Standing
	}{{"APPROVERS", s.Out}, {"REQUESTERS", s.CannotAsk}, {"ESCALATE_TO", s.CannotBeCalled}} {
		for _, entry := range l.out {
			if entry.Undecided() {
				add(Unknown, l.variable+": "+entry.String(), "try again later: until the look-up works, they cannot decide")
			} else {
				add(Doubt, l.variable+": "+entry.Label()+" does not count: "+entry.Cause(), "remove the entry, or replace it")
			}
		}
	}
	for _, action := range s.Short {
		add(Doubt, "APPROVERS: too few for "+action, "list more people who may decide, or lower APPROVALS_REQUIRED")
	}
	for _, group := range s.Open {
		add(Doubt, fmt.Sprintf("APPROVERS: anybody may be able to edit user group %s: Slack does not report it as locked or managed by an identity provider", group),
			"let only administrators edit user groups (a setting of the workspace), lock the group, or list the approvers by id")
	}
	if len(found) == 0 {
		found = append(found, Finding{About: "people", Grade: Well, Says: "every entry counts"})
	}
	return found
}

// deciding says how many people may decide on each action, and where nobody is to spare.
func deciding(s office.RosterState, p approvals.Policy) (found []Finding) {
	var enough, all tally
	for _, d := range s.Deciding {
		switch {
		case d.Able < d.Needed && d.Certain: // that is said of the lists
		case d.Able < d.Needed:
			found = append(found, Finding{
				About: "approvers", Grade: Unknown, Mend: "try again later",
				Says: fmt.Sprintf("%s: %d needed, and only %d could be confirmed: not everybody could be looked up", d.Action, d.Needed, d.Able),
			})
		case d.Able == d.Needed && d.Certain:
			all.add(fmt.Sprintf("%d needed, and no more than that may decide: nothing is approved while one of them is away or is the requester", d.Needed), d.Action)
		case d.Certain:
			enough.add(fmt.Sprintf("%d may decide, %d needed", d.Able, d.Needed), d.Action)
		default:
			enough.add(fmt.Sprintf("at least %d may decide, %d needed", d.Able, d.Needed), d.Action)
		}
	}
	for _, says := range all.lines() {
		found = append(found, Finding{About: "approvers", Grade: Doubt, Says: says, Mend: "list more people in APPROVERS, or lower APPROVALS_REQUIRED"})
	}
	if alone(s, p) {
		found = append(found, Finding{
			About: "approvers", Grade: Doubt, Mend: "list a second person in APPROVERS",
			Says: "one person alone decides on everything: a freeze cannot be lifted, because whoever asks for that cannot approve it",
		})
	}
	if lines := enough.lines(); len(lines) > 0 {
		found = append(found, Finding{About: "approvers", Grade: Well, Says: strings.Join(lines, "; ")})
	}
	return found
}

// alone reports whether, for certain, no second person may approve that a freeze is
// lifted. The approvers of actions that are switched off may, and are not looked up.
func alone(s office.RosterState, p approvals.Policy) bool {
	var known approvals.List
	for _, action := range p.On() {
		list := p.RuleFor(action).Approvers
		known.Users, known.Groups = append(known.Users, list.Users...), append(known.Groups, list.Groups...)
	}
	unknown := func(list, of []string) bool {
		return slices.ContainsFunc(list, func(id string) bool { return !slices.Contains(of, id) })
	}
	lift := p.RuleFor(approvals.Unfreeze).Approvers
	if unknown(lift.Users, known.Users) || unknown(lift.Groups, known.Groups) {
		return false
	}
	return s.Able == 1 && !slices.ContainsFunc(s.Deciding, func(d office.Deciding) bool { return !d.Certain })
}

// tally gathers the actions of which the same is to be said.
type tally struct {
	said    []string
	actions map[string][]string
}

func (t *tally) add(says, action string) {
	if t.actions == nil {
		t.actions = map[string][]string{}
	}
	if t.actions[says] == nil {
		t.said = append(t.said, says)
	}
	t.actions[says] = append(t.actions[says], action)
}

// lines are one for each thing that was said, behind its actions.
func (t *tally) lines() (all []string) {
	for _, says := range t.said {
		all = append(all, strings.Join(t.actions[says], ", ")+": "+says)
	}
	return all
}
