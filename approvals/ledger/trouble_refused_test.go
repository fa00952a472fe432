package ledger

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// TestStoreRedisRefuses puts Redis into each state in which it
// answers but refuses: the change is refused whole, the person is told that
// nothing was recorded, and all goes on when the state has passed.
func TestStoreRedisRefuses(t *testing.T) {
	for _, tt := range []struct {
		name  string
		word  string // how Redis refuses
		begin func(t *testing.T, s *redistest.Server) (end func())
	}{
		{"out of memory", "OOM", outOfMemory},
		{"a script that does not end", "BUSY", busyScript},
		{"a replica now", "READONLY", demoted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			redistest.Real(t, func(t *testing.T, server *redistest.Server) {
				one, other := twoStores(t, of(server), 0)
				n := trouble(t, one, other, func(f *flow) {
					end := tt.begin(t, server)
					f.refused(6, tt.word)
					end()
				})
				if n.notRecorded < 6 || n.unconfirmed > 0 {
					t.Errorf("%d were told that nothing was recorded and %d that it is not known, want at least 6 and none",
						n.notRecorded, n.unconfirmed)
				}
			})
		})
	}
}

// outOfMemory leaves no memory for what is new; noeviction is set.
func outOfMemory(t *testing.T, s *redistest.Server) (end func()) {
	rdb := s.Client(t)
	set := func(value string) {
		if err := rdb.ConfigSet(t.Context(), "maxmemory", value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	set("1mb")
	return func() { set("0") }
}

// busyScript keeps Redis busy with somebody else's script until it is killed.
func busyScript(t *testing.T, s *redistest.Server) (end func()) {
	rdb := s.Client(t)
	if err := rdb.ConfigSet(t.Context(), "busy-reply-threshold", "20").Err(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	endless := redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1, ReadTimeout: -1, DisableIdentity: true})
	go func() { ended <- endless.Eval(context.WithoutCancel(t.Context()), "while true do end", nil).Err() }()
	return func() {
		if err := rdb.ScriptKill(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "killed") {
			t.Errorf("the endless script ended with %v", err)
		}
		endless.Close()
	}
}

// demoted hands the master's part to a replica, loses nothing on the way, and
// later takes it back.
func demoted(t *testing.T, s *redistest.Server) (end func()) {
	replica := redistest.StartReplica(t, s)
	swap := func(from, to *redistest.Server) {
		host, port, err := net.SplitHostPort(to.Addr)
		if err != nil {
			t.Fatal(err)
		}
		rdb := from.Client(t)
		redistest.Eventually(t, "the other is in step", func(ctx context.Context) bool {
			return rdb.Do(ctx, "failover", "to", host, port, "timeout", 5000).Err() == nil
		})
		redistest.Eventually(t, "the other is master", func(ctx context.Context) bool {
			return strings.Contains(to.Client(t).Info(ctx, "replication").Val(), "role:master")
		})
	}
	swap(s, replica)
	return func() { swap(replica, s) }
}

// TestStoreForgottenScripts makes Redis forget the scripts over and
// over. Nobody notices.
func TestStoreForgottenScripts(t *testing.T) {
	for name, durable := range map[string]int{"one server": 0, "with WAIT": 1} {
		t.Run(name, func(t *testing.T) {
			redistest.Real(t, func(t *testing.T, server *redistest.Server) {
				redistest.StartReplica(t, server)
				one, other := twoStores(t, of(server), durable)
				rdb := server.Client(t)
				n := trouble(t, one, other, func(f *flow) {
					for range 20 {
						if err := rdb.ScriptFlush(t.Context()).Err(); err != nil {
							t.Fatal(err)
						}
						f.more(10)
					}
				})
				if n.notRecorded+n.unconfirmed > 0 {
					t.Errorf("%d changes failed, want none:\n%s", n.notRecorded+n.unconfirmed, strings.Join(n.failures, "\n"))
				}
			})
		})
	}
}

// TestStoreOutOfMemory checks the other scripts that write.
func TestStoreOutOfMemory(t *testing.T) {
	redistest.Real(t, func(t *testing.T, server *redistest.Server) {
		s := newTestStore(t, server.Client(t), testActions())
		r := approved(t, s, approvalstest.DeviceNo(1))
		end := outOfMemory(t, server)
		if _, _, err := s.Lease(t.Context(), 10); err == nil || !strings.Contains(err.Error(), "OOM") {
			t.Errorf("lease: got %v, want OOM", err)
		}
		end()
		got, _, err := s.Lease(t.Context(), 10)
		if err != nil || len(got) != 2 {
			t.Errorf("lease with memory again: %d members and %v, want %s and its card", len(got), err, r.ID)
		}
	})
}
