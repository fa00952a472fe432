package office

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
)

// TestGhostsInQueue has as many calls at the head of the queue as the window has
// slots, of requests that are gone: they are taken out and the call behind them is
// made.
func TestGhostsInQueue(t *testing.T) {
	for name, ask := range map[string]func(*office) approvals.Request{
		"a call that comes later":         func(o *office) approvals.Request { return approved(o.t, o.store, approvalstest.DeviceNo(1)) },
		"one whose turn has been put off": nil,
	} {
		t.Run(name, func(t *testing.T) {
			posts := 0
			o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					posts++
				}
				fmt.Fprint(w, `{"id":"j1","type":"CollectInvestigationPackage","status":"Pending"}`)
			}, chatter{}, nil)
			var log strings.Builder
			o.log = slog.New(slog.NewTextHandler(&log, nil))
			actions := roomyActions()
			const room = 50
			for i := range actions {
				actions[i].Post.Limits[0].Calls = room
			}
			o.knows(actions)
			queue := strings.TrimSuffix(o.store.Key("D-1"), "D-1") + "queue:collectInvestigationPackage"
			haunt := func() {
				for n := range room {
					o.redis.ZAdd(queue, float64(n), fmt.Sprintf("D-GH%04d/0", n))
				}
			}
			var r approvals.Request
			if ask != nil {
				haunt()
				r = ask(o)
			} else {
				r = approved(t, o.store, approvalstest.DeviceNo(1))
				haunt()
			}
			o.turns(1000)
			if posts != 1 || o.load(r.ID).Calls[0].State != approvals.Running {
				t.Errorf("%d POSTs, and the call is %s", posts, o.load(r.ID).Calls[0].State)
			}
			if left, err := o.redis.ZMembers(queue); err == nil {
				t.Errorf("left in the queue: %q", left)
			}
			if n := strings.Count(log.String(), "request gone, its places freed"); n != room {
				t.Errorf("said %d times, want once for each of %d", n, room)
			}
		})
	}
}

// TestGhostsOnAgenda puts on the agenda what names nothing: each is looked at once.
func TestGhostsOnAgenda(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	r := pendingOn(t, o.store, approvalstest.DeviceNo(1))
	agenda := o.key("due")
	before, _ := o.redis.ZMembers(agenda)
	o.redis.Set(o.store.Key("D-STREAM"), "")
	o.redis.Del(o.store.Key("D-STREAM"))
	for _, strange := range []string{"D-GONE01", "card:D-GONE02", "look:D-GONE03", "", "due", "index", "D-", "d-lower", "card:", "card:card:D-1", "op:x/../y", "D-GONE04/0"} {
		o.redis.ZAdd(agenda, 1, strange)
	}
	o.redis.Push(o.store.Key("D-LIST01"), "no record")
	o.redis.ZAdd(agenda, 1, "D-LIST01")
	o.turns(100)
	for range 5 {
		o.pass(4 * time.Second)
		if n := o.turns(100); n > 1 {
			t.Errorf("%d members are looked at again", n)
		}
	}
	after, _ := o.redis.ZMembers(agenda)
	for _, member := range after {
		if !strings.Contains(strings.Join(before, " "), member) && member != "D-LIST01" && member != "op:x/../y" {
			t.Errorf("%q is still on the agenda", member)
		}
	}
	if o.load(r.ID).State != approvals.Pending {
		t.Error("the request beside them was harmed")
	}
}

// TestGhostsOfOnePerson: requests that are gone do not count against whoever made
// them.
func TestGhostsOfOnePerson(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	for i := range 3 {
		r := pendingOn(t, o.store, approvalstest.DeviceNo(i))
		if i < 2 {
			o.redis.Del(o.store.Key(r.ID))
		}
	}
	ask := func(n int) error {
		_, err := o.store.Create(t.Context(), ledger.NewOp(), approvalstest.Asked(approvalstest.DeviceNo(n)), 3)
		return err
	}
	for n := range 2 {
		if err := ask(10 + n); err != nil {
			t.Errorf("request %d of three: %v", n+2, err)
		}
	}
	if err := ask(20); !approvals.IsRefusal(err, approvals.TooManyOpen) {
		t.Errorf("a fourth: %v, want that there are too many", err)
	}
}

// TestGhostsOwnNothing: what a request that is gone has claimed is nobody's.
func TestGhostsOwnNothing(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	r := o.working("collect", 1, 1)
	prefix := approvals.JobPrefixes("j0", "")[0]
	if owner, err := o.store.Owner(t.Context(), prefix); err != nil || !strings.HasPrefix(owner, r.ID) {
		t.Fatalf("owner %q, %v", owner, err)
	}
	o.redis.Del(o.store.Key(r.ID))
	if owner, err := o.store.Owner(t.Context(), prefix); err != nil || owner != "" {
		t.Errorf("owner %q, %v; want nobody", owner, err)
	}
}
