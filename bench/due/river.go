package due

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"defenderbot/bench/due/lite"
	"defenderbot/bench/due/piece"
	"defenderbot/bench/side"
)

// openRiver opens the stage of River: a SQLite file.
func openRiver(tuned bool) func(context.Context, *side.Lab) (stage, error) {
	return func(ctx context.Context, lab *side.Lab) (stage, error) {
		q, err := newQueue(ctx, lab, "peers/river", tuned)
		if err != nil {
			return nil, err
		}
		dir, err := lab.Dir()
		if err != nil {
			return nil, errors.Join(err, q.close())
		}
		file := filepath.Join(dir, "river.db")
		db := lite.Open(file)
		q.shut, q.env = db.Close, append(q.env, "SQLITE_FILE="+file)
		client, err := riverClient(ctx, db)
		if err != nil {
			return nil, errors.Join(err, q.close())
		}
		q.add = func(ctx context.Context, p piece.Piece, at time.Time) (time.Time, error) {
			if _, err := client.Insert(ctx, p, &river.InsertOpts{ScheduledAt: at}); err != nil {
				return at, fmt.Errorf("add a job: %w", err)
			}
			return at, nil
		}
		q.sent = q.statements
		return q, nil
	}
}

// riverClient makes River's tables, and a client that adds jobs and works on none.
func riverClient(ctx context.Context, db *lite.DB) (*river.Client[*sql.Tx], error) {
	driver := riversqlite.New(db.DB)
	migrator, err := rivermigrate.New(driver, nil)
	if err != nil {
		return nil, fmt.Errorf("make the tables of River: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("make the tables of River: %w", err)
	}
	client, err := river.NewClient(driver, &river.Config{})
	if err != nil {
		return nil, fmt.Errorf("a client of River: %w", err)
	}
	return client, nil
}

// statements counts by what the process says once a second of how many it has sent.
func (q *queue) statements(ctx context.Context, d time.Duration) (traffic, error) {
	before, from, err := piece.Statements(ctx, q.redis.Client)
	if err == nil {
		err = rest(ctx, d)
	}
	if err != nil {
		return traffic{}, err
	}
	after, until, err := piece.Statements(ctx, q.redis.Client)
	return traffic{sent: float64(after-before) / until.Sub(from).Seconds()}, err
}
