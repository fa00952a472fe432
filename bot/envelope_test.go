package bot

import (
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"defenderbot/approvals"
	"defenderbot/internal/slackfake"
)

// Frames that make no sense end nothing: what has a name is acknowledged by it,
// the rest is passed over, and what comes after is answered.
func TestSessionBadFrames(t *testing.T) {
	front := New(Config{Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	stop := serveAll(t, front)
	heard := make(chan string, 20)
	w := watch(t, peer(t, func(conn *websocket.Conn) {
		speak(conn, hello,
			`not JSON`, ``, `null`, `[]`, `7`, `{}`, hello, `{"envelope_id":7}`, `{"type":"disconnect"`, `{"type":"something"}`,
			`{"envelope_id":"no-type"}`,
			`{"envelope_id":"odd-type","type":5}`,
			`{"envelope_id":"odd-flag","type":"slash_commands","accepts_response_payload":"yes","payload":{}}`,
			`{"envelope_id":"new-type","type":"telepathy","payload":{"a":[1,2]}}`,
			`{"envelope_id":"no-payload","type":"interactive"}`,
			`{"envelope_id":"odd-payload","type":"slash_commands","accepts_response_payload":true,"payload":"text"}`,
			`{"envelope_id":"new-interaction","type":"interactive","payload":{"type":"telepathy"}}`,
			`{"envelope_id":"odd-view","type":"interactive","accepts_response_payload":true,"payload":{"type":"view_submission","view":{"callback_id":"`+denyForm+`","state":7}}}`,
			`{"accepts_response_payload":true,"payload":`+strings.Repeat("[", 200_000)+strings.Repeat("]", 200_000)+`,"type":"slash_commands","envelope_id":"deep"}`,
			`{"envelope_id":"an-event","type":"events_api","payload":{"event":{}}}`,
		)
		for {
			_, text, err := conn.ReadMessage()
			if err != nil {
				return
			}
			heard <- string(text)
		}
	}), func(x *Session) { x.Handle, x.Drained = front.Handle, front.Idle })
	want := []string{ // and not no-payload: Slack tells whoever it was that it failed
		`{"envelope_id":"an-event"}`, `{"envelope_id":"deep","payload":` + jsonOf(t, say(unreadableSentence).inAck()) + `}`, `{"envelope_id":"new-interaction"}`, `{"envelope_id":"new-type"}`,
		`{"envelope_id":"no-type"}`, `{"envelope_id":"odd-flag"}`, `{"envelope_id":"odd-payload","payload":` + jsonOf(t, say(unreadableSentence).inAck()) + `}`,
		`{"envelope_id":"odd-type"}`,
		`{"envelope_id":"odd-view","payload":` + jsonOf(t, forms()[denyForm].wrong(unreadableSentence)) + `}`,
	}
	var got []string
	for range want {
		select {
		case text := <-heard:
			got = append(got, text)
		case <-soon(t).Done():
			t.Fatalf("acknowledged only %q", got)
		}
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("acknowledged\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if w.Live() != 1 || len(w.opened()) != 1 {
		t.Errorf("%d sockets live, %d opened; want the first one still", w.Live(), len(w.opened()))
	}
	w.stop()
	stop()
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAckOneFrame: an acknowledgement is one frame.
func TestAckOneFrame(t *testing.T) {
	const around = len(`{"envelope_id":"","payload":""}`)
	for _, size := range []int{200, 4096, 4097, ackLimit} {
		acked := make(chan error, 1)
		s, _ := connected(t, 1, func(x *Session) {
			x.Handle = func(e Envelope) { acked <- e.Ack(strings.Repeat("x", size-around-len(e.ID))) }
		})
		r, err := s.SendEnvelope(soon(t), slackfake.Envelope{Kind: "slash_commands", Accepts: true, Payload: []byte(`{}`)})
		if err := errors.Join(err, <-acked); err != nil || !r.Acked {
			t.Errorf("%d bytes: acknowledged %v, %v", size, r.Acked, err)
		}
		if a := s.Acks()[0]; a.Size != size || a.Problem != "" {
			t.Errorf("an acknowledgement of %d bytes came in with %d: %s", size, a.Size, a.Problem)
		}
	}
}

func TestAckTooLarge(t *testing.T) {
	var frames []string
	e := Envelope{ID: "e1", TakesPayload: true, write: func(frame []byte) error {
		frames = append(frames, string(frame))
		return nil
	}}
	if err := e.Ack(strings.Repeat("x", ackLimit)); !errors.Is(err, errAckTooLarge) || len(frames) > 0 {
		t.Errorf("Ack with %d bytes: %v, and %d frames were written", ackLimit, err, len(frames))
	}
	if err := e.Ack(func() {}); err == nil || len(frames) > 0 {
		t.Errorf("Ack with what is no JSON: %v, and %d frames were written", err, len(frames))
	}
	e.TakesPayload = false
	if err := e.Ack("an answer"); err != nil || !slices.Equal(frames, []string{`{"envelope_id":"e1"}`}) {
		t.Errorf("Ack of an envelope that takes no answer: %v, wrote %q", err, frames)
	}
}

// No answer of ours has the size from which Slack ignores it, whatever people type:
// there is no need for another way.
func TestAckSize(t *testing.T) {
	answers := map[string]page{
		"help": asWritten(grammar().Help()), "busy": say(busySentence), "team": explain(approvals.Refuse(approvals.OtherTeam, "")), "broke": say(brokeSentence), "unreadable": say(unreadableSentence),
		"unconfirmed": explain(approvals.ErrUnconfirmed), "not recorded": explain(approvals.ErrNotRecorded), "bug": explain(errors.New("bug")),
	}
	for _, nasty := range []string{"&", "<", "\x01", "😀", "\u202e", `"`, "’", "a", " b", ",", "😀 ", "&,", "/", "."} {
		long := strings.Repeat(nasty, 4000)
		for _, text := range []string{long, "investigate " + long, "investigate srv-1 " + long, "investigate srv-1," + long, "status " + long, "help " + long, "cancel D-" + long, "collect srv-1,srv-1 " + long[:len(nasty)*100]} {
			if _, err := grammar().Parse(text); err != nil {
				answers[cut(text, 30)] = wrongCommand(err)
			}
		}
		answers["ambiguous "+nasty] = explain(&approvals.Refusal{Why: approvals.Why{Reason: approvals.DeviceAmbiguous, Detail: strings.Repeat(nasty, 500)}})
	}
	for name, answer := range answers {
		size := 0
		e := Envelope{ID: strings.Repeat("e", 36), TakesPayload: true, write: func(frame []byte) error { size = len(frame); return nil }}
		if err := e.Ack(answer.inAck()); err != nil || size > ackLimit {
			t.Errorf("the answer to %q has %d bytes: %v", name, size, err)
		}
	}
	if len(answers) < 60 {
		t.Errorf("only %d answers were tried", len(answers))
	}
}
