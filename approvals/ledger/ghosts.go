package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
)

// A record can be gone while other keys still name it: after a restore, an eviction,
// or by hand. Such a name is taken out when it is met, or it would keep others
// waiting.

type ghostReply struct {
	timed
	Freed int  `json:"freed"`
	There bool `json:"there"`
}

// Free takes out of the agenda and of all queues what names a request whose record
// is gone. It says how many names these were; none, where the record is there.
func (s *Store) Free(ctx context.Context, id string) (int, error) {
	record := s.keys.nothing() // what is no id names no record, but it could name another key
	if idForm.MatchString(id) {
		record = s.keys.request(id)
	}
	keys := []string{record, s.keys.agenda(), s.keys.held()}
	for _, e := range s.actions.Endpoints() {
		keys = append(keys, s.keys.queue(e.Name))
	}
	var members []string
	for _, k := range approvals.Kinds() {
		members = append(members, k.Member(id))
	}
	var answer ghostReply
	if _, err := s.run(ctx, s.scripts.ghost, keys, &answer, id, asJSON(members)); err != nil {
		return 0, fmt.Errorf("free what names %s: %w", id, err)
	}
	if answer.Freed > 0 {
		s.Wake()
	}
	return answer.Freed, nil
}

// Owner is who holds a claim, if anybody does.
func (s *Store) Owner(ctx context.Context, prefix string) (string, error) {
	return s.ownerIn(ctx, s.keys, prefix)
}

// ownerIn is the first of a claim's owners whose record is there.
func (s *Store) ownerIn(ctx context.Context, k keys, prefix string) (string, error) {
	for {
		found, err := s.rdb.ZRangeByLex(ctx, k.index(), &redis.ZRangeBy{
			Min: "[" + prefix, Max: "(" + prefix + "\xff", Count: 1,
		}).Result()
		s.note(err)
		if err != nil {
			return "", fmt.Errorf("owner of %s: %w", prefix, err)
		}
		if len(found) == 0 {
			return "", nil
		}
		owner := strings.TrimPrefix(found[0], prefix)
		gone, err := s.gone(ctx, k, owner)
		if err != nil || !gone {
			return owner, err
		}
		if err := s.dropClaim(ctx, k, prefix, owner); err != nil {
			return "", err
		}
	}
}

// freeMany drops the claims under a prefix whose requests are gone, and reports
// whether there were any.
func (s *Store) freeMany(ctx context.Context, prefix string) (freed bool, err error) {
	members, err := s.rdb.ZRangeByLex(ctx, s.keys.index(), &redis.ZRangeBy{Min: "[" + prefix, Max: "(" + prefix + "\xff"}).Result()
	s.note(err)
	if err != nil {
		return false, fmt.Errorf("%w: claims under %s: %w", approvals.ErrNotRecorded, prefix, err)
	}
	for _, m := range members {
		owner := strings.TrimPrefix(m, prefix)
		gone, err := s.gone(ctx, s.keys, owner)
		if err == nil && gone {
			freed = true
			err = s.dropClaim(ctx, s.keys, prefix, owner)
		}
		if err != nil {
			return freed, approvals.RefusalOr(err, approvals.ErrNotRecorded)
		}
	}
	return freed, nil
}

// gone reports whether a request has no record.
func (s *Store) gone(ctx context.Context, k keys, id string) (bool, error) {
	if !idForm.MatchString(id) {
		return true, nil
	}
	err := s.rdb.Get(ctx, k.request(id)).Err()
	s.note(err)
	switch {
	case errors.Is(err, redis.Nil):
		return true, nil
	case err == nil, redis.HasErrorPrefix(err, "WRONGTYPE"):
		return false, nil
	}
	return false, fmt.Errorf("owner %s: %w", id, err)
}

// dropClaim takes a claim of a request that is gone out of the index.
func (s *Store) dropClaim(ctx context.Context, k keys, prefix, owner string) error {
	err := s.rdb.ZRem(ctx, k.index(), prefix+owner).Err()
	s.note(err)
	if err != nil {
		return fmt.Errorf("%w: claim of %s, which is gone: %w", approvals.ErrNotRecorded, owner, err)
	}
	return nil
}
