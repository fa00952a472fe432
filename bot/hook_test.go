package bot

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/internal/slackfake"
)

// hookAnswer is what stands behind a response_url says.
type hookAnswer struct {
	status     int
	kind, body string
}

// TestResponseURLTaken: any status of success is a yes, whatever comes with it, so
// that nobody is told twice; JSON that says no is one.
func TestResponseURLTaken(t *testing.T) {
	const address = "https://hooks.slack.com/commands/T1/1/secret"
	for _, tt := range []struct {
		hookAnswer

		taken bool
	}{
		{hookAnswer{200, "text/plain", "ok"}, true},
		{hookAnswer{200, "text/html", "ok"}, true},
		{hookAnswer{200, "text/html", ""}, true},
		{hookAnswer{200, "", ""}, true},
		{hookAnswer{200, "application/json", ""}, true},
		{hookAnswer{200, "application/json", `{"ok":true}`}, true},
		{hookAnswer{200, "application/json", `{}`}, true},
		{hookAnswer{202, "", ""}, true},
		{hookAnswer{204, "", ""}, true},
		{hookAnswer{200, "application/json", `{"ok":false,"error":"expired_url"}`}, false},
		{hookAnswer{404, "text/plain", "expired_url"}, false},
		{hookAnswer{500, "", ""}, false},
		{hookAnswer{302, "", ""}, false},
	} {
		ways := []string{}
		w := &Workspace{memory: newMemory(time.Now)}
		w.api = slack.New("xoxb-x", slack.OptionHTTPClient(&http.Client{Transport: &sieve{
			api: slack.APIURL, clock: time.Now, next: roundTrip(func(r *http.Request) hookAnswer {
				if strings.HasPrefix(r.URL.String(), address) {
					ways = append(ways, "response_url")
					return tt.hookAnswer
				}
				ways = append(ways, r.URL.Path)
				return hookAnswer{200, "application/json", `{"ok":true,"message_ts":"1.1"}`}
			}),
		}}))
		if err := w.whisper(t.Context(), reply{"U1", "C1", address}, say("hello")); err != nil {
			t.Errorf("%+v: %v", tt.hookAnswer, err)
		}
		if taken := len(ways) == 1; taken != tt.taken {
			t.Errorf("%+v: taken %v, the ways were %q", tt.hookAnswer, taken, ways)
		}
	}
}

type roundTrip func(*http.Request) hookAnswer

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	a := f(r)
	res := &http.Response{StatusCode: a.status, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(a.body))}
	if a.kind != "" {
		res.Header.Set("Content-Type", a.kind)
	}
	return res, nil
}

// TestAnswerOnce: an answer that Slack took without a word is not given again.
func TestAnswerOnce(t *testing.T) {
	o := visit(t, slackfake.Options{})
	url := o.responseURL(t)
	o.Break(slackfake.Fault{Method: "response_url", After: true, Body: " "})
	if err := o.slack.whisper(t.Context(), reply{user: ada, channel: room, url: url}, say("hello")); err != nil {
		t.Fatal(err)
	}
	if got := o.Ephemerals(ada); len(got) != 1 || o.asks("chat.postEphemeral") != 0 {
		t.Errorf("ada is told %d times", len(got))
	}
}
