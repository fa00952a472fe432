package approvals

// Bar is what keeps an id on the list of approvers from standing for somebody
// who may decide, in a few words.
type Bar string

// What can be in the way.
const (
	IsBot       Bar = "a bot"
	IsGone      Bar = "deactivated"
	IsGuest     Bar = "a guest"
	IsExternal  Bar = "of another organisation"
	IsElsewhere Bar = "of another workspace of the organisation"
	IsNobody    Bar = "no such user"
	IsTwin      Bar = "another id of somebody already on the list"
	IsRequester Bar = "the requester"
	IsEmpty     Bar = "a user group without active members"
	IsRefused   Bar = "a user group that Slack refuses"
	IsWithheld  Bar = "somebody whom Slack refuses to show"
	NotLookedUp Bar = "could not be looked up"              // so nobody knows whether it counts
	IsUnread    Bar = "a user group that could not be read" // the same
	NotAsked    Bar = "not asked about yet"                 // the same, and no trouble
)

// Bar is what keeps a person from doing anything at all in a channel; empty:
// nothing.
func (p Policy) Bar(f Facts, ch Channel) Bar {
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
func (s Standing) String() string { return s.Label() + ": " + s.Cause() }

// Cause is why the entry does not count, or why that is not known.
func (s Standing) Cause() string {
	if s.Err == nil {
		return string(s.Bar)
	}
	return string(s.Bar) + ": " + s.Err.Error()
}

// Label names the entry.
func (s Standing) Label() string { return Person{ID: s.ID, Name: s.Person.Name}.Label() }

// Undecided reports whether it is not known if the entry counts.
func (s Standing) Undecided() bool {
	return s.Bar == NotLookedUp || s.Bar == IsUnread || s.Bar == NotAsked
}
