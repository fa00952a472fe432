package approvals

import (
	"context"
	"errors"
	"time"
)

// Chat shows requests to people.
type Chat interface {
	// Show brings the card of r up to date, posting it first where there is none,
	// and returns the message's ts. A request that ended before it was put to
	// anybody is told to its requester alone, with an empty ts. Errors: [ErrNoPlace],
	// [ErrGone], a *[Later]; after any other the outcome is not known.
	Show(ctx context.Context, r Request) (ts string, err error)
	// Tell tells the requester of r alone how it ended. Errors as for Show.
	Tell(ctx context.Context, r Request) error
	// Say posts notice n of r in the thread of its card. Errors as for Show.
	Say(ctx context.Context, r Request, n int) error
}

// ErrNoPlace says that nothing can be posted where the request was made: the
// bot is not in the channel, or it is archived or gone.
var ErrNoPlace = errors.New("the channel takes no message")

// ErrGone says that the message is not there any more.
var ErrGone = errors.New("the message is gone")

// Later says that the chat wants to be left alone for a while.
type Later struct{ After time.Duration }

// Error says for how long.
func (l *Later) Error() string { return "too many messages; again in " + l.After.String() }
