package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Examine connects to everything as the bot does when it starts, each once, and says how
// it stands, a finding at a time. It works nowhere: it opens no socket, takes no work
// from Redis and starts nothing in Defender.
func (a *App) Examine(ctx context.Context, say func(Finding)) error {
	return a.examine(ctx, say, func(*parts, map[string]bool) {})
}

// Probe is [App.Examine], and then sends Defender what cannot start anything: each action
// that is switched on, for a device that does not exist.
func (a *App) Probe(ctx context.Context, say func(Finding)) error {
	return a.examine(ctx, say, func(p *parts, failed map[string]bool) { a.probing(ctx, p, failed, say) })
}

// examine examines, and then does what comes last.
func (a *App) examine(ctx context.Context, say func(Finding), last func(p *parts, failed map[string]bool)) error {
	for _, w := range a.config.Warnings {
		say(Finding{About: "configuration", Grade: Doubt, Says: w, Mend: "set the variable right, or leave it if that is meant"})
	}
	p, err := a.newParts()
	if err != nil {
		return err
	}
	failed := map[string]bool{}
	for _, c := range a.connectChecks(p) {
		f := a.once(ctx, c, failed)
		if ctx.Err() != nil { // what is found at the end of the program is nothing
			break
		}
		failed[c.name] = f.Grade != Well
		if p.warned[c.name] != nil {
			f.Grade, f.Says, f.Mend = Doubt, p.warned[c.name].Error(), "ALLOW_VOLATILE_REDIS permits it for a trial: mend it, and take the variable away"
		}
		say(f)
	}
	look(ctx, slices.Concat(a.idleExams(p), a.exams(p)), failed, say)
	if ctx.Err() == nil {
		last(p, failed)
	}
	return errors.Join(stopped(ctx), p.rdb.Close())
}

// stopped is an error where ctx has ended.
func stopped(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return fmt.Errorf("not everything was looked at: %w", context.Cause(ctx))
}

// once makes a check of the start, unless one that it needs has failed.
func (a *App) once(ctx context.Context, c check, failed map[string]bool) Finding {
	if failed[c.needs] {
		return unexamined(c.name, c.needs)
	}
	one, cancel := context.WithTimeout(ctx, connectWait)
	defer cancel()
	detail, err := c.run(one)
	if err == nil {
		return Finding{About: c.name, Grade: Well, Says: detail}
	}
	f := Finding{About: c.name, Grade: Wrong, Says: err.Error()}
	if !isFinal(err) { // that one says itself what mends it
		f.Mend = c.mends(err)
	}
	return f
}
