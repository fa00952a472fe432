package defenderfake

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestEnded: each answer of a tenant that has ended investigations, to the API and in
// the portal, and that everything else goes on.
func TestEnded(t *testing.T) {
	codes := map[Ending]string{
		EndedBadRequest: "BadRequest", EndedDisabled: "DisabledFeature", EndedForbidden: "Forbidden", EndedNotFound: "ResourceNotFound",
		EndedNoResource: "NotFound", EndedMethod: "MethodNotAllowed", EndedGone: "Gone", EndedUnavailable: "NotImplemented",
	}
	statuses := map[Ending]int{
		EndedBadRequest: 400, EndedDisabled: 403, EndedForbidden: 403, EndedNotFound: 404, EndedNoResource: 404, EndedEmpty: 404,
		EndedMethod: 405, EndedGone: 410, EndedUnavailable: 501, EndedOnArrival: 201, EndedNeverStarted: 201,
	}
	for _, e := range Endings() {
		t.Run(string(e), func(t *testing.T) {
			r := newRig(t, func(o *Options) { o.Ended.Start = e })
			a := r.post("startInvestigation", `{"Comment":"x"}`)
			a.want(statuses[e], codes[e])
			if e == EndedEmpty && (a.body != "" || a.header.Get("Content-Type") != "") {
				t.Errorf("the answer has the body %q of type %q", a.body, a.header.Get("Content-Type"))
			}
			if got, want := len(r.Investigations()) == 1, statuses[e] == http.StatusCreated; got != want {
				t.Errorf("an investigation is there: %v, want %v", got, want)
			}
			if _, err := r.Portal("ana@contoso.example").Start(StartInvestigation, device40, ""); err == nil {
				t.Error("the portal starts one")
			}
			r.post("runAntiVirusScan", `{"Comment":"x","ScanType":"Full"}`).want(http.StatusCreated, "")
		})
	}
	if len(statuses) != len(Endings()) {
		t.Errorf("%d answers are looked at, want %d", len(statuses), len(Endings()))
	}
}

// TestEndedRefusals: a refusal reads as that of the thing which it could be taken for.
func TestEndedRefusals(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Ended.Start = EndedNotFound })
	if got, want := r.post("startInvestigation", `{"Comment":"x"}`).message(), "Machine "+device40+" was not found"; got != want {
		t.Errorf("message = %q, want %q", got, want)
	}
	r.EndInvestigations(Ended{Start: EndedNoResource})
	if got := r.post("startInvestigation", `{"Comment":"x"}`).message(); !strings.HasPrefix(got, "No HTTP resource was found") {
		t.Errorf("message = %q", got)
	}
	r.EndInvestigations(Ended{Start: EndedForbidden})
	if got := r.post("startInvestigation", `{"Comment":"x"}`).message(); strings.Contains(got, "role") {
		t.Errorf("message = %q, want one that names no role", got)
	}
}

// TestEndedAccepted: what is accepted all the same never examines anything.
func TestEndedAccepted(t *testing.T) {
	for e, want := range map[Ending]string{EndedOnArrival: "TerminatedBySystem", EndedNeverStarted: "Queued"} {
		r := newRig(t, func(o *Options) { o.Ended.Start = e })
		a := r.post("startInvestigation", `{"Comment":"x"}`)
		id := a.str("id")
		for _, after := range []time.Duration{0, 2 * time.Second, time.Minute, 80 * time.Hour} {
			r.clock.Advance(after)
			if after > 0 {
				a = r.get("/api/investigations/" + id)
			}
			if _, ended := a.object()["endTime"].(string); a.str("state") != want || ended != (e == EndedOnArrival) {
				t.Errorf("%s, after %v: %s, want %s", e, after, a.body, want)
			}
		}
		if again := r.post("startInvestigation", `{"Comment":"x"}`); (again.status == http.StatusBadRequest) != (e == EndedNeverStarted) {
			t.Errorf("%s: a second one meets %d", e, again.status)
		}
	}
}

// TestEndedReads: investigations can be read as before or not at all, and the end is
// taken back.
func TestEndedReads(t *testing.T) {
	r := newRig(t)
	id := r.made("startInvestigation", `{"Comment":"x"}`)
	list := "/api/investigations?$filter=machineId%20eq%20'" + device40 + "'"
	r.EndInvestigations(Ended{Start: EndedGone})
	r.get("/api/investigations/"+id).want(http.StatusOK, "")
	r.get(list).want(http.StatusOK, "")
	r.EndInvestigations(Ended{Start: EndedGone, Reads: true})
	for _, path := range []string{"/api/investigations/" + id, list} {
		a := r.get(path)
		a.want(http.StatusNotFound, "NotFound")
		if !strings.HasPrefix(a.message(), "No HTTP resource was found") {
			t.Errorf("%s: %s", path, a.message())
		}
	}
	r.EndInvestigations(Ended{})
	r.clock.Advance(88 * time.Second)
	if got := r.get("/api/investigations/" + id).str("state"); got != "Benign" {
		t.Errorf("what ran before is %s", got)
	}
	r.post("startInvestigation", `{"Comment":"x"}`).want(http.StatusCreated, "")
}
