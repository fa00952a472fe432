package sandbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"defenderbot/internal/app"
)

// WaitReady waits until a bot takes commands. It asks again and again, as a prober does: what
// a bot waits for, no one server of the place sees.
func WaitReady(ctx context.Context, bot *app.App) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		lacks := bot.Ready(ctx)
		if lacks == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the bot is not ready: %w", errors.Join(ctx.Err(), lacks))
		}
	}
}
