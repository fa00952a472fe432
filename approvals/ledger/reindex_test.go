package ledger

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// unlisted takes the entries out of the index that the version before did not make, and
// returns them.
func unlisted(t *testing.T, s *Store) (out []string) {
	t.Helper()
	for _, e := range s.rdb.ZRange(t.Context(), s.keys.index(), 0, -1).Val() {
		for _, kind := range []string{"by/", "in/", "ended/"} {
			if strings.HasPrefix(e, kind) {
				out = append(out, e)
				s.rdb.ZRem(t.Context(), s.keys.index(), e)
			}
		}
	}
	return out
}

// TestReindex: what the version before wrote, in every state, is in the index afterwards as if
// this one had written it; a second time nothing is missing.
func TestReindex(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		for i := range reindexed { // more than one step, with three members for some
			r := pendingOn(t, s, approvalstest.DeviceNo(i))
			switch i % 4 {
			case 1:
				apply(t, s, r, approvals.Cancel{By: approvalstest.Asker})
			case 2:
				apply(t, s, r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()})
			case 3:
				apply(t, s, r, approvals.Deny{By: approvalstest.Leader, Digest: r.Digest()})
			}
		}
		whole := s.rdb.ZRange(t.Context(), s.keys.index(), 0, -1).Val()
		lacks := unlisted(t, s)
		if got, _ := found(t, s, Open(), 9, nil); len(got) > 0 || len(lacks) != 2*reindexed {
			t.Fatalf("%d open are listed, and %d entries were taken out", len(got), len(lacks))
		}
		if n, err := s.Reindex(t.Context()); err != nil || n != len(lacks) {
			t.Errorf("%d entries were added, %v; want %d", n, err, len(lacks))
		}
		if diff := cmp.Diff(whole, s.rdb.ZRange(t.Context(), s.keys.index(), 0, -1).Val()); diff != "" {
			t.Errorf("the index (-before +after):\n%s", diff)
		}
		if n, err := s.Reindex(t.Context()); err != nil || n != 0 {
			t.Errorf("a second time: %d entries were added, %v", n, err)
		}
	})
}

// TestReindexChanged: of a record that changes after it was read nothing is added that it does
// not hold any more; who changes it adds what it holds.
func TestReindexChanged(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		r := pendingOn(t, s, approvalstest.DeviceNo(1))
		unlisted(t, s)
		known := asJSON([]indexed{{r.Version, shared(r)}})
		r = apply(t, s, r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()})
		if got, _ := found(t, s, OpenIn("C1"), 9, nil); !slices.Equal(got, []string{r.ID}) {
			t.Errorf("open after a change: %q, want %s", got, r.ID)
		}
		for _, e := range []approvals.Event{approvals.Cancel{By: approvalstest.Asker}, approvals.Forget{}} {
			r = apply(t, s, r, e)
			before := s.rdb.ZRange(t.Context(), s.keys.index(), 0, -1).Val()
			var answer reindexReply
			if _, err := s.run(t.Context(), s.scripts.reindex, []string{s.keys.index(), s.keys.request(r.ID)}, &answer, known); err != nil || answer.Added > 0 {
				t.Errorf("after %s: %d added, %v", approvals.EventName(e), answer.Added, err)
			}
			if diff := cmp.Diff(before, s.rdb.ZRange(t.Context(), s.keys.index(), 0, -1).Val()); diff != "" {
				t.Errorf("after %s (-before +after):\n%s", approvals.EventName(e), diff)
			}
		}
	})
}

// TestReindexLeaves: what cannot be read, is gone, or is of another kind on the agenda is left
// alone, and keeps nobody else out of the index.
func TestReindexLeaves(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		var all []approvals.Request
		for i := range 4 {
			all = append(all, pendingOn(t, s, approvalstest.DeviceNo(i)))
		}
		ctx := t.Context()
		unlisted(t, s)
		s.rdb.Del(ctx, s.keys.request(all[0].ID))
		s.rdb.Set(ctx, s.keys.request(all[1].ID), `9 {"f":99}`, 0)
		s.rdb.Del(ctx, s.keys.request(all[2].ID))
		s.rdb.SAdd(ctx, s.keys.request(all[2].ID), "a set")
		s.rdb.ZAdd(ctx, s.keys.agenda(), z("home:U1", s.Now()), z("index", s.Now()))
		if n, err := s.Reindex(ctx); err != nil || n != 2 {
			t.Errorf("%d entries were added, %v; want two", n, err)
		}
		if got, _ := found(t, s, OpenBy(approvalstest.Asker), 9, nil); !slices.Equal(got, []string{all[3].ID}) {
			t.Errorf("open are %q, want %s", got, all[3].ID)
		}
	})
}

// TestReindexBesideAnOlderVersion: what an older version ends while both run is among what has
// ended after the second time.
func TestReindexBesideAnOlderVersion(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		r := pendingOn(t, s, approvalstest.DeviceNo(1))
		open := unlisted(t, s)
		r = apply(t, s, r, approvals.Cancel{By: approvalstest.Asker})
		unlisted(t, s)
		for _, e := range open { // by this version's first time, before the older one ended it
			s.rdb.ZAdd(t.Context(), s.keys.index(), z(e, time.UnixMilli(0)))
		}
		if n, err := s.Reindex(t.Context()); err != nil || n != 2 {
			t.Errorf("%d entries were added, %v; want two", n, err)
		}
		for name, tt := range map[string]struct {
			q    Query
			want []string
		}{
			"open": {Open(), nil}, "open of the person": {OpenBy(approvalstest.Asker), nil},
			"ended": {Ended(time.Time{}), []string{r.ID}}, "ended of the person": {EndedBy(approvalstest.Asker, time.Time{}), []string{r.ID}},
		} {
			if got, _ := found(t, s, tt.q, 9, nil); !slices.Equal(got, tt.want) {
				t.Errorf("%s: %q, want %q", name, got, tt.want)
			}
		}
		if got := s.rdb.ZCard(t.Context(), s.keys.index()).Val(); int(got) != len(approvals.Claims(r)) {
			t.Errorf("the index has %d entries, want the %d that the request holds", got, len(approvals.Claims(r)))
		}
	})
}
