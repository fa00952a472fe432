package approvals

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Facts are what is known about a person at this moment.
type Facts struct {
	Person
	Bot, Deleted bool
	Guest        bool // single-channel or multi-channel
	External     bool // of another organisation
	Elsewhere    bool // of another workspace of our own organisation, and no member of this one
	Asks         bool // is on the list of those who may ask for the action, or there is none
	Decides      bool // is on the list of those who may decide on it
	// Joined is when they came into the group that lets them decide, where that was after
	// the request was asked for; zero: they were in it, or are on the list by id.
	Joined time.Time
	// OwnHand: they would decide but for having come into that group after it was asked for,
	// by a change of their own or of its requester. Then Decides is false.
	OwnHand bool
}

// Channel is what is known about a channel at this moment.
type Channel struct {
	ID       string
	Member   bool // the bot is in it
	Archived bool
	Direct   bool // a direct message, in which no card reaches an approver
	Shared   bool // with another organisation, or about to be
	// Restricted: not everybody may post there, and the chat does not say whether the bot may.
	Restricted bool
	// OrgShared: workspaces of our own organisation share it.
	OrgShared bool
}

// Group is what is known about a user group at this moment.
type Group struct {
	ID      string
	Members []string // ids of people
	// Changed is when anything about it was changed last, and ChangedBy who did that, by
	// one of their ids; empty: it is not said.
	Changed   time.Time
	ChangedBy string
	// Managed: no person decides who is in it, but another directory, or a rule of the chat.
	Managed bool
	// Locked: nobody can edit its members in the chat. Where it is neither locked nor
	// managed, a setting of the workspace that is not said decides who can.
	Locked bool
}

// Open reports whether everybody may be able to edit who is in it: nothing that is said of it
// keeps them from that.
func (g Group) Open() bool { return !g.Managed && !g.Locked }

// ErrNoSuchPerson is the answer of a [Directory] about an id that nobody in
// reach has: a known no, where any other error means that nothing is known.
var ErrNoSuchPerson = errors.New("there is no such person")

// Withheld is an error of a [Directory] about what it was refused, and will be
// refused again until people change something: a group that was deleted, a right
// that the bot lacks. Any other error may pass.
type Withheld struct{ Err error }

// Error is what the refusal said.
func (r *Withheld) Error() string { return r.Err.Error() }

// Unwrap is the refusal.
func (r *Withheld) Unwrap() error { return r.Err }

// Directory knows the people of the workspace. No answer is more than 60
// seconds old; an error means that it could not be found out, a *[Later] among its
// causes when to ask again, and a *[Withheld] that asking again does not help.
type Directory interface {
	// Facts are about one person; Asks and Decides are not filled in. Nobody has
	// the id: [ErrNoSuchPerson].
	Facts(ctx context.Context, user string) (Facts, error)
	// Channel is about one channel. One that the bot cannot see is no error: it
	// is no member of it.
	Channel(ctx context.Context, id string) (Channel, error)
	// Group is about one user group.
	Group(ctx context.Context, id string) (Group, error)
}

// List is people by id and by user group.
type List struct {
	Users, Groups []string
}

// Empty reports whether nobody is on the list.
func (l List) Empty() bool { return len(l.Users)+len(l.Groups) == 0 }

// Equal reports whether two lists have the same entries in the same order.
func (l List) Equal(o List) bool {
	return slices.Equal(l.Users, o.Users) && slices.Equal(l.Groups, o.Groups)
}
