package office

import (
	"fmt"
	"io"
	"net/http"
	"testing"

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

// TestSendAfterLostAttempt: Redis forgets that a call was sent. The process that sent
// it does not: it looks the call up, and posts nothing again.
func TestSendAfterLostAttempt(t *testing.T) {
	posts := 0
	var comment string
	o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts++
			w.WriteHeader(http.StatusCreated)
			io.WriteString(w, `{"id":"j1","type":"CollectInvestigationPackage","status":"Pending"}`)
			return
		}
		fmt.Fprintf(w, `{"value":[{"id":"j1","type":"CollectInvestigationPackage","status":"Pending","requestorComment":%q}]}`, comment)
	}, chatter{}, nil)
	r := o.working("collect", 1, 0)
	comment = r.DefenderComment()
	restore := o.snapshot()
	o.turns(50)
	if got := o.load(r.ID).Calls[0]; got.State != approvals.Running || posts != 1 {
		t.Fatalf("%s after %d POSTs, want running after one", got.State, posts)
	}
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
}
