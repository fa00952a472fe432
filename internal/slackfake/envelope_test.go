package slackfake

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestEnvelopeOneSocket: each envelope goes to one socket.
func TestEnvelopeOneSocket(t *testing.T) {
	s, _ := start(t)
	seen := make(chan int, 20)
	for i := range 2 {
		open(t, s).serve(func(map[string]any) string { seen <- i; return "" })
	}
	for range 6 {
		if o, err := s.Command(t.Context(), ana, general, "help"); err != nil || !o.Acked {
			t.Fatalf("%+v, %v", o, err)
		}
	}
	count := map[int]int{}
	for range len(seen) {
		count[<-seen]++
	}
	if diff := cmp.Diff(map[int]int{0: 3, 1: 3}, count); diff != "" {
		t.Error(diff)
	}
}

// TestEnvelopeNoSocket: without a socket the person is told at once.
func TestEnvelopeNoSocket(t *testing.T) {
	s, _ := start(t)
	o, err := s.Command(t.Context(), ana, general, "help")
	if err != nil || o.Acked || o.Shown != `/defender failed with the error "dispatch_failed"` {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestThreeSecondRule(t *testing.T) {
	s, c := start(t)
	app := open(t, s)
	got := within(t, func(ctx context.Context) (Outcome, error) { return s.Command(ctx, ana, general, "help") })
	m := app.read()
	c.Advance(2999 * time.Millisecond)
	app.ack(m, "")
	if o := <-got; !o.Acked || o.Took != 2999*time.Millisecond || o.Shown != "" {
		t.Errorf("in time: %+v", o)
	}

	got = within(t, func(ctx context.Context) (Outcome, error) { return s.Command(ctx, ana, general, "help") })
	m = app.read()
	c.Advance(3 * time.Second)
	if o := <-got; o.Acked || o.Shown != `/defender failed with the error "operation_timeout"` {
		t.Errorf("too late: %+v", o)
	}
	app.ack(m, `{"text":"too late"}`)
	wait(t, s, func(s *Server) bool { return len(s.Acks()) == 2 && s.Acks()[1].Problem == ProblemLate })
	if e := s.Ephemerals(ana); len(e) != 0 {
		t.Errorf("the late answer is shown: %+v", e)
	}
}

func TestThreeSecondRuleInRealTime(t *testing.T) {
	s, _ := start(t, func(o *Options) { o.AckByClock, o.AckLimit = false, 10*time.Millisecond })
	open(t, s)
	o, err := s.Command(t.Context(), ana, general, "help")
	if err != nil || o.Acked || !strings.Contains(o.Shown, ShownTimeout) {
		t.Errorf("%+v, %v", o, err)
	}
}

// TestEnvelopeContext: the context ends the wait.
func TestEnvelopeContext(t *testing.T) {
	s, _ := start(t)
	app := open(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { app.read(); cancel() }()
	if _, err := s.Command(ctx, ana, general, "help"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// deliver sends an envelope that accepts a payload and returns what the app got, and the receipt to come.
func deliver(t *testing.T, s *Server, app *client, accepts bool) (map[string]any, <-chan Receipt) {
	t.Helper()
	got := within(t, func(ctx context.Context) (Receipt, error) {
		return s.SendEnvelope(ctx, Envelope{Kind: "interactive", Accepts: accepts, Payload: json.RawMessage(`{"odd":[1]}`)})
	})
	return app.read(), got
}

// TestAckIgnored: acknowledgements that Slack ignores.
func TestAckIgnored(t *testing.T) {
	s, c := start(t)
	app := open(t, s)
	tests := []struct{ text, problem string }{
		{`{"envelope_id":"ID","payload":{"text":"` + strings.Repeat("x", maxAck) + `"}}`, ProblemTooLarge},
		{`{"envelope_id":7}`, ProblemUnreadable},
		{`hello`, ProblemUnreadable},
		{`{"envelope_id":"nobody"}`, ProblemUnknown},
	}
	for i, tt := range tests {
		m, got := deliver(t, s, app, true)
		id, _ := m["envelope_id"].(string)
		app.raw(strings.Replace(tt.text, "ID", id, 1))
		wait(t, s, func(s *Server) bool { return len(s.Acks()) == i+1 })
		if p := s.Acks()[i].Problem; p != tt.problem {
			t.Errorf("problem %q, want %q", p, tt.problem)
		}
		c.Advance(3 * time.Second)
		if r := <-got; r.Acked {
			t.Errorf("%s: acknowledged", tt.problem)
		}
	}
}

// TestAckLargest: the largest acknowledgement is taken.
func TestAckLargest(t *testing.T) {
	s, _ := start(t)
	app := open(t, s)
	m, got := deliver(t, s, app, true)
	id, _ := m["envelope_id"].(string)
	text := `{"envelope_id":"` + id + `"}`
	app.raw(text + strings.Repeat(" ", maxAck-1-len(text)))
	if r := <-got; !r.Acked {
		t.Error("20,479 bytes: not acknowledged")
	}
}

// TestFrameFragments: fragments are not joined.
func TestFrameFragments(t *testing.T) {
	s, c := start(t)
	app := open(t, s)
	m, got := deliver(t, s, app, true)
	id, _ := m["envelope_id"].(string)
	head, tail := `{"envelope_id":`, `"`+id+`"}`
	frames := append([]byte{0x01, 0x80 | byte(len(head)), 0, 0, 0, 0}, head...) // text, more to come, masked with zeros
	frames = append(append(frames, 0x80, 0x80|byte(len(tail)), 0, 0, 0, 0), tail...)
	if _, err := app.conn.NetConn().Write(frames); err != nil {
		t.Fatal(err)
	}
	wait(t, s, func(s *Server) bool { return len(s.Acks()) == 1 })
	if p := s.Acks()[0].Problem; p != ProblemFragmented {
		t.Errorf("problem %q", p)
	}
	c.Advance(3 * time.Second)
	if r := <-got; r.Acked {
		t.Error("acknowledged in fragments")
	}
}

// TestAckNoted: acknowledgements that are noted.
func TestAckNoted(t *testing.T) {
	s, _ := start(t)
	app := open(t, s)
	m, got := deliver(t, s, app, false)
	app.ack(m, `{"text":"unwanted"}`)
	if r := <-got; !r.Acked || r.Payload != nil {
		t.Errorf("%+v, want acknowledged without a payload", r)
	}
	app.ack(m, "")
	m, got = deliver(t, s, app, true)
	app.ack(m, "{}")
	<-got
	other := open(t, s)
	got = within(t, func(ctx context.Context) (Receipt, error) { return s.SendEnvelope(ctx, Envelope{Kind: "interactive"}) })
	select {
	case m = <-app.in:
		other.ack(m, "")
	case m = <-other.in:
		app.ack(m, "")
	}
	if r := <-got; !r.Acked {
		t.Error("not acknowledged on another socket")
	}
	var problems []string
	for _, a := range s.Acks() {
		problems = append(problems, a.Problem)
	}
	want := []string{ProblemPayload, ProblemTwice, "", ProblemOtherRoad}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Error(diff)
	}
}

// TestEnvelopeRedeliver: Redeliver sends the same envelope.
func TestEnvelopeRedeliver(t *testing.T) {
	s, _ := start(t)
	app := open(t, s)
	first, got := deliver(t, s, app, true)
	app.ack(first, "")
	r := <-got
	again := within(t, func(ctx context.Context) (Receipt, error) { return s.Redeliver(ctx, r.EnvelopeID) })
	second := app.read()
	app.ack(second, "")
	if r := <-again; !r.Acked {
		t.Error("the second delivery was not acknowledged")
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
	if _, err := s.Redeliver(t.Context(), "nobody"); err == nil {
		t.Error("no error for an envelope that never was")
	}
}

// Without the bot in the channel, or without the scope, the app hears of no mention.
func TestEventMentions(t *testing.T) {
	s, _ := start(t)
	app := open(t, s)
	if r, err := s.MentionBot(t.Context(), ana, lonely, "hi"); err != nil || r.EnvelopeID != "" {
		t.Errorf("in a channel without the bot: %+v, %v", r, err)
	}
	s.SetScopes("chat:write")
	if r, err := s.MentionBot(t.Context(), ana, general, "hi"); err != nil || r.EnvelopeID != "" {
		t.Errorf("without the scope: %+v, %v", r, err)
	}
	if _, err := s.MentionBot(t.Context(), gone, general, "hi"); !errors.Is(err, ErrNoSuchUser) {
		t.Errorf("by one who has left: %v", err)
	}
	if len(app.in) > 0 {
		t.Errorf("the app got %v", <-app.in)
	}
}

// TestEventGivenUp: events are given up after three retries.
func TestEventGivenUp(t *testing.T) {
	s, c := start(t)
	app := open(t, s)
	got := within(t, func(ctx context.Context) (Receipt, error) {
		return s.Event(ctx, map[string]any{"type": "app_home_opened"})
	})
	for i := range 4 {
		if m := app.read(); m["retry_attempt"] != float64(i) {
			t.Fatalf("delivery %d: %v", i, m)
		}
		c.Advance(3 * time.Second)
	}
	if r := <-got; r.Acked || s.Totals().Envelopes != 4 {
		t.Errorf("%+v after %d deliveries, want none acknowledged after 4", r, s.Totals().Envelopes)
	}
}

func TestEventRetried(t *testing.T) {
	s, c := start(t)
	app := open(t, s)
	got := within(t, func(ctx context.Context) (Receipt, error) { return s.MentionBot(ctx, ana, general, "hi <there>") })
	type try struct {
		Attempt any
		Reason  any
		Event   any
	}
	var tries []try
	var text any
	for range 3 {
		m := app.read()
		tries = append(tries, try{m["retry_attempt"], m["retry_reason"], at(m, "payload", "event_id")})
		text = at(m, "payload", "event", "text")
		if len(tries) < 3 {
			c.Advance(3 * time.Second)
			continue
		}
		app.ack(m, "")
	}
	if r := <-got; !r.Acked {
		t.Error("not acknowledged")
	}
	id := tries[0].Event
	want := []try{{0.0, "", id}, {1.0, "timeout", id}, {2.0, "timeout", id}}
	if diff := cmp.Diff(want, tries, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if want := "<@" + s.BotUserID() + "> hi &lt;there&gt;"; text != want {
		t.Errorf("text %q, want %q", text, want)
	}
}
