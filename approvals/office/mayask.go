package office

import (
	"context"
	"fmt"
	"time"

	"defenderbot/approvals"
)

// glance is how long a form may be kept from opening by a look at who wants it, and where.
// Slack gives three seconds for all of it.
const glance = time.Second

// MayAsk is a refusal where nothing that by could ask for would be recorded, as far as that
// is known at a glance: enough to open a form, which is checked again when it is sent.
func (d *Desk) MayAsk(ctx context.Context, by By) error {
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	var f approvals.Facts
	var ch approvals.Channel
	err := together(
		ctx,
		func(ctx context.Context) (err error) { f, err = d.people.known(ctx, by.User); return err },
		func(ctx context.Context) (err error) { ch, err = d.placeOf(ctx, by); return err },
	)
	if err != nil {
		return nil // that is told when the form is sent
	}
	return d.people.policy.MayAskIn(f, ch)
}

// MayAskAgain is an ended request that somebody wants to ask for once more from its card,
// and a refusal as of [Desk.MayAsk].
func (d *Desk) MayAskAgain(ctx context.Context, by By, id, digest string) (approvals.Request, error) {
	r, err := d.shown(ctx, by, id)
	switch {
	case err != nil:
	case digest != r.Digest():
		err = approvals.Refuse(approvals.ShownDiffers, "")
	case !r.State.Ended():
		err = approvals.Refuse(approvals.DoesNotFit, "still open")
	default:
		err = d.MayAsk(ctx, by)
	}
	return r, approvals.WithRequest(err, r)
}

// placeOf is what is known of where somebody wants something.
func (d *Desk) placeOf(ctx context.Context, by By) (approvals.Channel, error) {
	if by.Direct {
		return approvals.Channel{ID: by.Place.Channel, Direct: true}, nil
	}
	ch, err := d.people.dir.Channel(ctx, by.Place.Channel)
	if err != nil {
		return ch, fmt.Errorf("the channel: %w", err)
	}
	return ch, nil
}
