package slackfake

import (
	"slices"
	"strconv"
	"strings"
)

// usersInfo is https://docs.slack.dev/reference/methods/users.info.
func (s *Server) usersInfo(a args) (object, error) {
	u := s.people[a["user"]]
	if u == nil {
		return nil, refuse("user_not_found")
	}
	if u.Hidden != "" {
		return nil, refuse(u.Hidden)
	}
	return object{"user": s.wireUser(u)}, nil
}

// wireUser is a user object: https://docs.slack.dev/reference/objects/user-object. A single-channel guest has both flags.
func (s *Server) wireUser(u *User) object {
	out := object{
		"id": u.ID, "team_id": u.TeamID, "name": u.Name, "real_name": u.RealName, "deleted": u.Deleted,
		"profile": object{"real_name": u.RealName, "display_name": u.Name, "team": u.TeamID},
		"is_bot":  u.Bot, "is_app_user": false,
	}
	if !u.Deleted {
		out["is_restricted"] = u.Guest != FullMember
		out["is_ultra_restricted"] = u.Guest == SingleGuest
		out["is_admin"], out["is_owner"] = u.Owner, u.Owner
	}
	if s.external(u) {
		out["is_stranger"] = u.Stranger
	}
	if u.EnterpriseID != "" {
		out["enterprise_user"] = object{"id": u.EnterpriseUserID, "enterprise_id": u.EnterpriseID, "enterprise_name": "Sandbox Org", "teams": u.Teams}
	}
	return out
}

// usergroupsList is https://docs.slack.dev/reference/methods/usergroups.list.
func (s *Server) usergroupsList(a args) (object, error) {
	list := []object{}
	for _, g := range sorted(s.groups, func(g Group) string { return g.ID }) {
		if g.Disabled && !a.yes("include_disabled") {
			continue
		}
		o := object{
			"id": g.ID, "team_id": s.opts.TeamID, "is_usergroup": true, "handle": g.Handle, "name": g.Name,
			"date_delete": 0, "user_count": len(g.Members), "updated_by": nil, "date_update": 0, "auto_type": nil,
			"is_idp_group": g.IDP, "is_membership_locked": g.Locked,
		}
		if g.UpdatedBy != "" {
			o["updated_by"], o["date_update"] = g.UpdatedBy, g.Updated.Unix()
		}
		if g.Disabled {
			o["date_delete"] = s.opts.Now().Unix()
		}
		if a.yes("include_users") {
			o["users"] = s.memberIDs(&g)
		}
		list = append(list, o)
	}
	return object{"usergroups": list}, nil
}

// usergroupsUsersList is https://docs.slack.dev/reference/methods/usergroups.users.list. A disabled group has no users
// unless include_disabled is set.
func (s *Server) usergroupsUsersList(a args) (object, error) {
	g := s.groups[a["usergroup"]]
	if g == nil {
		return nil, refuse("no_such_subteam")
	}
	if g.Disabled && !a.yes("include_disabled") {
		return object{"users": []string{}}, nil
	}
	return object{"users": s.memberIDs(g)}, nil
}

// memberIDs are the members that are still active: Slack takes leavers out of groups.
func (s *Server) memberIDs(g *Group) []string {
	ids := []string{}
	for _, id := range g.Members {
		if u := s.people[id]; u != nil && !u.Deleted {
			ids = append(ids, id)
		}
	}
	return ids
}

// conversationsInfo is https://docs.slack.dev/reference/methods/conversations.info.
func (s *Server) conversationsInfo(a args) (object, error) {
	c, err := s.readable(a["channel"])
	if err != nil {
		return nil, err
	}
	return object{"channel": s.wireChannel(c)}, nil
}

// The scopes for reading about a conversation, by its kind: https://docs.slack.dev/reference/methods/conversations.info.
const (
	readPublic  = "channels:read"
	readPrivate = "groups:read"
	readDirect  = "im:read"
	readSeveral = "mpim:read"
)

// readable is a channel whose facts the bot may read. The lock is held.
func (s *Server) readable(id string) (*Channel, error) {
	c, err := s.visible(id)
	if err != nil {
		return nil, err
	}
	scope := readPublic
	switch {
	case c.DMWith != "":
		scope = readDirect
	case c.Several:
		scope = readSeveral
	case c.Private:
		scope = readPrivate
	}
	return c, s.needScope(scope)
}

// wireChannel is a conversation object: https://docs.slack.dev/reference/objects/conversation-object.
func (s *Server) wireChannel(c *Channel) object {
	if c.DMWith != "" {
		return object{"id": c.ID, "is_im": true, "user": c.DMWith, "is_archived": c.Archived, "is_open": true}
	}
	return object{
		"id": c.ID, "name": c.Name, "name_normalized": c.Name, "is_channel": !c.Private, "is_group": c.Private, "is_im": false,
		"is_mpim": c.Several, "is_private": c.Private, "is_archived": c.Archived, "is_member": c.Bot, "is_general": false,
		"is_shared": c.ExtShared || c.OrgShared, "is_ext_shared": c.ExtShared, "is_org_shared": c.OrgShared,
		"is_read_only":          c.NoPosts == "restricted_action_read_only_channel",
		"is_pending_ext_shared": c.PendingExtShared, "context_team_id": s.opts.TeamID,
	}
}

const membersPage = 100 // how many members one answer holds unless the caller says otherwise

// conversationsMembers is https://docs.slack.dev/reference/methods/conversations.members.
func (s *Server) conversationsMembers(a args) (object, error) {
	c, err := s.readable(a["channel"])
	if err != nil {
		return nil, err
	}
	all := slices.Clone(c.Members)
	if c.Bot {
		all = append(all, botUserID)
	}
	limit, start := membersPage, 0
	if n, err := strconv.Atoi(a["limit"]); err == nil && n > 0 {
		limit = n
	}
	if a["cursor"] != "" {
		if start, err = strconv.Atoi(a["cursor"]); err != nil || start < 0 || start > len(all) {
			return nil, refuse("invalid_cursor")
		}
	}
	end, next := min(start+limit, len(all)), ""
	if end < len(all) {
		next = strconv.Itoa(end)
	}
	return object{"members": all[start:end], "response_metadata": object{"next_cursor": next}}, nil
}

// conversationsOpen is https://docs.slack.dev/reference/methods/conversations.open, for one person.
func (s *Server) conversationsOpen(a args) (object, error) {
	id := strings.Trim(a["users"], `[]" `)
	if id == "" {
		return nil, refuse("users_list_not_supplied")
	}
	u := s.people[id]
	switch {
	case u == nil:
		return nil, refuse("user_not_found")
	case u.Deleted:
		return nil, refuse("user_disabled")
	case u.Bot:
		return nil, refuse("cannot_dm_bot")
	}
	c, existed := s.direct(id)
	out := object{"channel": object{"id": c.ID}}
	if a.yes("return_im") {
		out["channel"] = s.wireChannel(c)
	}
	if existed {
		out["no_op"], out["already_open"] = true, true
	}
	return out, nil
}
