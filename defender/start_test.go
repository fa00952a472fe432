package defender_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
)

// startedInvestigation is the sample of the vendor's page on investigations.
const startedInvestigation = `{
	"id": "63004",
	"startTime": "2020-01-06T13:05:15Z",
	"endTime": null,
	"state": "Running",
	"cancelledBy": null,
	"statusDetails": null,
	"machineId": "1E5BC9D7E413DDD7902C2932E418702B84D0CC07",
	"computerDnsName": "desktop-test123",
	"triggeringAlertId": "da637139127150012465_1011995739"
}`

// TestStart holds the wire to the two examples on the vendor's pages.
func TestStart(t *testing.T) {
	for _, tt := range []struct {
		action, device, path, answer string
		want                         defender.Job
	}{
		{
			"investigate", device40, "/api/machines/1e5bc9d7e413ddd7902c2932e418702b84d0cc07/startInvestigation", startedInvestigation,
			defender.Job{
				Tracks: defender.TrackInvestigations, ID: "63004", AlertID: "da637139127150012465_1011995739",
				DeviceID: device40, Status: "Running", Phase: defender.PhaseOpen,
				Created: time.Date(2020, 1, 6, 13, 5, 15, 0, time.UTC),
			},
		},
		{
			"collect", device32, "/api/machines/fb9ab6be3965095a09c057be7c90f0a2/collectInvestigationPackage", startedCollection,
			defender.Job{
				Tracks: defender.TrackMachineActions, ID: "92452beb-ef01-42df-852d-84b34ef83425",
				Type: "CollectInvestigationPackage", DeviceID: device32, Status: "Pending", Phase: defender.PhaseOpen,
				Requestor: "defenderbot", Comment: "why",
				Created: time.Date(2024, 1, 24, 1, 36, 28, 728369300, time.UTC),
			},
		},
	} {
		t.Run(tt.action, func(t *testing.T) {
			r := setup(t, answers(http.StatusCreated, tt.answer))
			got, err := r.Start(t.Context(), order(t, tt.action, tt.device))
			if err != nil {
				t.Fatalf("Start: %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("job (-want +got):\n%s", diff)
			}
			requests := r.all()
			if len(requests) != 1 {
				t.Fatalf("%d requests, want 1", len(requests))
			}
			header := requests[0].Header
			requests[0].Header = nil
			want := seen{Method: "POST", Path: tt.path, Body: `{"Comment":"why"}`, Proto: "HTTP/1.1"}
			if diff := cmp.Diff(want, requests[0]); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
			for name, want := range map[string]string{
				"Authorization": "Bearer " + accessToken, "Content-Type": "application/json", "User-Agent": "defenderbot/test",
			} {
				if got := header.Get(name); got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
		})
	}
}

// TestStartFields sends what a row has beside the comment.
func TestStartFields(t *testing.T) {
	r := setup(t, answers(http.StatusCreated, `{"id":"1","type":"Isolate"}`))
	o := order(t, "collect", device40)
	o.Action = defender.Action{
		Name: "isolate", Post: defender.Endpoint{Name: "isolate"}, Fields: map[string]string{"IsolationType": "Full"},
		Type: "Isolate", Tracks: defender.TrackMachineActions,
	}
	if _, err := r.Start(t.Context(), o); err != nil {
		t.Fatalf("Start: %v", err)
	}
	if got, want := r.all()[0].Body, `{"Comment":"why","IsolationType":"Full"}`; got != want {
		t.Errorf("body = %s, want %s", got, want)
	}
}

// TestStartAlert reads an answer in which all but the alert's id is null.
func TestStartAlert(t *testing.T) {
	r := setup(t, answers(http.StatusCreated, `{"id":"da637205548921456173_375980286","startTime":null,"endTime":null,
		"state":"PendingApproval","machineId":null,"computerDnsName":null,"triggeringAlertId":"da637205548921456173_375980286"}`))
	got, err := r.Start(t.Context(), order(t, "investigate", device40))
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	want := defender.Job{
		Tracks: defender.TrackInvestigations, ID: "da637205548921456173_375980286", AlertID: "da637205548921456173_375980286",
		DeviceID: device40, Status: "PendingApproval", Phase: defender.PhaseOpen,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("job (-want +got):\n%s", diff)
	}
}

// TestStartBadAnswers are successes that cannot be believed: something may be running.
func TestStartBadAnswers(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"not JSON":       answers(http.StatusCreated, `<html>`),
		"empty":          answers(http.StatusCreated, ``),
		"no id":          answers(http.StatusCreated, `{"id":null,"type":"CollectInvestigationPackage"}`),
		"other device":   answers(http.StatusCreated, `{"id":"1","machineId":"`+device32+`"}`),
		"other action":   answers(http.StatusCreated, `{"id":"1","type":"Isolate"}`),
		"accepted":       answers(http.StatusAccepted, `{"id":"1"}`),
		"cut":            cut(http.StatusCreated, `{"id":"1"`),
		"redirect":       redirect(http.StatusFound),
		"redirect again": redirect(http.StatusTemporaryRedirect),
	} {
		t.Run(name, func(t *testing.T) {
			r := setup(t, handler)
			_, err := r.Start(t.Context(), order(t, "collect", device40))
			failed(t, err, defender.BadAnswer)
			if n := len(r.all()); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

// TestStartRefusesOrders needs no server: nothing may be sent for a wrong order.
func TestStartRefusesOrders(t *testing.T) {
	r := setup(t, answers(http.StatusCreated, startedCollection))
	for name, change := range map[string]func(*defender.Order){
		"upper case":     func(o *defender.Order) { o.DeviceID = "1E5BC9D7E413DDD7902C2932E418702B84D0CC07" },
		"a name":         func(o *defender.Order) { o.DeviceID = "mymachine1.contoso.com" },
		"a path":         func(o *defender.Order) { o.DeviceID = device40 + "/../x" },
		"39 digits":      func(o *defender.Order) { o.DeviceID = device40[1:] },
		"a line after":   func(o *defender.Order) { o.DeviceID = device40 + "\n" },
		"no device":      func(o *defender.Order) { o.DeviceID = "" },
		"no comment":     func(o *defender.Order) { o.Comment = " " },
		"no action":      func(o *defender.Order) { o.Action = defender.Action{} },
		"no tracking":    func(o *defender.Order) { o.Action.Tracks = "" },
		"no time":        func(o *defender.Order) { o.NotAfter = time.Time{} },
		"time has gone":  func(o *defender.Order) { o.NotAfter = time.Now().Add(-time.Millisecond) },
		"token has gone": func(*defender.Order) { r.tokens.Discard(accessToken) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := r.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			o := order(t, "collect", device40)
			change(&o)
			_, err := r.Start(t.Context(), o)
			failed(t, err, defender.NotSent)
		})
	}
	if n := len(r.all()); n != 0 {
		t.Errorf("%d requests, want none", n)
	}
}

// TestStartOverTLS goes through a handshake and stays on HTTP/1.1, also where the server
// and the transport could do HTTP/2.
func TestStartOverTLS(t *testing.T) {
	r := &rig{}
	r.server = httptest.NewUnstartedServer(r.recording(answers(http.StatusCreated, startedInvestigation)))
	r.server.EnableHTTP2 = true
	r.server.StartTLS()
	t.Cleanup(r.server.Close)
	transport, ok := r.server.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatal("the test server's client has another transport")
	}
	r.connect(t, defender.Config{BaseURL: r.server.URL + "/", Now: time.Now, Transport: transport})
	if _, err := r.Start(t.Context(), order(t, "investigate", device40)); err != nil {
		t.Fatalf("Start: %v", err)
	}
	if got := r.all()[0].Proto; got != "HTTP/1.1" {
		t.Errorf("protocol = %s, want HTTP/1.1", got)
	}
}
