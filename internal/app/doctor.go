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
		say(Finding{About: "configuration", Grade: Doubt, Says: w, Mend: "correct the variable, or leave it if it is meant"})
	}
	p, err := a.newParts()
	if err != nil {
		return err
	}
	failed := map[string]bool{}
	for _, area := range a.areas(p) {
		for _, c := range area.checks {
			f := a.once(ctx, c, failed)
			if ctx.Err() != nil { // what is found at the end of the program is nothing
				break
			}
			failed[c.name] = f.Grade != Well
			if p.warned[c.name] != nil {
				f.Grade, f.Says, f.Mend = Doubt, p.warned[c.name].Error(), "ALLOW_VOLATILE_REDIS allows it for a trial: fix it, and remove the variable"
			}
			if f.Grade != Well || !area.tells(c.name) {
				say(f)
			}
		}
		look(ctx, area.exams, failed, say)
	}
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
	return fmt.Errorf("not everything was checked: %w", context.Cause(ctx))
}

// area is what is looked at together, the checks of the start first.
type area struct {
	checks []check
	exams  []exam
}

// areas are in the order of [Lines].
func (a *App) areas(p *parts) []area {
	socketMode := exam{"slack socket mode", "slack", func(ctx context.Context) []Finding { return socketMode(p.slack.SocketMode(ctx)) }}
	sockets := exam{"slack sockets", "redis", func(ctx context.Context) []Finding { return a.sockets(ctx, p.store) }}
	return []area{
		{a.slackChecks(p), append(a.slackExams(p), socketMode)},
		{a.redisChecks(p), append(a.redisExams(p), sockets)},
		{nil, a.microsoftExams(p)},
	}
}

// tells reports whether an exam says more about something than the check that passed.
func (r area) tells(about string) bool {
	return slices.ContainsFunc(r.exams, func(e exam) bool { return e.about == about })
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
