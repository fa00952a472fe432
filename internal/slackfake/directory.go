package slackfake

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Guest is what kind of guest a user is.
type Guest int

// The kinds of guest. Slack calls them full member, multi-channel guest and single-channel guest.
const (
	FullMember Guest = iota
	MultiGuest
	SingleGuest
)

// User is one person or bot, as users.info knows them.
type User struct {
	ID               string // U... or W...
	Name             string // the handle, without @
	RealName         string
	Guest            Guest
	Bot              bool
	Owner            bool // of the workspace, who is an admin too
	Deleted          bool
	Stranger         bool   // an external who shares no channel with the workspace
	Hidden           string // the code with which users.info refuses to show them, such as user_not_visible
	TeamID           string // another workspace's id makes the user external; empty is this workspace
	EnterpriseUserID string // the user's id in the Grid organisation
	EnterpriseID     string // the Grid organisation the user belongs to
	// The workspaces of the Grid organisation that the user is a member of; none
	// is the one of TeamID alone.
	Teams []string
}

// Group is one user group.
type Group struct {
	ID       string // S...
	Handle   string // without @
	Name     string
	Members  []string
	Disabled bool
	// Who changed it last, and when; AddGroup and ChangeGroup fill neither in.
	UpdatedBy string
	Updated   time.Time
	IDP       bool // comes from an identity provider
	Locked    bool // nobody can edit its members in Slack
}

// Channel is one conversation.
type Channel struct {
	ID               string // C... or D...
	Name             string // without #
	Private          bool
	Archived         bool
	Bot              bool     // the bot has been invited
	Members          []string // user ids, the bot not among them
	ExtShared        bool     // shared with another company
	PendingExtShared bool
	OrgShared        bool
	DMWith           string // the person, when it is a direct message with the bot
	Several          bool   // a direct message between some people, who are its Members
	Slow             bool   // takes one message or update a second, and refuses more with 429
	NoPosts          string // the code that refuses messages at the top, such as restricted_action_read_only_channel
	NoReplies        string // the code that refuses replies, such as restricted_action_non_threadable_channel
}

// AddUser puts a user into the directory; a user with the same id is replaced.
func (s *Server) AddUser(u User) {
	u.TeamID = cmp.Or(u.TeamID, s.opts.TeamID)
	u.RealName = cmp.Or(u.RealName, u.Name)
	u.Teams = slices.Clone(u.Teams)
	if len(u.Teams) == 0 {
		u.Teams = []string{u.TeamID}
	}
	s.change(func() { s.people[u.ID] = &u })
}

// AddGroup puts a user group into the directory; a group with the same id is replaced.
func (s *Server) AddGroup(g Group) {
	g.Members = slices.Clone(g.Members)
	g.Name = cmp.Or(g.Name, g.Handle)
	s.change(func() { s.groups[g.ID] = &g })
}

// AddChannel opens a channel; a channel with the same id is replaced and keeps its messages.
func (s *Server) AddChannel(c Channel) {
	c.Members = slices.Clone(c.Members)
	s.change(func() { s.channels[c.ID] = &c })
}

// ChangeUser edits a user. It fails when there is none with that id.
func (s *Server) ChangeUser(id string, edit func(*User)) error {
	return changeEntry(s, s.people, id, edit)
}

// ChangeGroup edits a user group. It fails when there is none with that id.
func (s *Server) ChangeGroup(id string, edit func(*Group)) error {
	return changeEntry(s, s.groups, id, edit)
}

// ChangeChannel edits a channel. It fails when there is none with that id.
func (s *Server) ChangeChannel(id string, edit func(*Channel)) error {
	return changeEntry(s, s.channels, id, edit)
}

func changeEntry[T any](s *Server, in map[string]*T, id string, edit func(*T)) (err error) {
	s.change(func() {
		if in[id] == nil {
			err = fmt.Errorf("slackfake: nothing has the id %q", id)
			return
		}
		edit(in[id])
	})
	return err
}

// Users returns everybody in the directory, by id.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sorted(s.people, func(u User) string { return u.ID })
}

// Channels returns all channels and direct messages, by id.
func (s *Server) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := sorted(s.channels, func(c Channel) string { return c.ID })
	for i := range all {
		all[i].Members = slices.Clone(all[i].Members)
	}
	return all
}

func sorted[T any](in map[string]*T, key func(T) string) []T {
	out := make([]T, 0, len(in))
	for _, v := range in {
		out = append(out, *v)
	}
	slices.SortFunc(out, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	return out
}

// external reports whether the user belongs to another company: https://docs.slack.dev/apis/slack-connect.
// Users of the same Grid organisation are not external.
func (s *Server) external(u *User) bool {
	if u.TeamID == s.opts.TeamID || slices.Contains(u.Teams, s.opts.TeamID) {
		return false
	}
	return s.opts.EnterpriseID == "" || u.EnterpriseID != s.opts.EnterpriseID
}

// direct returns the direct message between the bot and a user, and opens it when there is none. The lock is held.
func (s *Server) direct(user string) (c *Channel, existed bool) {
	for _, c := range s.channels {
		if c.DMWith == user {
			return c, true
		}
	}
	c = &Channel{ID: newID("D"), DMWith: user, Bot: true, Members: []string{user}}
	s.channels[c.ID] = c
	return c, false
}
