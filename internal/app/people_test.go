package app_test

import (
	"context"
	"flag"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"defenderbot/defender"
	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

func TestMain(m *testing.M) {
	redis.SetLogger(quiet{})
	// These tests wait more than they compute; -parallel still overrides this.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// quiet keeps what go-redis says of a Redis that a test has killed to itself.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

// start is open and run on a miniredis, for tests in which Redis is healthy.
func start(t *testing.T, place func(*sandbox.Options), env func(*app.Env)) *sandbox.Place {
	t.Helper()
	p := open(t, redistest.Mini(t).Addr(), place)
	e := p.Env()
	if env != nil {
		env(&e)
	}
	run(t, p, e, app.Options{})
	return p
}

var requestID = regexp.MustCompile(`D-[0-9A-Z]{6}`)

// ask types a command that is recorded, and returns the request's id. What
// comes of it may be told before the acknowledgement is shown, so the answer is
// looked for among all that the person is told.
func ask(t testing.TB, p *sandbox.Place, user, text string) string {
	t.Helper()
	answer := command(t, p, user, sandbox.Incident, text)
	id := requestID.FindString(answer)
	if id == "" {
		t.Fatalf("%s: answer %q, want that it is recorded", text, answer)
	}
	told(t, p, user, "Recorded as "+id)
	return id
}

// pending lets Ada ask, and waits for the card.
func pending(t testing.TB, p *sandbox.Place, text string) (id string, c slackfake.Message) {
	t.Helper()
	id = ask(t, p, sandbox.Ada, text)
	return id, card(t, p, id, "Waiting for approval")
}

// says checks that a text has all of the words in it.
func says(t testing.TB, what, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%s: %q, want %q in it", what, text, w)
		}
	}
}

// told waits until somebody was told something privately that has all of the
// words in it.
func told(t testing.TB, p *sandbox.Place, user string, words ...string) string {
	t.Helper()
	var text string
	seen := func(m slackfake.Message) bool {
		text = m.Text
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(m.Text, w) })
	}
	err := p.Slack.Wait(limit(t), func(s *slackfake.Server) bool { return slices.ContainsFunc(s.Ephemerals(user), seen) })
	if err != nil {
		t.Fatalf("%s was not told %q\n%s", user, words, p.Slack.Transcript(sandbox.Incident, user))
	}
	return text
}

// thread waits for a reply to a card that has all of the words in it.
func thread(t testing.TB, p *sandbox.Place, c slackfake.Message, words ...string) {
	t.Helper()
	err := p.Slack.Wait(limit(t), func(s *slackfake.Server) bool {
		return slices.ContainsFunc(s.Thread(c.Channel, c.TS), func(m slackfake.Message) bool {
			return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(m.Text, w) })
		})
	})
	if err != nil {
		t.Fatalf("no reply says %q\n%s", words, p.Slack.Transcript(c.Channel, ""))
	}
}

// posts are the calls that reached an endpoint of Defender.
func posts(p *sandbox.Place, endpoint string) int {
	n := 0
	for _, c := range p.Defender.Calls() {
		if c.Endpoint == endpoint {
			n++
		}
	}
	return n
}

// nothingSent checks that no action was ever posted.
func nothingSent(t testing.TB, p *sandbox.Place) {
	t.Helper()
	for _, a := range defender.Actions() {
		if n := posts(p, "machines/"+a.Post.Name); n != 0 {
			t.Errorf("%s was posted to Defender %d times, want never", a.Name, n)
		}
	}
}

// held is what requests hold in the Redis of a place: the entries of its index.
func held(t testing.TB, p *sandbox.Place) []string {
	t.Helper()
	rdb := redistest.Client(t, strings.TrimPrefix(p.Redis, "redis://"))
	keys, err := rdb.Keys(limit(t), "*:index").Result()
	if err != nil || len(keys) > 1 {
		t.Fatalf("keys %q, %v", keys, err)
	}
	if len(keys) == 0 {
		return nil
	}
	entries, err := rdb.ZRange(limit(t), keys[0], 0, -1).Result()
	if err != nil {
		t.Fatal(err)
	}
	was := regexp.MustCompile(`^(asked|ended|by/[^/]+/ended)/`) // that something was, holds nothing
	return slices.DeleteFunc(entries, was.MatchString)
}
