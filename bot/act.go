package bot

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
)

// act is one thing that a person does: a command, a click or a form.
type act struct {
	envelope   Envelope
	what       string // which command, button or form it is, for the log
	by         office.By
	to         reply         // where answers beside the acknowledgement go
	id, digest string        // of the request that it is about
	nth        int           // which of its calls or devices
	device     string        // the id of a device that was chosen
	wish       office.Wish   // what is asked for
	text       string        // what was typed into a form
	trigger    string        // lets a form be opened
	patience   time.Duration // for how long it may be worked on; zero: as an acknowledgement allows
	draft      draft         // what the form is filled in with
}

// reply is where a private answer goes.
type reply struct {
	user, channel, url string
}

func newAct(e Envelope, what string, place approvals.Place, to reply) act {
	return act{envelope: e, what: what, by: office.By{Op: e.ID, User: to.user, Place: place}, to: to}
}

// handler does what somebody wants. It returns the request as it now is, even with
// an error, and what to tell the person; an empty page tells nothing.
type handler func(b *Bot, ctx context.Context, a act) (approvals.Request, page, error)

// perform does what somebody wants in the time that Slack waits for an
// acknowledgement. Why it was not done is noted for the operator, and becomes
// what the person is told.
func (b *Bot) perform(ctx context.Context, a act, do handler) (r approvals.Request, said page, err error) {
	limited, cancel := context.WithTimeout(ctx, b.left(a.envelope, cmp.Or(a.patience, ackBudget)))
	defer cancel()
	r, said, err = do(b, limited, a)
	if err != nil {
		b.noteFailure(ctx, a, r, err)
		return r, b.workspace.views.explained(err), err
	}
	return r, said, nil
}

// left is what is left of the time for an envelope, by the bot's own clock.
func (b *Bot) left(e Envelope, of time.Duration) time.Duration { return of - b.clock().Sub(e.Received) }

// noteFailure writes down for the operator what a person gets as a sentence: a
// warning where it is more than an everyday no.
func (b *Bot) noteFailure(ctx context.Context, a act, r approvals.Request, err error) {
	id := cmp.Or(a.id, r.ID)
	refused, ok := errors.AsType[*approvals.Refusal](err)
	if !ok {
		b.log.ErrorContext(ctx, "action failed", "what", a.what, "request", id, "user", a.by.User, "error", err)
		return
	}
	if b.refused != nil {
		b.refused(a.what, refused.Why.Reason)
	}
	if b.refusals != nil {
		about := a.id
		if refused.Request.Version > 0 { // else it is one that was not made
			about = refused.Request.ID
		}
		b.refusals.Add(a.by, a.what, about, refused.Why.Reason)
	}
	level := slog.LevelInfo
	typo := a.by.Typed && refused.Why.Reason == approvals.NoSuchRequest
	if refused.Err != nil || odd(refused.Why.Reason) && !typo {
		level = slog.LevelWarn
	}
	b.log.Log(ctx, level, "action refused", "what", a.what, "request", id, "user", a.by.User, "team", a.by.Place.Team,
		"channel", a.by.Place.Channel, "message", a.by.On.TS, "reason", refused.Why.Reason, "cause", refused.Err)
}

// odd reports whether a reason is one that an operator should know of.
func odd(r approvals.Reason) bool {
	return slices.Contains([]approvals.Reason{approvals.OtherMessage, approvals.OpReused, approvals.BrokenRecord, approvals.UnknownAction, approvals.NoSuchRequest}, r)
}

// ackMessage is a message in an acknowledgement.
type ackMessage struct {
	Type   string        `json:"response_type"`
	Text   string        `json:"text"`
	Blocks []slack.Block `json:"blocks,omitempty"`
}

// inAck leaves out blocks that would only repeat the text: encoding them, and checking them at the
// other end, is work for nothing.
func (p page) inAck() ackMessage {
	m := ackMessage{Type: p.seenBy(), Text: p.text()}
	if !p.bare() {
		m.Blocks = p.blocks()
	}
	return m
}

// errNoPayload means that an acknowledgement may hold no answer.
var errNoPayload = errors.New("the envelope takes no answer")

// answer answers a command in its acknowledgement, or where that cannot be had,
// in the next way that works. An empty page says nothing.
func (b *Bot) answer(ctx context.Context, a act, said page) {
	if len(said) == 0 {
		b.ack(a.envelope, nil)
		return
	}
	err := errNoPayload
	if a.envelope.TakesPayload {
		err = b.acked(a.envelope, said.inAck())
	}
	if err == nil {
		return
	}
	b.log.InfoContext(ctx, "command not answered in its acknowledgement", "envelope", a.envelope.ID, "error", err)
	b.ack(a.envelope, nil)
	b.whisper(ctx, a.to, said)
}

// acknowledge is answer for what is answered later: there may be nothing to say now.
func (b *Bot) acknowledge(ctx context.Context, a act, first page) {
	if len(first) == 0 {
		b.ack(a.envelope, nil)
		return
	}
	b.answer(ctx, a, first)
}

// whisper answers a person privately, after the acknowledgement. An empty page
// says nothing.
func (b *Bot) whisper(ctx context.Context, to reply, said page) {
	if len(said) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, replyLimit)
	defer cancel()
	if err := b.workspace.whisper(ctx, to, said); err != nil {
		level := slog.LevelWarn
		if refused, is := errors.AsType[*approvals.NoPlace](err); is && refused.Why.Reason == approvals.CardRefused {
			level = slog.LevelError // a mistake of ours
		}
		b.log.Log(ctx, level, "private answer failed", "user", to.user, "channel", to.channel, "error", err)
	}
}
