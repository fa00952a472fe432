package bot

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/slackfake"
)

// post shows r and gives it the ts it got.
func (o outside) post(t *testing.T, r approvals.Request) approvals.Request {
	t.Helper()
	o.clock.Advance(gap)
	ts, err := o.slack.Show(t.Context(), r)
	if err != nil || ts == "" {
		t.Fatalf("show: %q, %v", ts, err)
	}
	r.Card.TS = ts
	return r
}

// TestWorkspaceShow: it posts once and then edits.
func TestWorkspaceShow(t *testing.T) {
	o := visit(t, slackfake.Options{})
	r := o.post(t, pending("investigate", 1))
	r.State, r.Visible, r.EndedAt = approvals.Cancelled, 9, r.Asked
	o.clock.Advance(gap)
	ts, err := o.slack.Show(t.Context(), r)
	if err != nil || ts != r.Card.TS {
		t.Fatalf("the second time: %q, %v, want %q", ts, err, r.Card.TS)
	}
	cards := o.Messages(room)
	if len(cards) != 1 || len(cards[0].Versions) != 2 {
		t.Fatalf("%d messages, want one with two versions", len(cards))
	}
	_, text := views().card(r)
	if got := cards[0]; got.Text != text || strings.Contains(string(got.Blocks), `"actions"`) {
		t.Errorf("the card is\n%s\n%s\nwant\n%s", got.Text, got.Blocks, text)
	}
}

// TestWorkspaceSay: it answers in the thread.
func TestWorkspaceSay(t *testing.T) {
	o := visit(t, slackfake.Options{})
	r := reminded(o.post(t, pending("investigate", 1)))
	o.clock.Advance(gap)
	if err := o.slack.Say(t.Context(), r, 0); err != nil {
		t.Fatal(err)
	}
	thread := o.Thread(room, r.Card.TS)
	if len(thread) != 1 || !strings.Contains(thread[0].Text, "expires in 15 minutes") || thread[0].Blocks == nil {
		t.Errorf("the thread has %+v", thread)
	}
	if got := o.Messages(room); len(got) != 1 {
		t.Errorf("%d messages stand in the channel, want the card", len(got))
	}
}

func TestRetire(t *testing.T) {
	o := visit(t, slackfake.Options{})
	r := o.post(t, pending("investigate", 1))
	for range 2 { // the second time it is gone already
		if err := o.slack.Retire(t.Context(), room, r.Card.TS); err != nil {
			t.Fatal(err)
		}
	}
	if left := o.Messages(room); len(left) != 0 {
		t.Errorf("%d messages are left", len(left))
	}
	o.Break(slackfake.Fault{Method: "chat.delete", RetryAfter: 7})
	if later, ok := errors.AsType[*approvals.Later](o.slack.Retire(t.Context(), room, r.Card.TS)); !ok || later.After != 7*time.Second {
		t.Errorf("429: %v", later)
	}
}

// TestWorkspaceSuccessor takes away the card that could not be changed when another
// stands in its place, where Slack lets it.
func TestWorkspaceSuccessor(t *testing.T) {
	for _, refused := range []bool{false, true} {
		o := visit(t, slackfake.Options{})
		r := o.post(t, pending("investigate", 1))
		if refused {
			o.Break(slackfake.Fault{Method: "chat.delete", Error: "cant_delete_message"})
		}
		r.Card = approvals.Card{Left: r.Card.TS}
		second := o.post(t, r)
		left := o.Messages(room)
		if want := map[bool]int{false: 1, true: 2}[refused]; len(left) != want || left[want-1].TS != second.Card.TS {
			t.Errorf("deleting refused %v: %d messages are left, want %d", refused, len(left), want)
		}
	}
}

// TestWorkspaceErrors breaks each call in every way that approvals tells apart,
// and in some that it does not.
func TestWorkspaceErrors(t *testing.T) {
	const other, gone, frozen, unthreaded, noPlace, later = "other", "gone", "frozen", "unthreaded", "no place", "later"
	kind := func(err error) string {
		var l *approvals.Later
		switch {
		case errors.As(err, &l):
			return later
		case errors.Is(err, approvals.ErrUnthreaded):
			return unthreaded
		case errors.Is(err, approvals.ErrGone):
			return gone
		case errors.Is(err, approvals.ErrFrozen):
			return frozen
		case isNoPlace(err):
			return noPlace
		case err != nil:
			return other
		}
		return ""
	}
	leave := func(c *slackfake.Channel) { c.Bot = false }
	archive := func(c *slackfake.Channel) { c.Archived = true }
	for name, tt := range map[string]struct {
		change func(*slackfake.Channel)
		fault  slackfake.Fault
		delete bool
		// What posting, editing and answering in the thread come to.
		post, edit, say string
		after           time.Duration
	}{
		"not in channel": {change: leave, post: noPlace, edit: "", say: noPlace},
		"left a private channel": {
			change: func(c *slackfake.Channel) { c.Bot, c.Private = false, true }, post: noPlace, edit: noPlace, say: noPlace,
		},
		"archived":           {change: archive, post: noPlace, edit: noPlace, say: noPlace},
		"deleted":            {delete: true, post: "", edit: gone, say: unthreaded},
		"replies restricted": {change: func(c *slackfake.Channel) { c.NoReplies = "restricted_action_non_threadable_channel" }, say: noPlace},
		"too long ago":       {fault: slackfake.Fault{Error: "edit_window_closed"}, post: other, edit: frozen, say: other},
		"only some may post": {fault: slackfake.Fault{Error: "restricted_action_read_only_channel"}, post: noPlace, edit: noPlace, say: noPlace},
		"too many":           {fault: slackfake.Fault{RetryAfter: 7}, post: later, edit: later, say: later, after: 7 * time.Second},
		"too many, no time":  {fault: slackfake.Fault{Status: 429}, post: later, edit: later, say: later, after: retryUnsaid},
		"too many, in words": {fault: slackfake.Fault{Error: "rate_limited"}, post: later, edit: later, say: later, after: retryUnsaid},
		"trouble":            {fault: slackfake.Fault{Status: 500}, post: other, edit: other, say: other},
		"cut":                {fault: slackfake.Fault{Drop: true}, post: other, edit: other, say: other},
		"bad blocks":         {fault: slackfake.Fault{Error: "invalid_blocks"}, post: noPlace, edit: noPlace, say: noPlace},
		"no answer":          {fault: slackfake.Fault{Body: `{"ok":true}`}, post: other, edit: other, say: other},
	} {
		t.Run(name, func(t *testing.T) {
			o := visit(t, slackfake.Options{})
			r := reminded(pending("investigate", 1))
			shown := o.post(t, r)
			if tt.change != nil {
				if err := o.ChangeChannel(room, tt.change); err != nil {
					t.Fatal(err)
				}
			}
			if tt.delete {
				if err := o.slack.Retire(t.Context(), room, shown.Card.TS); err != nil {
					t.Fatal(err)
				}
			}
			if tt.fault != (slackfake.Fault{}) {
				o.Break(tt.fault)
			}
			turn := func() { o.clock.Advance(time.Minute) }
			turn()
			_, posting := o.slack.Show(t.Context(), r)
			turn()
			_, editing := o.slack.Show(t.Context(), shown)
			turn()
			saying := o.slack.Say(t.Context(), shown, 0)
			for what, e := range map[string]struct {
				err  error
				want string
			}{"post": {posting, tt.post}, "edit": {editing, tt.edit}, "say": {saying, tt.say}} {
				if got := kind(e.err); got != e.want {
					t.Errorf("%s: %q, want %q: %v", what, got, e.want, e.err)
				}
				o.mustHide(t, e.err)
			}
			if l, ok := errors.AsType[*approvals.Later](posting); ok && l.After != tt.after {
				t.Errorf("again after %v, want %v", l.After, tt.after)
			}
		})
	}
}

// mustHide sees that nothing secret is in an error.
func (o outside) mustHide(t *testing.T, err error, more ...string) {
	t.Helper()
	for _, secret := range append(more, o.AppToken(), o.BotToken(), "xapp-", "xoxb-") {
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("a secret is in the error %q", err)
		}
	}
}

// TestNewWorkspaceTokens: a token that does not work is a permanent error.
func TestNewWorkspaceTokens(t *testing.T) {
	o := visit(t, slackfake.Options{})
	for name, c := range map[string]WorkspaceConfig{
		"wrong":   {APIURL: o.APIURL(), BotToken: "xoxb-wrong", Clock: o.clock.Now},
		"swapped": {APIURL: o.APIURL(), BotToken: o.AppToken(), Clock: o.clock.Now},
	} {
		_, err := NewWorkspace(t.Context(), c)
		if !errors.Is(err, ErrPermanent) || !strings.Contains(err.Error(), "SLACK_BOT_TOKEN") {
			t.Errorf("%s: %v", name, err)
		}
		o.mustHide(t, err)
	}
	o.Break(slackfake.Fault{Method: "auth.test", Status: 503})
	_, err := NewWorkspace(t.Context(), WorkspaceConfig{APIURL: o.APIURL(), BotToken: o.BotToken(), Clock: o.clock.Now})
	if err == nil || errors.Is(err, ErrPermanent) {
		t.Errorf("trouble of Slack's own: %v", err)
	}
}

// TestNewWorkspaceOtherApp: tokens of two apps are a permanent error before a socket
// is opened; where nobody can be asked, the app-level token's word is taken.
func TestNewWorkspaceOtherApp(t *testing.T) {
	o := visit(t, slackfake.Options{})
	c := WorkspaceConfig{APIURL: o.APIURL(), AppToken: "xapp-1-A0ANOTHER-1-x", BotToken: o.BotToken(), Clock: o.clock.Now}
	if _, err := NewWorkspace(t.Context(), c); !errors.Is(err, ErrPermanent) || !strings.Contains(err.Error(), "app A0ANOTHER") {
		t.Errorf("tokens of two apps: %v", err)
	}
	c.AppToken = "xapp-of-no-app"
	if s, err := NewWorkspace(t.Context(), c); err != nil || s.App() != o.AppID() {
		t.Errorf("a token that names no app: %v", err)
	}
	o.Break(slackfake.Fault{Method: "bots.info", Error: "unknown_method", Times: 2})
	if _, err := NewWorkspace(t.Context(), c); err == nil {
		t.Error("nobody knows of which app it is")
	}
	c.AppToken = o.AppToken()
	if s, err := NewWorkspace(t.Context(), c); err != nil || s.App() != o.AppID() {
		t.Errorf("a Slack without bots.info: %v", err)
	}
	o.Break(slackfake.Fault{Method: "bots.info", Status: 503})
	if _, err := NewWorkspace(t.Context(), c); err == nil || errors.Is(err, ErrPermanent) {
		t.Errorf("trouble of Slack's own: %v", err)
	}
}

// TestNewWorkspaceSlackGone: errors of the network name addresses; none is a secret.
func TestNewWorkspaceSlackGone(t *testing.T) {
	o := visit(t, slackfake.Options{})
	url := o.responseURL(t)
	o.Close()
	_, show := o.slack.Show(t.Context(), pending("investigate", 1))
	_, facts := o.slack.Facts(t.Context(), ada)
	_, open := o.slack.OpenSocket(t.Context())
	answer := o.slack.whisper(t.Context(), reply{user: ada, channel: room, url: url}, say("hello"))
	form := o.slack.openForm(t.Context(), "1.2.trigger", views().denyView(pending("investigate", 1), "{}"))
	for what, err := range map[string]error{"show": show, "facts": facts, "open": open, "answer": answer, "form": form} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
		o.mustHide(t, err, url, "/commands/", "1.2.trigger")
	}
}

// TestOpenFormTrigger: a form opens once for a trigger.
func TestOpenFormTrigger(t *testing.T) {
	o := visit(t, slackfake.Options{})
	if err := o.slack.openForm(t.Context(), "no.such.trigger", views().denyView(pending("investigate", 1), "{}")); !isSlackError(err, "invalid_trigger_id") {
		t.Errorf("a trigger that is none: %v", err)
	}
	meta, err := json.Marshal(denial{ID: "D-7K3F9Q", Digest: strings.Repeat("f", 16), Channel: room})
	if err != nil {
		t.Fatal(err)
	}
	if err := slackfake.CheckView(encoded(t, views().denyView(pending("investigate", 20), string(meta)))); err != nil {
		t.Error(err)
	}
}
