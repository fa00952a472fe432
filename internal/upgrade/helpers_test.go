package upgrade_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// people do things in a place, and know what the bot's record of each request says.
type people struct {
	*sandbox.Place

	t   *testing.T
	rdb *redis.Client
}

func limit(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// open opens a place with a Redis at an address and a clock.
func open(t *testing.T, addr string, o sandbox.Options) people {
	t.Helper()
	o.Redis = "redis://" + addr
	place, err := sandbox.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true})
	t.Cleanup(func() {
		if err := place.Close(); err != nil {
			t.Error(err)
		}
		if err := rdb.Close(); err != nil {
			t.Error(err)
		}
	})
	return people{place, t, rdb}
}

// connected waits until a bot takes what people do.
func (p people) connected() {
	p.t.Helper()
	if err := p.Slack.Wait(limit(p.t), func(s *slackfake.Server) bool { return len(s.Sockets()) == 2 }); err != nil {
		p.t.Fatal("the bot opened no two sockets")
	}
}

// caseOf begins every comment, so that none is a word that cards have for something else.
const caseOf = "case-of-"

// ask types a command whose comment is a word by which the request is known.
func (p people) ask(who, command, comment string) {
	p.t.Helper()
	out, err := p.Slack.Command(limit(p.t), who, sandbox.Incident, command+" "+caseOf+comment)
	if err != nil || !out.Acked || out.Answer == nil || !strings.HasPrefix(out.Answer.Text, "Recorded as D-") {
		p.t.Fatalf("%s: %v, %+v", command, err, out)
	}
}

// says types a command that makes no request.
func (p people) says(who, command, want string) {
	p.t.Helper()
	out, err := p.Slack.Command(limit(p.t), who, sandbox.Incident, command)
	if err != nil || out.Answer == nil || !strings.Contains(out.Answer.Text, want) {
		p.t.Fatalf("%s: %v, %+v, want %q", command, err, out.Answer, want)
	}
}

// press presses a button of the message about a request.
func (p people) press(who, button, comment string) {
	p.t.Helper()
	m := p.message(button, comment)
	if out, err := p.Slack.Click(limit(p.t), who, m.Channel, m.TS, button); err != nil || !out.Acked {
		p.t.Fatalf("%s presses %s: %v, %+v", who, button, err, out)
	}
}

// message waits for the message about a request that has a button.
func (p people) message(button, comment string) (found slackfake.Message) {
	p.t.Helper()
	err := p.Slack.Wait(limit(p.t), func(s *slackfake.Server) bool {
		all := s.History()
		i := slices.IndexFunc(all, func(m slackfake.Message) bool {
			text := m.Text + string(m.Blocks)
			return !m.Deleted && strings.Contains(text, `"action_id":"`+button+`"`) && strings.Contains(text, caseOf+comment)
		})
		if i >= 0 {
			found = all[i]
		}
		return i >= 0
	})
	if err != nil {
		p.t.Fatalf("no message about %q has a button %s; what people were told: %q", comment, button, p.told())
	}
	return found
}

// records are all requests in Redis, by their comment.
func (p people) records() map[string]approvals.Request {
	p.t.Helper()
	found := map[string]approvals.Request{}
	keys := p.rdb.Scan(p.t.Context(), 0, "*:D-*", 1000).Iterator()
	for keys.Next(p.t.Context()) {
		if !recordKey.MatchString(keys.Val()) {
			continue
		}
		text, err := p.rdb.Get(p.t.Context(), keys.Val()).Result()
		_, body, _ := strings.Cut(text, " ") // the version stands before the record
		var r approvals.Request
		if err != nil || json.Unmarshal([]byte(body), &r) != nil {
			p.t.Fatalf("record %s: %v: %s", keys.Val(), err, text)
		}
		found[strings.TrimPrefix(r.Comment, caseOf)] = r
	}
	if err := keys.Err(); err != nil {
		p.t.Fatal(err)
	}
	return found
}

var recordKey = regexp.MustCompile(`:D-[0-9A-Z]{6}$`)

// until waits until the records are as they should be, which they are at the latest a moment
// after Slack or Defender changes.
func (p people) until(what string, seen func(map[string]approvals.Request) bool) map[string]approvals.Request {
	p.t.Helper()
	ctx := limit(p.t)
	for {
		slack, defender := p.Slack.Changed(), p.Defender.Changed()
		records := p.records()
		if seen(records) {
			return records
		}
		select {
		case <-slack: // also when a socket answers a ping, every few seconds
		case <-defender:
		case <-ctx.Done():
			p.t.Fatalf("never: %s; %v; what people were told: %q", what, states(records), p.told())
		}
	}
}

// told is what the bot told people privately.
func (p people) told() (said []string) {
	for _, who := range []string{sandbox.Ada, sandbox.Grace, sandbox.Joan} {
		for _, m := range append(p.Slack.Ephemerals(who), p.Slack.DMs(who)...) {
			said = append(said, who+": "+m.Text)
		}
	}
	return said
}

// is waits until a request is in a state, or its first call is.
func (p people) is(comment, state string) {
	p.t.Helper()
	p.until(comment+" is "+state, func(records map[string]approvals.Request) bool { return brief(records[comment]) == state })
}

// brief is the state of a request and of its calls.
func brief(r approvals.Request) string {
	words := []string{string(r.State)}
	for _, c := range r.Calls {
		words = append(words, string(c.State))
	}
	return strings.Join(words, " ")
}

func states(records map[string]approvals.Request) map[string]string {
	all := map[string]string{}
	for comment, r := range records {
		all[comment] = fmt.Sprint(brief(r), " ", r.ID)
	}
	return all
}
