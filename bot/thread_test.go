package bot

import (
	"errors"
	"strings"
	"testing"

	"defenderbot/approvals"
	"defenderbot/internal/slackfake"
)

// inThreadOf is a request that was asked for on a message.
func (o outside) inThreadOf(t *testing.T) (r approvals.Request, ts string) {
	t.Helper()
	ts, err := o.Post(ada, room, slackfake.Content{Text: "host kiosk-7 beacons"})
	if err != nil {
		t.Fatal(err)
	}
	r = pending("collect", 1)
	r.Thread = ts
	o.clock.Advance(gap)
	return r, ts
}

// TestThreadCard: the card of what was asked for on a message goes into its thread, is
// changed there, and what is said of it is said there too.
func TestThreadCard(t *testing.T) {
	o := visit(t, slackfake.Options{})
	r, ts := o.inThreadOf(t)
	r = reminded(o.post(t, r))
	o.clock.Advance(gap)
	if again, err := o.slack.Show(t.Context(), r); err != nil || again != r.Card.TS {
		t.Fatalf("shown again: %q, %v", again, err)
	}
	o.clock.Advance(gap)
	if err := o.slack.Say(t.Context(), r, 0); err != nil {
		t.Fatal(err)
	}
	thread := o.Thread(room, ts)
	if len(thread) != 2 || thread[0].TS != r.Card.TS || !strings.Contains(thread[1].Text, "expires in") {
		t.Errorf("the thread has %+v", thread)
	}
	if got := o.Messages(room); len(got) != 1 || got[0].TS != ts {
		t.Errorf("the channel has %+v, want the message alone", got)
	}
}

// TestThreadLost: where the thread is not to be had any more, or takes no replies, the card
// stands by itself, and so does what is said of it later.
func TestThreadLost(t *testing.T) {
	for name, lose := range map[string]func(o outside, ts string) error{
		"deleted":          func(o outside, ts string) error { return o.Delete(ada, room, ts) },
		"locked":           func(o outside, _ string) error { return o.refuseReplies("restricted_action_thread_locked") },
		"not there":        func(o outside, _ string) error { return o.refuseReplies("thread_not_found") },
		"takes no replies": func(o outside, _ string) error { return o.refuseReplies("cannot_reply_to_message") },
	} {
		o := visit(t, slackfake.Options{})
		r, ts := o.inThreadOf(t)
		if err := lose(o, ts); err != nil {
			t.Fatal(err)
		}
		card, err := o.slack.Show(t.Context(), r)
		all := o.Messages(room)
		if !errors.Is(err, approvals.ErrUnthreaded) || card == "" || all[len(all)-1].TS != card || all[len(all)-1].ThreadTS != "" {
			t.Errorf("%s: %q, %v, in the channel %+v", name, card, err, all)
			continue
		}
		r.Card.TS, r.Card.Unthreaded = card, true
		o.clock.Advance(gap)
		if _, err := o.slack.Show(t.Context(), r); err != nil {
			t.Errorf("%s: shown again: %v", name, err)
		}
		if m, _ := o.Message(room, card); !strings.Contains(m.Text, "The thread where this was asked for is gone, so its card is in the channel.") {
			t.Errorf("%s: the card says %q", name, m.Text)
		}
	}
}

// refuseReplies has the channel take no replies.
func (o outside) refuseReplies(code string) error {
	return o.ChangeChannel(room, func(c *slackfake.Channel) { c.NoReplies = code })
}

// TestThreadTrouble: trouble that is not about the thread is what it is for any card: no
// second message is posted.
func TestThreadTrouble(t *testing.T) {
	for code, lasts := range map[string]bool{"is_archived": true, "msg_blocks_too_long": true, "internal_error": false} {
		o := visit(t, slackfake.Options{})
		r, _ := o.inThreadOf(t)
		o.Break(slackfake.Fault{Method: "chat.postMessage", Error: code})
		if ts, err := o.slack.Show(t.Context(), r); ts != "" || err == nil || isNoPlace(err) != lasts || errors.Is(err, approvals.ErrUnthreaded) {
			t.Errorf("%s: %q, %v", code, ts, err)
		}
		if n := o.asks("chat.postMessage"); n != 1 {
			t.Errorf("%s: %d messages were tried", code, n)
		}
	}
}
