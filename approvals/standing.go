package approvals

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Bar is what keeps an id on the list of approvers from standing for somebody
// who may decide, in a word or two for operators. The sentences that people
// read are made from it on the Slack side.
type Bar string

// What can be in the way.
const (
	IsBot       Bar = "a bot"
	IsGone      Bar = "deactivated"
	IsGuest     Bar = "a guest"
	IsExternal  Bar = "of another organisation"
	IsElsewhere Bar = "of another workspace of the organisation"
	IsNobody    Bar = "no such user"
	IsTwin      Bar = "another id of somebody else on the list"
	IsRequester Bar = "the requester"
	IsEmpty     Bar = "a user group without active members"
	IsRefused   Bar = "a user group that Slack refuses"
	IsWithheld  Bar = "somebody whom Slack refuses to show"
	NotLookedUp Bar = "could not be looked up"              // so nobody knows whether it counts
	IsUnread    Bar = "a user group that could not be read" // the same
	NotAsked    Bar = "not asked about yet"                 // the same, and no trouble
)

// bar is what keeps a person from doing anything at all in a channel; empty:
// nothing.
func (p Policy) bar(f Facts, ch Channel) Bar {
	switch {
	case f.Bot:
		return IsBot
	case f.Deleted:
		return IsGone
	case f.Guest:
		return IsGuest
	case f.External:
		return IsExternal
	case f.Elsewhere && (!p.AllowShared || !ch.OrgShared):
		return IsElsewhere
	}
	return ""
}

// Standing is how one id on the list of approvers counts.
type Standing struct {
	ID     string // as it is on the list
	Person Person // whose it is, where that is known
	Bar    Bar    // empty: it counts
	Err    error  // why it could not be looked up, or what was refused
}

// String is for operators.
func (s Standing) String() string { return s.who() + ": " + s.why() }

func (s Standing) why() string {
	if s.Err == nil {
		return string(s.Bar)
	}
	return string(s.Bar) + ": " + s.Err.Error()
}

func (s Standing) who() string { return Person{ID: s.ID, Name: s.Person.Name}.label() }

// open reports whether it is not known if the entry counts.
func (s Standing) open() bool { return s.Bar == NotLookedUp || s.Bar == IsUnread || s.Bar == NotAsked }

// groupStanding is how a user group counts about which this was the answer.
// Bar is empty where its members count.
func groupStanding(group string, members []string, err error) Standing {
	s := Standing{ID: group, Err: err}
	switch {
	case isWithheld(err):
		s.Bar = IsRefused
	case err != nil:
		s.Bar = IsUnread
	case len(members) == 0:
		s.Bar = IsEmpty
	}
	return s
}

// RosterState is how a list of approvers stands.
type RosterState struct {
	Able   int        // people who may decide
	Needed int        // by the action that needs the fewest
	Out    []Standing // entries that do not count, by id
	Unmet  int        // people who were not asked about yet
	Short  []string   // actions that need more people than may decide, as far as is known
}

func (p Policy) rosterState(seen []sighting, groups []Standing) RosterState {
	// Where people of other workspaces are let in at all, they count.
	all := p.standings(seen, nil, Channel{OrgShared: true})
	met := slices.DeleteFunc(slices.Clone(all), func(s Standing) bool { return s.Bar == NotAsked })
	s := RosterState{Able: able(all), Needed: p.least(), Out: others(append(met, groups...)), Unmet: len(all) - len(met)}
	for _, action := range slices.Sorted(maps.Keys(p.NeededFor)) {
		if s.known() && p.NeededFor[action] > s.Able {
			s.Short = append(s.Short, action)
		}
	}
	return s
}

// least is how many approvers the action needs that needs the fewest.
func (p Policy) least() int {
	least := p.Needed
	for _, n := range p.NeededFor {
		least = min(least, n)
	}
	return least
}

// known reports whether everything on the list could be looked up.
func (s RosterState) known() bool { return s.Unmet == 0 && !slices.ContainsFunc(s.Out, Standing.open) }

// TooFew is the error where no request can ever be approved: all is known, and
// fewer people may decide than any action needs.
func (s RosterState) TooFew() error {
	if !s.known() || s.Able >= s.Needed {
		return nil
	}
	err := fmt.Errorf("APPROVERS: %d of the people on the list may decide, and every action needs at least %d (APPROVALS_REQUIRED)", s.Able, s.Needed)
	if len(s.Out) == 0 {
		return err
	}
	return fmt.Errorf("%w: %s", err, s)
}

// String names the entries that do not count, each with the cause.
func (s RosterState) String() string {
	texts := make([]string, len(s.Out))
	for i, o := range s.Out {
		texts[i] = o.String()
	}
	return strings.Join(texts, "; ")
}

// sighting is what was found out about one id.
type sighting struct {
	id    string
	facts Facts
	err   error
}

// unknown reports whether there was no answer.
func (s sighting) unknown() bool {
	return s.err != nil && !errors.Is(s.err, ErrNoSuchPerson) && !isWithheld(s.err)
}

// errNotAsked stands for an answer that nobody asked for yet.
var errNotAsked = errors.New("not everybody was asked about yet")

// standings judge ids that were looked up by whether they could decide in a
// channel on what these people asked for. One person counts once, under however
// many ids.
func (p Policy) standings(seen []sighting, asked []Person, ch Channel) []Standing {
	seen = slices.Clone(seen) // in one order, so that the same one of two ids counts each time
	slices.SortFunc(seen, func(a, b sighting) int { return cmp.Compare(a.id, b.id) })
	all := make([]Standing, len(seen))
	for i, s := range seen {
		all[i] = Standing{ID: s.id, Person: s.facts.Person}
		switch {
		case errors.Is(s.err, errNotAsked):
			all[i].Bar, all[i].Err = NotAsked, s.err
		case s.unknown():
			all[i].Bar, all[i].Err = NotLookedUp, s.err
		case isWithheld(s.err):
			all[i].Bar, all[i].Err = IsWithheld, s.err
		case s.err != nil:
			all[i].Bar = IsNobody
		case p.bar(s.facts, ch) != "":
			all[i].Bar = p.bar(s.facts, ch)
		case slices.ContainsFunc(asked, s.facts.Is):
			all[i].Bar = IsRequester
		case slices.ContainsFunc(all[:i], func(o Standing) bool { return o.Bar == "" && o.Person.Is(s.facts.Person) }):
			all[i].Bar = IsTwin
		}
	}
	return all
}

// able are how many people count.
func able(all []Standing) (n int) {
	for _, s := range all {
		if s.Bar == "" {
			n++
		}
	}
	return n
}

// others are those who do not count, the requester left out, by id.
func others(all []Standing) []Standing {
	out := slices.DeleteFunc(slices.Clone(all), func(s Standing) bool { return s.Bar == "" || s.Bar == IsRequester })
	slices.SortFunc(out, func(a, b Standing) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// tooFew is the refusal where fewer people than needed count: for certain, or
// because it is not known of enough of them. How many people a group has that
// could not be read is not known either.
func tooFew(all []Standing, needed int) error {
	n, undecided := able(all), slices.DeleteFunc(slices.Clone(all), func(s Standing) bool { return !s.open() })
	unread := slices.ContainsFunc(undecided, func(s Standing) bool { return s.Bar == IsUnread })
	switch {
	case n >= needed:
		return nil
	case n+len(undecided) < needed && !unread:
		return &No{Why: Why{Reason: NobodyElse}, Others: others(all)}
	}
	return &No{Why: Why{Reason: NotKnown}, Others: others(undecided), Err: causes(undecided)}
}

// causes are why it is not known how entries count.
func causes(undecided []Standing) error {
	var all []error
	unasked := false
	for _, s := range undecided {
		if s.Bar == NotAsked {
			unasked = true
			continue
		}
		all = append(all, fmt.Errorf("%s: %w", s.ID, s.Err))
	}
	if unasked {
		all = append(all, errNotAsked)
	}
	return errors.Join(all...)
}
