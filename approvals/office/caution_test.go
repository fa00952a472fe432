package office

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
)

// tenantThat is a Defender whose devices have these operating systems, by number, and
// whose machine actions are answered as told; nil: there are none.
func tenantThat(actions http.HandlerFunc, systems ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/machineactions") {
			if actions == nil {
				fmt.Fprint(w, `{"value":[]}`)
				return
			}
			actions(w, r)
			return
		}
		for n, system := range systems {
			if id := approvalstest.DeviceNo(n).ID; id == jobOf(r) {
				os, version, _ := strings.Cut(system, " ")
				fmt.Fprintf(w, `{"id":%q,"computerDnsName":"pc-%d","osPlatform":%q,"version":%q}`, id, n, os, version)
			}
		}
	}
}

func devices(n int) []approvals.Device {
	list := make([]approvals.Device, n)
	for i := range list {
		list[i] = approvalstest.DeviceNo(i)
	}
	return list
}

// TestCheckOS: what cannot work by Microsoft's pages is rejected before anybody is asked, with
// the devices by name; what they do not say is told.
func TestCheckOS(t *testing.T) {
	const works = "; it works on Windows 10 version 1703 and later, Windows 11, Windows Server, macOS, Linux"
	for name, tt := range map[string]struct {
		systems  []string
		want     string // why it is rejected; empty: it is not
		cautions int
	}{
		"supported":        {[]string{"Windows11 23H2", "Linux"}, "", 0},
		"one":              {[]string{"Windows7"}, "pc-0 (Windows7)" + works, 0},
		"one of two":       {[]string{"Windows11 23H2", "Windows10 1607"}, "pc-1 (Windows10 1607)" + works + ". Ask again without that device", 0},
		"many of many":     {[]string{"iOS", "iOS", "iOS", "Android", "iOS", "Linux"}, "pc-0 (iOS), pc-1 (iOS), pc-2 (iOS) and 2 more" + works + ". Ask again without those devices", 0},
		"nobody says":      {[]string{"WindowsServer2012R2", "Linux", "ChromeOS", ""}, "", 3},
		"no, and unstated": {[]string{"WindowsServer2012R2", "iOS"}, "pc-1 (iOS)" + works + ". Ask again without that device", 0},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, tenantThat(nil, tt.systems...), chatter{}, nil)
			id := o.asked(devices(len(tt.systems))...)
			o.turns(10)
			got := o.load(id)
			if tt.want != "" {
				want := approvals.Why{Reason: approvals.UnsupportedOS, Detail: tt.want}
				if diff := cmp.Diff(want, got.Ended.Why); got.State != approvals.Rejected || diff != "" {
					t.Errorf("%s (-want +got):\n%s", got.State, diff)
				}
				return
			}
			n := 0
			for _, d := range got.Devices {
				for _, c := range d.Cautions {
					if n++; c.Kind != approvals.CautionOS {
						t.Errorf("%s: %+v", d.Name, c)
					}
				}
			}
			if got.State != approvals.Pending || n != tt.cautions {
				t.Errorf("%s with %d cautions, want pending with %d", got.State, n, tt.cautions)
			}
		})
	}
}

// TestUnsupportedLong: however long names and systems are, what is to be done is among what
// a sentence has room for.
func TestUnsupportedLong(t *testing.T) {
	const room = 400 // bot's mostDetail
	long := finding{device: approvals.Device{Name: strings.Repeat("näme", 60), OS: "Windows10 " + strings.Repeat("1607", 3000)}}
	for _, action := range defender.Actions() {
		got := unsupported(action, []finding{long, long, long, long}, 20, "scan").Detail
		if n := utf8.RuneCountInString(got); n > room || !strings.HasSuffix(got, ". Ask again without those devices; “scan” works there") || !utf8.ValidString(got) {
			t.Errorf("%s: %d characters: %s", action.Name, n, got)
		}
	}
}

// TestCheckInstead: where an action that Microsoft has ended cannot work and its successor
// can, that is said; not where it is switched off, or works on some of them only.
func TestCheckInstead(t *testing.T) {
	on := approvals.Rule{Approvers: approvals.List{Users: []string{"U2"}}, Needed: 1}
	off := on
	off.Off = true
	for name, tt := range map[string]struct {
		scan    approvals.Rule
		systems []string
		want    string
	}{
		"works":         {on, []string{"Linux"}, "; “scan” works there"},
		"switched off":  {off, []string{"Linux"}, "Stack HCI OS 23H2 and later"},
		"works on some": {on, []string{"Linux", "iOS"}, "Stack HCI OS 23H2 and later"},
	} {
		o := newOffice(t, tenantThat(nil, tt.systems...), chatter{}, nil)
		o.people.policy.ByAction["scan"] = tt.scan
		wish := approvalstest.Asked(devices(len(tt.systems))...)
		wish.Action = "investigate"
		r, err := o.store.Create(t.Context(), ledger.NewOp(), wish, 0)
		if err != nil {
			t.Fatal(err)
		}
		o.turns(10)
		if got := o.load(r.ID); got.State != approvals.Rejected || !strings.HasSuffix(got.Ended.Why.Detail, tt.want) {
			t.Errorf("%s: %s, %q; want it to end with %q", name, got.State, got.Ended.Why.Detail, tt.want)
		}
	}
}

// answering is a handler of machine actions that gives one answer.
func answering(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// TestCheckBusy: what runs on the device already is told, and that nobody could find out; it
// keeps no request from its approvers.
func TestCheckBusy(t *testing.T) {
	created := approvalstest.Start.Add(-time.Hour)
	running := func(id, kind, scope, status string) string {
		return fmt.Sprintf(`{"value":[{"id":%q,"type":%q,"scope":%q,"status":%q,"requestor":"ann@example.com","creationDateTimeUtc":%q}]}`,
			id, kind, scope, status, created.Format(time.RFC3339))
	}
	unread := func(reason approvals.Reason, detail string) []approvals.Caution {
		return []approvals.Caution{{Kind: approvals.CautionUnchecked, Why: approvals.Why{Reason: reason, Detail: detail}}}
	}
	for name, tt := range map[string]struct {
		action  string
		answer  http.HandlerFunc
		prepare func(*office)
		want    []approvals.Caution
	}{
		"nothing":         {"isolate", nil, nil, nil},
		"something else":  {"isolate", answering(200, running("x", "RunAntiVirusScan", "Full", "Pending")), nil, nil},
		"what has ended":  {"isolate", answering(200, running("x", "Isolate", "Full", "Succeeded")), nil, nil},
		"the same":        {"isolate", answering(200, running("x", "Isolate", "Full", "Pending")), nil, []approvals.Caution{{Kind: approvals.CautionBusy, Action: "isolate", Starter: "ann@example.com", At: created}}},
		"of its group":    {"unisolate", answering(200, running("x", "Isolate", "Selective", "InProgress")), nil, []approvals.Caution{{Kind: approvals.CautionBusy, Action: "isolate-selective", Starter: "ann@example.com", At: created}}},
		"no row of ours":  {"isolate", answering(200, running("x", "Isolate", "UnManagedDevice", "Pending")), nil, []approvals.Caution{{Kind: approvals.CautionBusy, Action: "Isolate", Starter: "ann@example.com", At: created}}},
		"no role":         {"isolate", answering(403, `{"error":{"code":"Forbidden","message":"Missing application roles. API required roles: x, application roles: y."}}`), nil, unread(approvals.MissingRole, "x")},
		"throttled":       {"isolate", answering(429, `{"error":{"code":"TooManyRequests","message":"slow down"}}`), nil, unread(approvals.Throttled, "slow down")},
		"Defender's end":  {"isolate", answering(503, `{}`), nil, unread(approvals.ServiceTrouble, "HTTP 503")},
		"a part of them":  {"isolate", answering(200, `{"value":[],"@odata.nextLink":"https://example.com/more"}`), nil, unread(approvals.NotShown, "")},
		"no window":       {"isolate", nil, func(o *office) { o.useUp(defender.MachineActionsEndpoint()) }, unread(approvals.ReadsUsedUp, "")},
		"an older window": {"isolate", nil, func(o *office) { o.useUp(defender.InvestigationsEndpoint()) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, tenantThat(tt.answer, "Windows11 23H2"), chatter{}, nil)
			if tt.prepare != nil {
				tt.prepare(o)
			}
			a := approvalstest.Asked(devices(1)...)
			a.Action = tt.action
			r, err := o.store.Create(t.Context(), ledger.NewOp(), a, 0)
			if err != nil {
				t.Fatal(err)
			}
			o.turns(10)
			got := o.load(r.ID)
			if diff := cmp.Diff(tt.want, got.Devices[0].Cautions); got.State != approvals.Pending || diff != "" {
				t.Errorf("%s (-want +got):\n%s", got.State, diff)
			}
		})
	}
}

// useUp takes all reads of an endpoint that there are in a minute.
func (o *office) useUp(e defender.Endpoint) {
	o.t.Helper()
	if at, err := o.store.BookReads(o.t.Context(), e, e.Limits[0].Calls, ledger.ForCall()); err != nil || !at.IsZero() {
		o.t.Fatal(at, err)
	}
}

// TestCheckBusyOurs: a request that is not followed any more still runs in Defender. Whoever
// asks again learns both: whose it is, and that the same was asked for.
func TestCheckBusyOurs(t *testing.T) {
	o := newOffice(t, tenantThat(answering(200, `{"value":[{"id":"j0","type":"CollectInvestigationPackage","status":"Pending","requestor":"app"}]}`), "Windows11 23H2"), chatter{}, nil)
	old := o.working("collect", 1, 1)
	old = apply(t, o.store, old, approvals.On{Call: 0, Event: approvals.GiveUp{Why: approvals.Why{Reason: approvals.TookTooLong}}})
	id := o.asked(approvalstest.DeviceNo(0))
	o.turns(10)
	want := []approvals.Caution{
		{Kind: approvals.CautionBusy, Action: "collect", Request: old.ID, By: approvalstest.Asker},
		{
			Kind: approvals.CautionAsked, Request: old.ID, By: approvalstest.Asker, At: old.Asked, State: approvals.Done, Call: approvals.Unknown,
			Channel: old.Place.Channel, TS: "1.1",
		},
	}
	if diff := cmp.Diff(want, o.load(id).Devices[0].Cautions); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestCheckAskedBefore: that the same was asked for is told for a day, whatever became of it,
// but not to those who decide on trying just that again.
func TestCheckAskedBefore(t *testing.T) {
	deny := approvals.Deny{By: approvalstest.Leader, Text: "not now"}
	for name, tt := range map[string]struct {
		passes  time.Duration
		retries bool
		want    int
	}{
		"lately":        {time.Hour, false, 1},
		"almost a day":  {approvals.AskedLately - time.Minute, false, 1},
		"more than one": {approvals.AskedLately + time.Minute, false, 0},
		"its retry":     {time.Hour, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, tenantThat(nil, "Windows11 23H2"), chatter{}, nil)
			first := o.asked(approvalstest.DeviceNo(0))
			o.turns(10)
			deny.Digest = o.load(first).Digest()
			old := apply(t, o.store, o.load(first), deny)
			o.turns(10)
			o.pass(tt.passes)
			again := approvalstest.Asked(approvalstest.DeviceNo(0))
			if tt.retries {
				again.RetryOf = first
			}
			r, err := o.store.Create(t.Context(), ledger.NewOp(), again, 0)
			if err != nil {
				t.Fatal(err)
			}
			o.turns(10)
			got := o.load(r.ID).Devices[0].Cautions
			if len(got) != tt.want || len(got) > 0 && (got[0].Request != first || got[0].State != approvals.Denied || !got[0].At.Equal(old.Asked)) {
				t.Errorf("%+v, want %d of %s", got, tt.want, first)
			}
		})
	}
}

// TestCheckBusyHanging: where Defender does not say what runs, it is asked about all devices
// at once, and the card says so of each.
func TestCheckBusyHanging(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	hangs := func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		<-r.Context().Done()
	}
	systems := strings.Fields(strings.Repeat("Windows11 ", 12))
	o := newOffice(t, tenantThat(hangs, systems...), chatter{}, nil)
	id := o.asked(devices(12)...)
	o.turns(1)
	if n := asked.Load(); n != 12 {
		t.Errorf("it was asked %d times before the time for it was over, want 12", n)
	}
	for _, d := range o.load(id).Devices {
		if len(d.Cautions) != 1 || d.Cautions[0].Why.Reason != approvals.NotReached {
			t.Errorf("%s: %+v, want that it was not checked", d.Name, d.Cautions)
		}
	}
}
