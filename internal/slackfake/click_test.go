package slackfake

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

const buttons = `[{"type":"section","text":{"type":"mrkdwn","text":"Go?"}},{"type":"actions","block_id":"act","elements":[
	{"type":"button","action_id":"approve","value":"D-1","style":"primary","text":{"type":"plain_text","text":"Approve"},
	"confirm":{"title":{"type":"plain_text","text":"Sure?"},"text":{"type":"plain_text","text":"Really"},
	"confirm":{"type":"plain_text","text":"Yes"},"deny":{"type":"plain_text","text":"No"}}},
	{"type":"static_select","action_id":"pick","options":[{"text":{"type":"plain_text","text":"A"},"value":"a"}]}]}]`

// card posts a message with buttons.
func card(t *testing.T, s *Server) string {
	t.Helper()
	return bot(t, s, "chat.postMessage", form("channel", general, "text", "Go?", "blocks", buttons))["ts"].(string)
}

func TestClick(t *testing.T) {
	s, _ := start(t)
	ts := card(t, s)
	app := open(t, s)
	got := within(t, func(ctx context.Context) (Outcome, error) { return s.Click(ctx, ext, general, ts, "approve") })
	m := app.read()
	app.ack(m, "")
	if o := <-got; !o.Acked || o.Shown != "" {
		t.Errorf("%+v", o)
	}
	p := m["payload"]
	action := at(p, "actions").([]any)[0]
	checks := []struct{ got, want any }{
		{m["type"], "interactive"},
		{at(p, "type"), "block_actions"},
		{at(p, "user", "id"), ext},
		{at(p, "user", "team_id"), "T0OTHER"},
		{at(p, "team", "id"), "T0SANDBOX1"},
		{at(p, "channel", "id"), general},
		{at(p, "container", "message_ts"), ts},
		{at(p, "container", "is_ephemeral"), false},
		{at(p, "message", "ts"), ts},
		{at(p, "is_enterprise_install"), false},
		{at(action, "action_id"), "approve"},
		{at(action, "block_id"), "act"},
		{at(action, "value"), "D-1"},
		{at(action, "confirm", "title", "text"), "Sure?"},
	}
	for i, c := range checks {
		if c.got != c.want {
			t.Errorf("check %d: %v, want %v", i, c.got, c.want)
		}
	}
}

func TestClickMissingMessage(t *testing.T) {
	s, _ := start(t)
	ts := card(t, s)
	app := open(t, s)
	app.serve(silent)
	for _, c := range [][2]string{{ts, "shout"}, {"1.000001", "approve"}, {ts, "pick"}} {
		if _, err := s.Click(t.Context(), ana, general, c[0], c[1]); !errors.Is(err, ErrNoSuchElement) {
			t.Errorf("%v: %v", c, err)
		}
	}
	bot(t, s, "chat.update", form("channel", general, "ts", ts, "text", "done"))
	if _, err := s.Click(t.Context(), ana, general, ts, "approve"); !errors.Is(err, ErrNoSuchElement) {
		t.Errorf("a button that is gone: %v", err)
	}
	if o, err := s.ClickVersion(t.Context(), ana, general, ts, "approve", 0); err != nil || !o.Acked {
		t.Errorf("a button on a screen that lags: %+v, %v", o, err)
	}
	if _, err := s.ClickVersion(t.Context(), ana, general, ts, "approve", 2); !errors.Is(err, ErrNoSuchElement) {
		t.Errorf("a button of a version that never was: %v", err)
	}
	if _, err := s.Click(t.Context(), gone, general, ts, "approve"); !errors.Is(err, ErrNoSuchUser) {
		t.Errorf("somebody who has left: %v", err)
	}
	whisper := bot(t, s, "chat.postEphemeral", form("channel", general, "user", ana, "text", "x", "blocks", buttons))["message_ts"].(string)
	if _, err := s.Click(t.Context(), ben, general, whisper, "approve"); !errors.Is(err, ErrNoSuchElement) {
		t.Errorf("somebody else's ephemeral message: %v", err)
	}
}

func TestClickInAThread(t *testing.T) {
	s, _ := start(t, func(o *Options) { o.EnterpriseID = "E0ORG" })
	parent := card(t, s)
	blocks := "[" + strings.Replace(section(plain(1)), `"text":{`, `"accessory":`+button(`"action_id":"go"`)+`,"text":{`, 1) + "]"
	ts := bot(t, s, "chat.postMessage", form("channel", general, "thread_ts", parent, "blocks", blocks))["ts"].(string)
	app := open(t, s)
	got := within(t, func(ctx context.Context) (Outcome, error) { return s.Click(ctx, ana, general, ts, "go") })
	m := app.read()
	app.ack(m, "")
	<-got
	if th, org := at(m, "payload", "container", "thread_ts"), at(m, "payload", "enterprise", "id"); th != parent || org != "E0ORG" {
		t.Errorf("thread %v and enterprise %v, want %s and E0ORG", th, org, parent)
	}
}

func TestClickUnanswered(t *testing.T) {
	s, c := start(t)
	ts := card(t, s)
	o, err := s.Click(t.Context(), ana, general, ts, "approve")
	if err != nil || o.Shown != ShownButtonWarning {
		t.Errorf("no socket: %+v, %v", o, err)
	}
	app := open(t, s)
	got := within(t, func(ctx context.Context) (Outcome, error) { return s.Click(ctx, ana, general, ts, "approve") })
	app.read()
	c.Advance(3 * time.Second)
	if o := <-got; o.Shown != ShownButtonWarning {
		t.Errorf("no acknowledgement: %+v", o)
	}
}

func TestEphemeralReplace(t *testing.T) {
	s, _ := start(t)
	ts := bot(t, s, "chat.postEphemeral", form("channel", general, "user", ana, "text", "x", "blocks", buttons))["message_ts"].(string)
	app := open(t, s)
	payloads := make(chan any, 1)
	app.serve(func(m map[string]any) string { payloads <- m["payload"]; return "" })
	if _, err := s.Choose(t.Context(), ana, general, ts, "pick", "a"); err != nil {
		t.Fatal(err)
	}
	p := <-payloads
	if at(p, "container", "is_ephemeral") != true || at(p, "message") != nil {
		t.Errorf("payload: %v", p)
	}
	if got := at(p, "state", "values", "act", "pick", "selected_option", "value"); got != "a" {
		t.Errorf("chosen: %v", got)
	}
	respond(t, at(p, "response_url").(string), `{"text":"done","replace_original":true}`)
	if got := s.Ephemerals(ana); len(got) != 1 || got[0].Text != "done" {
		t.Errorf("%+v", got)
	}
}

// TestClickSeveral tells buttons that share an action_id apart by their values.
func TestClickSeveral(t *testing.T) {
	s, _ := start(t)
	two := "[" + actions(button(`"action_id":"package","value":"a"`)+","+button(`"action_id":"package","value":"b"`)) + "]"
	two = strings.Replace(two, `"value":"a"},`, `"value":"a"}]},{"type":"actions","elements":[`, 1) // a block_id of its own for each
	ts := bot(t, s, "chat.postMessage", form("channel", general, "text", "x", "blocks", two))["ts"].(string)
	app := open(t, s)
	values := make(chan any, 1)
	app.serve(func(m map[string]any) string {
		values <- at(at(m, "payload", "actions").([]any)[0], "value")
		return ""
	})
	if _, err := s.Click(t.Context(), ana, general, ts, "package"); !errors.Is(err, ErrSeveral) {
		t.Errorf("without a value: %v", err)
	}
	if _, err := s.ClickValue(t.Context(), ana, general, ts, "package", "c"); !errors.Is(err, ErrNoSuchElement) {
		t.Errorf("a value that is not there: %v", err)
	}
	if _, err := s.ClickValue(t.Context(), ana, general, ts, "package", "b"); err != nil {
		t.Error(err)
	}
	if got := <-values; got != "b" {
		t.Errorf("pressed %v, want b", got)
	}
}
