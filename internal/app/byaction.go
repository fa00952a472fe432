package app

import (
	"regexp"
	"slices"
	"strings"

	"defenderbot/defender"
)

var (
	userID  = regexp.MustCompile(`^[UW][A-Z0-9]{1,20}$`)
	groupID = regexp.MustCompile(`^S[A-Z0-9]{1,20}$`)
	handle  = regexp.MustCompile(`^@[\p{L}\p{N}._-]{1,80}$`)
)

// actions reads which actions are switched on. Unless somebody says otherwise it is
// those that change nothing for whoever works on the device.
func (r *reader) actions(value string, catalogue defender.Catalogue) []string {
	words := r.list("ACTIONS", value)
	for i, word := range words {
		r.known("ACTIONS", i, word, catalogue)
	}
	var on []string
	for _, a := range catalogue {
		if len(words) == 0 && a.Harmless || slices.Contains(words, a.Name) {
			on = append(on, a.Name)
		}
	}
	return on
}

// people reads who may do something, and who alone may do it with single actions.
func (r *reader) people(name, value string, catalogue defender.Catalogue) ByAction[People] {
	by := map[string]People{}
	for i, word := range r.list(name, value) {
		action, word := r.entry(name, i, word, catalogue)
		p := by[action]
		switch {
		case userID.MatchString(word):
			p.Users = append(p.Users, word)
		case groupID.MatchString(word):
			p.Groups = append(p.Groups, word)
		case handle.MatchString(word):
			p.Handles = append(p.Handles, word[1:])
		default:
			r.wrong(name, "takes user ids (U…, W…), user group ids (S…) and @handles of user groups, each also for one action (isolate=S…), separated by commas; %s is none of these", nth(i))
		}
		by[action] = p
	}
	return apart(by)
}

// approvals reads how many approvers are needed: a number, and others for
// single actions. A second number for the same thing is refused: which of the
// two was meant is not for this program to guess.
func (r *reader) approvals(value string, catalogue defender.Catalogue) ByAction[int] {
	const variable = "APPROVALS_REQUIRED"
	by := map[string]int{}
	for i, word := range r.list(variable, value) {
		action, count := r.entry(variable, i, word, catalogue)
		if _, again := by[action]; again {
			r.wrong(variable, "says the same thing twice, the second time in %s", nth(i))
		}
		n, whole := wholeNumber(count, 1, 10)
		if !whole {
			r.wrong(variable, "must be a whole number from 1 to 10, also for one action (1,isolate=2); %s is not", nth(i))
		}
		by[action] = n
	}
	if _, said := by[""]; !said {
		by[""] = 1
	}
	return apart(by)
}

// entry takes a word of a list apart: which action it is about, empty for all that
// have none of their own, and what it says.
func (r *reader) entry(name string, i int, word string, catalogue defender.Catalogue) (action, says string) {
	action, says, single := strings.Cut(word, "=")
	if !single {
		return "", word
	}
	action = strings.TrimSpace(action)
	r.known(name, i, action, catalogue)
	return action, strings.TrimSpace(says)
}

// known sees that a catalogue has an action.
func (r *reader) known(name string, i int, action string, catalogue defender.Catalogue) {
	if _, known := catalogue.Named(action); !known {
		r.wrong(name, "names an action that this version does not have (%s); it has %s", nth(i), strings.Join(catalogue.Names(), ", "))
	}
}

// apart takes what is said of no action out of what is said by action.
func apart[T any](by map[string]T) ByAction[T] {
	rest := by[""]
	delete(by, "")
	return ByAction[T]{Default: rest, Own: by}
}

// idle warns of what a setting says about actions that are off: people prepare
// things, and forget to switch them on.
func idle[T any](r *reader, variable string, by ByAction[T], off []string) {
	if about := slices.DeleteFunc(slices.Clone(off), func(a string) bool { _, own := by.Own[a]; return !own }); len(about) > 0 {
		r.warn(variable, "has entries for %s, which ACTIONS does not switch on", strings.Join(about, ", "))
	}
}

// rules sees that the settings by action fit each other: nothing that is switched on
// may be without approvers, and what looks like a slip is warned of.
func (r *reader) rules(c Config, catalogue defender.Catalogue) {
	alone := slices.DeleteFunc(slices.Clone(c.Actions), func(a string) bool { return !c.Approvers.For(a).Empty() })
	if len(alone) > 0 && len(c.Approvers.Own) > 0 { // with nobody at all, more is wrong
		r.wrong("APPROVERS", "has nobody for %s, which can be asked for (see ACTIONS); add entries without an action, or some for each of these", strings.Join(alone, ", "))
	}
	off := slices.DeleteFunc(catalogue.Names(), func(a string) bool { return slices.Contains(c.Actions, a) })
	idle(r, "APPROVERS", c.Approvers, off)
	idle(r, "REQUESTERS", c.Requesters, off)
	idle(r, "ESCALATE_TO", c.EscalateTo, off)
	idle(r, "APPROVALS_REQUIRED", c.Needed, off)
	if c.BreakGlass && c.AlertChannel == "" {
		r.warn("BREAK_GLASS", "is on without ALERT_CHANNEL, so only the channel where somebody acts alone hears of it")
	}
	for _, a := range catalogue {
		if a.Undo != "" && slices.Contains(c.Actions, a.Name) && slices.Contains(off, a.Undo) {
			r.warn("ACTIONS", "switches on %s and not %s, which takes it back", a.Name, a.Undo)
		}
		if a.Ended != nil && slices.Contains(c.Actions, a.Name) && slices.Contains(off, a.Ended.Successor) {
			r.warn("ACTIONS", "switches on %s, which Microsoft has ended, and not %s, which replaces it", a.Name, a.Ended.Successor)
		}
	}
}
