package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"defenderbot/approvals/ledger"
	"defenderbot/defender"
	"defenderbot/internal/audit"
)

const aboutProbe = "probe"

// sendWithin is how long one POST may wait to be sent.
const sendWithin = 5 * time.Second

// probing asks Defender for each action that is switched on, on a device that does not exist.
// It says so first, and writes it into the audit trail. Under a freeze it asks nothing, and
// where a window is used up it leaves that action out: Microsoft counts what it sends, and so
// do the windows. After one that got no answer it asks no more.
func (a *App) probing(ctx context.Context, p *parts, failed map[string]bool, say func(Finding)) {
	if failed["redis"] {
		say(unexamined(aboutProbe, "redis"))
		return
	}
	if f, may := a.mayProbe(ctx, p); !may {
		say(f)
		return
	}
	names := strings.Join(a.config.Actions, ", ")
	entry := audit.Entry{At: p.store.Now(), Event: "probe", Team: p.slack.Team(), Detail: names}
	if err := p.store.Note(ctx, entry); err != nil {
		say(Finding{About: aboutProbe, Grade: Unknown, Says: "nothing was sent, because it could not be recorded in the audit trail: " + err.Error(), Mend: mendRedis})
		return
	}
	say(Finding{
		About: aboutProbe, Grade: Well,
		Says: "now asking Defender for " + names + " on device " + defender.NoDevice + ", which does not exist: nothing can start, but each call counts against Microsoft's limits",
	})
	for _, row := range a.options.Catalogue {
		if !slices.Contains(a.config.Actions, row.Name) || ctx.Err() != nil {
			continue
		}
		f, silent := a.probe(ctx, p, row)
		if say(f); silent {
			say(Finding{About: aboutProbe, Grade: Unknown, Says: "nothing more was sent, because there was no answer", Mend: "fix that, and probe again"})
			return
		}
	}
}

// mayProbe says why nothing may be sent.
func (a *App) mayProbe(ctx context.Context, p *parts) (Finding, bool) {
	freeze, err := p.store.ReadFreeze(ctx)
	switch {
	case err != nil:
		return Finding{About: aboutProbe, Grade: Unknown, Says: "nothing was sent: " + err.Error(), Mend: mendRedis}, false
	case freeze.Is():
		return Finding{About: aboutProbe, Grade: Unknown, Says: "nothing was sent, because " + freeze.ID + " freezes all calls", Mend: "probe again when the freeze is lifted"}, false
	}
	if err := p.client.Ready(ctx); err != nil {
		return unexamined(aboutProbe, "entra"), false
	}
	if f := a.reach(ctx, p); f.unreached {
		return unexamined(aboutProbe, "defender"), false // what a proxy answers to a POST says nothing of the action
	}
	return Finding{}, true
}

// bookProbe books a slot of the action's window, behind the calls that stand in line.
func bookProbe(ctx context.Context, p *parts, row defender.Action) error {
	budget, err := p.store.Budget(ctx, row, 1)
	free := budget.Free
	if err == nil && !free.After(budget.At) {
		free, err = p.store.BookReads(ctx, row.Post, 1, ledger.ForStop()) // a POST as well
	}
	if err == nil && !free.IsZero() {
		err = fmt.Errorf("the limit that Microsoft sets for it is used up until %s", free.Format(time.RFC3339))
	}
	return err
}

// probe asks for one action, and reports whether there was no answer.
func (a *App) probe(ctx context.Context, p *parts, row defender.Action) (f Finding, silent bool) {
	if err := bookProbe(ctx, p, row); err != nil {
		return Finding{About: aboutProbe, Grade: Unknown, Says: row.Name + ": not sent: " + err.Error(), Mend: "probe again later"}, false
	}
	one, cancel := context.WithTimeout(ctx, connectWait)
	defer cancel()
	job, err := p.client.Start(one, defender.Order{
		Action: row, DeviceID: defender.NoDevice, Comment: "defenderbot: bot doctor -probe, on a device that does not exist",
		NotAfter: a.options.Clock().Add(sendWithin),
	})
	if err == nil {
		return Finding{
			About: aboutProbe, Grade: Doubt, Says: row.Name + ": Defender accepted it as " + job.ID + ", although there is no such device",
			Mend: "look that id up in the Action center of the Defender portal",
		}, false
	}
	e, _ := errors.AsType[*defender.Error](err) // Start has no other errors
	f = diagnosis(row, e)
	f.About, f.Says = aboutProbe, row.Name+": "+f.Says
	return f, e.Status == 0
}

// diagnosis is what Defender's refusal of an action on no device means.
func diagnosis(row defender.Action, e *defender.Error) Finding {
	switch {
	case e.Cause == defender.MissingRole:
		return Finding{Grade: Wrong, Says: "the role is missing: " + e.Role, Mend: mendDefender(e)}
	case e.Cause == defender.NoSuchDevice && row.Ended != nil:
		return Finding{
			Grade: Unknown, Says: "Defender says that there is no such device, which is true; but it may say the same of an action that has ended",
			Mend: "try it on a device of yours, or remove " + row.Name + " from ACTIONS: Microsoft has announced its end",
		}
	case e.Cause == defender.NoSuchDevice:
		return Finding{Grade: Well, Says: "the role is there: Defender only objects that there is no such device"}
	case row.Ended != nil && e.MayBeEnd() && (e.Cause != defender.BadAnswer || e.Gone()): // a proxy says no as well
		return Finding{
			Grade: Doubt, Says: "it has ended, as Microsoft has announced: " + e.Says(),
			Mend: "remove " + row.Name + " from ACTIONS; " + row.Ended.Successor + " replaces it",
		}
	case e.Cause == defender.Licence, e.Cause == defender.Unauthenticated:
		return Finding{Grade: Wrong, Says: reason(e), Mend: mendDefender(e)}
	}
	return Finding{Grade: Unknown, Says: e.Error(), Mend: mendDefender(e)}
}
