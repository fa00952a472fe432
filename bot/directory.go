package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
)

// Facts are what Slack says about a person. That there is no such user, or none
// that this bot could ever see, is an answer too
// (https://docs.slack.dev/reference/methods/users.info#errors).
func (w *Workspace) Facts(ctx context.Context, user string) (approvals.Facts, error) {
	return recall(ctx, w.memory, "user "+user, func(ctx context.Context) (approvals.Facts, error) {
		u, err := w.api.GetUserInfoContext(ctx, user)
		if isSlackError(err, "user_not_found", "users_not_found", "user_not_visible") {
			return approvals.Facts{}, fmt.Errorf("users.info of %s: %w: %w", user, approvals.ErrNoSuchPerson, err)
		}
		if err != nil {
			return approvals.Facts{}, fmt.Errorf("users.info of %s: %w", user, sorted(err))
		}
		if u.ID != user && u.Enterprise.ID != user { // what is true of somebody else must not be taken for theirs
			return approvals.Facts{}, fmt.Errorf("users.info of %s: slack answered about %s", user, u.ID)
		}
		return w.facts(u), nil
	})
}

// sorted puts what approvals has words for into them: for how long Slack wants
// to be left alone (https://docs.slack.dev/apis/web-api/rate-limits), and that it
// will refuse the same again.
func sorted(err error) error {
	if wait, is := limit(err); is {
		return &approvals.Later{After: wait}
	}
	if refused, is := errors.AsType[slack.SlackErrorResponse](err); is && lastingRefusal(err) != "" {
		return &approvals.Withheld{Err: explained(err, refused)}
	}
	return err
}

// slackbot is Slack's own program, which users.info does not call a bot.
const slackbot = "USLACKBOT"

// facts reads a user object. A member of several workspaces of a Grid has one of
// them as team_id and all of them in enterprise_user
// (https://docs.slack.dev/reference/objects/user-object).
func (w *Workspace) facts(u *slack.User) approvals.Facts {
	home := u.TeamID == w.team || slices.Contains(u.Enterprise.Teams, w.team)
	ours := w.enterprise != "" && u.Enterprise.EnterpriseID == w.enterprise
	return approvals.Facts{
		Person:   approvals.Person{ID: u.ID, Enterprise: u.Enterprise.ID, Name: u.Name},
		Bot:      u.IsBot || u.IsAppUser || u.ID == slackbot,
		Deleted:  u.Deleted || u.IsInvitedUser,
		Guest:    u.IsRestricted || u.IsUltraRestricted,
		External: u.IsStranger || !home && !ours, Elsewhere: ours && !home,
	}
}

// Channel is what Slack says about a channel. One that the bot cannot see is
// one that it is not in
// (https://docs.slack.dev/reference/methods/conversations.info). A direct message,
// whoever has it with whom, shows as one by its id
// (https://docs.slack.dev/reference/objects/conversation-object), so that no scope
// is needed for it. One between some people does not; it shows by the one scope that is
// missing then, if it is.
func (w *Workspace) Channel(ctx context.Context, id string) (approvals.Channel, error) {
	if strings.HasPrefix(id, "D") {
		return approvals.Channel{ID: id, Direct: true}, nil
	}
	ch, err := recall(ctx, w.memory, "channel "+id, func(ctx context.Context) (approvals.Channel, error) {
		c, err := w.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
		if isSlackError(err, "channel_not_found") {
			return approvals.Channel{ID: id}, nil
		}
		if lacksScopeForMessages(err) {
			return approvals.Channel{ID: id, Direct: true}, nil
		}
		if err != nil {
			return approvals.Channel{}, fmt.Errorf("conversations.info of %s: %w", id, sorted(err))
		}
		if c.ID != id {
			return approvals.Channel{}, fmt.Errorf("conversations.info of %s: the answer is about another channel", id)
		}
		return approvals.Channel{
			ID: id, Member: c.IsMember, Archived: c.IsArchived, Direct: c.IsIM || c.IsMpIM, Restricted: restricted(c),
			Shared: c.IsExtShared || c.IsPendingExtShared || c.IsShared && !c.IsOrgShared, OrgShared: c.IsOrgShared,
		}, nil
	})
	if err == nil && !ch.Direct && (!ch.Member || ch.Archived) {
		w.memory.forget("channel " + id) // an invitation must take effect at once
	}
	return ch, err
}

// restricted reports whether not everybody may post in a channel. Slack says so without
// documenting it, and not whether the bot may.
func restricted(c *slack.Channel) bool {
	if c.IsReadOnly {
		return true
	}
	p := c.Properties
	return p != nil && len(p.PostingRestrictedTo.Type)+len(p.PostingRestrictedTo.User) > 0
}

// lacksScopeForMessages reports whether nothing but a right to look at direct messages is
// missing, so that it is one that the bot may not look at.
func lacksScopeForMessages(err error) bool {
	refused, is := errors.AsType[slack.SlackErrorResponse](err)
	if !is || refused.Err != "missing_scope" {
		return false
	}
	lacking := slices.DeleteFunc(scopesIn(refused.Needed), func(scope string) bool { return slices.Contains(scopesIn(refused.Provided), scope) })
	return len(lacking) > 0 && !slices.ContainsFunc(lacking, func(scope string) bool { return scope != "im:read" && scope != "mpim:read" })
}

// amongSome reports whether a channel is a direct message between some people, by the name
// that commands and shortcuts give it (not documented; a channel that is called so is
// refused as well).
func amongSome(name string) bool { return strings.HasPrefix(name, "mpdm-") }

// isSlackError reports whether Slack answered with one of these error codes.
func isSlackError(err error, codes ...string) bool {
	var refused slack.SlackErrorResponse
	return errors.As(err, &refused) && slices.Contains(codes, refused.Err)
}
