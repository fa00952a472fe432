package due

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"defenderbot/bench/due/piece"
	"defenderbot/bench/side"
)

// openAsynq opens the stage of asynq.
func openAsynq(tuned bool) func(context.Context, *side.Lab) (stage, error) {
	return func(ctx context.Context, lab *side.Lab) (stage, error) {
		q, err := newQueue(ctx, lab, "peers/asynq", tuned)
		if err != nil {
			return nil, err
		}
		client := asynq.NewClient(asynq.RedisClientOpt{Addr: q.redis.Addr})
		q.shut = client.Close
		q.add = func(ctx context.Context, p piece.Piece, at time.Time) (time.Time, error) {
			return addTask(ctx, client, p, at)
		}
		q.sent = func(ctx context.Context, d time.Duration) (traffic, error) { return watch(ctx, q.redis.Addr, d) }
		return q, nil
	}
}

// addTask adds a task. Asynq keeps its time in whole seconds, and would begin with a fraction
// of one up to a second too early, so it gets the next whole one.
func addTask(ctx context.Context, client *asynq.Client, p piece.Piece, at time.Time) (time.Time, error) {
	payload, err := json.Marshal(p)
	if err != nil {
		return at, fmt.Errorf("a piece: %w", err)
	}
	var options []asynq.Option
	if !at.IsZero() {
		at = wholeSecond(at)
		options = append(options, asynq.ProcessAt(at))
	}
	if _, err := client.EnqueueContext(ctx, asynq.NewTask(piece.Type, payload), options...); err != nil {
		return at, fmt.Errorf("add a task: %w", err)
	}
	return at, nil
}
