package bot

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/slackfake"
)

// TestMemoryFlood: whatever Slack refuses to say of a person, a flood of clicks of theirs
// costs one look-up a minute, or one each time that Slack wants to be asked again.
func TestMemoryFlood(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.AddUser(slackfake.User{ID: "U0HIDDEN", Name: "hidden", Hidden: "user_not_visible"})
	flood := func(ask func() error) (refused error) {
		for range 200 {
			if err := ask(); err != nil {
				refused = err
			}
		}
		return refused
	}
	for _, tt := range []struct {
		name, user string
		fault      slackfake.Fault
		is         func(error) bool
		every      time.Duration
	}{
		{"nobody", "U0NOBODY", slackfake.Fault{}, func(err error) bool { return errors.Is(err, approvals.ErrNoSuchPerson) }, fresh},
		{"not to be seen", "U0HIDDEN", slackfake.Fault{}, func(err error) bool { return errors.Is(err, approvals.ErrNoSuchPerson) }, fresh},
		{"withheld", ada, slackfake.Fault{Error: "missing_scope"}, func(err error) bool { return withheld(err) }, fresh},
		{"throttled", ada, slackfake.Fault{RetryAfter: 7}, func(err error) bool { return againIn(err) > 0 && againIn(err) <= 7*time.Second }, 7 * time.Second},
		{"a member", grace, slackfake.Fault{}, func(err error) bool { return err == nil }, fresh},
	} {
		o.clock.Advance(fresh)
		mend := func() {}
		if tt.fault != (slackfake.Fault{}) {
			tt.fault.Method = "users.info"
			mend = o.Break(tt.fault)
		}
		ask := func() error { _, err := o.slack.Facts(t.Context(), tt.user); return err }
		before := o.asks("users.info")
		for round := 1; round <= 3; round++ {
			if err := flood(ask); !tt.is(err) {
				t.Errorf("%s: %v", tt.name, err)
			}
			if n := o.asks("users.info") - before; n != round {
				t.Errorf("%s: %d look-ups in round %d", tt.name, n, round)
			}
			o.clock.Advance(tt.every - time.Nanosecond)
			if err := flood(ask); !tt.is(err) {
				t.Errorf("%s, right before it may be asked again: %v", tt.name, err)
			}
			o.clock.Advance(time.Nanosecond)
		}
		mend()
	}
}

// TestMemoryFloodGroups: nor does it use up the few calls that Slack allows about groups.
func TestMemoryFloodGroups(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.SetScopes("users:read")
	for range 200 {
		if _, err := o.slack.Group(t.Context(), oncall); !withheld(err) {
			t.Fatalf("without the scope: %v", err)
		}
	}
	if n := o.asks("usergroups.list"); n != 1 {
		t.Errorf("%d look-ups, want one", n)
	}
}

// TestMemoryFloodChannel: an invitation takes effect at once, and a flood of commands where
// nobody has invited the bot costs some look-ups a minute.
func TestMemoryFloodChannel(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.AddChannel(slackfake.Channel{ID: "C0LOUNGE", Name: "lounge", Members: []string{ada}})
	o.AddChannel(slackfake.Channel{ID: "C0NEXT", Name: "next", Members: []string{ada}})
	member := func(id string) bool {
		ch, err := o.slack.Channel(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return ch.Member
	}
	for range 200 {
		if member("C0LOUNGE") {
			t.Fatal("it is a member")
		}
	}
	if n := o.asks("conversations.info"); n != mostForgotten+1 {
		t.Errorf("%d look-ups, want %d", n, mostForgotten+1)
	}
	member("C0NEXT")
	for _, id := range []string{"C0LOUNGE", "C0NEXT"} {
		if err := o.ChangeChannel(id, func(c *slackfake.Channel) { c.Bot = true }); err != nil {
			t.Fatal(err)
		}
	}
	if !member("C0NEXT") {
		t.Error("an invitation takes no effect at once")
	}
	o.clock.Advance(fresh)
	if !member("C0LOUNGE") {
		t.Error("an invitation takes no effect after a minute")
	}
}

// TestChannelAmongSome: a direct message between some people is one, whether the bot is in
// it and may look at it or not, and other rights that are missing say nothing of that.
func TestChannelAmongSome(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.AddChannel(slackfake.Channel{ID: "C0SOME", Several: true, Bot: true, Members: []string{ada, grace}})
	o.AddChannel(slackfake.Channel{ID: "G0CASE", Name: "case", Private: true, Bot: true, Members: []string{ada}})
	for _, tt := range []struct {
		scopes []string
		id     string
		direct bool
		fails  bool
	}{
		{[]string{"channels:read", "groups:read", "mpim:read"}, "C0SOME", true, false},
		{[]string{"channels:read", "groups:read"}, "C0SOME", true, false},
		{[]string{"channels:read", "groups:read"}, "G0CASE", false, false},
		{[]string{"channels:read"}, "G0CASE", false, true},
	} {
		o.clock.Advance(fresh)
		o.SetScopes(tt.scopes...)
		ch, err := o.slack.Channel(t.Context(), tt.id)
		if ch.Direct != tt.direct || (err != nil) != tt.fails {
			t.Errorf("%s with %v: %+v, %v", tt.id, tt.scopes, ch, err)
		}
	}
}

// TestMemoryRefusedAhead: what Slack refuses to say again leaves the answer that there is, for
// as long as it is good, and is not asked for again before.
func TestMemoryRefusedAhead(t *testing.T) {
	o := visit(t, slackfake.Options{})
	ask := func() error { _, err := o.slack.Facts(t.Context(), ada); return err }
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Break(slackfake.Fault{Method: "users.info", RetryAfter: 120}))
	o.clock.Advance(aging)
	for range 50 {
		if err := ask(); err != nil {
			t.Errorf("while there is an answer: %v", err)
		}
	}
	sockWait(t, o.Server, "the question ahead", func() bool { return o.asks("users.info") == 2 })
	_, _, _ = o.slack.memory.flight.Do("user "+ada, func() (any, error) { return nil, nil }) // which is answered then
	o.clock.Advance(2 * aheadAgain)
	if err := ask(); err != nil || o.asks("users.info") != 2 {
		t.Errorf("a while after that: %v after %d look-ups", err, o.asks("users.info"))
	}
	o.clock.Advance(fresh)
	if err := ask(); againIn(err) == 0 || o.asks("users.info") != 3 {
		t.Errorf("when it is too old: %v after %d look-ups", err, o.asks("users.info"))
	}
}

func withheld(err error) bool {
	_, is := errors.AsType[*approvals.Withheld](err)
	return is
}

// againIn is when to ask again by an error; 0: it does not say.
func againIn(err error) time.Duration {
	if l, is := errors.AsType[*approvals.Later](err); is {
		return l.After
	}
	return 0
}

// TestChannelNamedAmongSome: what a shortcut says of its channel is looked at no closer than
// it has to be.
func TestChannelNamedAmongSome(t *testing.T) {
	for payload, want := range map[string]bool{
		`{"channel":{"id":"C1","name":"mpdm-ada--grace-1"}}`: true, `{"channel":{"id":"C1","name":"privategroup"}}`: false,
		`{"channel":{"id":"C1","name":{"mpdm-":1}}}`: false, `{"channel":{"id":"C1"}}`: false, `{"channel":{"id":"C1","name":null}}`: false,
	} {
		var i interaction
		if err := json.Unmarshal([]byte(payload), &i); err != nil || i.Channel.ID != "C1" || i.Channel.amongSome() != want {
			t.Errorf("%s: %+v, %v, want %v", payload, i.Channel, err, want)
		}
	}
}
