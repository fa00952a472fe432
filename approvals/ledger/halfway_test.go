package ledger

import (
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// commandsOf are the commands that the scripts run, by how they are called.
func commandsOf(t *testing.T, call string) []string {
	t.Helper()
	entries, err := os.ReadDir("scripts")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, e := range entries {
		if slices.Contains([]string{"inherit.lua", "trail.lua", "slots.lua"}, e.Name()) {
			continue // they run where an older version has written, and can wait
		}
		for _, m := range regexp.MustCompile(`\b(?:`+call+`)\('([A-Z]+)'`).FindAllStringSubmatch(source(strings.TrimSuffix(e.Name(), ".lua")), -1) {
			found[m[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// TestPrepareTriesEveryCommand holds the dry run at the start to the scripts. INFO is
// no part of it: where a script may not use it, it goes on without, and before
// anything is written.
func TestPrepareTriesEveryCommand(t *testing.T) {
	tried, used := commandsOf(t, "try"), commandsOf(t, `redis\.p?call`)
	used = slices.DeleteFunc(used, func(c string) bool { return c == "INFO" })
	if !slices.Equal(tried, used) || len(used) < 15 {
		t.Errorf("tried at the start: %v\nused:               %v", tried, used)
	}
}

// TestPrepareForbiddenCommand has a server that forbids one command after the
// other: the start says which, and leaves nothing behind.
func TestPrepareForbiddenCommand(t *testing.T) {
	redistest.Real(t, func(t *testing.T, server *redistest.Server) {
		admin := server.Client(t)
		for _, command := range commandsOf(t, "try") {
			s := unprepared(userOf(t, server.Addr, admin, "+@all", "-"+strings.ToLower(command)), roomyActions())
			err := s.Prepare(t.Context())
			if err == nil || !strings.Contains(strings.ToUpper(err.Error()), command) {
				t.Errorf("without %s the start says %v", command, err)
			}
			if command != "DEL" && admin.DBSize(t.Context()).Val() != 0 {
				t.Errorf("without %s the start leaves keys", command)
			}
		}
	})
}

// userOf is a client of a user with these rights.
func userOf(t *testing.T, addr string, admin *redis.Client, rights ...string) *redis.Client {
	t.Helper()
	args := []any{"acl", "setuser", "someone", "reset", "on", ">secret", "~*", "&*"}
	for _, r := range rights {
		args = append(args, r)
	}
	if err := admin.Do(t.Context(), args...).Err(); err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(&redis.Options{
		Addr: addr, Username: "someone", Password: "secret", MaxRetries: -1, DialerRetries: 1, ContextTimeoutEnabled: true, DisableIdentity: true,
	})
	t.Cleanup(func() { rdb.Close() })
	return rdb
}

// snapshot is all that a server holds, but what an operation keeps.
func snapshot(t *testing.T, rdb *redis.Client) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, key := range rdb.Keys(t.Context(), "*").Val() {
		text, err := rdb.Dump(t.Context(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		all[key] = text
	}
	return all
}

// tryout is one change, made by s on what others have set up.
type tryout struct {
	name string
	uses string // the keys that it reads or writes, beside those that each change does
	make func(s *Store, op Op) error
}

// steps sets up requests with one store, and are changes of them that touch all
// keys of a commit between them.
func steps(t *testing.T, by *Store) []tryout {
	t.Helper()
	pending, queued, running := pendingOn(t, by, approvalstest.DeviceNo(1)), approved(t, by, approvalstest.DeviceNo(2)), approved(t, by, approvalstest.DeviceNo(3))
	running, err := by.Apply(t.Context(), NewOp(), running, sending(by, 0))
	if err != nil {
		t.Fatal(err)
	}
	sent := approved(t, by, approvalstest.DeviceNo(5))
	sent, err = by.Apply(t.Context(), NewOp(), sent, sending(by, 0))
	if err != nil {
		t.Fatal(err)
	}
	alone := reaching(approvalstest.Asker, 6, 1, 40)
	alone.Forced = true
	alone, err = by.CreateForced(t.Context(), NewOp(), alone)
	if err != nil {
		t.Fatal(err)
	}
	denied := pendingOn(t, by, approvalstest.DeviceNo(4))
	denied = apply(t, by, denied, approvals.Deny{By: approvalstest.Leader, Digest: denied.Digest(), Text: "x"})
	on := func(r approvals.Request, e func(*Store) approvals.Event) func(*Store, Op) error {
		return func(s *Store, op Op) error {
			_, err := s.Apply(t.Context(), op, r, func(approvals.Request) (approvals.Event, error) { return e(s), nil })
			return err
		}
	}
	return []tryout{
		{"ask", "frozen", func(s *Store, op Op) error {
			_, err := s.Create(t.Context(), op, approvalstest.Asked(approvalstest.DeviceNo(9)), 5)
			return err
		}},
		{"approve", "queue window hold frozen", on(pending, func(*Store) approvals.Event {
			return approvals.Approve{By: approvalstest.Leader, Digest: pending.Digest()}
		})},
		{"send", "queue window hold frozen doubt", on(queued, func(*Store) approvals.Event {
			return approvals.On{Call: 0, Event: approvals.Send{NotAfter: by.Now().Add(approvals.SendLimit)}}
		})},
		{"throttled", "queue window hold frozen", on(running, func(*Store) approvals.Event {
			return approvals.On{Call: 0, Event: approvals.Requeue{Attempt: 1, Why: approvals.Why{Reason: approvals.Throttled, Until: by.Now().Add(time.Hour)}}}
		})},
		{"accepted", "queue window hold ended", on(sent, func(*Store) approvals.Event {
			return approvals.On{Call: 0, Event: approvals.Accept{Attempt: 1, Job: approvals.Job{ID: "j1", Status: "Pending"}}}
		})},
		{"force", "queue window hold frozen reach forced alarms", on(alone, func(*Store) approvals.Event {
			return approvals.Force{By: alone.By, Devices: alone.Devices}
		})},
		{"forget", "", on(denied, func(*Store) approvals.Event { return approvals.Forget{} })},
	}
}

// judged makes a change and holds what is said of it to what is in Redis then.
// It reports whether the change was half made.
func judged(t *testing.T, admin *redis.Client, what string, change func() error) (half bool, err error) {
	t.Helper()
	before := snapshot(t, admin)
	err = change()
	after := snapshot(t, admin)
	changed := !maps.Equal(before, after)
	switch {
	case err == nil:
	case errors.Is(err, approvals.ErrNotRecorded) && changed:
		t.Errorf("%s: %v, but something was written", what, err)
	case !errors.Is(err, approvals.ErrNotRecorded) && !errors.Is(err, approvals.ErrUnconfirmed):
		t.Errorf("%s: %v says nothing of what was recorded", what, err)
	}
	return err != nil && changed, err
}

// TestCommitForbiddenCommand takes one right after the other away while the bot
// runs: a change is made whole, not at all, or said to be unconfirmed, and none
// is made without its audit entry.
func TestCommitForbiddenCommand(t *testing.T) {
	redistest.Real(t, func(t *testing.T, server *redistest.Server) {
		admin, halves := server.Client(t), 0
		for _, command := range commandsOf(t, `redis\.p?call`) {
			admin.FlushAll(t.Context())
			all := steps(t, newTestStore(t, admin, roomyActions()))
			s := newTestStore(t, userOf(t, server.Addr, admin, "+@all"), roomyActions())
			if err := admin.Do(t.Context(), "acl", "setuser", "someone", "-"+strings.ToLower(command)).Err(); err != nil {
				t.Fatal(err)
			}
			for _, step := range all {
				half, err := judged(t, admin, step.name+" without "+command, func() error { return step.make(s, NewOp()) })
				if half {
					halves++
				}
				if command == "XADD" && (err == nil || half) {
					t.Errorf("%s without its audit entry: half made %v, %v", step.name, half, err)
				}
			}
		}
		if halves == 0 {
			t.Error("no change was ever half made: the test misses its aim")
		}
	})
}

// TestCommitWrongType has each key of a commit hold something of another type: a change that
// needs it is refused whole, and one that does not is made.
func TestCommitWrongType(t *testing.T) {
	always := []string{"op", "agenda", "held", "index", "audit"}
	redistest.Real(t, func(t *testing.T, server *redistest.Server) {
		admin := server.Client(t)
		s := newTestStore(t, admin, roomyActions())
		s.alerts = "C9"
		names := s.keys.commit("the-op", approvals.Request{ID: "D-000000", By: approvalstest.Asker}, roomyActions()[0].Post.Name)
		for i, what := range strings.Fields("op request agenda held index audit queue window hold doubt ended frozen reach forced alarms") {
			if what == "request" {
				continue // each step has its own, and reads it before it writes
			}
			for n, all := 0, []tryout{{}}; n < len(all); n++ {
				admin.FlushAll(t.Context())
				all = steps(t, s)
				step := all[n]
				admin.Del(t.Context(), names[i])
				admin.RPush(t.Context(), names[i], "a list")
				half, err := judged(t, admin, step.name+" with another "+what, func() error { return step.make(s, Op{ID: "the-op"}) })
				uses := slices.Contains(append(always, strings.Fields(step.uses)...), what)
				if half || uses != (err != nil) {
					t.Errorf("%s with another %s: half made %v, %v; want it refused: %v", step.name, what, half, err, uses)
				}
			}
		}
	})
}

// TestStoreRepeatIsReplicated: a repeat of an operation changes nothing, and still
// writes. Since Redis 7.2 WAIT speaks of the last write of its connection.
func TestStoreRepeatIsReplicated(t *testing.T) {
	redistest.Real(t, func(t *testing.T, server *redistest.Server) {
		redistest.StartReplica(t, server) // without one there is no offset
		s := newTestStore(t, server.Client(t), roomyActions())
		op := NewOp()
		first, err := s.Create(t.Context(), op, approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
		if err != nil {
			t.Fatal(err)
		}
		ttl := server.Client(t).PTTL(t.Context(), s.keys.op(op.ID)).Val()
		offset := func() string {
			text := server.Client(t).Info(t.Context(), "replication").Val()
			_, after, _ := strings.Cut(text, "master_repl_offset:")
			return after[:strings.IndexByte(after, '\r')]
		}
		before := offset()
		if again, err := s.Create(t.Context(), op, approvalstest.Asked(approvalstest.DeviceNo(1)), 0); err != nil || again.ID != first.ID {
			t.Fatalf("%s again is %s, %v", first.ID, again.ID, err)
		}
		if offset() == before {
			t.Error("the repeat writes nothing that a replica could confirm")
		}
		if left := server.Client(t).PTTL(t.Context(), s.keys.op(op.ID)).Val(); left <= 0 || left > ttl {
			t.Errorf("its answer is kept for %s, want no longer than %s", left, ttl)
		}
	})
}
