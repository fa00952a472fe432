package ledger

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
)

// patience is how long a change waits for those who have to confirm it. The zero value
// waits for nobody.
type patience struct{ replicas, disk time.Duration }

// diskLimit is how long a change may be on its way to the disk: with appendfsync everysec
// Redis writes it there once a second
// (https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/).
const diskLimit = 1500 * time.Millisecond

// waits is how long to wait behind a script. Both together stay below the time that an
// acknowledgement has.
func (s *Store) waits(sc *redis.Script) (p patience) {
	switch sc {
	case s.scripts.commit, s.scripts.freeze, s.scripts.seal:
		p = patience{time.Second, diskLimit}
		if s.onDisk { // the replicas have had that long already
			p.replicas /= 2
		}
	case s.scripts.rights: // whoever asks for /readyz waits a second for all, and ToDisk waits for the disk
		p = patience{time.Second / 2, time.Millisecond}
	}
	if s.replicas == 0 {
		p.replicas = 0
	}
	if !s.onDisk {
		p.disk = 0
	}
	return p
}

// durably runs a script and then WAITAOF and WAIT on one connection to the master of its
// keys, so that they speak of this very write; within a script they would not wait
// (https://redis.io/docs/latest/commands/wait/, https://redis.io/docs/latest/commands/waitaof/).
func (s *Store) durably(ctx context.Context, master redis.Cmdable, sc *redis.Script, wait patience, keys []string, t *tried, args []any) (string, error) {
	send := func(text func(redis.Pipeliner) *redis.Cmd) (string, error) {
		var answer, disk, replicas *redis.Cmd
		_, err := master.Pipelined(ctx, func(p redis.Pipeliner) error {
			answer = text(p)
			if wait.disk > 0 {
				disk = waitDisk(ctx, p, wait.disk)
			}
			if wait.replicas > 0 {
				replicas = p.Do(ctx, "wait", s.replicas, wait.replicas.Milliseconds())
			}
			return nil
		})
		if err != nil && answer.Err() != nil {
			return "", answer.Err()
		}
		if disk != nil {
			t.disk, t.noDisk = reached(disk)
		}
		if replicas != nil {
			t.replicas, t.noWait = replicas.Int() // no answer: none confirmed
		}
		return answer.Text()
	}
	text, err := send(func(p redis.Pipeliner) *redis.Cmd { return p.EvalSha(ctx, sc.Hash(), keys, args...) })
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		text, err = send(func(p redis.Pipeliner) *redis.Cmd { return sc.Eval(ctx, p, keys, args...) })
	}
	return text, err
}

// waitDisk asks the server's own disk to confirm, and no replica's: they may have none.
func waitDisk(ctx context.Context, p redis.Pipeliner, limit time.Duration) *redis.Cmd {
	return p.Do(ctx, "waitaof", 1, 0, limit.Milliseconds())
}

// reached reports whether the disk has confirmed.
func reached(waited *redis.Cmd) (bool, error) {
	confirmed, err := waited.Int64Slice() // of the server, of its replicas
	return err == nil && len(confirmed) > 0 && confirmed[0] > 0, err
}

// lasts fails where a change was recorded and not confirmed by all who have to.
func (s *Store) lasts(t tried) (err error) {
	switch {
	case t.replicas < s.replicas:
		err = approvals.ErrTooFewReplicas
	case s.onDisk && !t.disk:
		err = approvals.ErrNotOnDisk
	}
	s.note(err)
	return err
}

// ToDisk has Redis write something that nobody reads and waits for its disk as a change
// does. It returns how long that took by this machine's clock, and zero where changes do
// not wait for the disk.
func (s *Store) ToDisk(ctx context.Context) (took time.Duration, err error) {
	if !s.onDisk {
		return 0, nil
	}
	master, err := s.master(ctx, s.keys.nothing())
	if err != nil {
		return 0, err
	}
	var waited *redis.Cmd
	began := s.clock()
	_, err = master.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Set(ctx, s.keys.nothing(), "x", time.Second)
		waited = waitDisk(ctx, p, diskLimit)
		return nil
	})
	if there, failed := reached(waited); err == nil && !there {
		err = cmp.Or(failed, approvals.ErrNotOnDisk)
	}
	s.note(err)
	if err != nil {
		return 0, fmt.Errorf("write to Redis's disk: %w", err)
	}
	return s.clock().Sub(began), nil
}
