package bot

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/sync/singleflight"

	"defenderbot/approvals"
)

// fresh is how old a fact about people may be.
const fresh = 60 * time.Second

// mostKept is how many answers are kept; more are forgotten, and asked for again.
const mostKept = 10_000

// memory keeps answers of Slack for a while, and asks once where many want to
// know the same at the same time. Errors are not kept.
type memory struct {
	clock  func() time.Time
	flight singleflight.Group
	mu     sync.Mutex
	kept   map[string]kept
}

type kept struct {
	value any
	until time.Time
}

func newMemory(clock func() time.Time) *memory { return &memory{clock: clock, kept: map[string]kept{}} }

// recall gives what is remembered under key, or asks. The age counts from
// before the question, so that an answer is never older than it says.
func recall[T any](ctx context.Context, m *memory, key string, ask func(context.Context) (T, error)) (T, error) {
	m.mu.Lock()
	k, ok := m.kept[key]
	m.mu.Unlock()
	if v, is := k.value.(T); ok && is && m.clock().Before(k.until) {
		return v, nil
	}
	got := m.flight.DoChan(key, func() (answer any, err error) {
		defer func() { // a panic here would end the process, whoever recovers around it
			if p := recover(); p != nil {
				err = fmt.Errorf("asking Slack panicked: %v\n%s", p, debug.Stack())
			}
		}()
		until := m.clock().Add(fresh)
		v, err := ask(context.WithoutCancel(ctx))
		if err == nil {
			m.keep(key, kept{v, until})
		}
		return v, err
	})
	var none T
	select {
	case <-ctx.Done():
		return none, ctx.Err()
	case res := <-got:
		v, ok := res.Val.(T)
		if res.Err != nil || !ok {
			return none, res.Err
		}
		return v, nil
	}
}

func (m *memory) keep(key string, k kept) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.kept) >= mostKept {
		clear(m.kept)
	}
	m.kept[key] = k
}

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
// (https://docs.slack.dev/reference/methods/conversations.info).
func (w *Workspace) Channel(ctx context.Context, id string) (approvals.Channel, error) {
	ch, err := recall(ctx, w.memory, "channel "+id, func(ctx context.Context) (approvals.Channel, error) {
		c, err := w.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
		if isSlackError(err, "channel_not_found") {
			return approvals.Channel{ID: id}, nil
		}
		if err != nil {
			return approvals.Channel{}, fmt.Errorf("conversations.info of %s: %w", id, err)
		}
		if c.ID != id {
			return approvals.Channel{}, fmt.Errorf("conversations.info of %s: the answer is about another channel", id)
		}
		return approvals.Channel{
			ID: id, Member: c.IsMember || c.IsIM, Archived: c.IsArchived,
			Shared: c.IsExtShared || c.IsPendingExtShared || c.IsShared && !c.IsOrgShared, OrgShared: c.IsOrgShared,
		}, nil
	})
	if err == nil && (!ch.Member || ch.Archived) {
		w.memory.forget("channel " + id) // an invitation must take effect at once
	}
	return ch, err
}

func (m *memory) forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.kept, key)
}

// Members are the people in a user group. One that is gone, or that the bot may
// not read, is a refusal that lasts
// (https://docs.slack.dev/reference/methods/usergroups.users.list).
func (w *Workspace) Members(ctx context.Context, group string) ([]string, error) {
	return recall(ctx, w.memory, "group "+group, func(ctx context.Context) ([]string, error) {
		members, err := w.api.GetUserGroupMembersContext(ctx, group)
		if err != nil {
			return nil, fmt.Errorf("usergroups.users.list of %s: %w", group, sorted(err))
		}
		return members, nil
	})
}

// GroupNamed finds the id of the user group with that handle, without the @.
// Slack leaves out groups that are switched off
// (https://docs.slack.dev/reference/methods/usergroups.list).
func (w *Workspace) GroupNamed(ctx context.Context, handle string) (string, error) {
	groups, err := w.api.GetUserGroupsContext(ctx)
	if err != nil {
		err = fmt.Errorf("usergroups.list: %w", err)
		if lastingRefusal(err) != "" {
			return "", fmt.Errorf("%w: %w; check that the app has usergroups:read, or list people by id", ErrPermanent, err)
		}
		return "", err // also where the token is the trouble: that is found out once, for all calls
	}
	for _, g := range groups {
		if g.Handle == handle {
			return g.ID, nil
		}
	}
	return "", fmt.Errorf("there is no user group @%s", handle)
}

// isSlackError reports whether Slack answered with one of these error codes.
func isSlackError(err error, codes ...string) bool {
	var refused slack.SlackErrorResponse
	return errors.As(err, &refused) && slices.Contains(codes, refused.Err)
}
