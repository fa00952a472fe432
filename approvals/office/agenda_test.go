package office

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/redistest"
)

// TestAgendaMissing: what is missing of a request on the agenda is put there by
// whoever looks at the rest of it.
func TestAgendaMissing(t *testing.T) {
	o := newOffice(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "{}", http.StatusInternalServerError) }, chatter{}, nil)
	r := o.working("collect", 1, 1)
	o.redis.ZRem(o.key("due"), approvals.Look.Member(r.ID))
	o.redis.ZRem(o.key("due"), approvals.Draw.Member(r.ID))
	o.redis.ZAdd(o.key("due"), float64(o.clock().UnixMilli()), r.ID)
	o.turns(1)
	for _, k := range []approvals.Kind{approvals.Look, approvals.Draw} {
		if at, err := o.redis.ZScore(o.key("due"), k.Member(r.ID)); err != nil || at == 0 {
			t.Errorf("%s is not on the agenda: %v", k.Member(r.ID), err)
		}
	}
}

// TestAgendaOfOneKind takes over what the version before left, whose agenda had
// one member for all that is not the card: a request that is checked, one
// pending, one denied, and one with calls that run, wait and are uncertain.
func TestAgendaOfOneKind(t *testing.T) {
	reads := map[string]int{}
	o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		reads[r.Method]++
		http.Error(w, "{}", http.StatusInternalServerError)
	}, chatter{}, nil)
	redistest.Put(t, o.rdb, "../ledger/testdata/inherit/one-agenda.json")
	o.pass(2 * time.Minute) // leases of the version before have ended, and nobody works on what is due
	if _, err := o.store.TakeOver(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, key := range o.redis.Keys() {
		if strings.HasSuffix(key, ":agenda") {
			t.Errorf("something is left on the old agenda, %s", key)
		}
	}
	for range 40 {
		o.turns(100)
		o.pass(5 * time.Second)
	}
	if reads[http.MethodGet] < 5 || reads[http.MethodPost] == 0 {
		t.Errorf("Defender was asked %v: calls are not followed, or not sent", reads)
	}
	for _, id := range o.rdb.ZRange(t.Context(), o.key("due"), 0, -1).Val() {
		k, name := approvals.KindOf(id)
		if r := o.load(name); approvals.Due(r, k, o.store.Now()).IsZero() {
			t.Errorf("%s is on the agenda for nothing", id)
		}
	}
}
