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
	ghosts, err := s.ghosts(ctx, prefix, members)
	if err != nil {
		return false, approvals.RefusalOr(err, approvals.ErrNotRecorded)
	}
	for _, owner := range ghosts {
		if err := s.dropClaim(ctx, s.keys, prefix, owner); err != nil {
			return freed, approvals.RefusalOr(err, approvals.ErrNotRecorded)
		}
		freed = true
	}
	return freed, nil
}

// ghosts are those of the owners of claims that have no record. All are asked for at once: it is
// done at each command of somebody who has too many open.
func (s *Store) ghosts(ctx context.Context, prefix string, members []string) (ghosts []string, err error) {
	asked := map[string]*redis.StringCmd{}
	_, _ = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error { // each answer has its own error
		for _, m := range members {
			if owner := strings.TrimPrefix(m, prefix); idForm.MatchString(owner) {
				asked[owner] = p.Get(ctx, s.keys.request(owner))
			} else {
				ghosts = append(ghosts, owner)
			}
		}
		return nil
	})
	for owner, record := range asked {
		gone, err := s.missing(owner, record.Err())
		if err != nil {
			return nil, err
		}
		if gone {
			ghosts = append(ghosts, owner)
		}
	}
	return ghosts, nil
}

// gone reports whether a request has no record.
func (s *Store) gone(ctx context.Context, k keys, id string) (bool, error) {
	if !idForm.MatchString(id) {
		return true, nil
	}
	return s.missing(id, s.rdb.Get(ctx, k.request(id)).Err())
}

// missing reports whether the answer to a question for a record says that there is none.
func (s *Store) missing(id string, err error) (bool, error) {
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
