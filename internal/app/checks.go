package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"defenderbot/bot"
)

// check is one thing that has to be so before the bot takes commands.
type check struct {
	name  string
	needs string // the check that has to pass before it; empty: none
	run   func(context.Context) (detail string, err error)
	mend  string // what an operator does about it
}

// failed is what the check found wrong, and what mends it. A final error says
// that itself.
func (c check) failed(err error) error {
	if isFinal(err) {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	return fmt.Errorf("%s: %w; %s", c.name, err, c.mends(err))
}

// mends is what an operator does about an error of the check.
func (c check) mends(err error) string {
	return cmp.Or(mendTrust(err), mendToken(err), mendOf(err), c.mend)
}

// finalError is one that no waiting mends.
type finalError struct{ error }

func (e finalError) Unwrap() error { return e.error }

func isFinal(err error) bool {
	_, final := errors.AsType[finalError](err)
	return final || errors.Is(err, bot.ErrPermanent)
}

const (
	firstRetry  = 500 * time.Millisecond
	lastRetry   = 15 * time.Second
	connectWait = 10 * time.Second // for one try
)

// until runs a check again and again, with longer pauses, until it passes, ctx
// ends, or the error is a final one.
func (a *App) until(ctx context.Context, c check) error {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		one, cancel := context.WithTimeout(ctx, connectWait)
		detail, err := c.run(one)
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err() // err tells of the stop in whatever words a library has for it
		case err == nil:
			a.watch.connected(c.name)
			a.options.Log.InfoContext(ctx, "check passed", "check", c.name, "detail", detail)
			return nil
		case isFinal(err):
			return err
		}
		a.watch.missing(c, err)
		a.options.Log.WarnContext(ctx, "check failed", "check", c.name, "error", err, "mend", c.mends(err), "again_in", pause.String())
		if err := rest(ctx, pause); err != nil {
			return err
		}
	}
}

// rest waits for d, or until ctx ends, which is an error.
func rest(ctx context.Context, d time.Duration) error {
	done, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-done.Done()
	return ctx.Err()
}
