package bot

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// sieve stands between the Web API and the library that speaks to it, and lets
// through only what can be relied on: the library takes {}, null and an answer
// without the name of the message for success, and a Retry-After of 0 or -1 as
// it is written.
type sieve struct {
	next  http.RoundTripper
	api   string // the address of the Web API; what goes elsewhere goes to a response_url
	clock func() time.Time
	dead  func(code string) // is told when the bot token was refused
	count func(method, outcome string)
}

// mostAnswer is how large an answer may be, in bytes.
const mostAnswer = 16 << 20

// RoundTrip implements [http.RoundTripper].
func (s *sieve) RoundTrip(req *http.Request) (*http.Response, error) {
	method := s.methodOf(req)
	res, err := s.next.RoundTrip(req)
	if err != nil {
		s.called(method, 0, "", err)
		return nil, err
	}
	if res.StatusCode == http.StatusTooManyRequests {
		wait := retryAfter(res.Header.Get("Retry-After"), s.clock())
		res.Header.Set("Retry-After", strconv.Itoa(int(wait/time.Second)))
	}
	status, code := res.StatusCode, ""
	switch {
	case method == "":
		err = taken(res)
	case status == http.StatusOK:
		code, err = s.check(method, res)
	default:
		err = elsewhere(res)
	}
	s.called(method, status, code, err)
	if err != nil {
		return nil, fmt.Errorf("%s: unusable answer: %w", cmp.Or(method, "a response_url"), err)
	}
	return res, nil
}

// elsewhere is an error that says where a redirect leads, without what can hold secrets.
// It is not followed: whoever is there would be handed the token. A proxy that wants a
// person to log in answers like this.
func elsewhere(res *http.Response) error {
	if res.StatusCode < 300 || res.StatusCode > 399 {
		return nil
	}
	_ = res.Body.Close() // nobody reads it
	to, err := res.Location()
	if err != nil { // it names none; the parser's error could quote it
		return fmt.Errorf("HTTP %d", res.StatusCode)
	}
	bare := url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path}
	return fmt.Errorf("HTTP %d leads to %s, and redirects are not followed", res.StatusCode, &bare)
}

// taken makes every yes of a response_url one that the library understands: it is
// said by the status alone
// (https://docs.slack.dev/interactivity/handling-user-interaction#message_responses),
// and the library wants to read "ok". JSON that says no is one.
func taken(res *http.Response) error {
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return nil
	}
	body, err := drain(res)
	if err != nil {
		return err
	}
	var answer struct {
		OK *bool `json:"ok"`
	}
	if json.Unmarshal(body, &answer) == nil && answer.OK != nil && !*answer.OK {
		return nil // as it is
	}
	res.StatusCode, res.Body = http.StatusOK, io.NopCloser(strings.NewReader("ok"))
	res.Header.Set("Content-Type", "text/plain")
	return nil
}

// drain reads an answer and leaves it to be read again.
func drain(res *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer+1))
	if closed := res.Body.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	if len(body) > mostAnswer {
		return nil, errors.New("it does not end")
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

// check looks at an answer of the Web API, and returns the code with which Slack refused.
func (s *sieve) check(method string, res *http.Response) (code string, err error) {
	body, err := drain(res)
	if err != nil {
		return "", err
	}
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", errors.New("it is not a JSON object") // the parser's error could quote it
	}
	code, err = verdict(method, answer)
	if m, echoed := answer["message"].(map[string]any); echoed && err == nil {
		delete(m, "blocks") // our own, which the library would parse although nobody reads them
		res.Body = io.NopCloser(bytes.NewReader(inJSON(answer)))
	}
	if tokenRefused(code) && method != openMethod { // the other token is the session's business
		s.dead(code)
	}
	return code, err
}

const openMethod = "apps.connections.open"

// verdict is the code with which Slack refused, or nothing; an error is an
// answer that says neither, or lacks what is needed of it.
func verdict(method string, answer map[string]any) (code string, err error) {
	ok, said := answer["ok"].(bool)
	if !said {
		return "", errors.New("it says neither yes nor no")
	}
	if !ok {
		code, _ := answer["error"].(string)
		if strings.TrimSpace(code) == "" {
			return "", errors.New("it says no, and not why")
		}
		return code, nil
	}
	for _, path := range needs(method) {
		if !has(answer, path) {
			return "", fmt.Errorf("it has no %s", path)
		}
	}
	if method == "auth.test" {
		return "", aboutWorkspace(answer)
	}
	return "", nil
}

// needs are the fields of an answer that the bot goes on with, by the pages of
// the methods (https://docs.slack.dev/reference/methods). Those that end with []
// are lists, which may be empty but not missing; those with a question mark are
// yes or no, and left out they are neither.
func needs(method string) []string {
	switch method {
	case "auth.test":
		return []string{"team_id", "user_id"}
	case openMethod:
		return []string{"url"}
	case "bots.info":
		return []string{"bot.app_id"}
	case "chat.postMessage", "chat.update":
		return []string{"ts"}
	case "chat.postEphemeral":
		return []string{"message_ts"}
	case "conversations.info", "conversations.open":
		return []string{"channel.id"}
	case "usergroups.list":
		return []string{"usergroups[]"}
	case "usergroups.users.list":
		return []string{"users[]"}
	case "users.info":
		return []string{"user.id", "user.deleted?"}
	case "views.open":
		return []string{"view.id"}
	}
	return nil
}

// has reports whether there is something at a path.
func has(answer map[string]any, path string) bool {
	first, rest, deeper := strings.Cut(path, ".")
	if deeper {
		inner, _ := answer[first].(map[string]any)
		return has(inner, rest)
	}
	if name, list := strings.CutSuffix(path, "[]"); list {
		v, _ := answer[name].([]any)
		return v != nil
	}
	if name, flag := strings.CutSuffix(path, "?"); flag {
		_, said := answer[name].(bool)
		return said
	}
	v, _ := answer[path].(string)
	return v != ""
}

// The pause after a 429: its header is nonsense or missing; at least; at most.
const (
	retryUnsaid = 5 * time.Second
	retryLeast  = time.Second
	retryMost   = 10 * time.Minute
)

// retryAfter reads a Retry-After, which is a number of whole seconds
// (https://docs.slack.dev/apis/web-api/rate-limits#responding). What proxies make
// of it is understood too: fractions and dates.
func retryAfter(header string, now time.Time) time.Duration {
	wait := retryUnsaid
	if n, err := strconv.ParseFloat(strings.TrimSpace(header), 64); err == nil && !math.IsNaN(n) {
		wait = time.Duration(min(max(math.Ceil(n), 0), retryMost.Seconds())) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(now).Truncate(time.Second) + time.Second
	}
	return min(max(wait, retryLeast), retryMost)
}

// pings are how a connection that carries many calls is found dead: after so
// long without a word a ping is sent, and its answer waited for.
type pings struct{ after, wait time.Duration }

// usualPings are done within one call's time, so that the next call has another
// connection.
func usualPings() pings { return pings{after: 5 * time.Second, wait: 4 * time.Second} }

// transport is the way to the Web API. Calls share one HTTP/2 connection; without
// pings, one whose other end is gone without a word would fail them all, until a
// restart.
func transport(p pings) *http.Transport {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: httpLimit,
		IdleConnTimeout: 90 * time.Second, MaxIdleConnsPerHost: 8,
		HTTP2: &http.HTTP2Config{SendPingTimeout: p.after, PingTimeout: p.wait, WriteByteTimeout: p.wait},
	}
}
