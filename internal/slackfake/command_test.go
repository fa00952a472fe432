package slackfake

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestCommandText(t *testing.T) {
	s, _ := start(t)
	app := open(t, s)
	texts := make(chan any, 1)
	app.serve(func(m map[string]any) string { texts <- at(m, "payload", "text"); return "" })
	tests := []struct{ typed, want string }{
		{"help", "help"},
		{"/defender help", "help"},
		{"collect WEB-01 ask @ana", "collect WEB-01 ask <@U0ANA>"},
		{"ask @secops in #general, not #secret", "ask <!subteam^S0OPS|@secops> in <#C0GENERAL|general>, not <#C0SECRET|>"},
		{"@here @nobody #nowhere", "<!here> @nobody #nowhere"},
		{"a.example,b.example x", "<http://a.example|a.example>,<http://b.example|b.example> x"},
		{"see https://x.example/a?b=1&c=2.", "see <https://x.example/a?b=1&amp;c=2>."},
		{"mail ana@x.example", "mail <mailto:ana@x.example|ana@x.example>"},
		{"a < b & <@U0ANA>", "a &lt; b &amp; &lt;@U0ANA&gt;"},
	}
	for _, tt := range tests {
		if _, err := s.Command(t.Context(), ben, general, tt.typed); err != nil {
			t.Fatal(err)
		}
		if got := <-texts; got != tt.want {
			t.Errorf("%q: %q, want %q", tt.typed, got, tt.want)
		}
	}
}

func TestCommandPayload(t *testing.T) {
	s, _ := start(t, func(o *Options) { o.EnterpriseID = "E0ORG" })
	app := open(t, s)
	got := make(chan map[string]any, 3)
	app.serve(func(m map[string]any) string { got <- m; return "" })
	s.AddChannel(Channel{ID: "D0ANA", DMWith: ana, Bot: true, Members: []string{ana}})
	for _, channel := range []string{general, secret, "D0ANA"} {
		if _, err := s.Command(t.Context(), ana, channel, "help"); err != nil {
			t.Fatal(err)
		}
	}
	m := <-got
	p, _ := m["payload"].(map[string]any)
	want := map[string]any{
		"team_id": "T0SANDBOX1", "channel_id": general, "channel_name": "general", "user_id": ana, "user_name": "ana",
		"command": "/defender", "text": "help", "is_enterprise_install": "false", "enterprise_id": "E0ORG", "thread_ts": nil,
	}
	for k, v := range want {
		if p[k] != v {
			t.Errorf("%s = %v, want %v", k, p[k], v)
		}
	}
	if m["type"] != "slash_commands" || m["accepts_response_payload"] != true {
		t.Errorf("envelope: %v", m)
	}
	if name := at(<-got, "payload", "channel_name"); name != "privategroup" {
		t.Errorf("private channel's name: %v", name)
	}
	if name := at(<-got, "payload", "channel_name"); name != "directmessage" {
		t.Errorf("direct message's name: %v", name)
	}
}

// TestCommandWho: who can type a command.
func TestCommandWho(t *testing.T) {
	s, _ := start(t)
	open(t, s)
	s.AddUser(User{ID: "U0OUT", Name: "out"})
	tests := []struct {
		user, channel string
		want          error
	}{
		{"U0OUT", general, ErrNotInChannel},
		{gone, general, ErrNoSuchUser},
		{s.BotUserID(), general, ErrNoSuchUser},
		{ana, old, ErrArchived},
		{ana, "C0NONE", ErrNotInChannel},
	}
	for _, tt := range tests {
		if _, err := s.Command(t.Context(), tt.user, tt.channel, "help"); !errors.Is(err, tt.want) {
			t.Errorf("%s in %s: %v, want %v", tt.user, tt.channel, err, tt.want)
		}
	}
	o, err := s.Command(t.Context(), ext, general, "help")
	if err != nil || o.EnvelopeID != "" || o.Shown != "/defender is not a valid command." {
		t.Errorf("external: %+v, %v", o, err)
	}
}

func TestAnswerInTheAcknowledgement(t *testing.T) {
	tests := []struct {
		name, payload, to, shown string
	}{
		{"private by default", `{"text":"hi"}`, ana, ""},
		{"private", `{"response_type":"ephemeral","text":"hi"}`, ana, ""},
		{"for all", `{"response_type":"in_channel","text":"hi"}`, "", ""},
		{"bad blocks", `{"text":"hi","blocks":[{"type":"shout"}]}`, "", ShownBadAnswer},
		{"no object", `[1]`, "", ShownBadAnswer},
		{"says nothing", `{"response_type":"ephemeral"}`, "", ShownBadAnswer},
	}
	for _, tt := range tests {
		s, _ := start(t)
		open(t, s).serve(func(map[string]any) string { return tt.payload })
		o, err := s.Command(t.Context(), ana, general, "help")
		if err != nil {
			t.Fatal(err)
		}
		if tt.shown != "" {
			if !strings.Contains(o.Shown, tt.shown) || o.Answer != nil {
				t.Errorf("%s: %+v", tt.name, o)
			}
			continue
		}
		if o.Answer == nil || o.Answer.EphemeralTo != tt.to || o.Answer.Text != "hi" {
			t.Errorf("%s: %+v", tt.name, o.Answer)
		}
		if got := len(s.Messages(general)) == 1; got != (tt.to == "") {
			t.Errorf("%s: in the channel: %v", tt.name, got)
		}
	}
}

// commandHook types a command and returns the response_url.
func commandHook(t *testing.T, s *Server) string {
	t.Helper()
	app := open(t, s)
	urls := make(chan string, 1)
	app.serve(func(m map[string]any) string { urls <- at(m, "payload", "response_url").(string); return "" })
	if _, err := s.Command(t.Context(), ana, general, "help"); err != nil {
		t.Fatal(err)
	}
	return <-urls
}

func respond(t *testing.T, to, body string) (int, any) {
	t.Helper()
	got := send(t, to, "application/json", "", body)
	return got.status, got.body["error"]
}

func TestResponseURLUses(t *testing.T) {
	s, _ := start(t)
	to := commandHook(t, s)
	for i := range 5 {
		if code, e := respond(t, to, `{"text":"hi"}`); code != http.StatusOK {
			t.Fatalf("use %d: %d %v", i+1, code, e)
		}
	}
	if code, e := respond(t, to, `{"text":"hi"}`); code != http.StatusNotFound || e != "used_url" {
		t.Errorf("sixth use: %d %v", code, e)
	}
	if got := len(s.Ephemerals(ana)); got != 5 {
		t.Errorf("%d messages", got)
	}
	if got := len(s.Ephemerals(ben)); got != 0 {
		t.Errorf("somebody else sees %d", got)
	}
}

func TestResponseURLLife(t *testing.T) {
	s, c := start(t)
	to := commandHook(t, s)
	c.Advance(30 * time.Minute)
	if code, e := respond(t, to, `{"text":"hi"}`); code != http.StatusOK {
		t.Errorf("at 30 min: %d %v", code, e)
	}
	c.Advance(time.Second)
	if _, e := respond(t, to, `{"text":"hi"}`); e != "expired_url" {
		t.Errorf("after 30 min: %v", e)
	}
	if _, e := respond(t, to+"x", `{"text":"hi"}`); e != "invalid_url" {
		t.Errorf("another address: %v", e)
	}
}

func TestResponseURLReplacesAndDeletes(t *testing.T) {
	s, _ := start(t)
	to := commandHook(t, s)
	respond(t, to, `{"text":"one"}`)
	respond(t, to, `{"text":"two","replace_original":true}`)
	if got := s.Ephemerals(ana); len(got) != 1 || got[0].Text != "two" || !got[0].Edited {
		t.Errorf("after replace_original: %+v", got)
	}
	if code, e := respond(t, to, `{"text":"x","blocks":[{"type":"shout"}]}`); code != http.StatusBadRequest || e != "invalid_blocks" {
		t.Errorf("bad blocks: %d %v", code, e)
	}
	if code, e := respond(t, to, `{"text":"x","response_type":"shout"}`); code != http.StatusBadRequest || e != "invalid_response_type" {
		t.Errorf("bad response_type: %d %v", code, e)
	}
	respond(t, to, `{"delete_original":true}`)
	if got := s.Ephemerals(ana); len(got) != 0 {
		t.Errorf("after delete_original: %+v", got)
	}
}
