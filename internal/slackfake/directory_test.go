package slackfake

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDirectMessages(t *testing.T) {
	s, _ := start(t)
	id := at(bot(t, s, "conversations.open", form("users", ana)), "channel", "id").(string)
	again := bot(t, s, "conversations.open", form("users", ana))
	if at(again, "channel", "id") != id || again["already_open"] != true {
		t.Errorf("opened twice: %v", again)
	}
	bot(t, s, "chat.postMessage", form("channel", id, "text", "one"))
	bot(t, s, "chat.postMessage", form("channel", ana, "text", "two"))
	bot(t, s, "chat.postMessage", form("channel", ben, "text", "not hers"))
	if got := s.DMs(ana); len(got) != 2 || got[1].Text != "two" {
		t.Errorf("DMs: %+v", got)
	}
	if got := at(bot(t, s, "conversations.info", form("channel", id)), "channel", "is_im"); got != true {
		t.Errorf("is_im: %v", got)
	}
}

func TestUsersInfo(t *testing.T) {
	s, _ := start(t, func(o *Options) { o.EnterpriseID = "E0ORG" })
	s.AddUser(User{ID: "U0MULTI", Name: "mia", Guest: MultiGuest})
	s.AddUser(User{ID: "W0GRID", Name: "kim", TeamID: "T0SISTER", EnterpriseID: "E0ORG", EnterpriseUserID: "W0GRID"})
	s.AddUser(User{ID: "U0STRANGE", Name: "sam", TeamID: "T0OTHER", Stranger: true})
	tests := []struct {
		id   string
		want map[string]any
	}{
		{ana, map[string]any{"team_id": "T0SANDBOX1", "is_restricted": false, "is_ultra_restricted": false, "deleted": false, "is_bot": false}},
		{"U0MULTI", map[string]any{"is_restricted": true, "is_ultra_restricted": false}},
		{guest, map[string]any{"is_restricted": true, "is_ultra_restricted": true}},
		{gone, map[string]any{"deleted": true, "is_restricted": nil}},
		{ext, map[string]any{"team_id": "T0OTHER", "is_stranger": false}},
		{"U0STRANGE", map[string]any{"is_stranger": true}},
		{"W0GRID", map[string]any{"team_id": "T0SISTER", "is_stranger": nil}},
		{s.BotUserID(), map[string]any{"is_bot": true}},
	}
	for _, tt := range tests {
		u := bot(t, s, "users.info", form("user", tt.id))["user"]
		for k, want := range tt.want {
			if got := at(u, k); got != want {
				t.Errorf("%s: %s = %v, want %v", tt.id, k, got, want)
			}
		}
	}
	u := bot(t, s, "users.info", form("user", "W0GRID"))
	if got := at(u, "user", "enterprise_user", "enterprise_id"); got != "E0ORG" {
		t.Errorf("enterprise_user: %v", got)
	}
	s.AddUser(User{ID: "W0BOTH", Name: "lee", TeamID: "T0SISTER", EnterpriseID: "E0ORG", EnterpriseUserID: "W0BOTH", Teams: []string{"T0SISTER", s.TeamID()}})
	for id, want := range map[string][]any{"W0GRID": {"T0SISTER"}, "W0BOTH": {"T0SISTER", s.TeamID()}} {
		if got, _ := at(bot(t, s, "users.info", form("user", id)), "user", "enterprise_user", "teams").([]any); !slices.Equal(got, want) {
			t.Errorf("%s is a member of %v, want %v", id, got, want)
		}
	}
}

func TestGroupsAndMembers(t *testing.T) {
	s, _ := start(t)
	s.AddGroup(Group{ID: "S0OFF", Handle: "off", Members: []string{ben}, Disabled: true})
	users := func(method string, f map[string]string) any { return bot(t, s, method, f)["users"] }
	if diff := cmp.Diff([]any{ana}, users("usergroups.users.list", form("usergroup", "S0OPS"))); diff != "" {
		t.Errorf("leavers are not members: %s", diff)
	}
	if diff := cmp.Diff([]any{}, users("usergroups.users.list", form("usergroup", "S0OFF"))); diff != "" {
		t.Errorf("disabled group: %s", diff)
	}
	if diff := cmp.Diff([]any{ben}, users("usergroups.users.list", form("usergroup", "S0OFF", "include_disabled", "true"))); diff != "" {
		t.Errorf("disabled group, asked for: %s", diff)
	}
	every := bot(t, s, "usergroups.list", form("include_disabled", "true"))["usergroups"].([]any)
	if len(every) != 2 || at(every[0], "date_delete") == 0.0 || at(every[1], "date_delete") != 0.0 {
		t.Errorf("usergroups.list with disabled ones: %v", every)
	}
	list := bot(t, s, "usergroups.list", form("include_users", "true"))["usergroups"].([]any)
	if len(list) != 1 || at(list[0], "handle") != "secops" || !cmp.Equal(at(list[0], "users"), []any{ana}) {
		t.Errorf("usergroups.list: %v", list)
	}
	var all []any
	f := form("channel", general, "limit", "4")
	for pages := 0; pages == 0 || f["cursor"] != ""; pages++ {
		body := bot(t, s, "conversations.members", f)
		all = append(all, body["members"].([]any)...)
		f["cursor"], _ = at(body, "response_metadata", "next_cursor").(string)
	}
	if diff := cmp.Diff([]any{ana, ben, guest, ext, gone, s.BotUserID()}, all); diff != "" {
		t.Error(diff)
	}
}

func TestDirectoryChanges(t *testing.T) {
	s, _ := start(t)
	if err := s.ChangeUser(ana, func(u *User) { u.Deleted = true }); err != nil {
		t.Fatal(err)
	}
	if got := bot(t, s, "usergroups.users.list", form("usergroup", "S0OPS"))["users"]; !cmp.Equal(got, []any{}) {
		t.Errorf("users after she left: %v", got)
	}
	if err := s.ChangeChannel(general, func(c *Channel) { c.ExtShared = true }); err != nil {
		t.Fatal(err)
	}
	if got := at(bot(t, s, "conversations.info", form("channel", general)), "channel", "is_ext_shared"); got != true {
		t.Errorf("is_ext_shared: %v", got)
	}
	if got := s.Channels(); len(got) != 4 || got[0].ID != general || !got[0].ExtShared {
		t.Errorf("channels: %+v", got)
	}
	if got := s.Users(); len(got) != 6 || got[0].ID != ana || !got[0].Deleted || got[0].TeamID != s.TeamID() {
		t.Errorf("users: %+v", got)
	}
	if err := s.ChangeGroup("S0NONE", func(*Group) {}); err == nil {
		t.Error("no error for a group that is not there")
	}
}
