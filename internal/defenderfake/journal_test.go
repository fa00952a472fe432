package defenderfake

import (
	"strconv"
	"testing"
	"time"
)

func TestJournalBounded(t *testing.T) {
	var j journal
	first := j.add(Call{Path: "0"})
	for i := range 3*kept + 4 {
		j.add(Call{Path: strconv.Itoa(i + 1)})
	}
	first.Done = true // forgotten, but still its request's record
	got := j.newest()
	if len(got) != kept || got[0].Path != strconv.Itoa(2*kept+5) || got[kept-1].Path != strconv.Itoa(3*kept+4) {
		t.Errorf("%d calls from %s to %s", len(got), got[0].Path, got[len(got)-1].Path)
	}
	if j.total != 3*kept+5 || cap(j.calls) > 3*kept {
		t.Errorf("%d calls counted, room for %d", j.total, cap(j.calls))
	}
}

// What is over leaves nothing behind: tokens and links that have expired, faults that are used up.
func TestLeftovers(t *testing.T) {
	r := newRig(t, func(o *Options) { o.TokenLife = time.Hour })
	id := r.made("collectInvestigationPackage", `{"Comment":"x"}`)
	for range 3 {
		r.clock.Advance(time.Hour)
		r.bearer = r.login()
		r.Inject(Fault{On: MachineGet, Times: 1, Status: 503})
		r.get("/api/machines/"+device40).want(503, "")
		r.get("/api/machineactions/"+id+"/getPackageUri").want(200, "")
	}
	s := r.Snapshot()
	if s.CallsTotal != len(s.Calls) || len(s.Calls) != 11 {
		t.Errorf("%d calls of %d, want 11", len(s.Calls), s.CallsTotal)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.tenant.tokens) != 1 || len(r.tenant.links) != 1 || len(r.faults) != 1 {
		t.Errorf("%d tokens, %d links, %d faults, want 1 of each", len(r.tenant.tokens), len(r.tenant.links), len(r.faults))
	}
}
