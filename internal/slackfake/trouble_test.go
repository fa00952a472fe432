package slackfake

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReplyNoParent(t *testing.T) {
	s, _ := start(t)
	parent := bot(t, s, "chat.postMessage", form("channel", general, "text", "card"))["ts"].(string)
	in := bot(t, s, "chat.postMessage", form("channel", general, "text", "reply", "thread_ts", parent))
	if got := at(in, "message", "thread_ts"); got != parent {
		t.Errorf("thread_ts %v of a reply, want %s", got, parent)
	}
	bot(t, s, "chat.delete", form("channel", general, "ts", parent))
	whisper := bot(t, s, "chat.postEphemeral", form("channel", general, "user", ana, "text", "psst"))["message_ts"].(string)
	for name, ts := range map[string]string{"deleted": parent, "never there": "1.000001", "ephemeral": whisper} {
		out := bot(t, s, "chat.postMessage", form("channel", general, "text", name, "thread_ts", ts))
		if got := at(out, "message", "thread_ts"); got != nil || out["ts"] == nil {
			t.Errorf("%s: thread_ts %v, ts %v; want a message without a thread", name, got, out["ts"])
		}
	}
	if got := s.Messages(general); len(got) != 3 {
		t.Errorf("%d messages stand in the channel, want the three replies", len(got))
	}
}

func TestRestrictedChannels(t *testing.T) {
	s, _ := start(t)
	parent := bot(t, s, "chat.postMessage", form("channel", general, "text", "card"))["ts"].(string)
	restrict := func(posts, replies string) {
		t.Helper()
		if err := s.ChangeChannel(general, func(c *Channel) { c.NoPosts, c.NoReplies = posts, replies }); err != nil {
			t.Fatal(err)
		}
	}
	top, reply := form("channel", general, "text", "x"), form("channel", general, "text", "x", "thread_ts", parent)
	for _, tt := range []struct {
		posts, replies string
		top, reply     any
	}{
		{"", "", nil, nil},
		{"restricted_action_read_only_channel", "", "restricted_action_read_only_channel", nil},
		{"restricted_action_thread_only_channel", "", "restricted_action_thread_only_channel", nil},
		{"", "restricted_action_non_threadable_channel", nil, "restricted_action_non_threadable_channel"},
	} {
		restrict(tt.posts, tt.replies)
		if got := at(bot(t, s, "conversations.info", form("channel", general)), "channel", "is_read_only"); got != (tt.posts == "restricted_action_read_only_channel") {
			t.Errorf("%+v: read-only: %v", tt, got)
		}
		for what, f := range map[string]struct {
			form map[string]string
			want any
		}{"message": {top, tt.top}, "reply": {reply, tt.reply}} {
			if got := call(t, s, "chat.postMessage", s.BotToken(), f.form)["error"]; got != f.want {
				t.Errorf("%+v: %s: %v, want %v", tt, what, got, f.want)
			}
		}
	}
}

func TestSlowChannel(t *testing.T) {
	s, c := start(t)
	if err := s.ChangeChannel(general, func(c *Channel) { c.Slow = true }); err != nil {
		t.Fatal(err)
	}
	post := func(method, extra, value string) answered {
		t.Helper()
		v := url.Values{"token": {s.BotToken()}, "channel": {general}, "text": {"x"}, extra: {value}}
		return send(t, s.APIURL()+method, "application/x-www-form-urlencoded", "", v.Encode())
	}
	ts := post("chat.postMessage", "", "").body["ts"].(string)
	for name, f := range map[string]func() answered{
		"message": func() answered { return post("chat.postMessage", "", "") },
		"reply":   func() answered { return post("chat.postMessage", "thread_ts", ts) },
		"update":  func() answered { return post("chat.update", "ts", ts) },
	} {
		if got := f(); got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "1" {
			t.Errorf("%s at once: %d %v", name, got.status, got.body)
		}
		c.Advance(time.Second)
		if got := f(); got.body["ok"] != true {
			t.Errorf("%s a second later: %v", name, got.body)
		}
	}
	bot(t, s, "chat.postEphemeral", form("channel", general, "user", ana, "text", "not counted"))
}

func TestRevokedToken(t *testing.T) {
	s, _ := start(t)
	s.Revoke("token_revoked")
	if got := call(t, s, "auth.test", s.BotToken(), nil)["error"]; got != "token_revoked" {
		t.Errorf("auth.test: %v", got)
	}
	link(t, s) // the app's own token is another one
	s.Revoke("")
	bot(t, s, "auth.test", nil)
}

func TestRawAnswers(t *testing.T) {
	s, _ := start(t)
	parent := bot(t, s, "chat.postMessage", form("channel", general, "text", "card"))["ts"].(string)
	raw := func(thread string) (status int, header http.Header, text string) {
		t.Helper()
		v := url.Values{"token": {s.BotToken()}, "channel": {general}, "text": {"x"}}
		if thread != "" {
			v.Set("thread_ts", thread)
		}
		res, err := http.Post(s.APIURL()+"chat.postMessage", "application/x-www-form-urlencoded", strings.NewReader(v.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, res.Header, string(body)
	}
	for body, kind := range map[string]string{
		"{}": "application/json; charset=utf-8", "null": "application/json; charset=utf-8", "<p>no": "text/html; charset=utf-8",
	} {
		off := s.Break(Fault{Method: "chat.postMessage", Body: body})
		if status, header, text := raw(""); text != body || status != http.StatusOK || header.Get("Content-Type") != kind {
			t.Errorf("%d %q of %q, want 200 %q of %q", status, text, header.Get("Content-Type"), body, kind)
		}
		off()
	}
	off := s.Break(Fault{Method: "chat.postMessage", RetryText: "-1"})
	if status, header, _ := raw(""); status != http.StatusTooManyRequests || header.Get("Retry-After") != "-1" {
		t.Errorf("%d, Retry-After %q", status, header.Get("Retry-After"))
	}
	off()
	before := len(s.Messages(general))
	s.Break(Fault{Method: "chat.postMessage", Replies: true, Error: "fatal_error"})
	_, _, top := raw("")
	_, _, reply := raw(parent)
	if got := []bool{strings.Contains(top, "fatal_error"), strings.Contains(reply, "fatal_error")}; !cmp.Equal(got, []bool{false, true}) {
		t.Errorf("a fault for replies: at the top %s, in the thread %s", top, reply)
	}
	if n := len(s.Messages(general)); n != before+1 {
		t.Errorf("%d messages more at the top, want 1", n-before)
	}
}
