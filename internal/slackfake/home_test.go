package slackfake

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

const smallHome = `{"type":"home","private_metadata":"m","callback_id":"home","blocks":[` +
	`{"type":"section","text":{"type":"plain_text","text":"Waiting"}},` +
	`{"type":"actions","block_id":"one","elements":[{"type":"button","action_id":"approve","value":"D-1","text":{"type":"plain_text","text":"Approve"}}]},` +
	`{"type":"actions","block_id":"two","elements":[{"type":"button","action_id":"approve","value":"D-2","text":{"type":"plain_text","text":"Approve"}},` +
	`{"type":"button","action_id":"ask","text":{"type":"plain_text","text":"Ask"}}]}]}`

// publish puts a view on a person's Home tab.
func publish(t *testing.T, s *Server, user, view string) View {
	t.Helper()
	bot(t, s, "views.publish", form("user_id", user, "view", view))
	v, ok := s.Home(user)
	if !ok {
		t.Fatal("nothing was published")
	}
	return v
}

// TestHomeOpened sends the event to an app that has the tab and wants the
// event, with the view from the second time on.
func TestHomeOpened(t *testing.T) {
	s, _ := start(t)
	app := open(t, s)
	for _, first := range []bool{true, false} {
		got := within(t, func(ctx context.Context) (Receipt, error) { return s.OpenHome(ctx, ana) })
		m := app.read()
		app.ack(m, "")
		<-got
		e := at(m, "payload", "event")
		if m["type"] != "events_api" || at(e, "type") != "app_home_opened" || at(e, "user") != ana || at(e, "tab") != "home" {
			t.Errorf("event: %v", m)
		}
		if dm, _ := at(e, "channel").(string); !strings.HasPrefix(dm, "D") || at(e, "event_ts") == nil {
			t.Errorf("channel or time: %v", e)
		}
		if v := at(e, "view", "type"); (v == nil) != first {
			t.Errorf("view %v; the first time: %t", v, first)
		}
		publish(t, s, ana, smallHome)
	}
	got := within(t, func(ctx context.Context) (Receipt, error) { return s.OpenMessages(ctx, ana) })
	m := app.read()
	app.ack(m, "")
	<-got
	if e := at(m, "payload", "event"); at(e, "tab") != "messages" || at(e, "view") != nil {
		t.Errorf("the other tab: %v", e)
	}
}

// TestHomeOff lets the app hear nothing, and publish nothing, that its manifest
// has not switched on.
func TestHomeOff(t *testing.T) {
	for _, f := range []Features{{}, {HomeTab: true}, {Events: []string{"app_home_opened"}}} {
		s, _ := start(t, func(o *Options) { o.Features = &f })
		open(t, s).serve(silent)
		if r, err := s.OpenHome(t.Context(), ana); err != nil || r.Acked || s.sentCount() != 0 {
			t.Errorf("%+v: %+v, %v", f, r, err)
		}
		e := call(t, s, "views.publish", s.BotToken(), form("user_id", ana, "view", smallHome))["error"]
		if _, there := s.Home(ana); (e == "not_enabled") == f.HomeTab || there != f.HomeTab {
			t.Errorf("%+v: published: %v, there: %t", f, e, there)
		}
	}
	s, _ := start(t)
	for _, who := range []string{gone, "U0NOBODY"} {
		if _, err := s.OpenHome(t.Context(), who); !errors.Is(err, ErrNoSuchUser) {
			t.Errorf("%s: %v", who, err)
		}
	}
}

func TestHomeRefusals(t *testing.T) {
	s, _ := start(t)
	v := publish(t, s, ana, strings.Replace(smallHome, `"callback_id":"home"`, `"external_id":"x"`, 1))
	tests := []refused{
		{"nobody", "views.publish", form("user_id", "U0NOBODY", "view", smallHome), "invalid_arguments"},
		{"a leaver", "views.publish", form("user_id", gone, "view", smallHome), "invalid_arguments"},
		{"no view", "views.publish", form("user_id", ana), "invalid_arguments"},
		{"a modal", "views.publish", form("user_id", ana, "view", smallView), "invalid_arguments"},
		{"an old hash", "views.publish", form("user_id", ana, "view", smallHome, "hash", "old"), "hash_conflict"},
		{"a hash of nothing", "views.publish", form("user_id", ben, "view", smallHome, "hash", v.Hash), "hash_conflict"},
		{"an external_id twice", "views.publish", form("user_id", ben, "view", strings.Replace(smallHome, `"callback_id":"home"`, `"external_id":"x"`, 1)), "duplicate_external_id"},
		{"a modal into a home", "views.update", form("view_id", v.ID, "view", smallView), "invalid_arguments"},
	}
	for _, tt := range tests {
		if e := call(t, s, tt.method, s.BotToken(), tt.form)["error"]; e != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, e, tt.want)
		}
	}
	bot(t, s, "views.publish", form("user_id", ana, "view", smallHome, "hash", v.Hash))
	now, _ := s.Home(ana)
	if now.ID != v.ID || now.Hash == v.Hash {
		t.Errorf("published again: %s %s, before %s %s", now.ID, now.Hash, v.ID, v.Hash)
	}
}

// TestHomeLimits has the largest that Slack takes and the smallest that it
// refuses.
func TestHomeLimits(t *testing.T) {
	view := func(fields, blocks string) string { return `{"type":"home"` + fields + `,"blocks":[` + blocks + `]}` }
	divider := `{"type":"divider"}`
	tests := []struct{ name, good, bad string }{
		{"blocks", view("", many(100, divider)), view("", many(101, divider))},
		{"no blocks", view("", divider), view("", "")},
		{"private_metadata", view(`,"private_metadata":"`+x(3000)+`"`, divider), view(`,"private_metadata":"`+x(3001)+`"`, divider)},
		{"callback_id", view(`,"callback_id":"`+x(255)+`"`, divider), view(`,"callback_id":"`+x(256)+`"`, divider)},
		{"submit", view("", divider), view(`,"submit":`+plain(1), divider)},
		{"close", view("", divider), view(`,"close":`+plain(1), divider)},
		{"title", view("", divider), view(`,"title":`+plain(1), divider)},
		{"markdown", view("", section(mrk(1))), view("", `{"type":"markdown","text":"x"}`)},
		{"a chart", view("", section(mrk(1))), view("", pie(1))},
		{"an alert", view("", section(mrk(1))), view("", `{"type":"alert"}`)},
	}
	for _, tt := range tests {
		if err := CheckHome(json.RawMessage(tt.good)); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if CheckHome(json.RawMessage(tt.bad)) == nil {
			t.Errorf("%s: taken", tt.name)
		}
	}
	if err := CheckHome(json.RawMessage(view("", section(plain(maxSectionText))+","+many(99, `{"type":"section","fields":[`+many(10, plain(2000))+`]}`)))); err == nil || !strings.HasPrefix(err.Error(), "view_too_large") {
		t.Errorf("a view that is too large: %v", err)
	}
}

// TestHomeClick presses a button of a Home tab: the payload has the view, and
// neither a message, nor a channel, nor a response_url.
func TestHomeClick(t *testing.T) {
	s, _ := start(t)
	v := publish(t, s, ana, smallHome)
	app := open(t, s)
	got := within(t, func(ctx context.Context) (Outcome, error) { return s.ClickViewValue(ctx, ana, v.ID, "approve", "D-2") })
	m := app.read()
	app.ack(m, "")
	if o := <-got; !o.Acked || o.Shown != "" {
		t.Errorf("%+v", o)
	}
	p, _ := m["payload"].(map[string]any)
	for _, missing := range []string{"message", "channel", "response_url", "state"} {
		if _, there := p[missing]; there {
			t.Errorf("the payload has %s: %v", missing, p[missing])
		}
	}
	checks := []struct{ got, want any }{
		{at(p, "type"), "block_actions"},
		{at(p, "user", "id"), ana},
		{at(p, "team", "id"), "T0SANDBOX1"},
		{at(p, "container", "type"), "view"},
		{at(p, "container", "view_id"), v.ID},
		{at(p, "view", "id"), v.ID},
		{at(p, "view", "type"), "home"},
		{at(p, "view", "app_id"), s.AppID()},
		{at(p, "view", "hash"), v.Hash},
		{at(at(p, "actions").([]any)[0], "value"), "D-2"},
		{at(at(p, "actions").([]any)[0], "block_id"), "two"},
	}
	for i, c := range checks {
		if c.got != c.want {
			t.Errorf("check %d: %v, want %v", i, c.got, c.want)
		}
	}
	bot(t, s, "views.open", form("trigger_id", at(p, "trigger_id").(string), "view", smallView))
	if _, ok := s.Home(ana); !ok || len(s.Views(ana)) != 1 {
		t.Error("the form has not opened over the tab")
	}
}

func TestHomeClickMissing(t *testing.T) {
	s, _ := start(t)
	v := publish(t, s, ana, smallHome)
	open(t, s).serve(silent)
	tests := []struct {
		name, user, view, action string
		want                     error
	}{
		{"somebody else's", ben, v.ID, "ask", ErrNoSuchElement},
		{"another view", ana, "V0", "ask", ErrNoSuchElement},
		{"no such button", ana, v.ID, "deny", ErrNoSuchElement},
		{"one of two", ana, v.ID, "approve", ErrSeveral},
		{"a leaver", gone, v.ID, "ask", ErrNoSuchUser},
		{"the only one", ana, v.ID, "ask", nil},
	}
	for _, tt := range tests {
		if _, err := s.ClickView(t.Context(), tt.user, tt.view, tt.action); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := s.Submit(t.Context(), ana, v.ID, nil); !errors.Is(err, ErrNoSuchElement) {
		t.Errorf("a home was submitted: %v", err)
	}
	s.SetFeatures(Features{})
	if _, err := s.ClickView(t.Context(), ana, v.ID, "ask"); !errors.Is(err, ErrNoSuchElement) {
		t.Errorf("a tab that is off: %v", err)
	}
}
