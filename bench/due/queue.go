package due

import (
	"context"
	"errors"
	"strconv"
	"time"

	"defenderbot/bench/due/piece"
	"defenderbot/bench/side"
)

// queue is the stage of a job queue, whose processes do pieces.
type queue struct {
	redis   *side.Redis // where pieces are noted; asynq keeps its tasks there, too
	program string
	env     []string
	began   int // processes that were started

	// add has a piece done at a time, and says when that is.
	add func(ctx context.Context, p piece.Piece, at time.Time) (time.Time, error)
	// sent counts for a while what is sent to the store.
	sent func(ctx context.Context, d time.Duration) (traffic, error)
	shut func() error
}

// newQueue starts what all queues have: a Redis, and the program of a peer.
func newQueue(ctx context.Context, lab *side.Lab, peer string, tuned bool) (*queue, error) {
	program, err := lab.Peer(ctx, peer)
	if err != nil {
		return nil, err
	}
	r, err := lab.Redis(ctx)
	if err != nil {
		return nil, err
	}
	q := &queue{redis: r, program: program, env: []string{"REDIS_ADDR=" + r.Addr}, shut: func() error { return nil }}
	if tuned {
		q.env = append(q.env, "TUNED=1")
	}
	return q, nil
}

func (q *queue) start(ctx context.Context) (*side.Program, error) {
	p, err := side.Start(ctx, q.env, q.program)
	if err != nil {
		return nil, err
	}
	q.began++
	return started(ctx, p, func(ctx context.Context) (bool, error) {
		n, err := piece.AtWork(ctx, q.redis.Client)
		return n == q.began, err
	})
}

func (q *queue) plan(ctx context.Context, at []time.Time) ([]appointment, error) {
	due := make([]appointment, len(at))
	for i, t := range at {
		p := piece.Piece{ID: strconv.Itoa(i)}
		t, err := q.add(ctx, p, t)
		if err != nil {
			return nil, err
		}
		due[i] = appointment{job{piece.Type, p.ID}, t}
	}
	return due, nil
}

func (q *queue) hang(ctx context.Context) (hung []job, release func(), err error) {
	p := piece.Piece{ID: "stuck", Stuck: true}
	if _, err := q.add(ctx, p, time.Time{}); err != nil {
		return nil, nil, err
	}
	err = eventually(ctx, 30*time.Second, func(ctx context.Context) (bool, error) {
		begun, err := piece.Begun(ctx, q.redis.Client)
		return begun == 1, err
	})
	return []job{{piece.Type, p.ID}}, func() {}, err
}

func (q *queue) done(ctx context.Context) (map[job]time.Time, error) {
	pieces, err := piece.Done(ctx, q.redis.Client)
	if err != nil {
		return nil, err
	}
	done := map[job]time.Time{}
	for id, at := range pieces {
		done[job{piece.Type, id}] = at
	}
	return done, nil
}

func (q *queue) idle(ctx context.Context, d time.Duration) (traffic, error) { return q.sent(ctx, d) }

func (q *queue) close() error { return errors.Join(q.shut(), q.redis.Close()) }
