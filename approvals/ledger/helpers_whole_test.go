package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/audit"
	"defenderbot/internal/redistest"
)

// roomyActions is a catalogue whose window takes every call of a test and
// keeps its slot to the end, so that slots can be counted.
func roomyActions() defender.Catalogue {
	actions := testActions()
	actions[0].Post.Limits = []defender.Limit{{Calls: 100_000, Per: 24 * time.Hour}}
	return actions
}

// kept is everything that Redis has of a workspace.
type kept struct {
	records map[string]approvals.Request
	entries []audit.Entry
	index   []string
	queue   map[string]float64
	agenda  map[string]float64
	slots   []string
}

// reader is the server that holds the keys of s, once it is known again.
func (s *Store) reader(t testing.TB) redis.Cmdable {
	t.Helper()
	var rdb redis.Cmdable
	redistest.Eventually(t, "the keys can be read", func(ctx context.Context) (ok bool) {
		var err error
		if rdb, err = s.master(ctx, s.keys.agenda()); err == nil {
			err = rdb.ZCard(ctx, s.keys.agenda()).Err()
		}
		return err == nil
	})
	return rdb
}

// keptBy reads all of it. Nothing may be under way.
func keptBy(t testing.TB, s *Store) kept {
	t.Helper()
	ctx, rdb, endpoint := t.Context(), s.reader(t), roomyActions()[0].Post.Name
	k := kept{records: map[string]approvals.Request{}, queue: scores(t, rdb, s.keys.queue(endpoint)), agenda: scores(t, rdb, s.keys.agenda())}
	for _, key := range rdb.Keys(ctx, s.keys.request("D-*")).Val() {
		text, err := rdb.Get(ctx, key).Result()
		if err != nil {
			t.Fatal(err)
		}
		r, err := decode(key[strings.LastIndex(key, ":")+1:], text)
		if err != nil || s.keys.request(r.ID) != key || !strings.HasPrefix(text, fmt.Sprintf("%d ", r.Version)) {
			t.Errorf("%s holds %q (%v)", key, text, err)
		}
		k.records[r.ID] = r
	}
	k.index = slices.Sorted(maps.Keys(scores(t, rdb, s.keys.index())))
	k.slots = slices.Sorted(maps.Keys(scores(t, rdb, s.keys.window(endpoint))))
	var err error
	if k.entries, err = redistest.Trail(ctx, rdb, s.keys.audit()); err != nil {
		t.Fatal(err)
	}
	return k
}

func scores(t testing.TB, rdb redis.Cmdable, key string) map[string]float64 {
	t.Helper()
	members, err := rdb.ZRangeWithScores(t.Context(), key, 0, -1).Result()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, z := range members {
		name, _ := z.Member.(string)
		all[name] = z.Score
	}
	return all
}

// checkWhole recomputes from the records alone what the index, the queue, the
// agenda, the window and the audit trail must be, and compares. It holds where
// every event is audited and nothing was forgotten or released.
func checkWhole(t testing.TB, s *Store) kept {
	t.Helper()
	k := keptBy(t, s)
	var index, slots []string
	queue, agenda, versions := map[string]float64{}, map[string]bool{}, map[string]int64{}
	for id, r := range k.records {
		for _, c := range approvals.Claims(r) {
			index = append(index, c.Member())
		}
		for i, c := range r.Calls {
			if c.Waiting() {
				queue[approvals.CallID(id, i)] = float64(r.ApprovedAt().UnixMilli())
			}
			for n := range c.Attempt {
				slots = append(slots, slotOf(id, i, n+1))
			}
		}
		agenda[id] = true
		if r.Behind() {
			agenda[approvals.Draw.Member(id)] = true
		}
		if at := approvals.Due(r, approvals.Look, approvalstest.Start); !at.IsZero() {
			agenda[approvals.Look.Member(id)] = true
		}
		if at := approvals.Due(r, approvals.Clock, approvalstest.Start); (r.State == approvals.Pending || r.State.Ended()) && k.agenda[id] != float64(at.UnixMilli()) {
			t.Errorf("%s is %s and due at %.0f, want %d", id, r.State, k.agenda[id], at.UnixMilli())
		}
		versions[id] = r.Version
	}
	slices.Sort(index)
	slices.Sort(slots)
	due := map[string]bool{}
	for member := range k.agenda {
		due[member] = true
	}
	for what, diff := range map[string]string{
		"index": cmp.Diff(index, k.index), "queue": cmp.Diff(queue, k.queue), "agenda": cmp.Diff(agenda, due),
		"slots against attempts": cmp.Diff(slots, k.slots), "audit": cmp.Diff(versions, k.audited(t)),
	} {
		if diff != "" {
			t.Errorf("torn: %s (-as the records say +as it is):\n%s", what, diff)
		}
	}
	return k
}

// audited is the last version of each request that the audit trail has. Each
// version must be there once, and one decision at most.
func (k kept) audited(t testing.TB) map[string]int64 {
	t.Helper()
	last, decided := map[string]int64{}, map[string]int{}
	for _, e := range k.entries {
		if e.Version != last[e.Request]+1 {
			t.Errorf("audit of %s: version %d (%s) after %d", e.Request, e.Version, e.Event, last[e.Request])
		}
		last[e.Request] = e.Version
		if e.Event == "approve" || e.Event == "deny" {
			decided[e.Request]++
		}
	}
	for id, n := range decided {
		if n > 1 {
			t.Errorf("%s was decided %d times", id, n)
		}
	}
	return last
}

// opKept reports whether the answer of an operation is kept: whether it was
// carried out in the last 15 minutes.
func opKept(t testing.TB, s *Store, op string) bool {
	t.Helper()
	n, err := s.reader(t).Exists(t.Context(), s.keys.op(op)).Result()
	if err != nil {
		t.Fatal(err)
	}
	return n == 1
}
