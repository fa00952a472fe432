package bot

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"defenderbot/approvals"
	"defenderbot/internal/slackfake"
	"defenderbot/internal/testclock"
)

// responseURL lets Ada type a command and takes the address for its answers
// out of the envelope.
func (o outside) responseURL(t *testing.T) string {
	t.Helper()
	address, err := o.slack.OpenSocket(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	socket, res, err := websocket.DefaultDialer.DialContext(t.Context(), address, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	defer socket.Close()
	if _, _, err := socket.ReadMessage(); err != nil { // hello
		t.Fatal(err)
	}
	if err := o.Wait(soon(t), func(s *slackfake.Server) bool { return len(s.Sockets()) > 0 }); err != nil {
		t.Fatal(err)
	}
	typed := make(chan error, 1)
	go func() {
		_, err := o.Command(context.WithoutCancel(t.Context()), ada, room, "help")
		typed <- err
	}()
	var e struct {
		ID      string `json:"envelope_id"`
		Payload struct {
			URL string `json:"response_url"`
		} `json:"payload"`
	}
	if err := socket.ReadJSON(&e); err != nil {
		t.Fatal(err)
	}
	if err := socket.WriteJSON(map[string]string{"envelope_id": e.ID}); err != nil {
		t.Fatal(err)
	}
	if err := <-typed; err != nil || e.Payload.URL == "" {
		t.Fatalf("no response_url: %v", err)
	}
	return e.Payload.URL
}

// pinged is a page that mentions Grace, and nobody else.
func pinged() page { return page{says(words("<@U1> & *you* "), mention(grace))} }

// mustPing fails unless a message is that page, in its text and in its blocks.
func mustPing(t *testing.T, m slackfake.Message) {
	t.Helper()
	const text, shown = "&lt;@U1&gt; &amp; *you* <@U0GRACE>", "<@U1> & *you* @Grace"
	if got := slackfake.Render(m.Blocks, names, time.UTC); m.Text != text || strings.TrimSpace(got) != shown {
		t.Errorf("its text is %q, want %q; its blocks show %q, want %q", m.Text, text, got, shown)
	}
}

// TestAnswersInAcknowledgements: there they are the same message.
func TestAnswersInAcknowledgements(t *testing.T) {
	s, client := newWorkspace(t)
	front := New(Config{Workspace: client, Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	w := watch(t, client.OpenSocket, func(x *Session) {
		x.Handle = func(e Envelope) { front.answer(context.Background(), act{envelope: e}, pinged()) }
	})
	w.happened("hello", 1)
	if out := typeHelp(t, s); out.Answer == nil || out.Answer.EphemeralTo != typist {
		t.Errorf("the answer is %+v", out)
	} else {
		mustPing(t, *out.Answer)
	}
}

// TestAnswersBare: blocks are left out where the text looks the same without them, and nowhere else:
// no markup, no emoji, no link, and only lines of words.
func TestAnswersBare(t *testing.T) {
	for text, want := range map[string]bool{
		"Recorded as D-7K3F9Q. I am looking up the device; then the card appears here.": true, "Is it? Yes!": true, "": true,
		"*bold*": false, "_it_": false, "~no~": false, "`code`": false, "> quote": false, "&": false, "<@U1>": false, "@here": false, "#general": false,
		":fire:": false, "a:b": false, "(8)": false, "db.example is gone": false, "x.": true, "x.\ny": true, "é": false, "⚠️ mind": false, "it's": false, "bye ;p": false,
		strings.Repeat("word ", 800): false,
	} {
		if got := say(text).bare(); got != want || (len(say(text).inAck().Blocks) == 0) != want && text != "" {
			t.Errorf("%q needs no blocks: %v, want %v", text, got, want)
		}
	}
	for name, p := range map[string]page{
		"bold": {says(strong("x"))}, "a person": {says(mention(grace))}, "a link": {says(link("https://example.com", "x"))}, "a title": {heading("x")},
		"an aside": {aside("x")}, "a quote": {quoted("x")}, "other words for a reader": {{kind: line, spans: []span{words("x")}, spoken: []span{words("y")}}},
		"a link in two pieces": {says(words("db."), words("example"))},
		"one of two lines":     {says(words("x")), says(code("y"))},
	} {
		if p.bare() || len(p.inAck().Blocks) == 0 {
			t.Errorf("%s has no blocks", name)
		}
	}
}

// TestAnswersQuoteLiterally: what others wrote mentions nobody, is no markup, and
// is shown as it is.
func TestAnswersQuoteLiterally(t *testing.T) {
	const nasty, escaped = "<@U1> & *bold* <!channel>", "&lt;@U1&gt; &amp; *bold* &lt;!channel&gt;"
	denied := ended(approvals.Denied, approvals.End{By: approvals.Person{ID: grace, Name: "*bold* & &lt;@U1&gt;"}})
	lost := notFound()
	lost.Comment = nasty
	for name, tt := range map[string]struct {
		page        page
		shown, text string
	}{
		"a name":    {explain(&approvals.Refusal{Why: approvals.Why{Reason: approvals.AlreadyDecided}, Request: denied}), "*bold* & &lt;@U1&gt;", "*bold* &amp; &amp;lt;@U1&amp;gt;"},
		"a comment": {views().page(lost, full), nasty, escaped},
		"a detail":  {explain(&approvals.Refusal{Why: approvals.Why{Reason: approvals.DeviceAmbiguous, Detail: nasty}}), nasty, escaped},
		"a command": {asWritten("There is no command “" + nasty + "”."), nasty, escaped},
	} {
		v := said(tt.page)
		shown := slices.ContainsFunc(spansOf(v), func(s piece) bool { return strings.Contains(s.text, tt.shown) })
		if what := broken(t, v); what != "" || !shown || !strings.Contains(v.Text, tt.text) {
			t.Errorf("%s: %s, shown as it is: %v\n%s\n%s", name, what, shown, v.Text, encoded(t, v.Blocks))
		}
	}
}

// TestAnswerWays: the response_url, an ephemeral message, a direct one, in
// this order, whatever fails.
func TestAnswerWays(t *testing.T) {
	fail := func(methods ...string) func(*testing.T, outside) {
		return func(_ *testing.T, o outside) {
			for _, m := range methods {
				o.Break(slackfake.Fault{Method: m, Error: "fatal_error"})
			}
		}
	}
	for name, tt := range map[string]struct {
		happens                  func(*testing.T, outside)
		hook, ephemeral, private int // messages that each way brought
	}{
		"all is well":                 {nil, 1, 1, 0},
		"the response_url is old":     {func(_ *testing.T, o outside) { o.clock.Advance(replyURLLife + time.Second) }, 0, 1, 0},
		"the response_url is dropped": {func(_ *testing.T, o outside) { o.Break(slackfake.Fault{Method: "response_url", Drop: true}) }, 0, 1, 0},
		"the person has left": {func(t *testing.T, o outside) {
			o.clock.Advance(replyURLLife + time.Second)
			if err := o.ChangeChannel(room, func(c *slackfake.Channel) { c.Members = []string{grace} }); err != nil {
				t.Fatal(err)
			}
		}, 0, 0, 1},
		"ephemeral messages fail": {fail("response_url", "chat.postEphemeral"), 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			o := visit(t, slackfake.Options{})
			url := o.responseURL(t)
			if tt.happens != nil {
				tt.happens(t, o)
			}
			if err := o.slack.whisper(t.Context(), reply{user: ada, channel: room, url: url}, pinged()); err != nil {
				t.Fatal(err)
			}
			seen := append(o.Ephemerals(ada), o.DMs(ada)...)
			if len(seen) != 1 {
				t.Fatalf("ada sees %+v", seen)
			}
			mustPing(t, seen[0])
			if got := len(o.DMs(ada)); got != tt.private {
				t.Errorf("%d direct messages, want %d", got, tt.private)
			}
			if got := len(o.Ephemerals(ada)); got != tt.ephemeral {
				t.Errorf("%d ephemeral messages, want %d", got, tt.ephemeral)
			}
			if used := o.asks("chat.postEphemeral") == 0; used != (tt.hook == 1) {
				t.Errorf("the response_url was enough: %v, want %v", used, tt.hook == 1)
			}
		})
	}
}

// TestAnswerNoWay: the error says whether it is worth trying again, by what the
// last way said, and shows no address.
func TestAnswerNoWay(t *testing.T) {
	for name, tt := range map[string]struct {
		fault   slackfake.Fault
		noPlace bool
		later   time.Duration
	}{
		"refused":  {slackfake.Fault{Method: "conversations.open", Error: "user_disabled"}, true, 0},
		"trouble":  {slackfake.Fault{Method: "conversations.open", Error: "internal_error"}, false, 0},
		"HTTP 500": {slackfake.Fault{Method: "conversations.open", Status: 500}, false, 0},
		"too many": {slackfake.Fault{Method: "conversations.open", RetryAfter: 11}, false, 11 * time.Second},
		"cut":      {slackfake.Fault{Method: "conversations.open", Drop: true}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			o := visit(t, slackfake.Options{})
			url := o.responseURL(t)
			o.Break(slackfake.Fault{Method: "response_url", Drop: true})
			o.Break(slackfake.Fault{Method: "chat.postEphemeral", Error: "not_in_channel"})
			o.Break(tt.fault)
			err := o.slack.whisper(t.Context(), reply{user: ada, channel: room, url: url}, say("hello"))
			if got := isNoPlace(err); got != tt.noPlace || err == nil {
				t.Errorf("takes no message: %v, want %v: %v", got, tt.noPlace, err)
			}
			var l *approvals.Later
			if errors.As(err, &l) != (tt.later != 0) || l != nil && l.After != tt.later {
				t.Errorf("again after %v, want %v: %v", l, tt.later, err)
			}
			o.mustHide(t, err, url, "/commands/")
		})
	}
}

// TestAnswerWithoutCard: the way is the command's
// response_url, as long as it works.
func TestAnswerWithoutCard(t *testing.T) {
	for name, age := range map[string]time.Duration{"at once": 0, "when the response_url is old": replyURLLife + time.Second} {
		t.Run(name, func(t *testing.T) {
			o := visit(t, slackfake.Options{})
			r := notFound()
			o.slack.remember(r.ID, o.responseURL(t))
			o.clock.Advance(age)
			if ts, err := o.slack.Show(t.Context(), r); ts != "" || err != nil {
				t.Fatalf("show: %q, %v", ts, err)
			}
			seen := o.Ephemerals(ada)
			if len(seen) != 1 || !strings.Contains(seen[0].Text, "not know this device: srv-bd-01") || len(o.Messages(room)) != 0 {
				t.Errorf("ada sees %+v, the channel %+v", seen, o.Messages(room))
			}
			if got, want := o.asks("response_url"), map[bool]int{true: 1, false: 0}[age == 0]; got != want {
				t.Errorf("the response_url was used %d times, want %d", got, want)
			}
		})
	}
}

// TestMemoryForgets: old response_urls are forgotten; they are secrets, and of no use.
func TestMemoryForgets(t *testing.T) {
	clock := testclock.New(asked)
	s := &Workspace{memory: newMemory(clock.Now), urls: map[string]replyURL{}}
	s.remember("D-1", "https://hooks.example/1")
	s.remember("D-2", "")
	clock.Advance(replyURLLife + time.Second)
	s.remember("D-3", "https://hooks.example/3")
	if _, ok := s.urls["D-3"]; !ok || len(s.urls) != 1 {
		t.Errorf("kept: %v", sortedKeys(s.urls))
	}
}

func TestAnswersHideNothing(t *testing.T) {
	got := said(asWritten("<!here> \u202eab\u200b & c\nd"))
	if what := broken(t, got); what != "" || got.Text != "&lt;!here&gt; ab &amp; c\nd" {
		t.Errorf("%s: %q", what, got.Text)
	}
	if what := broken(t, said(asWritten(strings.Repeat("x", 9000)))); what != "" {
		t.Errorf("9,000 characters: %s", what)
	}
}
