package approvals

import (
	"context"
	"errors"
	"time"
)

// A home is the page that the app has for each person beside the channels. It is looked
// at while the person may have it before them, and shown anew where it has changed.
const (
	HomeEvery = time.Minute   // between two looks
	HomeLife  = 8 * time.Hour // since it was opened last
)

// Homes shows people their homes.
type Homes interface {
	// ShowHome brings a person's home up to date unless it shows what it has to already:
	// was is the mark of what was shown last, empty where that is not known. It returns the
	// mark of what is shown now. Errors: a *[NoPlace], [ErrShownSince]; any other may pass.
	ShowHome(ctx context.Context, user, was string) (mark string, err error)
}

// ErrShownSince means that a home shows what somebody else has put there since.
var ErrShownSince = errors.New("the home was shown anew by somebody else")
