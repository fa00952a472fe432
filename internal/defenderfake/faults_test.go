package defenderfake

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

const collectPath = "/api/machines/" + device40 + "/collectInvestigationPackage"

// TestFaultOrder: faults come before or after the effect.
func TestFaultOrder(t *testing.T) {
	for _, tt := range []struct {
		name   string
		fault  Fault
		status int // 0: no answer
		code   string
		made   int
	}{
		{"drop before", Fault{Drop: true}, 0, "", 0},
		{"drop after", Fault{Drop: true, When: AfterEffect}, 0, "", 1},
		{"500 before", Fault{Status: 500, Message: "oops"}, 500, "InternalServerError", 0},
		{"500 after", Fault{Status: 500, Message: "oops", When: AfterEffect}, 500, "InternalServerError", 1},
		{"502 before", Fault{Status: 502}, 502, "", 0},
		{"503 after", Fault{Status: 503, When: AfterEffect}, 503, "", 1},
		{"504 after", Fault{Status: 504, When: AfterEffect}, 504, "", 1},
		{"licence", Fault{Status: 401, Message: "Unauthorized request - reason of failure: No Tvm license"}, 401, "Unauthorized", 0},
		{"feature off", Fault{Status: 403, Code: "DisabledFeature", Message: "Tenant feature isn't enabled"}, 403, "DisabledFeature", 0},
		{"slow before", Fault{Delay: time.Millisecond}, 201, "", 1},
		{"slow after", Fault{Delay: time.Millisecond, When: AfterEffect}, 201, "", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			tt.fault.Times = 1
			tt.fault.On = "machines/collect*"
			r.Inject(tt.fault)
			a, err := r.try("POST", collectPath, `{"Comment":"x"}`)
			if (err != nil) != (tt.status == 0) {
				t.Fatalf("answer %+v, error %v", a, err)
			}
			if err == nil {
				a.want(tt.status, tt.code)
			}
			if err := r.Wait(t.Context(), lastDone); err != nil {
				t.Fatal(err)
			}
			calls := r.Calls()
			last := calls[len(calls)-1]
			if got := len(r.Actions()); got != tt.made || (last.Made != "") != (tt.made == 1) || last.Status != tt.status {
				t.Errorf("%d actions, want %d; recorded as %+v", got, tt.made, last)
			}
			if tt.made == 0 { // the fault was for one request
				r.post("collectInvestigationPackage", `{"Comment":"x"}`).want(http.StatusCreated, "")
			}
		})
	}
}

func lastDone(s Snapshot) bool { return s.Calls[len(s.Calls)-1].Done }

// TestFaultBrokenAnswer: an answer that cannot be read.
func TestFaultBrokenAnswer(t *testing.T) {
	r := newRig(t)
	r.Inject(Fault{On: CollectPackage, When: AfterEffect, Times: 1, Status: 201, Body: "<html>proxy</html>"})
	a := r.post("collectInvestigationPackage", `{"Comment":"x"}`)
	if a.status != 201 || a.body != "<html>proxy</html>" || len(r.Actions()) != 1 {
		t.Errorf("%d %q and %d actions, want 201, the page and one action", a.status, a.body, len(r.Actions()))
	}
	if got := a.header.Get("Content-Type"); got != "text/html" {
		t.Errorf("Content-Type = %q", got)
	}
}

func TestRetryAfter(t *testing.T) {
	r := newRig(t)
	for _, value := range []string{"17", "Wed, 24 Jan 2024 02:00:00 GMT"} {
		r.Inject(Fault{On: CollectPackage, Times: 1, Status: 429, RetryAfter: value, Message: "quota"})
		a := r.post("collectInvestigationPackage", `{"Comment":"x"}`)
		a.want(http.StatusTooManyRequests, "TooManyRequests")
		if got := a.header.Get("Retry-After"); got != value {
			t.Errorf("Retry-After = %q, want %q", got, value)
		}
	}
}

func TestFaultSwitch(t *testing.T) {
	r := newRig(t)
	off := r.Inject(Fault{On: "machineactions/*", Status: 403, Message: "no"})
	twice := r.Inject(Fault{On: MachineGet, Status: 401, Times: 2, Message: "first use"})
	for range 3 {
		r.get("/api/machineactions").want(http.StatusForbidden, "Forbidden")
		r.get("/api/machineactions/x").want(http.StatusForbidden, "Forbidden")
	}
	r.get("/api/machines").want(http.StatusOK, "")
	r.get("/api/machines/"+device40).want(http.StatusUnauthorized, "Unauthorized")
	r.get("/api/machines/"+device40).want(http.StatusUnauthorized, "Unauthorized")
	r.get("/api/machines/"+device40).want(http.StatusOK, "")
	off()
	twice()
	r.get("/api/machineactions").want(http.StatusOK, "")
}

// A client that gives up before the effect does not undo it: that is what makes such an outcome unknown.
func TestFaultClientGone(t *testing.T) {
	r := newRig(t)
	r.Inject(Fault{On: CollectPackage, Delay: 50 * time.Millisecond, Times: 1})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel() // as soon as the request has arrived
		arrived := func(s Snapshot) bool { return s.Calls[len(s.Calls)-1].Endpoint == CollectPackage }
		if err := r.Wait(t.Context(), arrived); err != nil {
			t.Error(err)
		}
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL()+collectPath, strings.NewReader(`{"Comment":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.bearer)
	req.Header.Set("Content-Type", "application/json")
	resp, err := r.client.Do(req)
	if err == nil {
		resp.Body.Close()
	}
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error = %v, want it cancelled", err)
	}
	if err := r.Wait(t.Context(), func(s Snapshot) bool { return len(s.Actions) == 1 }); err != nil {
		t.Fatal(err)
	}
}

func TestDownRefuses(t *testing.T) {
	r := newRig(t)
	r.Down()
	r.Down() // already
	if _, err := r.try("GET", "/api/machines", ""); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("error = %v, want connection refused", err)
	}
	if err := errors.Join(r.Up(), r.Up()); err != nil {
		t.Fatal(err)
	}
	r.get("/api/machines").want(http.StatusOK, "")
}

// TestDownCuts: Down cuts the connections that are open.
func TestDownCuts(t *testing.T) {
	r := newRig(t)
	r.Inject(Fault{On: MachineList, Delay: time.Hour})
	failed := make(chan error, 1)
	go func() {
		_, err := r.try("GET", "/api/machines", "")
		failed <- err
	}()
	if err := r.Wait(t.Context(), func(s Snapshot) bool { return !lastDone(s) }); err != nil {
		t.Fatal(err)
	}
	r.Down()
	if err := <-failed; err == nil {
		t.Error("the held request was answered")
	}
	r.Close() // ends what is still held
	r.Close()
	if !lastDone(r.Snapshot()) {
		t.Error("a request was still held after Close")
	}
}
