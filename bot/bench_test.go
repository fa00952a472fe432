package bot

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
	"defenderbot/internal/slackfake"
)

const commandFrame = `{"envelope_id":"dbdd0ef3-1543-4f94-bfb4-133d0e6c1545","type":"slash_commands","accepts_response_payload":true,
 "payload":{"team_id":"T123ABC456","team_domain":"maria","channel_id":"C123ABC456","channel_name":"general","user_id":"U123ABC456",
 "user_name":"rainer","command":"/defender","text":"collect 1e5bc9d7e413ddd7902c2932e418702b84d0cc07 odd logins at 3",
 "response_url":"https://hooks.slack.com/commands/T0SNL8S4S/1/x","trigger_id":"37053613634.26768298162.440952c06ef4de2653466a48fe495f93"}}`

// BenchmarkFrame is what the reader of a socket does for one command.
func BenchmarkFrame(b *testing.B) {
	s := &socket{log: slog.New(slog.DiscardHandler)}
	text := []byte(commandFrame)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if f := s.parse(b.Context(), text); f.ID == "" {
			b.Fatal("not read")
		}
	}
}

// BenchmarkAck is one acknowledgement with a sentence, up to the socket.
func BenchmarkAck(b *testing.B) {
	e := Envelope{ID: "dbdd0ef3-1543-4f94-bfb4-133d0e6c1545", TakesPayload: true, write: func([]byte) error { return nil }}
	for b.Loop() {
		if err := e.Ack(say(busySentence).inAck()); err != nil {
			b.Fatal(err)
		}
	}
}

// busyFront is a front on a real server where there is one, and who works there.
func busyFront(b *testing.B) *front {
	b.Helper()
	rule := approvals.Rule{Requesters: approvals.List{Users: []string{typist}}, Approvers: approvals.List{Users: []string{clicker}}, Needed: 1}
	f := frontAt(b, redistest.Best(b), approvals.Policy{ByAction: map[string]approvals.Rule{"collect": rule}}, nil)
	f.settle(caller{id: typist, kind: "member"}, false)
	return f
}

// served has a front take envelopes, and measures from each to its acknowledgement, with what is
// recorded between them. The first is not measured: it looks people up.
func served(b *testing.B, f *front, next func() slackfake.Envelope) {
	b.Helper()
	serve := func(e slackfake.Envelope) {
		if acks := f.deliver(e); len(acks) != 1 || f.reason != "" {
			b.Fatal(acks, f.reason)
		}
	}
	serve(next())
	for b.Loop() {
		b.StopTimer()
		e := next()
		b.StartTimer()
		serve(e)
	}
}

// BenchmarkCommand is all that is done for a command before it is acknowledged, but the socket.
func BenchmarkCommand(b *testing.B) {
	f := busyFront(b)
	send := typed(func(f *front, _ approvals.Request) string { return "collect " + f.newDevice() + " odd logins at 3" })
	served(b, f, func() slackfake.Envelope { return send(f, typist, approvals.Request{}) })
}

// BenchmarkClick is the same for an approval.
func BenchmarkClick(b *testing.B) {
	f := busyFront(b)
	served(b, f, func() slackfake.Envelope {
		return cardPressed(f, clicker, actionApprove, f.requestIn("pending", approvals.Person{ID: typist}))
	})
}

// BenchmarkCard draws a card that waits for approval.
func BenchmarkCard(b *testing.B) {
	v, r := views(), approvalstest.Sample(approvals.Pending, "")
	for b.Loop() {
		if blocks, _ := v.card(r); len(blocks) == 0 {
			b.Fatal("nothing on it")
		}
	}
}

// BenchmarkHelpToAck is a command that needs no Redis, from Slack and back,
// over a socket.
func BenchmarkHelpToAck(b *testing.B) {
	s, client := newWorkspace(b)
	log := slog.New(slog.DiscardHandler)
	front := New(Config{Workspace: client, Grammar: grammar(), Clock: time.Now, Log: log})
	greeted := make(chan struct{}, 1)
	x := &Session{
		Open: client.OpenSocket, Handle: front.Handle, Sockets: 1, Clock: time.Now, Log: log, pace: quickPace(),
		Count: func(event string) {
			if event == "hello" {
				greeted <- struct{}{}
			}
		},
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 2)
	go func() { ended <- x.Run(ctx) }()
	go func() { ended <- front.Run(ctx) }()
	<-greeted
	if err := s.Wait(b.Context(), func(s *slackfake.Server) bool { return len(s.Sockets()) == 1 }); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if out, err := s.Command(b.Context(), typist, channel, "help"); err != nil || !out.Acked {
			b.Fatal(err, out.Shown)
		}
	}
	cancel()
	for range cap(ended) {
		if err := <-ended; err != nil {
			b.Error(err)
		}
	}
}
