package approvals

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"defenderbot/internal/audit"
	"defenderbot/internal/redistest"
)

// written is one key of a Redis that the first version wrote.
type written struct {
	Key    string             `json:"key"`
	Text   string             `json:"text"`
	Scores map[string]float64 `json:"scores"`
	Stream []string           `json:"stream"`
}

// firstVersion puts into Redis what a bot of the first version with
// DEFENDER_CLOUD=eu wrote there: a request being checked, one pending, one whose
// first of three calls runs, one denied.
func firstVersion(t *testing.T, rdb redis.Cmdable) {
	t.Helper()
	put(t, rdb, "testdata/inherit/first-version.json")
}

// put puts into Redis what a file says.
func put(t *testing.T, rdb redis.Cmdable, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []written
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		var err error
		switch {
		case k.Text != "":
			err = rdb.Set(t.Context(), k.Key, k.Text, 0).Err()
		case len(k.Scores) > 0:
			for member, score := range k.Scores {
				err = rdb.ZAdd(t.Context(), k.Key, redis.Z{Score: score, Member: member}).Err()
			}
		default:
			for _, entry := range k.Stream {
				err = rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: k.Key, Values: []any{"e", entry}}).Err()
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// heir is an office of this version on what the first one left, under one name
// of the cloud or another.
func heir(t *testing.T, clouds ...string) *office {
	t.Helper()
	o := newOffice(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "{}", http.StatusInternalServerError) }, chatter{}, nil)
	tenant, w := Tenant{"global", "tenant", "client"}, Workspace{App: "A1", Team: "T1"}
	o.store.keys = newKeys(tenant, w)
	for _, cloud := range clouds {
		o.store.old = append(o.store.old, oldKeys(cloud, tenant, w))
	}
	o.store.inherits.Store(true)
	return o
}

func TestTakeOver(t *testing.T) {
	o := heir(t, "global", "us", "eu")
	rdb := o.store.rdb
	firstVersion(t, rdb)
	old := o.store.old[2]
	var before []string
	for _, e := range mustRead(t, rdb, old.audit()) {
		before = append(before, e.Request+" "+e.Event)
	}
	if err := o.store.Inherit(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.pass(neglected)
	if n, err := o.store.TakeOver(t.Context()); err != nil || n != 0 {
		t.Fatalf("%d requests taken over (%v) from a version that may still work on them", n, err)
	}
	o.pass(2 * time.Second)
	if n, err := o.store.TakeOver(t.Context()); err != nil || n != 4 {
		t.Fatalf("%d requests taken over, %v; want 4", n, err)
	}
	if n, err := o.store.TakeOver(t.Context()); err != nil || n != 0 || o.store.inherits.Load() {
		t.Errorf("a second time: %d, %v; something is left: %v", n, err, o.store.inherits.Load())
	}
	left := slices.DeleteFunc(o.redis.Keys(), func(key string) bool {
		return !strings.HasPrefix(key, old.tag) || strings.Contains(key, ":window:")
	})
	if len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	states := map[State]Request{}
	for _, key := range o.redis.Keys() {
		if id := key[strings.LastIndex(key, ":")+1:]; strings.HasPrefix(id, "D-") {
			r := o.load(id)
			states[r.State] = r
		}
	}
	if len(states) != 4 {
		t.Errorf("states %v", slices.Collect(maps.Keys(states)))
	}
	var after []string
	for _, e := range mustRead(t, rdb, o.store.AuditKey()) {
		after = append(after, e.Request+" "+e.Event)
	}
	if !slices.Equal(after, before) {
		t.Errorf("the audit trail: %s", cmp.Diff(before, after))
	}
	working := states[Approved]
	if got, _ := o.redis.SortedSet(o.store.keys.queue("collectInvestigationPackage")); len(got) != 2 {
		t.Errorf("the queue has %v, want two calls of %s", got, working.ID)
	}
	if got, _ := o.redis.SortedSet(o.store.keys.window("collectInvestigationPackage")); len(got) != 1 {
		t.Errorf("the window has %v, want the call that was made", got)
	}
	// What was taken over goes on: it can be decided, its claims hold, its clock runs.
	d := newTestDesk(o.store, town{people: map[string]Facts{"U1": {Person: asker}, "U2": {Person: leader, Decides: true}}})
	pending := states[Pending]
	if r, err := d.Approve(t.Context(), By{Op: "x", User: "U2", Place: pending.Place, On: Message{TS: "1.1"}}, pending.ID, pending.Digest()); err != nil || r.State != Approved {
		t.Errorf("approve what was pending: %s, %v", r.State, err)
	}
	if _, err := o.store.Create(t.Context(), newOp(), asked(working.Devices...), 0); !isNo(err, AlreadyOpen) {
		t.Errorf("the same device again: %v", err)
	}
	o.pass(checkLimit + time.Minute)
	o.turns(50)
	if got := o.load(states[Checking].ID); got.State != Rejected {
		t.Errorf("what was checked is %s after its time", got.State)
	}
}

func mustRead(t *testing.T, rdb redis.Cmdable, key string) []audit.Entry {
	t.Helper()
	entries, err := audit.Read(t.Context(), rdb, key)
	if err != nil || len(entries) == 0 {
		t.Fatalf("audit trail %s: %d entries, %v", key, len(entries), err)
	}
	return entries
}

// TestLoadInherits: a click on what the first version made a moment ago finds
// it.
func TestLoadInherits(t *testing.T) {
	o := heir(t, "eu")
	firstVersion(t, o.store.rdb)
	members, err := o.redis.ZMembers(o.store.old[0].oneAgenda())
	if err != nil {
		t.Fatal(err)
	}
	if r := o.load(members[len(members)-1]); r.By.ID != "U1" || o.redis.Exists(o.store.old[0].request(r.ID)) {
		t.Errorf("loaded %+v", r)
	}
}

// TestTakeOverTrailAlone: the last entries that the first version wrote come over
// when it has no request any more.
func TestTakeOverTrailAlone(t *testing.T) {
	o := heir(t, "eu")
	firstVersion(t, o.store.rdb)
	before := len(mustRead(t, o.store.rdb, o.store.old[0].audit()))
	o.redis.Del(o.store.old[0].oneAgenda())
	if n, err := o.store.TakeOver(t.Context()); err != nil || n != 0 {
		t.Fatalf("%d requests taken over, %v", n, err)
	}
	if got := mustRead(t, o.store.rdb, o.store.AuditKey()); len(got) != before {
		t.Errorf("%d of %d entries came over", len(got), before)
	}
}

// TestHeldBefore: while both versions run, a device that the first one works on
// is not asked for a second time.
func TestHeldBefore(t *testing.T) {
	o := heir(t, "eu")
	firstVersion(t, o.store.rdb)
	r, err := o.store.Create(t.Context(), newOp(), asked(device(11)), 0)
	if err != nil {
		t.Fatal(err)
	}
	o.found.note(turnOf(r.ID, 0), Device{ID: device(11).ID, Verified: true}, o.store.Now())
	o.turns(10)
	if got := o.load(r.ID); got.State != Rejected || got.Ended.Why.Reason != AlreadyOpen || got.Ended.Why.Detail == "" {
		t.Errorf("it is %s: %+v; want it rejected, because the first version has it open", got.State, got.Ended.Why)
	}
}

// TestInheritKeepsSlots: a window that is shared already lasts as long as the last
// of its slots counts.
func TestInheritKeepsSlots(t *testing.T) {
	o := heir(t, "eu")
	firstVersion(t, o.store.rdb)
	key := o.store.keys.window("collectInvestigationPackage")
	ahead := o.clock().Add(sendLimit + postLimit)
	o.redis.ZAdd(key, float64(ahead.UnixMilli()), "D-000000/00/1")
	if err := o.store.Inherit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ttl, least := o.redis.TTL(key), ahead.Sub(o.clock())+time.Hour; ttl < least {
		t.Errorf("the window is kept for %s, and its last slot counts for %s", ttl, least)
	}
}

// TestKeysBelongTo: a nearer host of the same cloud and the other case of an id
// change nothing, another app has requests of its own and the same windows.
func TestKeysBelongTo(t *testing.T) {
	one := newKeys(Tenant{"global", "Tenant", "client"}, Workspace{"A1", "T1"})
	same := newKeys(Tenant{"global", "tenant", "CLIENT"}, Workspace{"A1", "T1"})
	staging := newKeys(Tenant{"global", "tenant", "client"}, Workspace{"A2", "T1"})
	if one != same {
		t.Errorf("%v is not %v", one, same)
	}
	if staging.agenda() == one.agenda() || staging.request("D-1") == one.request("D-1") || staging.audit() == one.audit() {
		t.Errorf("two apps share requests: %v", staging)
	}
	if staging.window("e") != one.window("e") || staging.hold("e") != one.hold("e") {
		t.Errorf("two apps of one registration have windows of their own: %v", staging)
	}
	if other := newKeys(Tenant{"gcc-high", "tenant", "client"}, Workspace{"A1", "T1"}); other.tag == one.tag {
		t.Error("two clouds share keys")
	}
	if old := oldKeys("global", Tenant{"global", "tenant", "client"}, Workspace{"A1", "T1"}); old.window("e") != one.window("e") {
		t.Error("the windows of the first version on the global host are not gone on with")
	}
}

// TestTakeOverReal is the same on a real server.
func TestTakeOverReal(t *testing.T) {
	redistest.Real(t, func(t *testing.T, server *redistest.Server) {
		rdb := server.Client(t)
		firstVersion(t, rdb)
		s := NewStore(StoreConfig{
			Redis: rdb, Tenant: Tenant{"global", "tenant", "client"}, Workspace: Workspace{"A1", "T1"}, Clouds: []string{"global", "eu"},
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
		if n := rdb.XLen(t.Context(), s.AuditKey()).Val(); n != entries || n == 0 {
			t.Errorf("%d of %d entries of the audit trail", n, entries)
		}
	})
}

// TestTakeOverWrongType: what holds something of another type is left whole.
func TestTakeOverWrongType(t *testing.T) {
	for _, which := range []string{"index", "queue"} {
		o := heir(t, "eu")
		firstVersion(t, o.store.rdb)
		old := o.store.old[0]
		key := map[string]string{"index": old.index(), "queue": old.queue("collectInvestigationPackage")}[which]
		o.redis.Del(key)
		o.redis.Set(key, "x")
		o.pass(time.Minute)
		if n, err := o.store.TakeOver(t.Context()); err == nil || n != 0 || !o.store.inherits.Load() {
			t.Errorf("another %s: %d taken over, %v", which, n, err)
		}
		for _, k := range o.redis.Keys() {
			if strings.HasPrefix(k, o.store.keys.tag+o.store.keys.team+"D-") {
				t.Errorf("another %s: %s is there twice", which, k)
			}
		}
	}
}

// TestLoadInheritsBroken: a click on a damaged record of the first version hears
// that, and not that there is none.
func TestLoadInheritsBroken(t *testing.T) {
	o := heir(t, "eu")
	o.redis.Set(o.store.old[0].request("D-000000"), "4 {}")
	if _, err := o.store.Load(t.Context(), "D-000000"); !isNo(err, BrokenRecord) {
		t.Errorf("loaded: %v", err)
	}
}
