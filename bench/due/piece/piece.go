// Package piece is the work that job queues are given by the study of what is due, and how it
// is known that it was done: by entries in streams of Redis, whose ids are the time.
package piece

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Piece is one thing to do. Doing it is one durable write, as it is in the bot.
type Piece struct {
	ID    string `json:"id"`
	Stuck bool   `json:"stuck"` // the first try does not end
}

// Type is the type of a Piece, as queues name it.
const Type = "piece"

// Kind is Type; River asks for it.
func (Piece) Kind() string { return Type }

// The streams.
const (
	ready      = "ready"      // processes that are at work
	begun      = "begun"      // first tries that do not end
	done       = "done"       // pieces
	statements = "statements" // how many a process has sent to its database so far
)

// Do does a piece. The first try, number 1, of a stuck one ends with its process.
func Do(ctx context.Context, rdb *redis.Client, p Piece, try int) error {
	if p.Stuck && try == 1 {
		if err := note(ctx, rdb, begun, p.ID); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}
	return note(ctx, rdb, done, p.ID)
}

// Ready says that this process is at work.
func Ready(ctx context.Context, rdb *redis.Client) error {
	return note(ctx, rdb, ready, strconv.Itoa(os.Getpid()))
}

// Tell says once a second how many statements this process has sent, until ctx ends.
func Tell(ctx context.Context, rdb *redis.Client, sent func() int64) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := note(ctx, rdb, statements, strconv.FormatInt(sent(), 10)); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

func note(ctx context.Context, rdb *redis.Client, stream, what string) error {
	if err := rdb.XAdd(ctx, &redis.XAddArgs{Stream: stream, Values: []string{"what", what}}).Err(); err != nil {
		return fmt.Errorf("note in %s: %w", stream, err)
	}
	return nil
}

// AtWork is how many processes have said that they are.
func AtWork(ctx context.Context, rdb *redis.Client) (int, error) { return length(ctx, rdb, ready) }

// Begun is how many first tries do not end.
func Begun(ctx context.Context, rdb *redis.Client) (int, error) { return length(ctx, rdb, begun) }

func length(ctx context.Context, rdb *redis.Client, stream string) (int, error) {
	n, err := rdb.XLen(ctx, stream).Result()
	if err != nil {
		return 0, fmt.Errorf("count %s: %w", stream, err)
	}
	return int(n), nil
}

// Done is when each piece was done, first.
func Done(ctx context.Context, rdb *redis.Client) (map[string]time.Time, error) {
	notes, err := rdb.XRange(ctx, done, "-", "+").Result()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", done, err)
	}
	when := map[string]time.Time{}
	for _, n := range notes {
		id, _ := n.Values["what"].(string)
		if _, twice := when[id]; !twice {
			if when[id], err = At(n.ID); err != nil {
				return nil, err
			}
		}
	}
	return when, nil
}

// Statements is how many were sent at last, and when that was said.
func Statements(ctx context.Context, rdb *redis.Client) (sent int64, at time.Time, err error) {
	notes, err := rdb.XRevRangeN(ctx, statements, "+", "-", 1).Result()
	if err == nil && len(notes) == 0 {
		err = errors.New("there are none")
	}
	if err != nil {
		return 0, at, fmt.Errorf("read %s: %w", statements, err)
	}
	text, _ := notes[0].Values["what"].(string)
	if sent, err = strconv.ParseInt(text, 10, 64); err != nil {
		return 0, at, fmt.Errorf("read %s: %w", statements, err)
	}
	at, err = At(notes[0].ID)
	return sent, at, err
}

// At is when an entry was written, by Redis's clock.
func At(entry string) (time.Time, error) {
	ms, _, _ := strings.Cut(entry, "-")
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("entry %q of a stream: %w", entry, err)
	}
	return time.UnixMilli(n), nil
}
