package ledger

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/audit"
	"defenderbot/internal/redistest"
)

// firstVersion puts into Redis what a bot of the first version with
// DEFENDER_CLOUD=eu wrote there: a request being checked, one pending, one whose
// first of three calls runs, one denied.
func firstVersion(t *testing.T, rdb redis.Cmdable) {
	t.Helper()
	redistest.Put(t, rdb, "testdata/inherit/first-version.json")
}

// heir is an office of this version on what the first one left, under one name
// of the cloud or another.
func heir(t *testing.T, clouds ...string) *moment {
	t.Helper()
	m := newMoment(t, roomyActions())
	tenant, w := Tenant{"global", "tenant", "client"}, Installation{App: "A1", Team: "T1"}
	for _, cloud := range clouds {
		m.old = append(m.old, oldKeys(cloud, tenant, w))
	}
	m.inherits.Store(true)
	return m
}

func TestTakeOver(t *testing.T) {
	o := heir(t, "global", "us", "eu")
	rdb := o.rdb
	firstVersion(t, rdb)
	old := o.old[2]
	var before []string
	for _, e := range mustRead(t, rdb, old.audit()) {
		before = append(before, e.Request+" "+e.Event)
	}
	if err := o.Inherit(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.pass(neglected)
	if n, err := o.TakeOver(t.Context()); err != nil || n != 0 {
		t.Fatalf("%d requests taken over (%v) from a version that may still work on them", n, err)
	}
	o.pass(2 * time.Second)
	if n, err := o.TakeOver(t.Context()); err != nil || n != 4 {
		t.Fatalf("%d requests taken over, %v; want 4", n, err)
	}
	if n, err := o.TakeOver(t.Context()); err != nil || n != 0 || o.inherits.Load() {
		t.Errorf("a second time: %d, %v; something is left: %v", n, err, o.inherits.Load())
	}
	left := slices.DeleteFunc(o.redis.Keys(), func(key string) bool {
		return !strings.HasPrefix(key, old.tag) || strings.Contains(key, ":window:")
	})
	if len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	states := map[approvals.State]approvals.Request{}
	for _, key := range o.redis.Keys() {
		if id := key[strings.LastIndex(key, ":")+1:]; strings.HasPrefix(id, "D-") {
			r := load(t, o.Store, id)
			states[r.State] = r
		}
	}
	if len(states) != 4 {
		t.Errorf("states %v", slices.Collect(maps.Keys(states)))
	}
	var after []string
	for _, e := range mustRead(t, rdb, o.keys.audit()) {
		after = append(after, e.Request+" "+e.Event)
	}
	if !slices.Equal(after, before) {
		t.Errorf("the audit trail: %s", cmp.Diff(before, after))
	}
	working := states[approvals.Approved]
	if got, _ := o.redis.SortedSet(o.keys.queue("collectInvestigationPackage")); len(got) != 2 {
		t.Errorf("the queue has %v, want two calls of %s", got, working.ID)
	}
	if got, _ := o.redis.SortedSet(o.keys.window("collectInvestigationPackage")); len(got) != 1 {
		t.Errorf("the window has %v, want the call that was made", got)
	}
	// What was taken over goes on: it can be decided, its claims hold, its clock runs.
	pending := states[approvals.Pending]
	if r := apply(t, o.Store, pending, approvals.Approve{By: approvalstest.Leader, Digest: pending.Digest()}); r.State != approvals.Approved {
		t.Errorf("approve what was pending: %s", r.State)
	}
	if _, err := o.Create(t.Context(), NewOp(), approvalstest.Asked(working.Devices...), 0); !approvals.IsRefusal(err, approvals.AlreadyOpen) {
		t.Errorf("the same device again: %v", err)
	}
	o.pass(3 * time.Minute)
	leaseOf(t, o.Store, states[approvals.Checking].ID)
}

func mustRead(t *testing.T, rdb redis.Cmdable, key string) []audit.Entry {
	t.Helper()
	entries, err := redistest.Trail(t.Context(), rdb, key)
	if err != nil || len(entries) == 0 {
		t.Fatalf("audit trail %s: %d entries, %v", key, len(entries), err)
	}
	return entries
}

// TestLoadInherits: a click on what the first version made a moment ago finds
// it.
func TestLoadInherits(t *testing.T) {
	o := heir(t, "eu")
	firstVersion(t, o.rdb)
	members, err := o.redis.ZMembers(o.old[0].oneAgenda())
	if err != nil {
		t.Fatal(err)
	}
	if r := load(t, o.Store, members[len(members)-1]); r.By.ID != "U1" || o.redis.Exists(o.old[0].request(r.ID)) {
		t.Errorf("loaded %+v", r)
	}
}

// TestTakeOverTrailAlone: the last entries that the first version wrote come over
// when it has no request any more.
func TestTakeOverTrailAlone(t *testing.T) {
	o := heir(t, "eu")
	firstVersion(t, o.rdb)
	before := len(mustRead(t, o.rdb, o.old[0].audit()))
	o.redis.Del(o.old[0].oneAgenda())
	if n, err := o.TakeOver(t.Context()); err != nil || n != 0 {
		t.Fatalf("%d requests taken over, %v", n, err)
	}
	if got := mustRead(t, o.rdb, o.keys.audit()); len(got) != before {
		t.Errorf("%d of %d entries came over", len(got), before)
	}
}

// TestInheritKeepsSlots: a window that is shared already lasts as long as the last
// of its slots counts.
func TestInheritKeepsSlots(t *testing.T) {
	o := heir(t, "eu")
	firstVersion(t, o.rdb)
	key := o.keys.window("collectInvestigationPackage")
	ahead := o.time().Add(approvals.SendLimit + approvals.PostLimit)
	o.redis.ZAdd(key, float64(ahead.UnixMilli()), "D-000000/00/1")
	if err := o.Inherit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ttl, least := o.redis.TTL(key), ahead.Sub(o.time())+time.Hour; ttl < least {
		t.Errorf("the window is kept for %s, and its last slot counts for %s", ttl, least)
	}
}

// TestKeysBelongTo: a nearer host of the same cloud and the other case of an id
// change nothing, another app has requests of its own and the same windows.
func TestKeysBelongTo(t *testing.T) {
	one := newKeys(Tenant{"global", "Tenant", "client"}, Installation{"A1", "T1"})
	same := newKeys(Tenant{"global", "tenant", "CLIENT"}, Installation{"A1", "T1"})
	staging := newKeys(Tenant{"global", "tenant", "client"}, Installation{"A2", "T1"})
	if one != same {
		t.Errorf("%v is not %v", one, same)
	}
	if staging.agenda() == one.agenda() || staging.request("D-1") == one.request("D-1") || staging.audit() == one.audit() {
		t.Errorf("two apps share requests: %v", staging)
	}
	if staging.window("e") != one.window("e") || staging.hold("e") != one.hold("e") {
		t.Errorf("two apps of one registration have windows of their own: %v", staging)
	}
	if other := newKeys(Tenant{"gcc-high", "tenant", "client"}, Installation{"A1", "T1"}); other.tag == one.tag {
		t.Error("two clouds share keys")
	}
	if old := oldKeys("global", Tenant{"global", "tenant", "client"}, Installation{"A1", "T1"}); old.window("e") != one.window("e") {
		t.Error("the windows of the first version on the global host are not gone on with")
	}
}

// TestTakeOverReal is the same on a real server.
func TestTakeOverReal(t *testing.T) {
	redistest.Real(t, func(t *testing.T, server *redistest.Server) {
		rdb := server.Client(t)
		firstVersion(t, rdb)
		s := NewStore(StoreConfig{
			Redis: rdb, Tenant: Tenant{"global", "tenant", "client"}, Installation: Installation{"A1", "T1"}, Clouds: []string{"global", "eu"},
			Catalogue: testActions(), Clock: time.Now,
		})
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Inherit(t.Context()); err != nil {
			t.Fatal(err)
		}
		entries := rdb.XLen(t.Context(), s.old[1].audit()).Val()
		if n, err := s.TakeOver(t.Context()); err != nil || n != 4 { // all is overdue
			t.Errorf("%d requests taken over, %v; want 4", n, err)
		}
		if n := rdb.ZCard(t.Context(), s.keys.window("collectInvestigationPackage")).Val(); n != 1 {
			t.Errorf("%d calls counted, want 1", n)
		}
		if n := rdb.XLen(t.Context(), s.keys.audit()).Val(); n != entries || n == 0 {
			t.Errorf("%d of %d entries of the audit trail", n, entries)
		}
	})
}

// TestTakeOverWrongType: what holds something of another type is left whole.
func TestTakeOverWrongType(t *testing.T) {
	for _, which := range []string{"index", "queue"} {
		o := heir(t, "eu")
		firstVersion(t, o.rdb)
		old := o.old[0]
		key := map[string]string{"index": old.index(), "queue": old.queue("collectInvestigationPackage")}[which]
		o.redis.Del(key)
		o.redis.Set(key, "x")
		o.pass(time.Minute)
		if n, err := o.TakeOver(t.Context()); err == nil || n != 0 || !o.inherits.Load() {
			t.Errorf("another %s: %d taken over, %v", which, n, err)
		}
		for _, k := range o.redis.Keys() {
			if strings.HasPrefix(k, o.keys.tag+o.keys.team+"D-") {
				t.Errorf("another %s: %s is there twice", which, k)
			}
		}
	}
}

// TestLoadInheritsBroken: a click on a damaged record of the first version hears
// that, and not that there is none.
func TestLoadInheritsBroken(t *testing.T) {
	o := heir(t, "eu")
	o.redis.Set(o.old[0].request("D-000000"), "4 {}")
	if _, err := o.Load(t.Context(), "D-000000"); !approvals.IsRefusal(err, approvals.BrokenRecord) {
		t.Errorf("loaded: %v", err)
	}
}
