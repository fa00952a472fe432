package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"defenderbot/internal/redistest"
	"defenderbot/internal/slackfake"
)

// commands types n commands at once, each about a device of its own, and
// returns a function that waits for what came of them. So many people type them that none
// has more than a share of the queue.
func (d *desked) commands(from, n int) (outcomes func() []slackfake.Outcome) {
	people := make([]string, queueSize/queueShare)
	for i := range people {
		people[i] = fmt.Sprint("U0CROWD", i)
		d.slack.AddUser(slackfake.User{ID: people[i], Name: fmt.Sprint("crowd", i)})
	}
	if err := d.slack.ChangeChannel(channel, func(c *slackfake.Channel) { c.Members = append(c.Members, people...) }); err != nil {
		d.t.Fatal(err)
	}
	all := make([]slackfake.Outcome, n)
	var typed sync.WaitGroup
	for i := range n {
		typed.Go(func() {
			out, err := d.slack.Command(soon(d.t), people[i%len(people)], channel, fmt.Sprintf("collect %040x odd logins", from+i))
			if err != nil {
				d.t.Error(err)
			}
			all[i] = out
		})
	}
	return func() []slackfake.Outcome {
		typed.Wait()
		return all
	}
}

func answerOf(o slackfake.Outcome) string {
	if o.Answer == nil {
		return ""
	}
	return o.Answer.Text
}

// With every worker stuck and the queue full, sockets are still read: what
// comes is answered at once, each kind in its way, and nothing of it happens.
// What waited too long in the queue does not happen either.
func TestHandleNeverBlocks(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 2)
	r := d.pendingRequest(clicker)
	before := len(d.records())
	open := d.gate.shut()
	defer open()
	stuck := d.commands(1000, workers)
	await(t, "stuck workers", d.gate.waiting, workers)
	queued := d.commands(2000, queueSize)
	await(t, "envelopes taken", d.handed, workers+queueSize)

	for _, out := range d.commands(5000, 20)() {
		if got := answerOf(out); got != busySentence {
			t.Errorf("a command into a full queue is answered %q, want %q", got, busySentence)
		}
	}
	click, err := d.slack.SendEnvelope(soon(t), pressOf(t, d.slack.TeamID(), typist, actionApprove, r))
	if err != nil || !click.Acked {
		t.Errorf("a click into a full queue: %v, acknowledged %v", err, click.Acked)
	}
	sockWait(t, d.slack, "a word to who clicked", func() bool {
		said := d.slack.Ephemerals(typist)
		return len(said) > 0 && said[len(said)-1].Text == busySentence
	})
	form, err := d.slack.SendEnvelope(soon(t), slackfake.Envelope{
		Kind: "interactive", Accepts: true, Payload: json.RawMessage(`{"type":"view_submission","view":{"callback_id":"deny"}}`),
	})
	if want := jsonOf(t, formErrors{"errors", map[string]string{reasonBlock: busySentence}}); err != nil || string(form.Payload) != want {
		t.Errorf("a form into a full queue is answered %s, want %s; %v", form.Payload, want, err)
	}

	d.late.Store(int64(ackBudget + time.Millisecond))
	open()
	for _, out := range queued() {
		if got := answerOf(out); got != busySentence {
			t.Errorf("a command that waited too long is answered %q, want %q", got, busySentence)
		}
	}
	done := 0
	for _, out := range stuck() {
		if strings.Contains(answerOf(out), "Recorded as D-") {
			done++
		}
	}
	if got := len(d.records()) - before; done != workers || got != workers {
		t.Errorf("%d of the %d commands that were being answered say that they are recorded, and %d are", done, workers, got)
	}
	for _, a := range d.slack.Acks() {
		if a.Problem != "" {
			t.Errorf("acknowledgement of %s: %s", a.EnvelopeID, a.Problem)
		}
	}
}

// Telling people who clicked takes calls to Slack. While too many of those hang,
// further clicks are left to Slack's own warning, and reading goes on.
func TestApologiesBounded(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	r := d.pendingRequest(clicker)
	open := d.gate.shut()
	defer open()
	stuck := d.commands(1000, workers)
	await(t, "stuck workers", d.gate.waiting, workers)
	queued := d.commands(2000, queueSize)
	await(t, "envelopes taken", d.handed, workers+queueSize)

	d.slack.Break(slackfake.Fault{Method: "chat.postEphemeral", Delay: time.Hour})
	acked := make(chan bool, excuses+10)
	for range cap(acked) {
		go func() {
			got, err := d.slack.SendEnvelope(context.Background(), pressOf(t, d.slack.TeamID(), typist, actionApprove, r))
			acked <- err == nil && got.Acked
		}()
	}
	await(t, "clicks taken", d.handed, cap(acked))
	for range excuses {
		if !<-acked {
			t.Error("an apology is under way, and its click was not acknowledged")
		}
	}
	if got := answerOf(d.commands(5000, 1)()[0]); got != busySentence {
		t.Errorf("a command meanwhile is answered %q, want %q", got, busySentence)
	}
	open()
	stuck()
	queued()
	d.slack.Close() // ends the calls that hang, and the wait of who clicked
	for range cap(acked) - excuses {
		if <-acked {
			t.Error("more clicks were acknowledged than apologies may be under way")
		}
	}
}
