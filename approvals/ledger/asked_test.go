package ledger

import (
	"context"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// lastAsked is the id of the newest request for a device.
func lastAsked(t *testing.T, s *Store, d approvals.Device, since time.Time, but string) string {
	t.Helper()
	r, found, err := s.LastAsked(t.Context(), "collect", d.ID, since, but)
	if err != nil || found != (r.ID != "") {
		t.Fatalf("found %v: %q, error %v", found, r.ID, err)
	}
	return r.ID
}

// TestStoreLastAsked: the newest request that was put to approvers is found, however it
// ended, until it is forgotten; others are not.
func TestStoreLastAsked(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		began, d := s.Now(), approvalstest.DeviceNo(1)
		cancelled := func() approvals.Request {
			return apply(t, s, pendingOn(t, s, d), approvals.Cancel{By: approvalstest.Asker})
		}
		first := cancelled()
		waitFor(t, func(ctx context.Context) bool { _, _, _ = s.Lease(ctx, 0); return s.Now().After(first.Asked) })
		second := cancelled()
		approved(t, s, approvalstest.DeviceNo(2))
		unseen, err := s.Create(t.Context(), NewOp(), approvalstest.Asked(d), 0)
		if err != nil {
			t.Fatal(err)
		}
		apply(t, s, unseen, approvals.Reject{Why: approvals.Why{Reason: approvals.DeviceNotFound}})
		for _, tt := range []struct {
			name  string
			since time.Time
			but   string
			want  string
		}{
			{"the newest", began, "", second.ID},
			{"but for the newest", began, second.ID, first.ID},
			{"since the second", second.Asked, second.ID, ""},
			{"since later", second.Asked.Add(time.Millisecond), "", ""},
		} {
			if got := lastAsked(t, s, d, tt.since, tt.but); got != tt.want {
				t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
			}
		}
		apply(t, s, second, approvals.Forget{})
		if got := lastAsked(t, s, d, began, ""); got != first.ID {
			t.Errorf("after the newest is forgotten: %q, want %q", got, first.ID)
		}
	})
}

// TestStoreLastAskedGone: an entry whose request is gone, as a version leaves it that does
// not know of these entries, is taken out; one whose request cannot be read is passed over.
func TestStoreLastAskedGone(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		began, d := s.Now(), approvalstest.DeviceNo(1)
		gone := apply(t, s, pendingOn(t, s, d), approvals.Cancel{By: approvalstest.Asker})
		s.rdb.Del(t.Context(), s.keys.request(gone.ID))
		damaged := apply(t, s, pendingOn(t, s, d), approvals.Cancel{By: approvalstest.Asker})
		s.rdb.Set(t.Context(), s.keys.request(damaged.ID), "3 {}", 0)
		if got := lastAsked(t, s, d, began, ""); got != "" {
			t.Errorf("found %q, want none", got)
		}
		if left := s.rdb.ZLexCount(t.Context(), s.keys.index(), "[asked/", "(asked/\xff").Val(); left != 1 {
			t.Errorf("%d entries are left, want that of the damaged record", left)
		}
	})
}

// TestStoreAskedBeside: a record that an older version has made pending, and so has no such
// entry, gets it with the next change, and is forgotten like any other.
func TestStoreAskedBeside(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		d := approvalstest.DeviceNo(1)
		r := pendingOn(t, s, d)
		s.rdb.ZRem(t.Context(), s.keys.index(), approvals.AskedPrefix(r.Action, d.ID)+approvals.EntryTime(r.Asked)+"/"+r.ID)
		if got := lastAsked(t, s, d, r.Asked, ""); got != "" {
			t.Errorf("found %q, want none", got)
		}
		r = apply(t, s, r, approvals.Cancel{By: approvalstest.Asker})
		if got := lastAsked(t, s, d, r.Asked, ""); got != r.ID {
			t.Errorf("after a change: found %q, want %s", got, r.ID)
		}
		apply(t, s, r, approvals.Forget{})
		if left := s.rdb.ZCard(t.Context(), s.keys.index()).Val(); left != 0 {
			t.Errorf("%d entries are left", left)
		}
	})
}
