package app

import (
	"context"
	"errors"
	"time"

	"defenderbot/bot"
)

const (
	tokenEvery = time.Minute      // between questions whether Slack still takes the bot token
	tokenPause = 5 * time.Second  // at least, however many calls are refused
	tokenTick  = time.Second      // how often the clock is looked at
	tokenWait  = 10 * time.Second // for one answer
)

// watchToken ends the process when Slack takes the bot token no more: with a dead
// token it would go on, and people would hear that they should try again. It asks
// now and then, for a bot that nobody uses notices nothing else, and at once when a
// call was refused because of the token. Until it knows, and while Slack does not
// answer, the bot is not ready.
func (a *App) watchToken(ctx context.Context, slack *bot.Workspace) error {
	tick := time.NewTicker(tokenTick)
	defer tick.Stop()
	c := check{name: "slack", run: func(ctx context.Context) (string, error) { return "", slack.Check(ctx) }, mend: "nothing to do yet: Slack is asked again"}
	var doubt error
	for asked := a.options.Clock(); ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case doubt = <-slack.Doubts():
			a.watch.missing(c, doubt)
		case <-tick.C:
		}
		pause := tokenEvery
		if doubt != nil {
			pause = tokenPause
		}
		if now := a.options.Clock(); now.Sub(asked) >= pause {
			asked = now
			var err error
			if doubt, err = a.checkToken(ctx, c, doubt); err != nil {
				return err
			}
		}
	}
}

// checkToken asks Slack whether it takes the token. It returns the doubt that is
// left, and an error when the token is dead.
func (a *App) checkToken(ctx context.Context, c check, doubt error) (left, dead error) {
	one, cancel := context.WithTimeout(ctx, tokenWait)
	defer cancel()
	_, err := c.run(one)
	switch {
	case errors.Is(err, bot.ErrPermanent):
		a.watch.missing(c, err)
		return doubt, err
	case err != nil && ctx.Err() == nil:
		if doubt == nil {
			a.watch.missing(c, err)
		}
		a.options.Log.WarnContext(ctx, "token check failed", "doubt", doubt, "error", err)
	case err == nil && doubt != nil:
		a.watch.connected(c.name)
		a.options.Log.WarnContext(ctx, "token works although a call was refused because of it", "error", doubt)
		return nil, nil
	case err == nil:
		a.watch.connected(c.name)
	}
	return doubt, nil
}
