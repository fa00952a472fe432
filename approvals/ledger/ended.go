package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/defender"
)

// EndedAt is when Defender refused the action last in this tenant because Microsoft does not
// offer it any more; the zero time: not within the last day, or it has taken it since.
func (s *Store) EndedAt(ctx context.Context, a defender.Action) (time.Time, error) {
	text, err := s.rdb.Get(ctx, s.keys.ended(a.Post.Name)).Result()
	s.note(err)
	switch {
	case errors.Is(err, redis.Nil):
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, fmt.Errorf("read when %s was refused: %w", a.Name, err)
	}
	at, err := strconv.ParseFloat(text, 64) // as Lua writes a number
	if err != nil {
		return time.Time{}, fmt.Errorf("read when %s was refused: it is not a time", a.Name)
	}
	return timeOf(int64(at)), nil
}
