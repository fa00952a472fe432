package defender_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
)

const actionID = "92452beb-ef01-42df-852d-84b34ef83425"

// cancellation is a valid one that may be sent for an hour.
func cancellation(t *testing.T) defender.Cancellation {
	t.Helper()
	o := order(t, "collect", device32)
	return defender.Cancellation{Action: o.Action, JobID: actionID, Comment: "stopped", NotAfter: o.NotAfter}
}

// withStatus is the sample of an answer with another status.
func withStatus(s string) string {
	return strings.Replace(startedCollection, `"status": "Pending"`, `"status": "`+s+`"`, 1)
}

// TestCancel holds the wire to the vendor's page.
func TestCancel(t *testing.T) {
	cancelled := strings.NewReplacer(
		`"cancellationRequestor": null`, `"cancellationRequestor": "defenderbot"`, `"cancellationComment": null`, `"cancellationComment": "stopped"`,
		`"cancellationDateTimeUtc": null`, `"cancellationDateTimeUtc": "2024-01-24T01:40:00Z"`,
	).Replace(withStatus("Cancelled"))
	r := setup(t, answers(http.StatusOK, cancelled))
	got, err := r.Cancel(t.Context(), cancellation(t))
	if err != nil {
		t.Fatalf("Cancel: %v", err)
	}
	want := defender.Job{
		Tracks: defender.TrackMachineActions, ID: actionID, Type: "CollectInvestigationPackage", DeviceID: device32,
		Status: "Cancelled", Phase: defender.PhaseCancelled, Requestor: "defenderbot", Comment: "why", Details: "cancelled by defenderbot: stopped",
		Created: time.Date(2024, 1, 24, 1, 36, 28, 728369300, time.UTC), Ended: time.Date(2024, 1, 24, 1, 40, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("job (-want +got):\n%s", diff)
	}
	requests := r.all()
	if len(requests) != 1 {
		t.Fatalf("%d requests, want 1", len(requests))
	}
	header := requests[0].Header
	requests[0].Header = nil
	wire := seen{Method: "POST", Path: "/api/machineactions/" + actionID + "/cancel", Body: `{"Comment":"stopped"}`, Proto: "HTTP/1.1"}
	if diff := cmp.Diff(wire, requests[0]); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if header.Get("Authorization") != "Bearer "+accessToken || header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", header)
	}
}

// TestCancelPhases: what a success shows is what has become of the action, whatever that is.
func TestCancelPhases(t *testing.T) {
	for status, want := range map[string]defender.Phase{
		"Cancelled": defender.PhaseCancelled, "Canceled": defender.PhaseCancelled, "Pending": defender.PhaseOpen,
		"InProgress": defender.PhaseOpen, "Succeeded": defender.PhaseSucceeded, "Failed": defender.PhaseFailed, "": defender.PhaseUnknown,
	} {
		got, err := setup(t, answers(http.StatusOK, withStatus(status))).Cancel(t.Context(), cancellation(t))
		if err != nil || got.Phase != want {
			t.Errorf("%q: phase %q and %v, want %q", status, got.Phase, err, want)
		}
	}
}

// TestCancelHexID: one page shows a machine action whose id is no GUID.
func TestCancelHexID(t *testing.T) {
	hex := strings.Repeat("7327b54f", 5)
	r := setup(t, answers(http.StatusOK, strings.Replace(withStatus("Cancelled"), actionID, hex, 1)))
	o := cancellation(t)
	o.JobID = hex
	if got, err := r.Cancel(t.Context(), o); err != nil || got.ID != hex || got.Phase != defender.PhaseCancelled {
		t.Errorf("%+v, %v; want it cancelled", got, err)
	}
}

// TestCancelErrors are the answers of https://learn.microsoft.com/defender-endpoint/api/cancel-machine-action
// and https://learn.microsoft.com/defender-endpoint/api/common-errors. The code for an action that has ended is
// documented nowhere.
func TestCancelErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		want    defender.Cause
	}{
		"not there":           {answers(404, refusal("ResourceNotFound", "Machine action was not found")), defender.NotFound},
		"no such path":        {answers(404, refusal("NotFound", "No HTTP resource was found that matches the request URI")), defender.Refused},
		"ended":               {answers(400, refusal("BadRequest", "The action is in a final state")), defender.Refused},
		"ended, no code":      {answers(400, refusal("", "")), defender.Refused},
		"ended, another code": {answers(400, refusal("InvalidInput", "already completed")), defender.Refused},
		"ended, as a start":   {answers(400, refusal("BadRequest", "Action is already in progress")), defender.Refused},
		"ended, as busy":      {answers(400, refusal("ActiveRequestAlreadyExists", "x")), defender.Refused},
		"conflict":            {answers(409, refusal("Conflict", "x")), defender.Refused},
		"ended, in no form":   {answers(400, ``), defender.BadAnswer},
		"a proxy's":           {answers(400, `<html>`), defender.BadAnswer},
		"no role":             {answers(403, refusal("Forbidden", "Missing application roles. API required roles: Machine.Scan, application roles: .")), defender.MissingRole},
		"forbidden":           {answers(403, refusal("Forbidden", "x")), defender.Disallowed},
		"switched off":        {answers(400, refusal("DisabledFeature", "x")), defender.Licence},
		"token":               {answers(401, refusal("Unauthorized", "x")), defender.Unauthenticated},
		"too many":            {answers(429, refusal("TooManyRequests", "Try again in 9 seconds")), defender.Throttled},
		"trouble":             {answers(503, ``), defender.OutcomeUnknown},
		"their trouble":       {answers(500, refusal("InternalServerError", "x")), defender.OutcomeUnknown},
		"another action":      {answers(200, strings.ReplaceAll(startedCollection, actionID, "00000000-ef01-42df-852d-84b34ef83425")), defender.BadAnswer},
		"no id":               {answers(200, `{}`), defender.BadAnswer},
		"not JSON":            {answers(200, `ok`), defender.BadAnswer},
		"no content":          {answers(204, ``), defender.BadAnswer},
		"cut":                 {cut(200, `{"id":"`), defender.BadAnswer},
		"redirect":            {redirect(307), defender.BadAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			r := setup(t, tt.handler)
			_, err := r.Cancel(t.Context(), cancellation(t))
			if e := failed(t, err, tt.want); tt.want == defender.MissingRole && e.Role != "Machine.Scan" {
				t.Errorf("role %q", e.Role)
			}
			if n := len(r.all()); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

// TestCancelCutOff: a connection that ends without an answer leaves it open what happened,
// and it is not tried again.
func TestCancelCutOff(t *testing.T) {
	r := setup(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			err = conn.Close()
		}
		if err != nil {
			t.Error(err)
		}
	})
	_, err := r.Cancel(t.Context(), cancellation(t))
	failed(t, err, defender.OutcomeUnknown)
	if n := len(r.all()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// TestCancelRefuses: nothing is sent for what cannot be cancelled, or not any more.
func TestCancelRefuses(t *testing.T) {
	r := setup(t, answers(http.StatusOK, startedCollection))
	for name, tt := range map[string]struct {
		change func(*defender.Cancellation)
		cannot bool
	}{
		"a number":         {func(o *defender.Cancellation) { o.JobID = "63004" }, true},
		"a path":           {func(o *defender.Cancellation) { o.JobID = actionID + "/../x" }, true},
		"a line after":     {func(o *defender.Cancellation) { o.JobID = actionID + "\n" }, true},
		"no id":            {func(o *defender.Cancellation) { o.JobID = "" }, true},
		"an investigation": {func(o *defender.Cancellation) { o.Action.Tracks = defender.TrackInvestigations }, true},
		"no action":        {func(o *defender.Cancellation) { o.Action = defender.Action{} }, true},
		"no comment":       {func(o *defender.Cancellation) { o.Comment = " " }, false},
		"no time":          {func(o *defender.Cancellation) { o.NotAfter = time.Time{} }, false},
		"time has gone":    {func(o *defender.Cancellation) { o.NotAfter = time.Now().Add(-time.Millisecond) }, false},
		"token has gone":   {func(*defender.Cancellation) { r.tokens.Discard(accessToken) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := r.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			o := cancellation(t)
			tt.change(&o)
			_, err := r.Cancel(t.Context(), o)
			e := failed(t, err, defender.NotSent)
			if got := e.Err == defender.ErrNotCancellable; got != tt.cannot { //nolint:errorlint // the very error
				t.Errorf("%v: says that it cannot be cancelled: %v", err, got)
			}
		})
	}
	if n := len(r.all()); n != 0 {
		t.Errorf("%d requests, want none", n)
	}
}

// TestCancelServerAway: nobody listens, so nothing was sent.
func TestCancelServerAway(t *testing.T) {
	server := httptest.NewServer(answers(http.StatusOK, startedCollection))
	r := &rig{}
	r.connect(t, defender.Config{BaseURL: server.URL, Now: time.Now})
	server.Close()
	_, err := r.Cancel(t.Context(), cancellation(t))
	failed(t, err, defender.NotSent)
}

// TestCancelEndpoint copies the figures of the page.
func TestCancelEndpoint(t *testing.T) {
	want := defender.Endpoint{Name: "cancel", Limits: []defender.Limit{{Calls: 100, Per: time.Minute}, {Calls: 1500, Per: time.Hour}}}
	if diff := cmp.Diff(want, defender.CancelEndpoint()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
