package app

import (
	"context"
	"errors"
	"time"

	"defenderbot/bot"
)

const (
	tokenEvery = 5 * time.Minute  // between questions whether Slack still takes the bot token
	tokenPause = 5 * time.Second  // at least, however many calls are refused
	tokenTick  = time.Second      // how often the clock is looked at
	tokenWait  = 10 * time.Second // for one answer
)

// watchToken ends the process when Slack takes the bot token no more: with a dead
// token it would go on, and people would hear that they should try again. It asks
// now and then, for a bot that nobody uses notices nothing else, and at once when a
// call was refused because of the token. Until it knows, the bot is not ready.
func (a *App) watchToken(ctx context.Context, slack *bot.Workspace) error {
	tick := time.NewTicker(tokenTick)
	defer tick.Stop()
	var doubt error
	for asked := a.options.Clock(); ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case doubt = <-slack.Doubts():
			a.watch.missing("slack", doubt)
		case <-tick.C:
		}
		pause := tokenEvery
		if doubt != nil {
			pause = tokenPause
		}
		now := a.options.Clock()
		if now.Sub(asked) < pause {
			continue
		}
		asked = now
		err := a.checkToken(ctx, slack)
		switch {
		case errors.Is(err, bot.ErrPermanent):
			a.watch.missing("slack", err)
			return err
		case err != nil && ctx.Err() == nil:
			a.options.Log.WarnContext(ctx, "slack does not say whether it takes the bot token; asking again", "doubt", doubt, "error", err)
		case err == nil && doubt != nil:
			a.watch.connected("slack")
			a.options.Log.WarnContext(ctx, "a call was refused because of the bot token, which slack takes", "error", doubt)
			doubt = nil
		}
	}
}

func (a *App) checkToken(ctx context.Context, slack *bot.Workspace) error {
	ctx, cancel := context.WithTimeout(ctx, tokenWait)
	defer cancel()
	return slack.Check(ctx)
}
