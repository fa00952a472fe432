package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
)

// Inherit counts the calls that the first version made, where it counted them
// under another name of the cloud. It comes before the first call is made.
func (s *Store) Inherit(ctx context.Context) error {
	for _, old := range s.old {
		if old.tag == s.keys.tag {
			continue
		}
		if err := s.countSlots(ctx, old); err != nil {
			return err
		}
	}
	return nil
}

// TakeOver takes over what older versions left: what is on their agenda, and what
// the first one wrote under its own keys. It says how many requests of that one
// these were. While they still run they make more, so this is asked for again and
// again. What cannot be taken over stays where it is and is in the error.
func (s *Store) TakeOver(ctx context.Context) (int, error) {
	moved, left := 0, false
	failed := []error{s.takeAgenda(ctx)}
	for _, old := range s.old {
		n, more, err := s.takeOver(ctx, old)
		moved, left = moved+n, left || more
		failed = append(failed, err)
	}
	s.inherits.Store(left)
	return moved, errors.Join(failed...)
}

// takeAgenda takes over what versions left on their agenda whose leases were due
// times. What they have in hand they go on with: of two commits on one version of
// a record one wins.
func (s *Store) takeAgenda(ctx context.Context) error {
	if members, gone, err := s.abandoned(ctx, s.keys.oneAgenda()); err != nil || !gone || len(members) == 0 {
		return err
	}
	var answer inherited
	if _, err := s.run(ctx, s.scripts.agenda, []string{s.keys.oneAgenda(), s.keys.agenda()}, &answer, 1000); err != nil {
		return fmt.Errorf("take over an agenda: %w", err)
	}
	if answer.Moved > 0 {
		s.Wake()
	}
	return nil
}

const (
	// How long something may be overdue while an older version works on it.
	neglected = 10 * time.Second
	// UpdateLimit is how long an update may take in which both versions run.
	UpdateLimit = 10 * time.Minute
)

// abandoned lists the agenda of an older version, and reports whether nobody works
// on it any more. Until then it is left alone: the older version can be the one
// that goes on.
func (s *Store) abandoned(ctx context.Context, agenda string) (members []redis.Z, gone bool, err error) {
	if members, err = s.rdb.ZRangeWithScores(ctx, agenda, 0, -1).Result(); err != nil {
		return nil, false, fmt.Errorf("agenda of an older version: %w", err)
	}
	now := s.Now()
	return members, now.Sub(s.began) > UpdateLimit || slices.ContainsFunc(members, func(m redis.Z) bool {
		return now.Sub(time.UnixMilli(int64(m.Score))) > neglected
	}), nil
}

// takeOver leaves to the first version what it still works on: it has the cards
// that it was clicked on, and would say of a request that it lost that there is
// none. It reports whether something is left there.
func (s *Store) takeOver(ctx context.Context, old keys) (moved int, left bool, err error) {
	if err := s.inheritTrail(ctx, old); err != nil {
		return 0, true, err
	}
	members, gone, err := s.abandoned(ctx, old.oneAgenda()) // every request is there: each state has a timer
	if err != nil || !gone {
		return 0, err != nil || len(members) > 0, err
	}
	var failed []error
	for _, m := range members {
		id, _ := m.Member.(string)
		ok, err := s.inheritOne(ctx, old, strings.TrimPrefix(id, string(approvals.Draw)))
		failed = append(failed, err)
		if ok {
			moved++
		}
	}
	err = errors.Join(append(failed, s.inheritTrail(ctx, old))...)
	return moved, err != nil, err
}

// HeldBefore is who holds one of the devices for an action under the keys of the
// first version.
func (s *Store) HeldBefore(ctx context.Context, action string, devices []approvals.Device) (string, error) {
	if !s.inherits.Load() {
		return "", nil
	}
	for _, old := range s.old {
		for _, d := range devices {
			if id, err := s.ownerIn(ctx, old, approvals.OpenPrefix(action, d.ID)); id != "" || err != nil {
				return id, err
			}
		}
	}
	return "", nil
}

// inherit looks for a request that nobody knows among those of the first
// version.
func (s *Store) inherit(ctx context.Context, id string) (bool, error) {
	if !s.inherits.Load() {
		return false, nil
	}
	for _, old := range s.old {
		if ok, err := s.inheritOne(ctx, old, id); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

type inherited struct {
	timed
	Moved int `json:"moved"`
}

// inheritOne takes over one request. One that changes meanwhile is left for the
// next time; one that cannot be read stays.
func (s *Store) inheritOne(ctx context.Context, old keys, id string) (bool, error) {
	text, err := s.rdb.Get(ctx, old.request(id)).Result()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read %s of the first version: %w", id, err)
	}
	r, err := decode(id, text)
	if err != nil {
		return false, err
	}
	entries, turns := []string{}, []string{} // JSON has no nil list for scripts
	for _, c := range approvals.Claims(r) {
		entries = append(entries, c.Member())
	}
	for i := range r.Calls {
		turns = append(turns, approvals.CallID(id, i))
	}
	action, _ := s.actions.Named(r.Action)
	endpoint := action.Post.Name
	var answer inherited
	_, err = s.run(ctx, s.scripts.inherit, []string{
		old.request(id), old.oneAgenda(), old.index(), old.queue(endpoint),
		s.keys.request(id), s.keys.agenda(), s.keys.index(), s.keys.queue(endpoint),
	}, &answer, id, text, asJSON(entries), asJSON(turns))
	if err != nil {
		return false, fmt.Errorf("take over %s of the first version: %w", id, err)
	}
	if answer.Moved > 0 {
		s.Wake()
	}
	return answer.Moved > 0, nil
}

// trailPart is how many entries of the audit trail are taken over in one step.
const trailPart = 200

func (s *Store) inheritTrail(ctx context.Context, old keys) error {
	for {
		var answer inherited
		if _, err := s.run(ctx, s.scripts.trail, []string{old.audit(), s.keys.audit(), s.keys.seals()}, &answer, trailPart); err != nil {
			return fmt.Errorf("take over the audit trail of the first version: %w", err)
		}
		if answer.Moved < trailPart {
			return nil
		}
	}
}

// countSlots counts the calls that were made under another name of the cloud.
func (s *Store) countSlots(ctx context.Context, old keys) error {
	for _, e := range s.actions.Endpoints() {
		var answer inherited
		_, err := s.run(ctx, s.scripts.slots, []string{old.window(e.Name), old.hold(e.Name), s.keys.window(e.Name), s.keys.hold(e.Name)}, &answer)
		if err != nil {
			return fmt.Errorf("count the calls of the first version: %w", err)
		}
	}
	return nil
}
