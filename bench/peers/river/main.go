// Command river is a process of River (https://riverqueue.com) on a SQLite file that does
// pieces. Without TUNED all is as River has it by default.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"defenderbot/bench/due/lite"
	"defenderbot/bench/due/piece"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Getenv("REDIS_ADDR"), os.Getenv("SQLITE_FILE"), os.Getenv("TUNED") != "")
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "river:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, addr, file string, tune bool) (err error) {
	rdb := redis.NewClient(&redis.Options{Addr: addr})
	db := lite.Open(file)
	defer func() { err = errors.Join(err, db.Close(), rdb.Close()) }()
	config := &river.Config{}
	if tune {
		config = tuned()
	}
	config.Workers = river.NewWorkers()
	river.AddWorker(config.Workers, &worker{rdb: rdb})
	// The number that River's documentation has in its examples; there is no default.
	config.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 100}}
	client, err := river.NewClient(riversqlite.New(db.DB), config)
	if err != nil {
		return fmt.Errorf("configure River: %w", err)
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start River: %w", err)
	}
	if err := piece.Ready(ctx, rdb); err != nil {
		return err
	}
	err = piece.Tell(ctx, rdb, db.Sent)
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, client.StopAndCancel(stopping))
}

// lease is how long a tuned process may take for a piece before another may have it: as long
// as the bot's.
const lease = 30 * time.Second

// tuned looks for pieces as often as it takes to be done 50 ms after the due time, and rescues
// them after a lease, at once. How often what is to be rescued is looked for (every 30 s) cannot
// be set (https://pkg.go.dev/github.com/riverqueue/river@v0.51.2#Config).
func tuned() *river.Config {
	const check = 20 * time.Millisecond
	return &river.Config{FetchCooldown: check, FetchPollInterval: check, JobTimeout: lease, RescueStuckJobsAfter: lease, RetryPolicy: atOnce{}}
}

// atOnce tries again at once.
type atOnce struct{}

// NextRetry is now.
func (atOnce) NextRetry(*rivertype.JobRow) time.Time { return time.Now() }

// worker does pieces.
type worker struct {
	river.WorkerDefaults[piece.Piece]

	rdb *redis.Client
}

// Work does one.
func (w *worker) Work(ctx context.Context, job *river.Job[piece.Piece]) error {
	return piece.Do(ctx, w.rdb, job.Args, job.Attempt)
}
