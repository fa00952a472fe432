package defenderfake

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStartNoClock(t *testing.T) {
	if s, err := Start(Options{}); err == nil {
		s.Close()
		t.Error("Start without a clock, want an error")
	}
	r := newRig(t)
	if s, err := Start(Options{Now: r.clock.Now, Addr: strings.TrimPrefix(r.URL(), "http://")}); err == nil {
		s.Close()
		t.Error("Start on a port that is taken, want an error")
	}
}

func TestCallsRecorded(t *testing.T) {
	r := newRig(t)
	start := r.clock.Now()
	id := r.made("collectInvestigationPackage", `{"Comment":"look at it"}`)
	r.get("/api/machineactions?$filter=machineId%20eq%20'x'&$top=1")
	r.do("DELETE", "/api/machines", "")
	want := []Call{
		{At: start, Endpoint: Token, Method: "POST", Path: "/" + DefaultTenant + "/oauth2/v2.0/token", App: DefaultClientID, Status: 200, Done: true},
		{At: start, Endpoint: CollectPackage, Method: "POST", Path: collectPath, App: DefaultClientID, Taken: true, Status: 201, Made: id, Done: true},
		{
			At: start.Add(2 * time.Second), Endpoint: ActionList, Method: "GET", App: DefaultClientID, Taken: true, Status: 200, Done: true,
			Path: "/api/machineactions?$filter=machineId%20eq%20'x'&$top=1",
		},
		{At: start.Add(2 * time.Second), Method: "DELETE", Path: "/api/machines", Status: 404, Done: true},
	}
	if diff := cmp.Diff(want, r.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	s := r.Snapshot()
	if len(s.Actions) != 1 || s.Actions[0].Comment != "look at it" || s.Actions[0].ID != id || len(s.Devices) != 1 {
		t.Errorf("snapshot has actions %+v and devices %+v", s.Actions, s.Devices)
	}
}

func TestWaitTimeMoves(t *testing.T) {
	r := newRig(t)
	r.made("collectInvestigationPackage", `{"Comment":"x"}`)
	changed := r.Changed()
	if got := r.Actions()[0].Status; got != ActionPending {
		t.Fatalf("status = %s, want Pending", got)
	}
	r.clock.Advance(time.Hour) // nothing but time happens
	<-changed
	if err := r.Wait(t.Context(), func(s Snapshot) bool { return s.Actions[0].Status == ActionSucceeded }); err != nil {
		t.Error(err)
	}
}

func TestWaitEnds(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	looked := make(chan struct{}, 1)
	go func() {
		<-looked
		cancel()
	}()
	err := r.Wait(ctx, func(Snapshot) bool {
		select {
		case looked <- struct{}{}:
		default:
		}
		return false
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Wait = %v, want context.Canceled", err)
	}
}

func TestPortal(t *testing.T) {
	r := newRig(t)
	ana := r.Portal("ana@contoso.example")
	collect, err := ana.Start(CollectPackage, device40, "by hand")
	if err != nil {
		t.Fatal(err)
	}
	r.post("collectInvestigationPackage", `{"Comment":"x"}`).want(http.StatusBadRequest, "ActiveRequestAlreadyExists")
	r.clock.Advance(2 * time.Second)
	a := r.get("/api/machineactions/" + collect)
	if got := a.str("requestor") + " " + a.str("requestSource") + " " + a.str("requestorComment"); got != "ana@contoso.example Portal by hand" {
		t.Errorf("the action shows %q", got)
	}
	if err := ana.Cancel(collect, "done"); err != nil {
		t.Fatal(err)
	}
	if a = r.get("/api/machineactions/" + collect); a.str("status") != "Cancelled" || a.str("cancellationRequestor") != "ana@contoso.example" {
		t.Errorf("the cancelled action shows %s", a.body)
	}
	inv, err := ana.Start(StartInvestigation, device40, "")
	if err != nil {
		t.Fatal(err)
	}
	r.post("startInvestigation", `{"Comment":"x"}`).want(http.StatusBadRequest, "ActiveRequestAlreadyExists")
	if err := ana.Cancel(inv, ""); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(2 * time.Second)
	if a = r.get("/api/investigations/" + inv); a.str("state") != "TerminatedByUser" || a.str("cancelledBy") != "ana@contoso.example" {
		t.Errorf("the cancelled investigation shows %s", a.body)
	}
}

func TestPortalRefuses(t *testing.T) {
	r := newRig(t)
	ana := r.Portal("ana@contoso.example")
	if _, err := ana.Start(CollectPackage, device32, ""); err == nil {
		t.Error("collected from a device that is not there")
	}
	if _, err := ana.Start(MachineGet, device40, ""); err == nil {
		t.Error("started what is no action")
	}
	for _, name := range []string{CollectPackage, StartInvestigation} {
		id, err := ana.Start(name, device40, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ana.Start(name, device40, ""); !errors.Is(err, errBusy) {
			t.Errorf("second %s: %v, want %v", name, err, errBusy)
		}
		if err := ana.Cancel(id, ""); err != nil {
			t.Fatal(err)
		}
		if err := ana.Cancel(id, ""); err == nil {
			t.Errorf("%s was cancelled twice", name)
		}
	}
	if err := ana.Cancel("nothing", ""); err == nil {
		t.Error("cancelled what is not there")
	}
}

// A device that was offline comes back.
func TestFinish(t *testing.T) {
	r := newRig(t)
	r.AddDevice(Device{ID: device40, ActionEnd: ActionPending})
	id := r.made("collectInvestigationPackage", `{"Comment":"x"}`)
	r.clock.Advance(48 * time.Hour)
	if err := r.Finish(id, ActionSucceeded); err != nil {
		t.Fatal(err)
	}
	a := r.get("/api/machineactions/" + id)
	if a.str("status") != "Succeeded" || a.object()["cancellationRequestor"] != nil || a.str("lastUpdateDateTimeUtc") != *stamp(r.clock.Now()) {
		t.Errorf("the finished action shows %s", a.body)
	}
	if err := r.Finish(id, ActionFailed); err == nil {
		t.Error("an action ended twice")
	}
}

// TestPortalScope starts what the portal has under one name in several ways.
func TestPortalScope(t *testing.T) {
	r := newRig(t)
	ana := r.Portal("ana@contoso.example")
	for _, tt := range []struct{ name, scope, want string }{
		{Isolate, "", "Full"}, {Isolate, "Selective", "Selective"}, {RunScan, "Full", "Full"}, {Unisolate, "", ""},
	} {
		id, err := ana.StartScope(tt.name, tt.scope, device40, "")
		if err != nil {
			t.Fatal(err)
		}
		all := r.Actions()
		if got := all[len(all)-1].Scope; got != tt.want {
			t.Errorf("%s %q has the scope %q, want %q", tt.name, tt.scope, got, tt.want)
		}
		if err := ana.Cancel(id, ""); err != nil {
			t.Fatal(err)
		}
	}
	for name, scope := range map[string]string{Isolate: "Half", Unisolate: "Full"} {
		if _, err := ana.StartScope(name, scope, device40, ""); err == nil {
			t.Errorf("%s has the scope %s", name, scope)
		}
	}
}
