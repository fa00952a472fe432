package approvals

import (
	"context"
	"fmt"
	"slices"
)

// Facts are what is known about a person at this moment.
type Facts struct {
	Person
	Bot, Deleted bool
	Guest        bool // single-channel or multi-channel
	External     bool // of another organisation
	Asks         bool // is on the list of those who may ask, or there is none
	Decides      bool // is on the list of those who may decide
}

// Channel is what is known about a channel at this moment.
type Channel struct {
	ID       string
	Member   bool // the bot is in it
	Archived bool
	Shared   bool // with another organisation, or about to be
}

// Directory knows the people of the workspace. No answer is more than 60
// seconds old; an error means that it could not be found out.
type Directory interface {
	// Facts are about one person; Asks and Decides are not filled in.
	Facts(ctx context.Context, user string) (Facts, error)
	// Channel is about one channel. One that the bot cannot see is no error: it
	// is no member of it.
	Channel(ctx context.Context, id string) (Channel, error)
	// Members are the ids of the people in a user group.
	Members(ctx context.Context, group string) ([]string, error)
}

// List is people by id and by user group.
type List struct {
	Users, Groups []string
}

// Empty says that nobody is on the list.
func (l List) Empty() bool { return len(l.Users)+len(l.Groups) == 0 }

// has says whether a person is on the list.
func (l List) has(ctx context.Context, d Directory, p Person) (bool, error) {
	if slices.Contains(l.Users, p.ID) || p.Enterprise != "" && slices.Contains(l.Users, p.Enterprise) {
		return true, nil
	}
	for _, group := range l.Groups {
		members, err := d.Members(ctx, group)
		if err != nil {
			return false, err
		}
		if slices.Contains(members, p.ID) || p.Enterprise != "" && slices.Contains(members, p.Enterprise) {
			return true, nil
		}
	}
	return false, nil
}

// everybody is all ids on the list, groups included.
func (l List) everybody(ctx context.Context, d Directory) ([]string, error) {
	all := slices.Clone(l.Users)
	for _, group := range l.Groups {
		members, err := d.Members(ctx, group)
		if err != nil {
			return nil, err
		}
		all = append(all, members...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// facts are all facts about a person that the policy asks for. It fails
// closed: what cannot be found out is an error, never a yes.
func (p Policy) facts(ctx context.Context, d Directory, user string) (Facts, error) {
	f, err := d.Facts(ctx, user)
	if err != nil {
		return Facts{}, fmt.Errorf("facts about %s: %w", user, err)
	}
	if f.Decides, err = p.Approvers.has(ctx, d, f.Person); err != nil {
		return Facts{}, fmt.Errorf("approvers: %w", err)
	}
	if f.Asks = p.Requesters.Empty(); f.Asks {
		return f, nil
	}
	if f.Asks, err = p.Requesters.has(ctx, d, f.Person); err != nil {
		return Facts{}, fmt.Errorf("requesters: %w", err)
	}
	return f, nil
}
