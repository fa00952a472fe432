package bot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/slackfake"
	"defenderbot/internal/testclock"
)

// TestTurnsOfManyCards has thirty cards come at once to a channel that takes one
// message a second: each comes back when it was told to, and none is refused.
func TestTurnsOfManyCards(t *testing.T) {
	const cards = 30
	o := visit(t, slackfake.Options{})
	if err := o.ChangeChannel(room, func(c *slackfake.Channel) { c.Slow = true }); err != nil {
		t.Fatal(err)
	}
	ctx := soon(t)
	began := o.clock.Now()
	due := map[string]time.Time{}
	for n := range cards {
		due[fmt.Sprintf("D-%06d", n)] = began
	}
	for posted := 0; posted < cards; {
		next := began.Add(time.Hour)
		for id, at := range due {
			if at.After(o.clock.Now()) {
				next = earlier(next, at)
				continue
			}
			r := pending("investigate", 1)
			r.ID = id
			_, err := o.slack.Show(ctx, r)
			wait, is := errors.AsType[*approvals.Later](err)
			switch {
			case err == nil:
				posted++
				delete(due, id)
			case is:
				due[id] = o.clock.Now().Add(wait.After)
				next = earlier(next, due[id])
			default:
				t.Fatal(err)
			}
		}
		if posted < cards {
			o.clock.Advance(next.Sub(o.clock.Now()))
		}
	}
	if took := o.clock.Now().Sub(began); took > (cards-1)*gap {
		t.Errorf("%d cards took %s", cards, took)
	}
	if calls := o.asks("chat.postMessage"); calls != cards {
		t.Errorf("%d calls for %d cards", calls, cards)
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// TestTurnsOfAChannel for messages, updates and replies of a channel, and not for
// other channels or for what one person sees.
func TestTurnsOfAChannel(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.AddChannel(slackfake.Channel{ID: "C0OTHER", Bot: true, Members: []string{ada}})
	shown := reminded(o.post(t, pending("investigate", 1)))
	waits := func(err error) bool { _, is := errors.AsType[*approvals.Later](err); return is }
	if _, err := o.slack.Show(t.Context(), shown); !waits(err) {
		t.Errorf("an update at once: %v", err)
	}
	if err := o.slack.Say(t.Context(), shown, 0); !waits(err) {
		t.Errorf("a reply at once: %v", err)
	}
	if err := o.slack.whisper(t.Context(), reply{user: ada, channel: room}, say("hello")); err != nil {
		t.Errorf("a private answer: %v", err)
	}
	elsewhere := pending("investigate", 1)
	elsewhere.ID, elsewhere.Place.Channel = "D-ELSE", "C0OTHER"
	if _, err := o.slack.Show(t.Context(), elsewhere); err != nil {
		t.Errorf("another channel: %v", err)
	}
	o.clock.Advance(gap)
	if _, err := o.slack.Show(t.Context(), shown); err != nil {
		t.Errorf("in its turn: %v", err)
	}
}

// TestTurnsHeldBySlack: one message that Slack has no room for keeps the others
// from asking, and that one goes first.
func TestTurnsHeldBySlack(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.Break(slackfake.Fault{Method: "chat.postMessage", RetryAfter: 7, Times: 1})
	first, second := pending("investigate", 1), pending("investigate", 1)
	second.ID = "D-SECOND"
	after := func(r approvals.Request) time.Duration {
		t.Helper()
		_, err := o.slack.Show(t.Context(), r)
		if wait, is := errors.AsType[*approvals.Later](err); is {
			return wait.After
		} else if err != nil {
			t.Fatal(err)
		}
		return 0
	}
	if got := []time.Duration{after(first), after(second)}; got[0] != 7*time.Second || got[1] != 7*time.Second+gap {
		t.Errorf("they wait for %v, want 7s and a turn more", got)
	}
	if n := o.asks("chat.postMessage"); n != 1 {
		t.Errorf("slack was asked %d times, want once", n)
	}
	o.clock.Advance(7 * time.Second)
	if got := after(first); got != 0 {
		t.Errorf("the first one still waits for %s", got)
	}
}

// TestTurnsAfter429 keeps everybody from a channel that Slack wants to be left
// alone; then they go on in their order, the refused one first.
func TestTurnsAfter429(t *testing.T) {
	clock := testclock.New(asked)
	line := newTurns(clock.Now)
	for n, who := range []string{"a", "b", "c"} {
		if got := line.take("C", who); got != time.Duration(n)*gap {
			t.Fatalf("%s waits for %s", who, got)
		}
	}
	line.hold("C", "a", 10*time.Second)
	for n, who := range []string{"a", "b", "c", "new"} {
		if got, want := line.take("C", who), 10*time.Second+time.Duration(n)*gap; got != want {
			t.Errorf("%s waits for %s, want %s", who, got, want)
		}
	}
	line.hold("C", "a", time.Second) // a shorter word does not end a longer one
	if got := line.take("C", "a"); got < 10*time.Second {
		t.Errorf("a waits for %s", got)
	}
	if got := line.take("D", "a"); got != 0 {
		t.Errorf("in another channel a waits for %s", got)
	}
}

// TestTurnsMissed are not kept for ever, and who comes late keeps the
// distance to whoever is next.
func TestTurnsMissed(t *testing.T) {
	clock := testclock.New(asked)
	line := newTurns(clock.Now)
	for _, who := range []string{"a", "b", "c"} {
		line.take("C", who)
	}
	clock.Advance(2*gap - 100*time.Millisecond)
	if got := line.take("C", "b"); got != 0 {
		t.Errorf("b, late, waits for %s", got)
	}
	if got := line.take("C", "c"); got != gap {
		t.Errorf("c waits for %s after b, who was late, want %s", got, gap)
	}
	clock.Advance(forgotten + 3*gap)
	line.take("C", "x")
	if n := len(line.lanes["C"].slots); n != 0 {
		t.Errorf("%d turns are kept of those who did not come", n)
	}
}

// TestTurnsBelowASecond where they are asked for, each by itself.
func TestTurnsBelowASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newTurns(time.Now)
		began := time.Now()
		if err := line.wait(t.Context(), "C", "a"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(gap / 2)
		var all sync.WaitGroup
		var took []time.Duration
		for _, who := range []string{"b", "c"} {
			all.Go(func() {
				if err := line.wait(t.Context(), "C", who); err == nil {
					took = append(took, time.Since(began))
				}
			})
		}
		all.Wait()
		if len(took) != 1 || took[0] != gap {
			t.Errorf("%v were waited for, want one turn of %s", took, gap)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.Sleep(gap / 2)
		cancel()
		if err := line.wait(ctx, "C", "d"); err == nil {
			t.Error("a turn was taken by one who had gone")
		}
	})
}

// TestTurnsGivenBack: a card that Slack refuses to change takes no turn, so that its
// reply need not wait for another one; what somebody else has posted since does.
func TestTurnsGivenBack(t *testing.T) {
	o := visit(t, slackfake.Options{})
	r := reminded(o.post(t, pending("investigate", 1)))
	o.Break(slackfake.Fault{Method: "chat.update", Error: "cant_update_message"})
	o.clock.Advance(gap)
	if _, err := o.slack.Show(t.Context(), r); !errors.Is(err, approvals.ErrFrozen) {
		t.Fatalf("the card: %v", err)
	}
	if err := o.slack.Say(t.Context(), r, 0); err != nil {
		t.Errorf("the reply right after it: %v", err)
	}
	o.clock.Advance(gap)
	if left := o.slack.turns.take(room, "D-OTHER"); left > 0 {
		t.Fatalf("the other has to wait %s", left)
	}
	o.slack.turns.giveBack(room, r.ID)
	if left := o.slack.turns.take(room, r.ID); left < time.Second {
		t.Errorf("%s after another's message", left)
	}
}
