package office

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
)

// TestNameLate: a device that Defender could not be asked about gets its name when Defender
// answers about its call; it is asked for once, and nothing else about the request changes.
func TestNameLate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer string // about the device; empty: an error
		want   string
		reads  int
	}{
		{"Defender knows it", `{"id":%q,"computerDnsName":"kiosk-7","osPlatform":"Windows11","healthStatus":"Active","onboardingStatus":"Onboarded"}`, "kiosk-7", 1},
		{"it answers about another", `{"id":"` + approvalstest.DeviceNo(9).ID + `","computerDnsName":"%.0s"}`, "", 1},
		{"it was merged", `{"id":%q,"computerDnsName":"kiosk-7","mergedIntoMachineId":"` + approvalstest.DeviceNo(9).ID + `"}`, "", 1},
		{"an error", "", "", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reads := 0
			o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
				if !strings.Contains(r.URL.Path, "/machines/") {
					fmt.Fprintf(w, `{"id":%q,"state":"Running"}`, jobOf(r))
					return
				}
				if reads++; tt.answer == "" {
					w.WriteHeader(http.StatusInternalServerError)
					return
				}
				fmt.Fprintf(w, tt.answer, approvalstest.DeviceNo(0).ID)
			}, chatter{}, nil)
			r := o.working("investigate", 2, 2)
			o.unverified(r, 0)
			for range 8 {
				o.pass(20 * time.Second)
				o.turns(50)
			}
			got := o.load(r.ID)
			if got.Devices[0].Name != tt.want || got.Devices[0].Verified != (tt.want != "") || reads != tt.reads {
				t.Errorf("it is %+v after %d reads, want the name %q and %d", got.Devices[0], reads, tt.want, tt.reads)
			}
			if got.Digest() != r.Digest() || got.Calls[0].State != approvals.Running || got.Devices[1].Name != "" {
				t.Errorf("and %+v", got)
			}
		})
	}
}

// TestNameLateSlow: while Defender is slow to say what devices are called, the news of their
// calls do not wait for it.
func TestNameLateSlow(t *testing.T) {
	var reads atomic.Int32
	o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/machines/") {
			reads.Add(1)
			<-r.Context().Done()
			return
		}
		fmt.Fprintf(w, `{"id":%q,"state":"SuccessfullyRemediated"}`, jobOf(r))
	}, chatter{}, nil)
	o.nameLimit = 50 * time.Millisecond
	r := o.working("investigate", 3, 3)
	for i := range 3 {
		o.unverified(r, i)
	}
	o.pass(20 * time.Second)
	o.turns(50)
	if got := o.load(r.ID); got.State != approvals.Done || reads.Load() != 1 {
		t.Errorf("it is %s after %d reads of devices, want done after 1", got.State, reads.Load())
	}
	windows, err := o.store.Windows(t.Context(), nil)
	if err != nil || windows[0].Endpoint.Name != defender.MachinesEndpoint().Name || windows[0].Used[0] != 1 {
		t.Errorf("of the window of devices: %+v, %v; want one used", windows, err)
	}
}

// unverified has the record say that Defender could not be asked about device i.
func (o *office) unverified(r approvals.Request, i int) {
	o.t.Helper()
	key := o.key(r.ID)
	record, err := o.redis.Get(key)
	if err != nil {
		o.t.Fatal(err)
	}
	id := r.Devices[i].ID
	was, is := fmt.Sprintf(`"id":%q,"ok":true`, id), fmt.Sprintf(`"id":%q,"unread":{"reason":"not_reached"}`, id)
	if !strings.Contains(record, was) {
		o.t.Fatalf("no device %s that is verified in %s", id, record)
	}
	if err := o.redis.Set(key, strings.Replace(record, was, is, 1)); err != nil {
		o.t.Fatal(err)
	}
}
