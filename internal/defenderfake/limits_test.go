package defenderfake

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDocumentedLimits(t *testing.T) {
	minute := []Limit{{100, time.Minute}, {1500, time.Hour}}
	want := map[string][]Limit{
		Token: nil, Discovery: nil, Download: nil,
		StartInvestigation: {{50, time.Hour}}, PackageURI: {{2, time.Minute}, {120, time.Hour}},
		CollectPackage: minute, Isolate: minute, Unisolate: minute, RunScan: minute, RestrictCode: minute, UnrestrictCode: minute,
		Offboard: minute, QuarantineFile: minute, MachineGet: minute, MachineList: minute, MachineFindByIP: minute, ActionGet: minute, ActionList: minute, ActionCancel: minute,
		InvestigationGet: minute, InvestigationList: minute,
	}
	got := map[string][]Limit{}
	for _, e := range newRig(t).endpoints {
		got[e.name] = e.limits
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("limits by endpoint (-want +got):\n%s", diff)
	}
}

// wantTooMany checks a refusal for seconds and its body.
func (a answer) wantTooMany(seconds int) {
	a.t.Helper()
	a.want(http.StatusTooManyRequests, "TooManyRequests")
	if got := a.header.Get("Retry-After"); got != strconv.Itoa(seconds) {
		a.t.Errorf("Retry-After = %q, want %d", got, seconds)
	}
}

func TestInvestigationLimit(t *testing.T) {
	r := newRig(t)
	for range 50 {
		id := r.post("startInvestigation", `{"Comment":"x"}`).str("id")
		if err := r.Finish(id, "Benign"); err != nil {
			t.Fatal(err)
		}
	}
	r.post("startInvestigation", `{"Comment":"x"}`).wantTooMany(3600)
	if got := len(r.Investigations()); got != 50 {
		t.Errorf("%d investigations, want 50", got)
	}
	r.clock.Advance(time.Hour)
	r.post("startInvestigation", `{"Comment":"x"}`).want(http.StatusCreated, "")
}

func TestRollingWindow(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Limits = map[string][]Limit{MachineGet: {{3, time.Minute}}} })
	get := func() answer { return r.get("/api/machines/" + device40) }
	for range 3 {
		get().want(http.StatusOK, "")
		r.clock.Advance(10 * time.Second)
	}
	get().wantTooMany(30) // at 30 s: the first was at 0
	r.clock.Advance(29500 * time.Millisecond)
	get().wantTooMany(1)
	r.clock.Advance(500 * time.Millisecond)
	get().want(http.StatusOK, "") // refusals have taken no place
	get().wantTooMany(10)
}

func TestFixedWindow(t *testing.T) {
	for _, minute := range []int{30, 50} { // the first window began in the past, or is yet to come
		r := newRig(t, func(o *Options) {
			o.Limits = map[string][]Limit{MachineGet: {{2, time.Minute}}}
			o.WindowsFrom = time.Date(2024, 1, 24, 1, minute, 30, 728369300, time.UTC) // one ends 2 s after the start
		})
		get := func() answer { return r.get("/api/machines/" + device40) }
		get().want(http.StatusOK, "")
		get().want(http.StatusOK, "")
		get().wantTooMany(2)
		r.clock.Advance(2 * time.Second)
		get().want(http.StatusOK, "") // a new window, though the old calls are 2 s old
		get().want(http.StatusOK, "")
		get().wantTooMany(60)
	}
}

func TestLimitsPerEndpoint(t *testing.T) {
	r := newRig(t, func(o *Options) {
		o.Limits = map[string][]Limit{MachineGet: {{1, time.Minute}}, MachineList: {{0, time.Hour}}}
	})
	r.get("/api/machines/"+device40).want(http.StatusOK, "")
	r.get("/api/machines/" + device40).wantTooMany(60)
	r.get("/api/machineactions").want(http.StatusOK, "")
	r.get("/api/machines").wantTooMany(3600)
}

func TestLimitStricter(t *testing.T) {
	r := newRig(t)
	id := r.made("collectInvestigationPackage", `{"Comment":"x"}`)
	path := "/api/machineactions/" + id + "/getPackageUri"
	for range 60 { // 120 in an hour, two a minute; a 404 counts too
		r.get(path)
		r.get(path)
		r.get(path).wantTooMany(60)
		r.clock.Advance(time.Minute)
	}
	// The hour is over for the first two.
	r.get(path).want(http.StatusOK, "")
	calls := r.Calls()
	if last := calls[len(calls)-1]; !last.Taken || last.Status != http.StatusOK {
		t.Errorf("last call %+v, want it counted", last)
	}
	if refused := calls[len(calls)-2]; refused.Taken || refused.Status != http.StatusTooManyRequests {
		t.Errorf("call before %+v, want it refused and not counted", refused)
	}
}

func TestLimitCounts(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Limits = map[string][]Limit{CollectPackage: {{3, time.Hour}}} })
	collect := func(body string) answer { return r.post("collectInvestigationPackage", body) }
	r.RevokeTokens()
	collect(`{"Comment":"x"}`).want(http.StatusUnauthorized, "Unauthorized") // free
	r.bearer = r.login()
	collect(`{}`).want(http.StatusBadRequest, "MissingRequiredParameter") // counts
	off := r.Inject(Fault{On: CollectPackage, Drop: true})
	if a, err := r.try("POST", "/api/machines/"+device40+"/collectInvestigationPackage", `{"Comment":"x"}`); err == nil {
		t.Fatalf("a dropped request was answered with %d", a.status)
	}
	off()
	collect(`{"Comment":"x"}`).want(http.StatusCreated, "") // the third: the dropped one counts
	collect(`{"Comment":"x"}`).wantTooMany(3600)
}
