package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/sync/errgroup"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
	"defenderbot/commands"
)

// Bot answers every envelope: commands, clicks and forms. Envelopes wait in a
// bounded queue for a worker, so that reading a socket is never held up.
type Bot struct {
	desk      *office.Desk
	workspace *Workspace
	homes     *Homes
	grammar   commands.Grammar
	clock     func() time.Time
	log       *slog.Logger
	answered  func(kind string, took time.Duration)
	refused   func(what string, why approvals.Reason)
	refusals  *office.Refusals
	answers   *Answers // envelopes that are not acknowledged yet
	handling  *Answers // envelopes that are still being worked on
	foreign   func() bool

	queue     *queue
	apologies errgroup.Group // for what was not done; bounded
	fetches   errgroup.Group // links that are fetched or waited for; bounded
	closing   chan struct{}  // closed when nothing is waited for any more
}

// Config is what a Bot needs.
type Config struct {
	Desk      *office.Desk
	Workspace *Workspace
	Homes     *Homes // nil: there are none
	Grammar   commands.Grammar
	Clock     func() time.Time
	Log       *slog.Logger
	// Answered is told how long it took until an envelope of that type was
	// acknowledged; may be nil.
	Answered func(kind string, took time.Duration)
	// Refused is told of each refusal: of what, and why; may be nil.
	Refused  func(what string, why approvals.Reason)
	Refusals *office.Refusals // writes them down; nil: nobody does
	Answers  *Answers         // counts what is being answered; nil: nobody else asks for that
	// Foreign reports whether another deployment may use the same Slack app; nil: none does.
	Foreign func() bool
}

const (
	workers    = 32
	excuses    = 32                      // apologies under way at once that need a call to Slack
	ackBudget  = 2500 * time.Millisecond // of the three seconds that Slack waits
	replyLimit = 20 * time.Second        // for an answer after the acknowledgement
)

// New makes a Bot. It starts nothing.
func New(c Config) *Bot {
	b := &Bot{
		desk: c.Desk, workspace: c.Workspace, homes: c.Homes, grammar: c.Grammar, clock: c.Clock, log: c.Log, answered: c.Answered, refused: c.Refused, refusals: c.Refusals,
		answers: cmp.Or(c.Answers, NewAnswers(c.Clock)), handling: NewAnswers(c.Clock), foreign: c.Foreign, queue: newQueue(), closing: make(chan struct{}),
	}
	if b.foreign == nil {
		b.foreign = func() bool { return false }
	}
	b.apologies.SetLimit(excuses)
	b.fetches.SetLimit(fetches)
	return b
}

// Handle takes an envelope and never blocks. When too much waits already, of everybody's or of
// its person's, it is answered at once with that.
func (b *Bot) Handle(e Envelope) {
	b.handling.begin()
	b.answers.begin()
	e.answered = sync.OnceFunc(b.answers.end)
	if person := e.person(); !b.queue.put(person, e) {
		b.log.Warn("queue full, envelope turned away", "envelope", e.ID, "type", e.Type, "user", person)
		b.apologise(context.Background(), e, busySentence)
		e.done()
		b.handling.end()
	}
}

// Idle waits until every envelope is answered, or ctx ends.
func (b *Bot) Idle(ctx context.Context) { b.handling.wait(ctx) }

// Run answers envelopes until ctx ends. What is being answered is finished.
// Handle must not be called any more when ctx ends.
func (b *Bot) Run(ctx context.Context) error {
	context.AfterFunc(ctx, func() { close(b.closing) })
	g := new(errgroup.Group)
	for range workers {
		g.Go(func() error {
			for {
				select {
				case <-ctx.Done():
					return nil
				case <-b.queue.ready:
					b.serve(context.WithoutCancel(ctx), b.queue.take())
				}
			}
		})
	}
	return errors.Join(g.Wait(), b.apologies.Wait(), b.fetches.Wait())
}

// serve answers one envelope. A bug in doing so costs this one answer only.
func (b *Bot) serve(ctx context.Context, e Envelope) {
	defer b.handling.end()
	defer e.done()
	defer func() {
		if p := recover(); p != nil {
			b.log.ErrorContext(ctx, "handler panicked", "envelope", e.ID, "panic", p, "stack", string(debug.Stack()))
			b.apologise(ctx, e, brokeSentence)
		}
	}()
	if b.clock().Sub(e.Received) > ackBudget {
		// Slack is about to say, or has said, that it failed: so it must not happen.
		b.log.WarnContext(ctx, "envelope too old, dropped", "envelope", e.ID, "type", e.Type)
		b.apologise(ctx, e, busySentence)
		return
	}
	b.dispatch(ctx, e)
}

// dispatch finds out what kind of thing an envelope is. What is unknown is
// acknowledged, so that it does not come again.
func (b *Bot) dispatch(ctx context.Context, e Envelope) {
	switch e.Type {
	case "slash_commands":
		var c slashCommand
		if b.read(ctx, e, &c) {
			b.command(ctx, e, c)
		}
	case "interactive":
		var i interaction
		if b.read(ctx, e, &i) {
			b.interaction(ctx, e, i)
		}
	case "events_api":
		var v event
		if b.read(ctx, e, &v) {
			b.event(ctx, e, v)
		}
	default:
		b.log.InfoContext(ctx, "envelope type unknown", "envelope", e.ID, "type", cut(e.Type, 40))
		b.ack(e, nil)
	}
}

func (b *Bot) interaction(ctx context.Context, e Envelope, i interaction) {
	switch i.Type { //nolint:exhaustive // the others are of other versions
	case slack.InteractionTypeBlockActions:
		b.press(ctx, e, i)
	case slack.InteractionTypeViewSubmission:
		b.submitted(ctx, e, i)
	case slack.InteractionTypeMessageAction, slack.InteractionTypeShortcut:
		b.shortcut(ctx, e, i)
	default:
		b.log.InfoContext(ctx, "interaction unknown", "envelope", e.ID, "type", cut(string(i.Type), 40))
		b.ack(e, nil)
	}
}

// read decodes a payload. What cannot be read is acknowledged with a word. The
// error stays out of the log: it could quote what somebody wrote.
func (b *Bot) read(ctx context.Context, e Envelope, into any) bool {
	err := json.Unmarshal(e.Payload, into)
	if err != nil {
		b.log.WarnContext(ctx, "payload unreadable", "envelope", e.ID, "type", e.Type, "bytes", len(e.Payload))
		b.apologise(ctx, e, unreadableSentence)
	}
	return err == nil
}

// ack acknowledges. An error is only worth a log line: the person then sees
// Slack's own message, and a redelivery finds the operation done already.
func (b *Bot) ack(e Envelope, answer any) {
	if err := b.acked(e, answer); err != nil {
		b.log.Warn("acknowledgement failed", "envelope", e.ID, "type", e.Type, "error", err)
	}
}

// acked acknowledges, and counts how long that took.
func (b *Bot) acked(e Envelope, answer any) error {
	err := e.Ack(answer)
	e.done()
	if err == nil && b.answered != nil {
		b.answered(e.Type, b.clock().Sub(e.Received))
	}
	return err
}
