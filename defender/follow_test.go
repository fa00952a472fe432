package defender_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
)

// TestJob reads each kind at its end, with whatever it says.
func TestJob(t *testing.T) {
	at := func(second int) time.Time { return time.Date(2026, 1, 2, 3, 4, second, 0, time.UTC) }
	for _, tt := range []struct {
		name     string
		tracking defender.Tracking
		id, path string
		answer   string
		want     defender.Job
	}{
		{
			"isolation", defender.TrackMachineActions, "5382f7ea", "/api/machineactions/5382f7ea",
			`{"id":"5382F7EA","type":"Isolate","scope":"Selective","requestor":"Analyst@example.com","requestorComment":"test for docs",
			"status":"Succeeded","machineId":"` + strings.ToUpper(device40) + `","creationDateTimeUtc":"2026-01-02T03:04:05Z",
			"lastUpdateDateTimeUtc":"2026-01-02T03:04:06Z","relatedFileInfo":null}`,
			defender.Job{
				Type: "Isolate", Scope: "Selective", Requestor: "Analyst@example.com", Comment: "test for docs", DeviceID: device40,
				Status: "Succeeded", Phase: defender.PhaseSucceeded, Created: at(5), Ended: at(6),
			},
		},
		{
			"old name of the time", defender.TrackMachineActions, "1", "/api/machineactions/1",
			`{"id":"1","status":"Failed","lastUpdateTimeUtc":"2026-01-02T03:04:07Z","errorHResult":-2147024891,"troubleshootInfo":"no disk"}`,
			defender.Job{Status: "Failed", Phase: defender.PhaseFailed, Ended: at(7), Details: "no disk; error 0x80070005"},
		},
		{
			"cancelled", defender.TrackMachineActions, "1", "/api/machineactions/1",
			`{"id":"1","status":"Cancelled","lastUpdateDateTimeUtc":"2026-01-02T03:04:07Z","cancellationDateTimeUtc":"2026-01-02T03:04:06Z",
			"cancellationRequestor":"ann@example.com","cancellationComment":"not needed","errorHResult":null}`,
			defender.Job{Status: "Cancelled", Phase: defender.PhaseCancelled, Ended: at(6), Details: "cancelled by ann@example.com: not needed"},
		},
		{
			"open", defender.TrackMachineActions, "1", "/api/machineactions/1",
			`{"id":"1","status":"InProgress","lastUpdateDateTimeUtc":"2026-01-02T03:04:07Z"}`,
			defender.Job{Status: "InProgress", Phase: defender.PhaseOpen},
		},
		{
			"investigation", defender.TrackInvestigations, "63004", "/api/investigations/63004",
			`{"id":63004,"startTime":"2026-01-02T03:04:05Z","endTime":"2026-01-02T03:04:09Z","state":"TerminatedByUser",
			"cancelledBy":"ann@example.com","statusDetails":"stopped","machineId":"` + device40 + `","triggeringAlertId":"da1_-2"}`,
			defender.Job{
				AlertID: "da1_-2", DeviceID: device40, Status: "TerminatedByUser", Phase: defender.PhaseCancelled,
				Details: "stopped; cancelled by ann@example.com", Created: at(5), Ended: at(9),
			},
		},
		{
			"unknown state that has ended", defender.TrackInvestigations, "da1_-2", "/api/investigations/da1_-2",
			`{"id":"63004","endTime":"2026-01-02T03:04:09Z","state":"Invented","triggeringAlertId":"da1_-2"}`,
			defender.Job{AlertID: "da1_-2", Status: "Invented", Phase: defender.PhaseUnknown, Ended: at(9)},
		},
		{
			"strange id", defender.TrackInvestigations, "a/b?c", "/api/investigations/a%2Fb%3Fc", `{"state":null,"startTime":"soon"}`, defender.Job{},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := setup(t, answers(http.StatusOK, tt.answer))
			got, err := r.Job(t.Context(), tt.tracking, tt.id)
			if err != nil {
				t.Fatalf("Job: %v", err)
			}
			tt.want.Tracks, tt.want.ID = tt.tracking, tt.id
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("job (-want +got):\n%s", diff)
			}
			if got := r.all()[0].Path; got != tt.path {
				t.Errorf("path = %s, want %s", got, tt.path)
			}
		})
	}
}

func TestJobRefuses(t *testing.T) {
	r := setup(t, answers(http.StatusOK, `{"id":"2"}`))
	for _, id := range []string{"", ".", ".."} {
		_, err := r.Job(t.Context(), defender.TrackMachineActions, id)
		failed(t, err, defender.NotSent)
	}
	_, err := r.Job(t.Context(), "", "1")
	failed(t, err, defender.NotSent)
	if n := len(r.all()); n != 0 {
		t.Errorf("%d requests, want none", n)
	}
	_, err = r.Job(t.Context(), defender.TrackMachineActions, "1")
	failed(t, err, defender.BadAnswer)
}

// TestJobs asks for 21 machine actions with two reads, and keeps the order asked for.
func TestJobs(t *testing.T) {
	var ids []string
	for i := range 21 {
		ids = append(ids, fmt.Sprintf("id-%d", i))
	}
	r := setup(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Query().Get("$filter"), "'id-20'") {
			answers(http.StatusOK, `{"value":[{"id":"id-20","status":"Pending"}]}`)(w, r)
			return
		}
		answers(http.StatusOK, `{"value":[{"id":"ID-7","status":"Failed"},{"id":"other"},{"id":"id-3","status":"Succeeded"}]}`)(w, r)
	})
	found, err := r.Jobs(t.Context(), defender.TrackMachineActions, ids)
	if err != nil {
		t.Fatalf("Jobs: %v", err)
	}
	var got []string
	for _, j := range found {
		got = append(got, j.ID+" "+j.Status)
	}
	if diff := cmp.Diff([]string{"id-3 Succeeded", "id-7 Failed", "id-20 Pending"}, got); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
	requests := r.all()
	if len(requests) != 2 {
		t.Fatalf("%d reads, want 2", len(requests))
	}
	if q, err := url.ParseQuery(requests[1].Query); err != nil || q.Get("$filter") != "id in ('id-20')" {
		t.Errorf("filter = %q, %v", q.Get("$filter"), err)
	}
	if n := len(requests[0].Query); n > 1500 {
		t.Errorf("the address of a full list has %d characters", n)
	}
}

// TestJobsOfInvestigations asks one by one; one that is missing is just missing.
func TestJobsOfInvestigations(t *testing.T) {
	status := http.StatusNotFound
	r := setup(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/2") {
			answers(status, refusal("ResourceNotFound", "no"))(w, r)
			return
		}
		answers(http.StatusOK, `{"state":"Benign"}`)(w, r)
	})
	found, err := r.Jobs(t.Context(), defender.TrackInvestigations, []string{"1", "2", "3"})
	if err != nil || len(found) != 2 || found[0].ID != "1" || found[1].ID != "3" {
		t.Errorf("Jobs = %v, %v; want 1 and 3", found, err)
	}
	status = http.StatusServiceUnavailable
	_, err = r.Jobs(t.Context(), defender.TrackInvestigations, []string{"1", "2", "3"})
	failed(t, err, defender.OutcomeUnknown)
}

func TestJobsOn(t *testing.T) {
	since := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	mine, other := `"machineId":"`+device40+`"`, `"machineId":"`+device32+`"`
	for _, tt := range []struct {
		action, filter string
		rows           []string
		want           []string
	}{
		{"collect", "machineId eq '" + device40 + "' and type eq 'CollectInvestigationPackage'", []string{
			`{"id":"old","type":"CollectInvestigationPackage",` + mine + `,"creationDateTimeUtc":"2026-01-02T02:59:59Z"}`,
			`{"id":"first","type":"CollectInvestigationPackage",` + mine + `,"creationDateTimeUtc":"2026-01-02T03:00:00Z"}`,
			`{"id":"last","type":"CollectInvestigationPackage",` + mine + `,"creationDateTimeUtc":"2026-01-02T03:00:01Z"}`,
			`{"id":"type","type":"Isolate",` + mine + `,"creationDateTimeUtc":"2026-01-02T03:00:01Z"}`,
			`{"id":"device","type":"CollectInvestigationPackage",` + other + `,"creationDateTimeUtc":"2026-01-02T03:00:01Z"}`,
		}, []string{"last", "first"}},
		{"investigate", "machineId eq '" + device40 + "'", []string{
			`{"id":null,"triggeringAlertId":"da1","machineId":null,"startTime":null}`,
			`{"id":null,"triggeringAlertId":null,"machineId":null,"startTime":null}`,
			`{"id":"ended","machineId":null,"startTime":null,"endTime":"2026-01-02T02:00:00Z"}`,
			`{"id":"2",` + mine + `,"startTime":"2026-01-02T03:10:00Z"}`,
			`{"id":"1",` + mine + `,"startTime":"2026-01-02T02:10:00Z"}`,
		}, []string{"2", "da1"}},
	} {
		t.Run(tt.action, func(t *testing.T) {
			r := setup(t, answers(http.StatusOK, `{"value":[`+strings.Join(tt.rows, ",")+`]}`))
			found, whole, err := r.JobsOn(t.Context(), order(t, tt.action, device40).Action, device40, since)
			if err != nil || !whole {
				t.Fatalf("JobsOn: whole %t, %v", whole, err)
			}
			var got []string
			for _, j := range found {
				got = append(got, j.ID)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
			if q, err := url.ParseQuery(r.all()[0].Query); err != nil || q.Get("$filter") != tt.filter {
				t.Errorf("filter = %q, %v, want %q", q.Get("$filter"), err, tt.filter)
			}
		})
	}
}

// TestJobsOnFails tells "there is none" from "nobody knows".
func TestJobsOnFails(t *testing.T) {
	action := order(t, "collect", device40).Action
	r := setup(t, answers(http.StatusNotFound, refusal("ResourceNotFound", "none")))
	if found, whole, err := r.JobsOn(t.Context(), action, device40, time.Time{}); err != nil || !whole || len(found) != 0 {
		t.Errorf("JobsOn = %v, %v; want none", found, err)
	}
	_, _, err := r.JobsOn(t.Context(), action, "web1' or 'a' eq 'a", time.Time{})
	failed(t, err, defender.NotSent)
	r = setup(t, answers(http.StatusNotFound, refusal("NotFound", "No HTTP resource was found that matches the request URI 'x'")))
	_, _, err = r.JobsOn(t.Context(), action, device40, time.Time{})
	failed(t, err, defender.Refused)
	_, err = r.Jobs(t.Context(), defender.TrackMachineActions, []string{"1"})
	failed(t, err, defender.Refused)
}

// TestOpenOn lists all that a device ever had, and keeps what is under way.
func TestOpenOn(t *testing.T) {
	const list = `{"value":[
		{"id":"a","type":"Isolate","status":"Pending","machineId":"` + device40 + `","creationDateTimeUtc":"2026-01-02T03:04:05Z"},
		{"id":"b","type":"Isolate","status":"Succeeded"},
		{"id":"c","type":"Unisolate","status":"InProgress","creationDateTimeUtc":"2026-01-02T03:04:06Z"},
		{"id":"d","type":"RunAntiVirusScan","status":"Pending"},
		{"id":"e","type":"Isolate","status":"Pending","machineId":"0000000000000000000000000000000000000000"},
		{"type":"Isolate","status":"Pending"}]}`
	r := setup(t, answers(http.StatusOK, list))
	got, whole, err := r.OpenOn(t.Context(), defender.TrackMachineActions, []string{"Isolate", "Unisolate"}, device40)
	if err != nil || !whole {
		t.Fatalf("whole %v, error %v", whole, err)
	}
	var ids []string
	for _, j := range got {
		ids = append(ids, j.ID)
	}
	if diff := cmp.Diff([]string{"c", "a"}, ids); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, _, err := r.OpenOn(t.Context(), defender.TrackMachineActions, nil, "kiosk-7"); defender.CauseOf(err) != defender.NotSent {
		t.Errorf("a name in place of an id: %v", err)
	}
}

// TestOpenOnUnclear: what has a status that no page names may be under way, so that nobody
// can say that nothing is.
func TestOpenOnUnclear(t *testing.T) {
	types := []string{"Isolate", "Unisolate"}
	for row, want := range map[string]bool{
		`{"id":"a","type":"Isolate","status":"Invented"}`:          false,
		`{"id":"a","type":"Unisolate","status":null}`:              false,
		`{"id":"a","type":"Isolate"}`:                              false,
		`{"id":"a","type":"RunAntiVirusScan","status":"Invented"}`: true,
		`{"id":"a","type":"Isolate","status":"Invented","machineId":"` + `0000000000000000000000000000000000000000` + `"}`: true,
	} {
		r := setup(t, answers(http.StatusOK, `{"value":[`+row+`]}`))
		got, whole, err := r.OpenOn(t.Context(), defender.TrackMachineActions, types, device40)
		if err != nil || len(got) != 0 || whole != want {
			t.Errorf("%s: %v, whole %v, error %v; want none, whole %v", row, got, whole, err, want)
		}
	}
	r := setup(t, answers(http.StatusOK, `{"value":[{"id":"1","state":"Unknown","endTime":"2026-01-02T03:04:06Z"}]}`))
	if _, whole, err := r.OpenOn(t.Context(), defender.TrackInvestigations, nil, device40); err != nil || !whole {
		t.Errorf("an investigation that has ended: whole %v, error %v", whole, err)
	}
}

// TestOpenOnInvestigations: they have no type, and one that has an end is not under way.
func TestOpenOnInvestigations(t *testing.T) {
	r := setup(t, answers(http.StatusOK, `{"value":[{"id":"1","state":"Running"},{"id":"2","state":"Running","endTime":"2026-01-02T03:04:06Z"},{"id":"3","state":"Benign"}]}`))
	got, _, err := r.OpenOn(t.Context(), defender.TrackInvestigations, nil, device40)
	if err != nil || len(got) != 1 || got[0].ID != "1" {
		t.Errorf("%v, error %v; want the first", got, err)
	}
}
