package bot

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/redistest"
	"defenderbot/internal/slackfake"
)

// TestEnvelopeDuplicate: duplicate envelopes change nothing.
func TestEnvelopeDuplicate(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		d := deskOn(t, addr, 2)
		out, err := d.slack.Command(soon(t), typist, channel, "collect "+strings.Repeat("b", 40)+" odd logins")
		if err != nil || out.Answer == nil || !strings.Contains(out.Answer.Text, "Recorded as D-") {
			t.Fatalf("command: %v, %+v", err, out)
		}
		again := redeliver(t, d, out.EnvelopeID, 8)
		for _, r := range again {
			if !strings.Contains(string(r.Payload), out.Answer.Text[:len("Recorded as D-123456")]) {
				t.Errorf("the same command again is answered %s, want the first answer: %s", r.Payload, out.Answer.Text)
			}
		}
		if got := d.records(); len(got) != 1 {
			t.Errorf("one command delivered nine times made %q", got)
		}
		r := d.pendingRequest(typist)
		r = d.happen(r, approvals.Show{TS: cardTS, Visible: r.Visible})
		first, err := d.slack.SendEnvelope(soon(t), pressOf(t, d.slack.TeamID(), clicker, actionApprove, r))
		if err != nil || !first.Acked {
			t.Fatalf("click: %v, acknowledged %v", err, first.Acked)
		}
		redeliver(t, d, first.EnvelopeID, 8)
		after, err := d.store.Load(t.Context(), r.ID)
		if err != nil || after.State != approvals.Approved || len(after.Approvals) != 1 || after.Version != r.Version+1 {
			t.Errorf("one click delivered nine times: %s, %d approvals, version %d after %d, %v",
				after.State, len(after.Approvals), after.Version, r.Version, err)
		}
	})
}

// redeliver delivers an envelope again, one after the other: the workspace
// knows one delivery of an envelope at a time.
func redeliver(t *testing.T, d *desked, id string, times int) (all []slackfake.Receipt) {
	t.Helper()
	for range times {
		r, err := d.slack.Redeliver(soon(t), id)
		if err != nil || !r.Acked {
			t.Fatalf("redelivery: %v, acknowledged %v", err, r.Acked)
		}
		all = append(all, r)
	}
	return all
}

// TestHandlePanic: a panic costs one answer.
func TestHandlePanic(t *testing.T) {
	s, client := newWorkspace(t)
	// Without a desk, whatever needs one panics.
	front := New(Config{Workspace: client, Grammar: grammar(), Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	stop := serveAll(t, front)
	w := watch(t, client.OpenSocket, func(x *Session) { x.Handle, x.Drained = front.Handle, front.Idle })
	w.happened("hello", 1)
	sockWait(t, s, "a socket", func() bool { return len(s.Sockets()) == 1 })
	for range 2 * workers {
		out, err := s.Command(soon(t), typist, channel, "collect "+strings.Repeat("b", 40)+" odd logins")
		if err != nil || out.Answer == nil || out.Answer.Text != brokeSentence {
			t.Fatalf("a command whose handler panics: %v, %+v; want %q", err, out.Answer, brokeSentence)
		}
	}
	before := len(s.Ephemerals(typist))
	r, err := s.SendEnvelope(soon(t), pressOf(t, s.TeamID(), typist, actionApprove, approvals.Request{ID: "D-7K3F9Q"}))
	if err != nil || !r.Acked {
		t.Errorf("a click whose handler panics: %v, acknowledged %v", err, r.Acked)
	}
	sockWait(t, s, "a word to who clicked", func() bool {
		said := s.Ephemerals(typist)
		return len(said) > before && said[len(said)-1].Text == brokeSentence
	})
	if out := typeHelp(t, s); out.Answer == nil || !strings.Contains(out.Answer.Text, "/defender") {
		t.Errorf("afterwards help is answered %+v", out.Answer)
	}
	w.stop()
	stop()
}
