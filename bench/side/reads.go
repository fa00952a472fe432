package side

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// liftEvery is how often the bot's memory of what it has read is emptied. Microsoft allows
// 100 reads a minute: 100 in each tick is more than any study makes. It is not done more often,
// for it is a write to Redis that the bot alone has to bear.
const liftEvery = 200 * time.Millisecond

// LiftReads lifts Microsoft's limit of reads for a running bot and some people: it would look
// up a hundred devices and wait a minute. The function it returns ends that.
func (w *World) LiftReads(ctx context.Context, r *Redis, people []string) (func() error, error) {
	tag, err := r.tag(ctx)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, endpoint := range []string{"machines", "machineactions"} {
		keys = append(keys, tag+"window:"+endpoint)
		for _, p := range people {
			keys = append(keys, tag+"reads:"+endpoint+":"+p)
		}
	}
	ctx, stop := context.WithCancel(ctx)
	var g errgroup.Group
	g.Go(func() error {
		t := time.NewTicker(liftEvery)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-t.C:
			}
			if err := r.Del(ctx, keys...).Err(); err != nil && ctx.Err() == nil {
				return fmt.Errorf("empty windows of reads: %w", err)
			}
		}
	})
	return func() error { stop(); return g.Wait() }, nil
}

// tag is what all keys of the one bot begin with, "{...}:".
func (r *Redis) tag(ctx context.Context) (string, error) {
	keys, err := r.Keys(ctx, "{*}:*").Result()
	if err == nil && len(keys) == 0 {
		err = errors.New("no bot has written anything")
	}
	if err != nil {
		return "", fmt.Errorf("windows of reads: %w", err)
	}
	tag, _, _ := strings.Cut(keys[0], "}")
	return tag + "}:", nil
}
