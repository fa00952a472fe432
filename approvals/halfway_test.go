package approvals

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

// TestPrepareTriesEveryCommand holds the dry run at the start to the scripts.
func TestPrepareTriesEveryCommand(t *testing.T) {
	tried, used := commandsOf(t, "try"), commandsOf(t, `redis\.p?call|put`)
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
	make func(s *Store, op Op) error
}

// steps sets up requests with one store, and are changes of them that touch all
// keys of a commit between them.
func steps(t *testing.T, by *Store) []tryout {
	t.Helper()
	pending, queued, running := pendingOn(t, by, device(1)), approved(t, by, device(2)), approved(t, by, device(3))
	running, err := by.Apply(t.Context(), newOp(), running, sending(by, 0))
	if err != nil {
		t.Fatal(err)
	}
	denied := pendingOn(t, by, device(4))
	denied = apply(t, by, denied, Deny{By: leader, Digest: denied.Digest(), Text: "x"})
	on := func(r Request, e func(*Store) Event) func(*Store, Op) error {
		return func(s *Store, op Op) error {
			_, err := s.Apply(t.Context(), op, r, func(Request) (Event, error) { return e(s), nil })
			return err
		}
	}
	return []tryout{
		{"ask", func(s *Store, op Op) error {
			_, err := s.Create(t.Context(), op, asked(device(9)), 5)
			return err
		}},
		{"approve", on(pending, func(*Store) Event { return Approve{By: leader, Digest: pending.Digest()} })},
		{"send", on(queued, func(*Store) Event { return On{0, Send{NotAfter: by.Now().Add(sendLimit)}} })},
		{"throttled", on(running, func(*Store) Event {
			return On{0, Requeue{Attempt: 1, Why: Why{Reason: Throttled, Until: by.Now().Add(time.Hour)}}}
		})},
		{"forget", on(denied, func(*Store) Event { return Forget{} })},
	}
}

func pendingOn(t *testing.T, s *Store, d Device) Request {
	t.Helper()
	r, err := s.Create(t.Context(), newOp(), asked(d), 0)
	if err != nil {
		t.Fatal(err)
	}
	return apply(t, s, r, Resolve{Devices: []Device{d}})
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
	case errors.Is(err, ErrNotRecorded) && changed:
		t.Errorf("%s: %v, but something was written", what, err)
	case !errors.Is(err, ErrNotRecorded) && !errors.Is(err, ErrUnconfirmed):
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
		for _, command := range commandsOf(t, `redis\.p?call|put`) {
			admin.FlushAll(t.Context())
			all := steps(t, newTestStore(t, admin, roomyActions()))
			s := newTestStore(t, userOf(t, server.Addr, admin, "+@all"), roomyActions())
			if err := admin.Do(t.Context(), "acl", "setuser", "someone", "-"+strings.ToLower(command)).Err(); err != nil {
				t.Fatal(err)
			}
			for _, step := range all {
				half, err := judged(t, admin, step.name+" without "+command, func() error { return step.make(s, newOp()) })
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

// TestCommitWrongType has each key of a commit hold something of another type.
func TestCommitWrongType(t *testing.T) {
	redistest.Real(t, func(t *testing.T, server *redistest.Server) {
		admin := server.Client(t)
		s := newTestStore(t, admin, roomyActions())
		names := s.keys.commit("the-op", "D-000000", roomyActions()[0].Post.Name)
		for _, key := range slices.Delete(names, 1, 2) {
			admin.FlushAll(t.Context())
			all := steps(t, s)
			admin.Del(t.Context(), key)
			admin.RPush(t.Context(), key, "a list")
			for _, step := range all {
				half, err := judged(t, admin, step.name+" with another "+key, func() error { return step.make(s, Op{ID: "the-op"}) })
				if half || err == nil {
					t.Errorf("%s with another %s: half made %v, %v; want it refused", step.name, key, half, err)
				}
			}
		}
	})
}

// TestRepeatIsReplicated: a repeat of an operation changes nothing, and still
// writes. Since Redis 7.2 WAIT speaks of the last write of its connection.
func TestRepeatIsReplicated(t *testing.T) {
	redistest.Real(t, func(t *testing.T, server *redistest.Server) {
		redistest.StartReplica(t, server) // without one there is no offset
		s := newTestStore(t, server.Client(t), roomyActions())
		op := newOp()
		first, err := s.Create(t.Context(), op, asked(device(1)), 0)
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
		if again, err := s.Create(t.Context(), op, asked(device(1)), 0); err != nil || again.ID != first.ID {
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

// TestOpReused: an envelope's id that comes again with another wish, person or
// request is not given the first one's answer.
func TestOpReused(t *testing.T) {
	people := town{people: map[string]Facts{"U1": {Person: asker}, "U2": {Person: leader}, "U3": {Person: second}}}
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), roomyActions())
		d := newTestDesk(s, people)
		one, two := pendingOn(t, s, device(1)), pendingOn(t, s, device(2))
		click := pressed("U2", one.Place)
		wish := Wish{Action: "collect", Devices: []Device{device(3)}, Comment: "odd"}
		asks := By{Op: "ask", User: "U1", Place: one.Place}
		made, err := d.Ask(t.Context(), asks, wish)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := d.Ask(t.Context(), asks, wish); err != nil || again.ID != made.ID {
			t.Errorf("the same command again: %s, %v", again.ID, err)
		}
		if _, err := d.Approve(t.Context(), click, one.ID, one.Digest()); err != nil {
			t.Fatal(err)
		}
		if again, err := d.Approve(t.Context(), click, one.ID, one.Digest()); err != nil || again.ID != one.ID {
			t.Errorf("the same click again: %s, %v", again.ID, err)
		}
		wish.Comment = "even"
		if _, err := d.Ask(t.Context(), asks, wish); !isNo(err, OpReused) {
			t.Errorf("another comment under the same id: %v", err)
		}
		wish.Comment, asks.User = "odd", "U2"
		if _, err := d.Ask(t.Context(), asks, wish); !isNo(err, OpReused) {
			t.Errorf("another person under the same id: %v", err)
		}
		if _, err := d.Approve(t.Context(), click, two.ID, two.Digest()); !isNo(err, OpReused) {
			t.Errorf("another request under the same id: %v", err)
		}
		click.User = "U3"
		if _, err := d.Approve(t.Context(), click, one.ID, one.Digest()); !isNo(err, AlreadyDecided) {
			t.Errorf("another person on the same request: %v", err)
		}
		click.User = "U2"
		if _, err := d.Cancel(t.Context(), click, two.ID); !isNo(err, OpReused) {
			t.Errorf("another button under the same id: %v", err)
		}
	})
}
