package office

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
)

// knows answers with devices of these names, and of one name with others that begin like it.
func knows(reads *atomic.Int32, devices ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		reads.Add(1)
		filter, list := r.URL.Query().Get("$filter"), []string{}
		for i, name := range devices {
			name, merged, _ := strings.Cut(name, " now ")
			_, asked, _ := strings.Cut(filter, "'")
			asked = strings.TrimRight(asked, "')")
			if strings.HasPrefix(name, asked) && (strings.Contains(filter, "startswith") || name == asked) {
				list = append(list, fmt.Sprintf(`{"id":%q,"computerDnsName":%q,"mergedIntoMachineId":%q}`, approvalstest.DeviceNo(i).ID, name, merged))
			}
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"value":[%s]}`, strings.Join(list, ","))
	}
}

// TestDeskHistory: by its id and by its name, what was asked for a device, whatever the action;
// each sees of it what they may see.
func TestDeskHistory(t *testing.T) {
	var reads atomic.Int32
	d, other := approvalstest.DeviceNo(0), approvalstest.DeviceNo(1)
	l := newLibrary(t, knows(&reads, "srv-1.corp.example", "srv-2.corp.example", "twin.a", "twin.b", "old.a now "+d.ID, "old.b"))
	named := d
	named.Name = "srv-1.corp.example"
	collect := l.cancelled("U1", "collect", "C1", named)
	isolate := l.asked("U9", "isolate", "C2", named)
	l.asked("U1", "isolate", "C1", other)
	both := []approvals.Request{isolate, collect}
	for _, tt := range []struct {
		name   string
		by     By
		device approvals.Device
		want   []approvals.Request
		reads  int32
		why    approvals.Reason // empty: it is listed
		detail string
	}{
		{"an approver, by id", in("U2", "C9"), approvals.Device{ID: d.ID}, both, 0, "", ""},
		{"an approver, by id in capitals", in("U2", "C9"), approvals.Device{ID: strings.ToUpper(d.ID)}, both, 0, "", ""},
		{"an approver, by name", in("U2", "C9"), approvals.Device{Name: "srv-1.corp.example"}, both, 1, "", ""},
		{"an approver, by host name", in("U2", "C9"), approvals.Device{Name: "SRV-1"}, both, 2, "", ""},
		{"an approver, aloud", aloud(in("U2", "C1")), approvals.Device{ID: d.ID}, []approvals.Request{collect}, 0, "", ""},
		{"an approver of one action", in("U3", "C9"), approvals.Device{ID: d.ID}, []approvals.Request{collect}, 0, "", ""},
		{"a requester, where another asked", in("U1", "C2"), approvals.Device{ID: d.ID}, both, 0, "", ""},
		{"a requester, elsewhere", in("U9", "C9"), approvals.Device{ID: d.ID}, []approvals.Request{isolate}, 0, "", ""},
		{"of a device for which nothing was asked", in("U2", "C1"), approvals.Device{ID: approvalstest.DeviceNo(9).ID}, nil, 0, "", ""},
		{"a name that is also that of a record which was merged", in("U2", "C1"), approvals.Device{Name: "old"}, nil, 2, "", ""},
		{"a name of two", in("U2", "C1"), approvals.Device{Name: "twin"}, nil, 2, approvals.DeviceAmbiguous, "twin: " + approvalstest.DeviceNo(2).ID + ", " + approvalstest.DeviceNo(3).ID},
		{"a name of none", in("U2", "C1"), approvals.Device{Name: "nosuch.corp"}, nil, 1, approvals.DeviceNotFound, "nosuch.corp"},
		{"a guest", in("U8", "C1"), approvals.Device{Name: "srv-1"}, nil, 0, approvals.NotAMember, ""},
	} {
		reads.Store(0)
		got, err := l.History(t.Context(), tt.by, tt.device)
		refused, _ := approvals.AsRefusal(err)
		switch {
		case (tt.why == "") != (err == nil) || err != nil && (refused == nil || refused.Why.Reason != tt.why || refused.Why.Detail != tt.detail):
			t.Errorf("%s: %v, want %q (%s)", tt.name, err, tt.why, tt.detail)
		case !slices.Equal(idsIn(got.Requests), idsIn(tt.want)):
			t.Errorf("%s: %q, want %q", tt.name, idsIn(got.Requests), idsIn(tt.want))
		case len(tt.want) > 0 && (got.Device.ID != d.ID || got.Device.Name != named.Name):
			t.Errorf("%s: it is that of %+v", tt.name, got.Device)
		}
		if n := reads.Load(); n != tt.reads {
			t.Errorf("%s: Defender was asked %d times, want %d", tt.name, n, tt.reads)
		}
	}
}

// TestDeskHistoryUnread: a Defender that cannot be asked is the reason, with its own cause, and
// an id works without it. One that throttles is left alone by all.
func TestDeskHistoryUnread(t *testing.T) {
	var answer atomic.Value
	answer.Store("")
	l := newLibrary(t, func(w http.ResponseWriter, _ *http.Request) {
		if answer.Load() == "429" {
			w.Header().Set("Retry-After", "30")
			http.Error(w, "{}", http.StatusTooManyRequests)
			return
		}
		http.Error(w, "{}", http.StatusServiceUnavailable)
	})
	r := l.asked("U1", "collect", "C1", approvalstest.DeviceNo(0))
	ask := func(want approvals.Reason) {
		t.Helper()
		_, err := l.History(t.Context(), in("U2", "C1"), approvals.Device{Name: "srv-1.corp"})
		refused, is := approvals.AsRefusal(err)
		if !is || refused.Why.Reason != approvals.NameUnread || refused.Why.Detail != "srv-1.corp" || refused.Why.Cause == nil || refused.Why.Cause.Reason != want {
			t.Errorf("got %v, want that the name is unread because of %s", err, want)
		}
		if got, err := l.History(t.Context(), in("U2", "C1"), approvals.Device{ID: approvalstest.DeviceNo(0).ID}); err != nil || !slices.Equal(idsIn(got.Requests), []string{r.ID}) {
			t.Errorf("by its id: %q, %v", idsIn(got.Requests), err)
		}
	}
	ask(approvals.ServiceTrouble)
	answer.Store("429")
	ask(approvals.Throttled)
	answer.Store("")
	ask(approvals.ReadsUsedUp)
	windows, err := l.Limits(t.Context(), in("U1", "C1"))
	i := slices.IndexFunc(windows, func(w WindowState) bool { return w.Endpoint == defender.MachinesEndpoint().Name })
	if err != nil || i < 0 || !windows[i].Held.After(l.now) {
		t.Errorf("the window of look-ups: %+v, %v; want it held", windows, err)
	}
}
