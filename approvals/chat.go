package approvals

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Chat shows requests to people.
type Chat interface {
	// Show brings the card of r up to date, posting it first where there is none,
	// and returns the message's ts. Where the new one succeeds one that could not be
	// changed, that is taken away as far as the chat lets it. A request that ended
	// without a card is told to its requester alone, with an empty ts. Errors: with the
	// ts [ErrUnthreaded]; a *[NoPlace], [ErrGone], [ErrFrozen], a *[Later]; after any
	// other the outcome is not known.
	Show(ctx context.Context, r Request) (ts string, err error)
	// Tell tells the requester of r alone how it ended. Errors as for Show.
	Tell(ctx context.Context, r Request) error
	// Offer shows the requester of r alone the devices to choose from. Errors as for Show.
	Offer(ctx context.Context, r Request) error
	// Say posts notice n of r in the thread of its card. Errors as for Show, and
	// [ErrUnthreaded].
	Say(ctx context.Context, r Request, n int) error
	// Retire takes a message away that is a second copy of a card.
	Retire(ctx context.Context, channel, ts string) error
	// Announce posts an alarm in its channel. Errors: a *[NoPlace], a *[Later]; after any
	// other the outcome is not known.
	Announce(ctx context.Context, a Alarm) error
}

// NoPlace says that the chat does not take a message, and will not take it until
// people change something. What that means depends on the message: without its
// card a request cannot be decided; without a reply it can.
type NoPlace struct {
	Why Why
	Err error // what the chat said
}

// Error names the reason, and what the chat said.
func (e *NoPlace) Error() string {
	return fmt.Sprintf("the chat does not take the message (%s): %v", e.Why.Reason, e.Err)
}

// Unwrap is what the chat said.
func (e *NoPlace) Unwrap() error { return e.Err }

// What can become of a message.
var (
	// ErrGone means that the message is not there any more.
	ErrGone = errors.New("the message is gone")
	// ErrFrozen means that the message is there and cannot be changed any more.
	ErrFrozen = errors.New("the message cannot be changed any more")
	// ErrUnthreaded means that a message was posted, but stands by itself: that in whose
	// thread it belongs is gone. Of a reply that is the card, of a card the message that
	// the request is about.
	ErrUnthreaded = fmt.Errorf("the reply stands by itself: %w", ErrGone)
)

// Later says that the chat wants to be left alone for a while.
type Later struct{ After time.Duration }

// Error says for how long.
func (l *Later) Error() string { return "too many messages; again in " + l.After.String() }
