package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
)

// Group is what Slack says about a user group. One that is gone, or that the bot may not
// read, is a refusal that lasts. All groups are read in one call, which Slack allows about
// twenty times a minute for all replicas together
// (https://docs.slack.dev/reference/methods/usergroups.list); who is in those that it lists
// without members, as it does with groups that are switched off or not there, is asked for
// by itself (https://docs.slack.dev/reference/methods/usergroups.users.list).
func (w *Workspace) Group(ctx context.Context, id string) (approvals.Group, error) {
	all, err := w.groups(ctx)
	if err != nil {
		return approvals.Group{}, fmt.Errorf("members of %s: %w", id, err)
	}
	g := all[id]
	if len(g.Members) > 0 { // no list is no proof that nobody is in it
		return g, nil
	}
	g.ID = id
	g.Members, err = recall(ctx, w.memory, "group "+id, func(ctx context.Context) ([]string, error) {
		members, err := w.api.GetUserGroupMembersContext(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("usergroups.users.list of %s: %w", id, sorted(err))
		}
		return members, nil
	})
	return g, err
}

// groups are all groups that Slack lists, by id.
func (w *Workspace) groups(ctx context.Context) (map[string]approvals.Group, error) {
	return recall(ctx, w.memory, "groups", func(ctx context.Context) (map[string]approvals.Group, error) {
		list, err := w.api.GetUserGroupsContext(ctx, slack.GetUserGroupsOptionIncludeUsers(true))
		if err != nil {
			return nil, fmt.Errorf("usergroups.list: %w", sorted(err))
		}
		groups := make(map[string]approvals.Group, len(list))
		for _, g := range list {
			groups[g.ID] = groupOf(g)
		}
		return groups, nil
	})
}

// groupOf reads a user group. One with an auto_type is Slack's own list of administrators or
// owners (https://docs.slack.dev/reference/objects/usergroup-object). That its members are
// locked, or come from an identity provider, Slack says without documenting it; where it does
// not say so, it is not so.
func groupOf(g slack.UserGroup) approvals.Group {
	group := approvals.Group{
		ID: g.ID, Members: g.Users, ChangedBy: g.UpdatedBy,
		Managed: g.IsIDPGroup || g.AutoType != "", Locked: g.IsMembershipLocked,
	}
	if g.DateUpdate > 0 {
		group.Changed = g.DateUpdate.Time()
	}
	return group
}

// groupsEvery is how often the groups are looked at, so that they are asked for
// again before they are too old: about once in 45 seconds.
const groupsEvery = 15 * time.Second

// KeepGroups keeps the user groups at hand until ctx ends, so that no command and
// no click has to wait for them. Whoever needs them meets what goes wrong.
func (w *Workspace) KeepGroups(ctx context.Context) error {
	for pause(ctx, groupsEvery) {
		_, _ = w.groups(ctx) // the error comes again where it matters
	}
	return ctx.Err()
}

// GroupNamed finds the id of the user group with that handle, without the @ and in
// capitals or not. Slack leaves out groups that are switched off
// (https://docs.slack.dev/reference/methods/usergroups.list).
func (w *Workspace) GroupNamed(ctx context.Context, handle string) (string, error) {
	groups, err := w.api.GetUserGroupsContext(ctx)
	if err != nil {
		err = fmt.Errorf("usergroups.list: %w", err)
		if refused, is := errors.AsType[slack.SlackErrorResponse](err); is && lastingRefusal(err) != "" {
			return "", fmt.Errorf("%w: %w; check that the app has usergroups:read, or list people by id", ErrPermanent, explained(err, refused))
		}
		return "", err // also where the token is the trouble: that is found out once, for all calls
	}
	for _, g := range groups {
		if strings.EqualFold(g.Handle, handle) { // Slack's own are in small letters
			return g.ID, nil
		}
	}
	return "", fmt.Errorf("there is no user group @%s", handle)
}
