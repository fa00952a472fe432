package ledger

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// diskStore is a store whose changes wait for Redis's disk.
func diskStore(t *testing.T, rdb redis.UniversalClient, replicas int) *Store {
	t.Helper()
	return NewStore(StoreConfig{
		Redis: rdb, Installation: Installation{App: "A1", Team: "T1"}, Catalogue: testActions(), Clock: time.Now, Replicas: replicas, OnDisk: true,
	})
}

// setting changes an option of a running server.
func setting(t *testing.T, server *redistest.Server, name, value string) {
	t.Helper()
	if err := server.Client(t).ConfigSet(t.Context(), name, value).Err(); err != nil {
		t.Fatal(err)
	}
}

// TestDurableOnDisk: a change counts when it is on Redis's disk; one that is not there in
// time is recorded and does not count, and who approved it knows.
func TestDurableOnDisk(t *testing.T) {
	redistest.Newer(t, func(t *testing.T, server *redistest.Server) {
		var faults []Fault
		s := diskStore(t, server.Client(t), 0)
		s.failed = func(f Fault) { faults = append(faults, f) }
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, fsync := range []string{"always", "everysec"} {
			setting(t, server, "appendfsync", fsync)
			if _, err := s.ToDisk(t.Context()); err != nil {
				t.Errorf("appendfsync %s: %v", fsync, err)
			}
		}
		r := pendingOn(t, s, approvalstest.DeviceNo(1))
		if len(faults) > 0 {
			t.Errorf("faults %v, want none", faults)
		}
		setting(t, server, "appendfsync", "no") // the system writes it to the disk some time
		after, lease, err := s.ApplyAndLease(t.Context(), NewOp(), r, func(r approvals.Request) (approvals.Event, error) {
			return approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()}, nil
		})
		if !errors.Is(err, approvals.ErrNotOnDisk) || after.State != approvals.Approved || lease.Token == 0 {
			t.Errorf("an approval that is not on the disk: %v, %s, %+v", err, after.State, lease)
		}
		if _, err := s.ToDisk(t.Context()); FaultOf(err) != NotOnDisk {
			t.Errorf("ToDisk: %v", err)
		}
		if len(faults) != 2 || faults[0] != NotOnDisk || faults[1] != NotOnDisk {
			t.Errorf("faults %v, want two of the disk", faults)
		}
	})
}

// TestDurableBoth: with REDIS_WAIT_REPLICAS it takes both, and each is asked for by itself,
// since a replica may keep nothing on a disk.
func TestDurableBoth(t *testing.T) {
	redistest.Newer(t, func(t *testing.T, server *redistest.Server) {
		s := diskStore(t, server.Client(t), 1)
		if err := s.Prepare(t.Context()); FaultOf(err) != Behind {
			t.Fatalf("without a replica: %v", err)
		}
		replica := redistest.StartReplica(t, server)
		setting(t, replica, "appendonly", "no")
		prepare(t, s)
		r := pendingOn(t, s, approvalstest.DeviceNo(1))
		setting(t, server, "appendfsync", "no")
		deny := func(r approvals.Request) (approvals.Event, error) {
			return approvals.Deny{By: approvalstest.Leader, Digest: r.Digest()}, nil
		}
		if _, err := s.Apply(t.Context(), NewOp(), r, deny); !errors.Is(err, approvals.ErrNotOnDisk) {
			t.Errorf("with a replica and no disk: %v", err)
		}
		setting(t, server, "appendfsync", "always")
		r = pendingOn(t, s, approvalstest.DeviceNo(2))
		replica.Kill(t)
		if _, err := s.Apply(t.Context(), NewOp(), r, deny); !errors.Is(err, approvals.ErrTooFewReplicas) {
			t.Errorf("with a disk and no replica: %v", err)
		}
		replica.Up(t) // the test kills it once more
	})
}

// TestDurableRefused: where Redis cannot confirm that something is on its disk, that is
// said at once and in words, and not taken for a yes.
func TestDurableRefused(t *testing.T) {
	redistest.Newer(t, func(t *testing.T, server *redistest.Server) {
		older := redistest.StartNewer(t, "--rename-command", "WAITAOF", "")
		for _, tt := range []struct {
			name  string
			begin func()
			rdb   func() *redis.Client
			fault Fault
			words string
		}{
			{"unknown", func() {}, func() *redis.Client { return older.Client(t) }, NoCommand, "unknown command"},
			{"no right", func() {}, func() *redis.Client { return userOf(t, server.Addr, server.Client(t), "+@all", "-waitaof") }, NoRight, "NOPERM"},
			{"no append-only file", func() { setting(t, server, "appendonly", "no") }, func() *redis.Client { return server.Client(t) }, Unspecific, "appendonly is disabled"},
		} {
			tt.begin()
			s := diskStore(t, tt.rdb(), 0)
			for what, ask := range map[string]func() error{
				"Prepare": func() error { return s.Prepare(t.Context()) },
				"ToDisk":  func() error { _, err := s.ToDisk(t.Context()); return err },
			} {
				err := ask()
				if FaultOf(err) != tt.fault || !strings.Contains(err.Error(), tt.words) || what == "Prepare" && !strings.Contains(err.Error(), "WAITAOF, which REDIS_WAIT_AOF needs") {
					t.Errorf("%s: %s: %v (%q)", tt.name, what, err, FaultOf(err))
				}
			}
			_, err := s.Create(t.Context(), NewOp(), approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
			if !errors.Is(err, approvals.ErrNotOnDisk) && !approvals.IsRefusal(err, approvals.AlreadyOpen) {
				t.Errorf("%s: a change: %v", tt.name, err)
			}
		}
	})
}
