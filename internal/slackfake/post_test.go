package slackfake

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

const alertBot = "U0ALERTS"

// start with another app and a message shortcut.
func startWithShortcut(t *testing.T) *Server {
	t.Helper()
	s, _ := start(t, func(o *Options) { o.Features = &Features{Shortcuts: []string{"look"}} })
	s.AddUser(User{ID: alertBot, Name: "alerts", RealName: "Alerts", Bot: true})
	return s
}

func alert() Content {
	return Content{
		Text: "Malware on <https://x.example|web-02>", Blocks: json.RawMessage("[" + section(mrk(3)) + "]"),
		Attachments: json.RawMessage(`[{"color":"#f00","title":"High","text":"a b","fields":[{"title":"Device","value":"web-02","short":true}],"blocks":[` + section(plain(2)) + `],"footer":"SIEM"}]`),
	}
}

// TestShortcut uses a message shortcut on another app's message: the payload has
// the message whole.
func TestShortcut(t *testing.T) {
	s := startWithShortcut(t)
	ts, err := s.Post(alertBot, general, alert())
	if err != nil {
		t.Fatal(err)
	}
	app := open(t, s)
	got := within(t, func(ctx context.Context) (Outcome, error) { return s.Shortcut(ctx, ana, general, ts, "look") })
	m := app.read()
	app.ack(m, "")
	if o := <-got; !o.Acked || o.Shown != "" {
		t.Errorf("%+v", o)
	}
	p := m["payload"]
	attachment, _ := at(p, "message", "attachments").([]any)
	if len(attachment) != 1 {
		t.Fatalf("message: %v", at(p, "message"))
	}
	checks := []struct{ got, want any }{
		{m["type"], "interactive"},
		{at(p, "type"), "message_action"},
		{at(p, "callback_id"), "look"},
		{at(p, "message_ts"), ts},
		{at(p, "message", "ts"), ts},
		{at(p, "message", "text"), alert().Text},
		{at(p, "message", "user"), alertBot},
		{at(p, "message", "bot_id"), "B0ALERTS"},
		{at(p, "message", "app_id"), "A0ALERTS"},
		{at(p, "channel", "id"), general},
		{at(p, "channel", "name"), "general"},
		{at(p, "user", "id"), ana},
		{at(p, "user", "team_id"), "T0SANDBOX1"},
		{at(p, "team", "id"), "T0SANDBOX1"},
		{at(p, "api_app_id"), s.AppID()},
		{at(attachment[0], "id"), 1.0},
		{at(attachment[0], "fallback"), "[no preview available]"},
		{at(attachment[0], "title"), "High"},
	}
	for i, c := range checks {
		if c.got != c.want {
			t.Errorf("check %d: %v, want %v", i, c.got, c.want)
		}
	}
	respond(t, at(p, "response_url").(string), `{"text":"seen"}`)
	if e := s.Ephemerals(ana); len(e) != 1 || e[0].Text != "seen" {
		t.Errorf("the answer: %+v", e)
	}
	bot(t, s, "views.open", form("trigger_id", at(p, "trigger_id").(string), "view", smallView))
	want := "| High\n          | a b\n          | Device: web-02\n          | xx\n          | SIEM\n"
	if got := s.Transcript(general, ana); !strings.Contains(got, "Alerts APP\n          xxx\n") || !strings.Contains(got, want) {
		t.Errorf("the transcript:\n%s", got)
	}
}

// TestShortcutMissing keeps a shortcut from those who are not offered it.
func TestShortcutMissing(t *testing.T) {
	s := startWithShortcut(t)
	open(t, s).serve(silent)
	ts, err := s.Say(ben, general, "look at web-02")
	if err != nil {
		t.Fatal(err)
	}
	whisper := bot(t, s, "chat.postEphemeral", form("channel", general, "user", ana, "text", "x"))["message_ts"].(string)
	s.AddUser(User{ID: "U0OUT", Name: "out"})
	tests := []struct {
		name, user, ts, callback string
		want                     error
	}{
		{"a member", ana, ts, "look", nil},
		{"another callback_id", ana, ts, "shout", ErrNoSuchElement},
		{"another message", ana, "1.000001", "look", ErrNoSuchElement},
		{"a message that one person sees", ana, whisper, "look", ErrNoSuchElement},
		{"another company", ext, ts, "look", ErrNoSuchElement},
		{"not in the channel", "U0OUT", ts, "look", ErrNotInChannel},
		{"a leaver", gone, ts, "look", ErrNoSuchUser},
	}
	for _, tt := range tests {
		if o, err := s.Shortcut(t.Context(), tt.user, general, tt.ts, tt.callback); !errors.Is(err, tt.want) || o.Acked != (tt.want == nil) {
			t.Errorf("%s: %+v, %v, want %v", tt.name, o, err, tt.want)
		}
	}
}

// TestShortcutUnanswered tells the person.
func TestShortcutUnanswered(t *testing.T) {
	s := startWithShortcut(t)
	ts, err := s.Say(ben, general, "x")
	if err != nil {
		t.Fatal(err)
	}
	if o, err := s.Shortcut(t.Context(), ana, general, ts, "look"); err != nil || o.Shown != ShownShortcutTrouble {
		t.Errorf("%+v, %v", o, err)
	}
}

// TestPost lets people and other apps write, where they can, what Slack takes.
func TestPost(t *testing.T) {
	s := startWithShortcut(t)
	tests := []struct {
		name, author, channel string
		content               Content
		want                  error
	}{
		{"a person", ana, general, alert(), nil},
		{"an app", alertBot, lonely, alert(), nil},
		{"the bot itself", s.BotUserID(), general, alert(), ErrNoSuchUser},
		{"nobody", "U0NOBODY", general, alert(), ErrNoSuchUser},
		{"an archived channel", alertBot, old, alert(), ErrNoSuchUser},
		{"no blocks", ana, general, Content{Blocks: json.RawMessage(`[{"type":"alert"}]`)}, ErrBadContent},
		{"no attachments", ana, general, Content{Attachments: json.RawMessage(`{}`)}, ErrBadContent},
		{"blocks of an attachment", ana, general, Content{Attachments: json.RawMessage(`[{"blocks":[{"type":"alert"}]}]`)}, ErrBadContent},
	}
	for _, tt := range tests {
		if _, err := s.Post(tt.author, tt.channel, tt.content); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	first, err := s.Post(ana, general, Content{Text: "see web-02.contoso.example"})
	if err != nil {
		t.Fatal(err)
	}
	if m, _ := s.Message(general, first); m.Text != "see <http://web-02.contoso.example|web-02.contoso.example>" {
		t.Errorf("typed by a person: %q", m.Text)
	}
	if _, err := s.Post(ben, general, Content{Text: "yes", Thread: first}); err != nil || len(s.Thread(general, first)) != 1 {
		t.Errorf("a reply: %v", err)
	}
	if err := s.Delete(ben, general, first); !errors.Is(err, ErrNoSuchElement) {
		t.Errorf("somebody else's message was deleted: %v", err)
	}
	if err := s.Delete(ana, general, first); err != nil {
		t.Error(err)
	}
	if m, _ := s.Message(general, first); !m.Deleted {
		t.Error("the message is still there")
	}
}
