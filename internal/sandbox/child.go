package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"defenderbot/defender"
	"defenderbot/internal/app"
)

// order is one line from a place to a bot in a process of its own. The first
// says who the bot is, all say what time it is there.
type order struct {
	Env   *app.Env      `json:"env,omitempty"`
	Ahead time.Duration `json:"ahead"` // of real time
}

// RunChild is the bot of a [Process], in that process. It takes its
// configuration and the time of the place from in, and ends when in ends, so
// that no bot outlives its place. It logs to log, as text.
func RunChild(ctx context.Context, in io.Reader, log io.Writer, now func() time.Time) error {
	orders := json.NewDecoder(in)
	var first order
	if err := orders.Decode(&first); err != nil { //nolint:musttag // both ends are this program: the names of the fields do
		return fmt.Errorf("the first order: %w", err)
	}
	if first.Env == nil {
		return errors.New("the first order has no configuration")
	}
	catalogue := defender.Actions()
	config, err := first.Env.Config(catalogue, now())
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	clock := &follower{real: now}
	clock.ahead.Store(int64(first.Ahead))
	go func() { // ends with in, which ends with the process at the latest
		defer stop()
		clock.follow(orders)
	}()
	return app.New(config, app.Options{
		Catalogue: catalogue, Clock: clock.now, Version: "sandbox", Log: slog.New(slog.NewTextHandler(log, nil)), JumpLimit: anyJump,
	}).Run(ctx)
}

// follower is the time of a place, in another process.
type follower struct {
	real  func() time.Time
	ahead atomic.Int64
}

func (f *follower) now() time.Time { return f.real().Add(time.Duration(f.ahead.Load())) }

// follow takes the time from orders until there are no more.
func (f *follower) follow(orders *json.Decoder) {
	for {
		var o order
		if orders.Decode(&o) != nil { //nolint:musttag // both ends are this program: the names of the fields do
			return
		}
		f.ahead.Store(int64(o.Ahead))
	}
}
