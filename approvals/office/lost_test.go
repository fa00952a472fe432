package office

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
)

// snapshot returns a function that puts strings and sorted sets back as they are now.
func (o *office) snapshot() (restore func()) {
	o.t.Helper()
	ctx := o.t.Context()
	texts, sets := map[string]string{}, map[string][]redis.Z{}
	for _, key := range o.redis.Keys() {
		switch o.redis.Type(key) {
		case "string":
			texts[key] = o.rdb.Get(ctx, key).Val()
		case "zset":
			sets[key] = o.rdb.ZRangeWithScores(ctx, key, 0, -1).Val()
		}
	}
	return func() {
		for _, key := range o.redis.Keys() {
			if o.redis.Type(key) != "stream" { // what Redis as a whole lost is found by that
				o.rdb.Del(ctx, key)
			}
		}
		for key, text := range texts {
			o.rdb.Set(ctx, key, text, 0)
		}
		for key, set := range sets {
			o.rdb.ZAdd(ctx, key, set...)
		}
	}
}

// TestSendAfterFault: a Redis that did not answer may come back without its last
// changes: nothing is sent before those who have seen them have looked.
func TestSendAfterFault(t *testing.T) {
	posts := 0
	o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts++
		}
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"id":"j1","type":"CollectInvestigationPackage","status":"Pending"}`)
	}, chatter{}, nil)
	r := o.working("collect", 1, 0)
	o.redis.SetError("LOADING Redis is loading the dataset in memory")
	if _, err := o.store.Load(t.Context(), r.ID); err == nil {
		t.Fatal("Redis answers")
	}
	o.redis.SetError("")
	o.turns(50)
	if posts != 0 {
		t.Fatal("sent at once")
	}
	for range 4 {
		o.pass(time.Second)
		o.turns(50)
	}
	if posts != 1 {
		t.Errorf("%d POSTs four seconds later, want one", posts)
	}
}

// TestSendAfterLostAttempt: Redis forgets that a call was sent. The process that sent
// it does not: it looks the call up, however long ago that was, and posts nothing again.
func TestSendAfterLostAttempt(t *testing.T) {
	for action, row := range map[string]string{
		"collect":     `{"id":"j1","type":"CollectInvestigationPackage","status":"Pending","requestorComment":%q,"creationDateTimeUtc":%q}`,
		"investigate": `{"id":"j1","state":"Running","comment":%q,"startTime":%q}`,
	} {
		t.Run(action, func(t *testing.T) {
			posts := 0
			var job string
			o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodPost:
					posts++
					w.WriteHeader(http.StatusCreated)
					io.WriteString(w, job)
				case jobOf(r) == "j1":
					io.WriteString(w, job)
				default:
					io.WriteString(w, `{"value":[`+job+`]}`)
				}
			}, chatter{}, nil)
			r := o.working(action, 1, 0)
			job = fmt.Sprintf(row, r.DefenderComment(), o.clock().UTC().Format(time.RFC3339))
			restore := o.snapshot()
			o.turns(50)
			if got := o.load(r.ID).Calls[0]; got.State != approvals.Running || posts != 1 {
				t.Fatalf("%s after %d POSTs, want running after one", got.State, posts)
			}
			o.pass(20 * time.Minute)
			restore()
			if got := o.load(r.ID).Calls[0]; got.State != approvals.Queued {
				t.Fatalf("the restored call is %s, want queued", got.State)
			}
			for range 3 {
				o.turns(50)
				o.pass(approvals.SearchEvery)
			}
			if got := o.load(r.ID).Calls[0]; got.State != approvals.Running || got.Job.ID != "j1" || posts != 1 {
				t.Errorf("%s as %q after %d POSTs, want running as j1 after one", got.State, got.Job.ID, posts)
			}
		})
	}
}
