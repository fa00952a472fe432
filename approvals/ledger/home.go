package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
)

// OpenHome puts a person's home on the agenda for as long as it may be open, to be shown
// now.
func (s *Store) OpenHome(ctx context.Context, user string) error {
	err := s.setHome(ctx, user, "", approvals.HomeLife.Milliseconds(), 0, anyMark)
	s.Wake()
	return err
}

// HomeLooked notes what a home shows after a look at it, unless it was shown by somebody
// else meanwhile. One that nobody has open any more stays as it is.
func (s *Store) HomeLooked(ctx context.Context, user, was, mark string) error {
	return s.setHome(ctx, user, mark, 0, -1, was)
}

// HomeShown notes what a home shows that was shown beside the looks. The next look comes
// after that pause.
func (s *Store) HomeShown(ctx context.Context, user, mark string, pause time.Duration) error {
	return s.setHome(ctx, user, mark, 0, pause.Milliseconds(), anyMark)
}

const anyMark = "*"

func (s *Store) setHome(ctx context.Context, user, mark string, life, soon int64, was string) error {
	var answer timed
	_, err := s.run(ctx, s.scripts.home, []string{s.keys.agenda(), s.keys.home(user)}, &answer,
		approvals.Home.Member(user), mark, life, soon, was)
	if err != nil {
		return fmt.Errorf("note the home of %s: %w", user, err)
	}
	return nil
}

// Home is the mark of what the home of a person shows, and whether they may have it open.
func (s *Store) Home(ctx context.Context, user string) (mark string, open bool, err error) {
	mark, err = s.rdb.Get(ctx, s.keys.home(user)).Result()
	s.note(err)
	switch {
	case errors.Is(err, redis.Nil):
		return "", false, nil
	case err != nil:
		return "", false, fmt.Errorf("read the home of %s: %w", user, err)
	}
	return mark, true, nil
}
