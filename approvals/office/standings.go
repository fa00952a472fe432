package office

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"defenderbot/approvals"
)

// groupStanding is how a user group counts by Slack's answer. Bar is empty where
// its members count.
func groupStanding(a reading) approvals.Standing {
	s := approvals.Standing{ID: a.id, Err: a.err}
	switch {
	case isWithheld(a.err):
		s.Bar = approvals.IsRefused
	case a.err != nil:
		s.Bar = approvals.IsUnread
	case len(a.Members) == 0:
		s.Bar = approvals.IsEmpty
	}
	return s
}

// RosterState is how the lists of approvers stand.
type RosterState struct {
	Able  int                  // people who may decide on something
	Out   []approvals.Standing // entries that do not count on any list, by id
	Unmet int                  // people who were not asked about yet
	Short []string             // actions that need more people than may decide, for certain, with both numbers
	none  bool                 // no action has enough, for certain

	Deciding []Deciding // how many may decide on each action that is switched on, by name

	CannotBeCalled []approvals.Standing // entries of those who are called in late that do not count, by id

	Open []string // groups that decide and whose members everybody can edit, unless a setting that the chat does not say forbids it

	CannotAsk []approvals.Standing // groups of those who may ask that give nobody, or could not be read
	nobody    bool                 // may ask for anything, for certain

	silence error // why nobody can be looked up; nil: somebody can
}

// Unverifiable is the error where nobody can be looked up: no click can be judged then, because
// what is known of whoever presses is at most a minute old.
func (s RosterState) Unverifiable() error {
	if s.silence == nil {
		return nil
	}
	return fmt.Errorf("nobody on the lists can be looked up, so what they press is refused: %w", s.silence)
}

// Deciding is how many people may decide on an action.
type Deciding struct {
	Action       string
	Able, Needed int
	Certain      bool // everybody on its list could be looked up; else there may be more
}

// NobodyAsks is the error where no request can ever be made: a list says who may
// ask, and all that is on it are groups that give nobody.
func (s RosterState) NobodyAsks() error {
	if !s.nobody {
		return nil
	}
	return fmt.Errorf("REQUESTERS: nobody on the list may ask: %s", texts(s.CannotAsk))
}

// known reports whether everything on the lists could be looked up.
func (s RosterState) known() bool {
	return s.Unmet == 0 && !slices.ContainsFunc(s.Out, approvals.Standing.Undecided)
}

// settled reports whether everything that can be known of both lists is known.
func (s RosterState) settled() bool {
	return s.known() && !slices.ContainsFunc(slices.Concat(s.CannotAsk, s.CannotBeCalled), approvals.Standing.Undecided)
}

// TooFew is the error where no request can ever be approved: for each action it is
// known that fewer people may decide than it needs.
func (s RosterState) TooFew() error {
	if !s.none {
		return nil
	}
	err := fmt.Errorf("APPROVERS: nothing can be approved, because fewer people may decide than are needed (APPROVALS_REQUIRED): %s", strings.Join(s.Short, ", "))
	if len(s.Out) == 0 {
		return err
	}
	return fmt.Errorf("%w: %s", err, s)
}

// String names the approvers that do not count, each with the cause.
func (s RosterState) String() string { return texts(s.Out) }

// Called names those who are called in late and do not count, each with the cause.
func (s RosterState) Called() string { return texts(s.CannotBeCalled) }

// Askers names the requesters that do not count, each with the cause.
func (s RosterState) Askers() string { return texts(s.CannotAsk) }

func texts(list []approvals.Standing) string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = s.String()
	}
	return strings.Join(texts, "; ")
}

// sighting is what was found out about one id.
type sighting struct {
	id    string
	facts approvals.Facts
	err   error
}

// unknown reports whether there was no answer.
func (s sighting) unknown() bool {
	return s.err != nil && !errors.Is(s.err, approvals.ErrNoSuchPerson) && !isWithheld(s.err)
}

// answered is the opposite.
func (s sighting) answered() bool { return !s.unknown() }

// errNotAsked stands for an answer that nobody asked for yet.
var errNotAsked = errors.New("not everybody was asked about yet")

// standings judge ids that were looked up by whether they could decide in a
// channel on what these people asked for. One person counts once, under however
// many ids.
func (p people) standings(seen []sighting, asked []approvals.Person, ch approvals.Channel) []approvals.Standing {
	seen = slices.Clone(seen) // in one order, so that the same one of two ids counts each time
	slices.SortFunc(seen, func(a, b sighting) int { return cmp.Compare(a.id, b.id) })
	all := make([]approvals.Standing, len(seen))
	counted := map[string]bool{} // every id of those who count
	for i, s := range seen {
		all[i] = approvals.Standing{ID: s.id, Person: s.facts.Person}
		switch {
		case errors.Is(s.err, errNotAsked):
			all[i].Bar, all[i].Err = approvals.NotAsked, s.err
		case s.unknown():
			all[i].Bar, all[i].Err = approvals.NotLookedUp, s.err
		case isWithheld(s.err):
			all[i].Bar, all[i].Err = approvals.IsWithheld, s.err
		case s.err != nil:
			all[i].Bar = approvals.IsNobody
		case p.policy.Bar(s.facts, ch) != "":
			all[i].Bar = p.policy.Bar(s.facts, ch)
		case slices.ContainsFunc(asked, s.facts.Is):
			all[i].Bar = approvals.IsRequester
		case counted[s.facts.ID] || counted[s.facts.Enterprise]:
			all[i].Bar = approvals.IsTwin
		default:
			counted[s.facts.ID], counted[s.facts.Enterprise], counted[""] = true, true, false // nobody's id is empty
		}
	}
	return all
}

// able are how many people count.
func able(all []approvals.Standing) (n int) {
	for _, s := range all {
		if s.Bar == "" {
			n++
		}
	}
	return n
}

// others are those who do not count, the requester left out, by id.
func others(all []approvals.Standing) []approvals.Standing {
	out := slices.DeleteFunc(slices.Clone(all), func(s approvals.Standing) bool { return s.Bar == "" || s.Bar == approvals.IsRequester })
	slices.SortFunc(out, func(a, b approvals.Standing) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// tooFew is the refusal where fewer people than needed count: for certain, or
// because it is not known of enough of them. How many people a group has that
// could not be read is not known either.
func tooFew(all []approvals.Standing, needed int) error {
	n, undecided := able(all), slices.DeleteFunc(slices.Clone(all), func(s approvals.Standing) bool { return !s.Undecided() })
	unread := slices.ContainsFunc(undecided, func(s approvals.Standing) bool { return s.Bar == approvals.IsUnread })
	switch {
	case n >= needed:
		return nil
	case n+len(undecided) < needed && !unread:
		return &approvals.Refusal{Why: approvals.Why{Reason: approvals.NobodyElse}, Others: others(all)}
	}
	return &approvals.Refusal{Why: approvals.Why{Reason: approvals.NotKnown}, Others: others(undecided), Err: causes(undecided)}
}

// causes are why it is not known how entries count.
func causes(undecided []approvals.Standing) error {
	var all []error
	unasked := false
	for _, s := range undecided {
		if s.Bar == approvals.NotAsked {
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

// isWithheld reports whether an error is an [approvals.Withheld].
func isWithheld(err error) bool {
	_, is := errors.AsType[*approvals.Withheld](err)
	return is
}
