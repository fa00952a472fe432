package app

import (
	"cmp"
	"context"
	"time"

	"defenderbot/approvals/ledger"
)

const (
	recheckEvery = time.Minute     // between checks of what was checked at the start
	recheckPause = 5 * time.Second // at least, however much fails
)

// recheck runs checks of the start again and again, for what they are about can
// change: every minute, and soon after Redis failed. While one fails the bot is not
// ready. It says so once, and once more when that is over.
func (a *App) recheck(ctx context.Context, checks ...check) error {
	tick := time.NewTicker(tokenTick)
	defer tick.Stop()
	said := map[string]string{} // what was said of the checks that fail
	for asked, doubt := a.options.Clock(), false; ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-a.watch.doubts:
			doubt = true
		case <-tick.C:
		}
		pause := cmp.Or(a.options.RecheckEvery, recheckEvery)
		if doubt || len(said) > 0 {
			pause = min(pause, recheckPause)
		}
		if now := a.options.Clock(); now.Sub(asked) >= pause {
			asked, doubt = now, false
			for _, c := range checks {
				a.again(ctx, c, said)
			}
		}
	}
}

// again runs a check once more.
func (a *App) again(ctx context.Context, c check, said map[string]string) {
	one, cancel := context.WithTimeout(ctx, connectWait)
	defer cancel()
	detail, err := c.run(one)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		a.watch.missing(c, err)
		words := cmp.Or(string(ledger.FaultOf(err)), err.Error())
		if said[c.name] != words {
			said[c.name] = words
			a.options.Log.WarnContext(ctx, "check failed", "check", c.name, "error", err, "mend", c.mends(err))
		}
	case said[c.name] != "":
		delete(said, c.name)
		a.watch.connected(c.name)
		a.options.Log.InfoContext(ctx, "check passed", "check", c.name, "detail", detail)
	}
}
