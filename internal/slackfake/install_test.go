package slackfake

import "testing"

// TestInstallation: whose the bot token is: of an app, and of one workspace or of a
// whole organisation.
func TestInstallation(t *testing.T) {
	s, _ := start(t)
	me := bot(t, s, "auth.test", nil)
	if me["team_id"] != s.TeamID() || me["is_enterprise_install"] != false {
		t.Errorf("in a workspace: %v", me)
	}
	if got := at(bot(t, s, "bots.info", form("bot", botID)), "bot", "app_id"); got != s.AppID() {
		t.Errorf("the bot is of the app %v, want %s", got, s.AppID())
	}
	if got := call(t, s, "bots.info", s.BotToken(), form("bot", "B0ELSE"))["error"]; got != "bot_not_found" {
		t.Errorf("another bot: %v", got)
	}

	s, _ = start(t, func(o *Options) { o.EnterpriseID, o.OrgInstall, o.BotApp = "E0ORG", true, "A0ELSE" })
	me = bot(t, s, "auth.test", nil)
	if me["team_id"] != "E0ORG" || me["is_enterprise_install"] != true {
		t.Errorf("in an organisation: %v", me)
	}
	if got := at(bot(t, s, "bots.info", form("bot", botID)), "bot", "app_id"); got != "A0ELSE" {
		t.Errorf("the bot is of the app %v", got)
	}
}

// TestUsersHidden: some people are not shown, though they can click.
func TestUsersHidden(t *testing.T) {
	s, _ := start(t)
	if err := s.ChangeUser(ext, func(u *User) { u.Hidden = "user_not_visible" }); err != nil {
		t.Fatal(err)
	}
	if got := call(t, s, "users.info", s.BotToken(), form("user", ext))["error"]; got != "user_not_visible" {
		t.Errorf("users.info: %v", got)
	}
}
