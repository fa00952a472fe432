package ledger

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
)

type rightsReply struct {
	timed
	Refused refusedError `json:"refused"`
}

// Check fails where Redis refuses what the bot needs of it: each command that the
// scripts use, once, and EVAL, for a server that has forgotten them. It writes, and
// has as many replicas confirm that as every change needs. The error says what is
// refused, and why. It asks once and does not wait.
func (s *Store) Check(ctx context.Context) error {
	keys, sets := s.keys.rights(s.actions.Endpoints())
	var t tried
	text, err := s.once(ctx, s.scripts.rights, keys, &t, []any{sets})
	var answer rightsReply
	if err == nil {
		err = decodeReply(text, &answer)
	}
	switch {
	case err != nil:
		return fmt.Errorf("try the commands that are needed: %w", err)
	case len(answer.Refused) > 0:
		s.note(answer.Refused)
		return fmt.Errorf("redis refuses what is needed: %w", answer.Refused)
	case t.noDisk != nil:
		s.note(t.noDisk)
		return fmt.Errorf("redis refuses WAITAOF, which REDIS_WAIT_AOF needs: %w", t.noDisk)
	case t.noWait != nil:
		s.note(t.noWait)
		return fmt.Errorf("redis refuses WAIT, which REDIS_WAIT_REPLICAS needs: %w", t.noWait)
	case t.replicas < s.replicas:
		s.note(approvals.ErrTooFewReplicas)
		return fmt.Errorf("REDIS_WAIT_REPLICAS is %d, and %d replicas confirm a write: %w", s.replicas, t.replicas, approvals.ErrTooFewReplicas)
	}
	return s.mayEval(ctx)
}

// mayEval fails where a script cannot be sent in full. After a restart or a failover
// Redis knows none of them by its digest.
func (s *Store) mayEval(ctx context.Context) error {
	master, err := s.master(ctx, s.keys.nothing())
	if err == nil {
		err = redis.NewScript("return 1").Eval(ctx, master, []string{s.keys.nothing()}).Err()
	}
	s.note(err)
	if err != nil {
		return fmt.Errorf("send a script in full: %w", err)
	}
	return nil
}
