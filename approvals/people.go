package approvals

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// Facts are what is known about a person at this moment.
type Facts struct {
	Person
	Bot, Deleted bool
	Guest        bool // single-channel or multi-channel
	External     bool // of another organisation
	Elsewhere    bool // of another workspace of our own organisation, and no member of this one
	Asks         bool // is on the list of those who may ask, or there is none
	Decides      bool // is on the list of those who may decide
}

// Channel is what is known about a channel at this moment.
type Channel struct {
	ID       string
	Member   bool // the bot is in it
	Archived bool
	Shared   bool // with another organisation, or about to be
	// OrgShared: workspaces of our own organisation share it.
	OrgShared bool
}

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

// isWithheld reports whether an error is a [Withheld].
func isWithheld(err error) bool {
	_, is := errors.AsType[*Withheld](err)
	return is
}

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
	// Members are the ids of the people in a user group.
	Members(ctx context.Context, group string) ([]string, error)
}

// ids are all ids that p is known by: that of the workspace, and that of the
// organisation in an Enterprise Grid
// (https://docs.slack.dev/enterprise/developing-for-enterprise-orgs).
func (p Person) ids() []string {
	return slices.DeleteFunc([]string{p.ID, p.Enterprise}, func(id string) bool { return id == "" })
}

// has reports whether id is one of p's.
func (p Person) has(id string) bool { return slices.Contains(p.ids(), id) }

// key is the one id under which everything of p is counted: the organisation's,
// where there is one, since it is the same in all workspaces.
func (p Person) key() string { return cmp.Or(p.Enterprise, p.ID) }

// List is people by id and by user group.
type List struct {
	Users, Groups []string
}

// Empty reports whether nobody is on the list.
func (l List) Empty() bool { return len(l.Users)+len(l.Groups) == 0 }

// has reports whether a person is on the list, by any of their ids. A group that
// cannot be read hides nobody who is on the list elsewhere.
func (l List) has(ctx context.Context, d Directory, p Person) (bool, error) {
	if slices.ContainsFunc(l.Users, p.has) {
		return true, nil
	}
	var unread []error
	for _, group := range l.Groups {
		members, err := d.Members(ctx, group)
		if err != nil {
			unread = append(unread, err)
			continue
		}
		if slices.ContainsFunc(members, p.has) {
			return true, nil
		}
	}
	return false, errors.Join(unread...)
}

// roll is a list as far as it could be read.
type roll struct {
	ids    []string   // of people, each once
	groups []Standing // those that give nobody, with the cause
}

// everybody is all of the list that can be read, groups included.
func (l List) everybody(ctx context.Context, d Directory) roll {
	all := roll{ids: slices.Clone(l.Users)}
	for _, group := range l.Groups {
		members, err := d.Members(ctx, group)
		if s := groupStanding(group, members, err); s.Bar != "" {
			all.groups = append(all.groups, s)
			continue
		}
		all.ids = append(all.ids, members...)
	}
	slices.Sort(all.ids)
	all.ids = slices.Compact(all.ids)
	return all
}

// facts are those about a person that the verb hangs on. It fails closed: what
// cannot be found out is an error, never a yes. Whether somebody who cancels or
// tries again has to be an approver depends on the request: see [Policy.involve].
func (p Policy) facts(ctx context.Context, d Directory, user string, v Verb) (Facts, error) {
	f, err := d.Facts(ctx, user)
	if errors.Is(err, ErrNoSuchPerson) {
		return Facts{Person: Person{ID: user}, Deleted: true}, nil // gone, like somebody who was deactivated
	}
	if err != nil {
		return Facts{}, fmt.Errorf("facts about %s: %w", user, err)
	}
	switch v {
	case ToAsk:
		return p.asks(ctx, d, f)
	case ToApprove, ToDeny:
		return p.decides(ctx, d, f)
	case ToCancel, ToRetry:
	}
	return f, nil
}

// involve finds out whether somebody decides who is not the requester of r. The
// requester needs no list of approvers to be known as such.
func (p Policy) involve(ctx context.Context, d Directory, f Facts, r Request) (Facts, error) {
	if f.Is(r.By) {
		return f, nil
	}
	return p.decides(ctx, d, f)
}

// asks fills in whether a person is on the list of those who may ask.
func (p Policy) asks(ctx context.Context, d Directory, f Facts) (Facts, error) {
	if p.barred(f) {
		return f, nil
	}
	if f.Asks = p.Requesters.Empty(); f.Asks {
		return f, nil
	}
	var err error
	if f.Asks, err = p.Requesters.has(ctx, d, f.Person); err != nil {
		return Facts{}, fmt.Errorf("requesters: %w", err)
	}
	return f, nil
}

// decides fills in whether a person is on the list of those who may decide.
func (p Policy) decides(ctx context.Context, d Directory, f Facts) (Facts, error) {
	if p.barred(f) {
		return f, nil
	}
	var err error
	if f.Decides, err = p.Approvers.has(ctx, d, f.Person); err != nil {
		return Facts{}, fmt.Errorf("approvers: %w", err)
	}
	return f, nil
}

// barred reports whether a person may do nothing in any channel. That is a known
// no, whatever list they are on and whether it can be read.
func (p Policy) barred(f Facts) bool { return p.bar(f, Channel{OrgShared: true}) != "" }

// place is the channel, as far as what this person may do hangs on it: only
// people of another workspace of the organisation are let in by where they are.
func (p Policy) place(ctx context.Context, d Directory, f Facts, channel string) (Channel, error) {
	if !f.Elsewhere || !p.AllowShared {
		return Channel{}, nil
	}
	ch, err := d.Channel(ctx, channel)
	if err != nil {
		return Channel{}, fmt.Errorf("the channel of %s: %w", f.ID, err)
	}
	return ch, nil
}
