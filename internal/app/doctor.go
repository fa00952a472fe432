package app

import (
	"context"
	"errors"
	"fmt"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
)

// Examine connects to everything as the bot does when it starts, each once, and says how
// it stands, a finding at a time. It works nowhere: it opens no socket, takes no work
// from Redis and starts nothing in Defender. With [Probe] it sends Defender, last of all,
// what cannot start anything.
func (a *App) Examine(ctx context.Context, probe bool, say func(Finding)) error {
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
		failed[c.name] = f.Grade != Well
		say(f)
	}
	for _, e := range a.exams(p) {
		if failed[e.needs] {
			say(unexamined(e.about, e.needs))
			continue
		}
		one, cancel := context.WithTimeout(ctx, connectWait)
		for _, f := range e.run(one) {
			say(f)
		}
		cancel()
	}
	if probe {
		a.probing(ctx, p, failed, say)
	}
	return errors.Join(ctx.Err(), p.rdb.Close())
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

func unexamined(about, needs string) Finding {
	return Finding{About: about, Grade: Unknown, Says: "not looked at, because it needs: " + needs, Mend: "mend that first"}
}

// lists says who on the lists of people does not count and why, and which lists
// others than administrators may be able to change.
func lists(s office.RosterState) (found []Finding) {
	for _, l := range []struct {
		variable string
		out      []approvals.Standing
	}{{"APPROVERS", s.Out}, {"REQUESTERS", s.CannotAsk}, {"ESCALATE_TO", s.CannotBeCalled}} {
		for _, entry := range l.out {
			f := Finding{About: "people", Grade: Doubt, Says: l.variable + ": " + entry.Label() + " does not count: " + entry.Cause(), Mend: "take the entry out, or replace it"}
			if entry.Undecided() {
				f = Finding{About: "people", Grade: Unknown, Says: l.variable + ": " + entry.String(), Mend: "look again later: nobody who cannot be looked up can decide"}
			}
			found = append(found, f)
		}
	}
	for _, action := range s.Short {
		found = append(found, Finding{About: "people", Grade: Doubt, Says: "APPROVERS: too few for " + action, Mend: "list more people who may decide, or lower APPROVALS_REQUIRED"})
	}
	for _, group := range s.Open {
		found = append(found, Finding{
			About: "people", Grade: Doubt,
			Says: fmt.Sprintf("APPROVERS: the members of user group %s may be open to edits by everybody: Slack does not say that they are locked or come from an identity provider", group),
			Mend: "let only administrators edit user groups (a setting of the workspace), lock the group, or list approvers by id",
		})
	}
	if len(found) == 0 {
		found = append(found, Finding{About: "people", Grade: Well, Says: "every entry counts"})
	}
	return found
}
