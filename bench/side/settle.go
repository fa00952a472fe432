package side

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Settle waits until a program has nothing left to do: for that long it has used no more than a
// twentieth of a core.
func (p *Program) Settle(ctx context.Context, quiet time.Duration) error {
	const looks = 4
	tick := time.NewTicker(quiet / looks)
	defer tick.Stop()
	var used []time.Duration
	for {
		now, err := p.CPU()
		if err != nil {
			return p.Failed(err)
		}
		if used = append(used, now); len(used) > looks && now-used[len(used)-1-looks] <= quiet/20 {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.Ended():
			return p.Failed(errors.New("it ended before it had come to rest"))
		case <-ctx.Done():
			return fmt.Errorf("a program that does not come to rest: %w", ctx.Err())
		}
	}
}
