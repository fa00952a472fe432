package slackfake

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRefusals(t *testing.T) {
	s, _ := start(t)
	s.AddUser(User{ID: "U0OUT", Name: "out"})
	own := bot(t, s, "chat.postMessage", map[string]string{"channel": general, "text": "mine"})["ts"].(string)
	theirs, err := s.Say(ana, general, "hers")
	if err != nil {
		t.Fatal(err)
	}
	whisper := bot(t, s, "chat.postEphemeral", map[string]string{"channel": general, "user": ana, "text": "psst"})["message_ts"].(string)
	archived := s.posted(Message{Channel: old, User: botUserID}, "from before")
	tests := []refused{
		{"no such method", "chat.shout", nil, "unknown_method"},
		{"nothing given", "chat.postMessage", nil, "invalid_arguments"},
		{"no such channel", "chat.postMessage", form("channel", "C0NONE", "text", "x"), "channel_not_found"},
		{"private channel without the bot", "chat.postMessage", form("channel", secret, "text", "x"), "channel_not_found"},
		{"public channel without the bot", "chat.postMessage", form("channel", lonely, "text", "x"), "not_in_channel"},
		{"archived channel", "chat.postMessage", form("channel", old, "text", "x"), "is_archived"},
		{"nothing to say", "chat.postMessage", form("channel", general), "no_text"},
		{"no blocks is nothing to say", "chat.postMessage", form("channel", general, "blocks", "[]"), "no_text"},
		{"blocks that are no JSON", "chat.postMessage", form("channel", general, "blocks", "[{"), "invalid_blocks_format"},
		{"blocks that are no list", "chat.postMessage", form("channel", general, "blocks", "{}"), "invalid_blocks_format"},
		{"unknown block", "chat.postMessage", form("channel", general, "blocks", `[{"type":"shout"}]`), "invalid_blocks"},
		{"too many blocks", "chat.postMessage", form("channel", general, "blocks", "["+many(51, `{"type":"divider"}`)+"]"), "invalid_blocks"},
		{"more than a message holds", "chat.postMessage", form("channel", general, "blocks", "["+many(5, section(mrk(3000)))+"]"), "msg_blocks_too_long"},
		{"metadata that is no JSON", "chat.postMessage", form("channel", general, "text", "x", "metadata", "{"), "invalid_metadata_format"},
		{"reply to nothing", "chat.postMessage", form("channel", general, "text", "x", "thread_ts", "yesterday"), "invalid_thread_ts"},
		{"update of nothing", "chat.update", form("channel", general, "ts", "1.000001", "text", "x"), "message_not_found"},
		{"update of an ephemeral message", "chat.update", form("channel", general, "ts", whisper, "text", "x"), "message_not_found"},
		{"update of somebody else's", "chat.update", form("channel", general, "ts", theirs, "text", "x"), "cant_update_message"},
		{"update in an archived channel", "chat.update", form("channel", old, "ts", archived, "text", "x"), "is_inactive"},
		{"update with an unknown block", "chat.update", form("channel", general, "ts", own, "blocks", `[{"type":"shout"}]`), "invalid_blocks"},
		{"update where the bot is not", "chat.update", form("channel", secret, "ts", own, "text", "x"), "channel_not_found"},
		{"update with nothing", "chat.update", form("channel", general, "ts", own), "no_text"},
		{"update with 4,001 bytes", "chat.update", form("channel", general, "ts", own, "text", strings.Repeat("x", 4001)), "msg_too_long"},
		{"update with 4,001 escaped bytes", "chat.update", form("channel", general, "ts", own, "text", strings.Repeat("&amp;", 800)+"x"), "msg_too_long"},
		{"deletion of nothing", "chat.delete", form("channel", general, "ts", "1.000001"), "message_not_found"},
		{"deletion of somebody else's", "chat.delete", form("channel", general, "ts", theirs), "cant_delete_message"},
		{"whisper to nobody", "chat.postEphemeral", form("channel", general, "user", "U0NONE", "text", "x"), "user_not_in_channel"},
		{"whisper to one who is not in the channel", "chat.postEphemeral", form("channel", general, "user", "U0OUT", "text", "x"), "user_not_in_channel"},
		{"whisper in an archived channel", "chat.postEphemeral", form("channel", old, "user", ana, "text", "x"), "is_archived"},
		{"whisper in no thread", "chat.postEphemeral", form("channel", general, "user", ana, "text", "x", "thread_ts", "1"), "invalid_thread_ts"},
		{"whisper of an unknown block", "chat.postEphemeral", form("channel", general, "user", ana, "blocks", `[{"type":"shout"}]`), "invalid_blocks"},
		{"whisper without the bot", "chat.postEphemeral", form("channel", lonely, "user", ana, "text", "x"), "not_in_channel"},
		{"whisper of nothing", "chat.postEphemeral", form("channel", general, "user", ana), "no_text"},
		{"link into a channel without the bot", "chat.getPermalink", form("channel", secret, "message_ts", own), "channel_not_found"},
		{"link to nothing", "chat.getPermalink", form("channel", general, "message_ts", "1.000001"), "message_not_found"},
		{"no such user", "users.info", form("user", "U0NONE"), "user_not_found"},
		{"no such group", "usergroups.users.list", form("usergroup", "S0NONE"), "no_such_subteam"},
		{"facts of no channel", "conversations.info", form("channel", "C0NONE"), "channel_not_found"},
		{"members of a private channel", "conversations.members", form("channel", secret), "channel_not_found"},
		{"bad cursor", "conversations.members", form("channel", general, "cursor", "x"), "invalid_cursor"},
		{"direct message to nobody", "conversations.open", form("users", "U0NONE"), "user_not_found"},
		{"direct message to one who left", "conversations.open", form("users", gone), "user_disabled"},
		{"direct message to a bot", "conversations.open", form("users", s.BotUserID()), "cannot_dm_bot"},
		{"direct message to whom", "conversations.open", nil, "users_list_not_supplied"},
		{"view without a trigger", "views.open", form("view", smallView), "invalid_trigger_id"},
		{"no view", "views.open", form("trigger_id", "1.2.3"), "invalid_arguments"},
		{"bad view", "views.open", form("trigger_id", "1.2.3", "view", "{}"), "invalid_arguments"},
		{"update of no view", "views.update", form("view_id", "V0NONE", "view", smallView), "not_found"},
	}
	for _, tt := range tests {
		if got := call(t, s, tt.method, s.BotToken(), tt.form)["error"]; got != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
	}
}

// TestBlocksRefusedWhy holds the answer's form to https://docs.slack.dev/reference/methods/chat.postMessage.
func TestBlocksRefusedWhy(t *testing.T) {
	s, _ := start(t)
	got := call(t, s, "chat.postMessage", s.BotToken(), form("channel", general, "blocks", "["+section(mrk(3001))+"]"))
	said := []any{"[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"}
	want := map[string]any{
		"ok": false, "error": "invalid_blocks", "errors": said, "response_metadata": map[string]any{"messages": said},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// posted puts a message where the API would refuse it.
func (s *Server) posted(m Message, text string) (ts string) {
	s.change(func() { ts = s.post(m, content{text: text}).TS })
	return ts
}

func TestTokens(t *testing.T) {
	s, _ := start(t)
	tests := []struct{ name, method, token, want string }{
		{"none", "auth.test", "", "not_authed"},
		{"wrong", "auth.test", "xoxb-wrong", "invalid_auth"},
		{"app token for the bot", "auth.test", s.AppToken(), "not_allowed_token_type"},
		{"bot token for the socket", "apps.connections.open", s.BotToken(), "not_allowed_token_type"},
		{"none for the socket", "apps.connections.open", "", "not_authed"},
	}
	for _, tt := range tests {
		if got := call(t, s, tt.method, tt.token, nil)["error"]; got != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
	}
}

// TestTokenPlace: where the token counts.
func TestTokenPlace(t *testing.T) {
	s, _ := start(t)
	const urlForm, jsonKind = "application/x-www-form-urlencoded", "application/json"
	tests := []struct {
		name, query, kind, bearer, body string
		want                            any
	}{
		{"form", "", urlForm, "", "token=" + s.BotToken(), nil},
		{"header and form", "", urlForm, s.BotToken(), "", nil},
		{"header and JSON", "", jsonKind + "; charset=utf-8", s.BotToken(), "{}", nil},
		{"header and nothing", "", jsonKind, s.BotToken(), "", nil},
		{"JSON body", "", jsonKind, "", `{"token":"` + s.BotToken() + `"}`, "not_authed"},
		{"query", "?token=" + s.BotToken(), urlForm, "", "", "not_authed"},
		{"JSON list", "", jsonKind, s.BotToken(), "[]", "json_not_object"},
		{"broken JSON", "", jsonKind, s.BotToken(), "{", "invalid_json"},
		{"broken form", "", urlForm, s.BotToken(), "text=%zz", "invalid_form_data"},
		{"form over 1 MiB", "", urlForm, s.BotToken(), "text=" + strings.Repeat("x", maxBody), "invalid_form_data"},
		{"broken type", "", "text/", s.BotToken(), "", "invalid_post_type"},
		{"another type", "", "text/plain", s.BotToken(), "", "invalid_post_type"},
	}
	for _, tt := range tests {
		a := send(t, s.APIURL()+"auth.test"+tt.query, tt.kind, tt.bearer, tt.body)
		if a.body["error"] != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, a.body["error"], tt.want)
		}
		if got := a.header.Get("Content-Type"); got != "application/json; charset=utf-8" {
			t.Errorf("%s: Content-Type %q", tt.name, got)
		}
	}
}

// TestAnswerHeaders: each answer says what the token may do, and the workspace's time.
func TestAnswerHeaders(t *testing.T) {
	s, clock := start(t)
	s.SetScopes("commands", "im:write")
	clock.Advance(time.Hour)
	got := send(t, s.APIURL()+"auth.test", "application/x-www-form-urlencoded", s.BotToken(), "").header
	if scopes, date := got.Get("X-Oauth-Scopes"), got.Get("Date"); scopes != "commands,im:write" || date != clock.Now().Format(http.TimeFormat) {
		t.Errorf("scopes %q, date %q at %v", scopes, date, clock.Now())
	}
}

func TestScopes(t *testing.T) {
	s, _ := start(t)
	s.AddChannel(Channel{ID: "C0IN", Private: true, Bot: true})
	s.AddChannel(Channel{ID: "D0ANA", DMWith: ana, Bot: true})
	tests := []struct {
		method, needed string
		form           map[string]string
	}{
		{"chat.postMessage", "chat:write", nil},
		{"users.info", "users:read", nil},
		{"bots.info", "users:read", nil},
		{"usergroups.list", "usergroups:read", nil},
		{"conversations.info", "channels:read", form("channel", general)},
		{"conversations.info", "groups:read", form("channel", "C0IN")},
		{"conversations.members", "im:read", form("channel", "D0ANA")},
		{"chat.update", "chat:write", nil},
		{"chat.postEphemeral", "chat:write", nil},
		{"usergroups.users.list", "usergroups:read", nil},
	}
	for _, tt := range tests {
		s.SetScopes("commands")
		got := call(t, s, tt.method, s.BotToken(), tt.form)
		want := map[string]any{"ok": false, "error": "missing_scope", "needed": tt.needed, "provided": "commands"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", tt.method, diff)
		}
		s.SetScopes("commands", tt.needed)
		if got := call(t, s, tt.method, s.BotToken(), tt.form)["error"]; got == "missing_scope" {
			t.Errorf("%s with %s: still %v", tt.method, tt.needed, got)
		}
		if oneOf, known := s.Scopes(tt.method); !known || !slices.Contains(oneOf, tt.needed) {
			t.Errorf("of %s it is said that one of %q is needed, without %s", tt.method, oneOf, tt.needed)
		}
	}
	s.SetScopes("chat:write", "chat:write.public")
	bot(t, s, "chat.postMessage", form("channel", lonely, "text", "no invitation needed"))
}

func TestMessageLife(t *testing.T) {
	s, c := start(t)
	blocks := `[{"type":"section","text":{"type":"mrkdwn","text":"one"}}]`
	made := bot(t, s, "chat.postMessage", form("channel", general, "text", "one", "blocks", blocks))
	ts := made["ts"].(string)
	if at(made, "message", "bot_id") != botID || at(made, "message", "text") != "one" {
		t.Errorf("message: %v", made["message"])
	}
	first, _ := s.Message(general, ts)
	if !strings.Contains(string(first.Blocks), `"block_id":"`) {
		t.Errorf("blocks without block_id: %s", first.Blocks)
	}
	c.Advance(time.Minute)
	bot(t, s, "chat.update", form("channel", general, "ts", ts, "text", "two"))
	m := s.Messages(general)
	if len(m) != 1 || m[0].Text != "two" || m[0].Blocks != nil || !m[0].Edited || len(m[0].Versions) != 2 {
		t.Fatalf("after an update with text only: %+v", m)
	}
	if d := m[0].Versions[1].At.Sub(m[0].Versions[0].At); d != time.Minute {
		t.Errorf("versions are %v apart", d)
	}
	reply := bot(t, s, "chat.postMessage", form("channel", general, "text", "reply", "thread_ts", ts))["ts"].(string)
	bot(t, s, "chat.postMessage", form("channel", general, "text", "reply to the reply", "thread_ts", reply))
	if got := s.Thread(general, ts); len(got) != 2 || got[1].ThreadTS != ts {
		t.Errorf("thread: %+v", got)
	}
	link := bot(t, s, "chat.getPermalink", form("channel", general, "message_ts", ts))["permalink"]
	if want := "https://sandbox.slack.com/archives/" + general + "/p" + strings.ReplaceAll(ts, ".", ""); link != want {
		t.Errorf("permalink %v, want %s", link, want)
	}
	bot(t, s, "chat.delete", form("channel", general, "ts", ts))
	if got := s.Messages(general); len(got) != 0 {
		t.Errorf("after the deletion: %+v", got)
	}
}

// TestTextIsCut: a long text is cut, not refused.
func TestTextIsCut(t *testing.T) {
	s, _ := start(t)
	bot(t, s, "chat.postMessage", form("channel", general, "text", strings.Repeat("é", 40_001)))
	if got := len([]rune(s.Messages(general)[0].Text)); got != 40_000 {
		t.Errorf("%d characters, want 40,000", got)
	}
}

func TestAPICallsAndFaults(t *testing.T) {
	s, _ := start(t)
	say := form("channel", general, "text", "x")
	off := s.Break(Fault{Method: "chat.postMessage", Error: "fatal_error"})
	if got := call(t, s, "chat.postMessage", s.BotToken(), say)["error"]; got != "fatal_error" {
		t.Errorf("error %v", got)
	}
	off()
	s.Break(Fault{Method: "chat.postMessage", RetryAfter: 7, Times: 1})
	a := send(t, s.APIURL()+"chat.postMessage", "application/json", s.BotToken(), `{"channel":"`+general+`","text":"x"}`)
	if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "7" || a.body["error"] != "ratelimited" {
		t.Errorf("%+v", a)
	}
	if n := len(s.Messages(general)); n != 0 {
		t.Errorf("%d messages after refusals", n)
	}
	s.Break(Fault{Method: "chat.postMessage", Status: 500, After: true, Times: 1})
	call(t, s, "chat.postMessage", s.BotToken(), say)
	if n := len(s.Messages(general)); n != 1 {
		t.Errorf("%d messages after an effect with status 500, want 1", n)
	}
	s.Break(Fault{Method: "auth.test", Delay: time.Millisecond, Times: 1})
	bot(t, s, "auth.test", nil)
	type row struct {
		Method string
		Status int
		Error  string
	}
	var got []row
	for _, c := range s.APICalls() {
		got = append(got, row{c.Method, c.Status, c.Error})
	}
	want := []row{
		{"chat.postMessage", 200, "fatal_error"},
		{"chat.postMessage", 429, "ratelimited"},
		{"chat.postMessage", 500, "internal_error"},
		{"auth.test", 200, ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDroppedConnections(t *testing.T) {
	for _, after := range []bool{false, true} {
		s, _ := start(t)
		s.Break(Fault{Method: "chat.postMessage", Drop: true, After: after, Times: 1})
		body := strings.NewReader(`{"channel":"` + general + `","text":"x"}`)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.APIURL()+"chat.postMessage", body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+s.BotToken())
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			t.Errorf("after=%v: an answer with status %d", after, resp.StatusCode)
		}
		if got := len(s.Messages(general)) == 1; got != after {
			t.Errorf("after=%v: took effect: %v", after, got)
		}
	}
}
