package office

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
)

func named(n int) approvals.Device {
	return approvals.Device{Name: fmt.Sprintf("pc-%d.contoso.example", n)}
}

// TestCheckManyDevices asks for more devices at once, in requests of several people
// for twenty each, than the window of reads has room for. Ids do not wait for it long; names
// keep what was found of them.
func TestCheckManyDevices(t *testing.T) {
	for name, tt := range map[string]struct {
		device           func(n int) approvals.Device
		requests, others int // others' reads in the last minute
		within           time.Duration
		least            int // devices that are verified in that time
	}{
		"by id":          {approvalstest.DeviceNo, 8, 0, patience + 5*time.Second, 90},
		"by name":        {named, 8, 0, 90 * time.Second, 160},
		"with few reads": {named, 1, 90, 90 * time.Second, 20},
	} {
		t.Run(name, func(t *testing.T) {
			var reads atomic.Int64
			o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
				n := reads.Add(1)
				if id := jobOf(r); id != "machines" {
					fmt.Fprintf(w, `{"id":%q,"computerDnsName":"pc"}`, id)
					return
				}
				_, name, _ := strings.Cut(r.URL.Query().Get("$filter"), "'")
				fmt.Fprintf(w, `{"value":[{"id":"%040x","computerDnsName":%q}]}`, n, strings.Trim(name, "')"))
			}, chatter{}, nil)
			for range tt.others { // so places come free one by one
				if at, err := o.store.BookReads(t.Context(), defender.MachinesEndpoint(), 1, ledger.ForCall()); err != nil || !at.IsZero() {
					t.Fatal(at, err)
				}
				o.pass(time.Minute / time.Duration(tt.others+1))
			}
			var ids []string
			for k := range tt.requests {
				a := approvalstest.Asked()
				a.By = approvals.Person{ID: fmt.Sprint("U", k)}
				for i := range 20 {
					a.Devices = append(a.Devices, tt.device(100*k+i))
				}
				r, err := o.store.Create(t.Context(), ledger.NewOp(), a, 0)
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, r.ID)
			}
			for waited := time.Duration(0); waited < tt.within; waited += time.Second {
				o.turns(200)
				o.pass(time.Second)
			}
			verified := 0
			for _, id := range ids {
				r := o.load(id)
				if r.State != approvals.Pending {
					t.Errorf("%s is %s (%+v) after %s, want pending", id, r.State, r.Ended, tt.within)
				}
				for _, d := range r.Devices {
					if d.Verified {
						verified++
					}
				}
			}
			if verified < tt.least {
				t.Errorf("%d devices are verified, want %d", verified, tt.least)
			}
		})
	}
}

// TestCheckFairToPeople: somebody asks for twenty names that nobody has, every two
// seconds; another person's one name is found at once.
func TestCheckFairToPeople(t *testing.T) {
	o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.RawQuery, "pc-1000.") {
			fmt.Fprintf(w, `{"value":[{"id":%q,"computerDnsName":%q}]}`, approvalstest.DeviceNo(1000).ID, named(1000).Name)
			return
		}
		fmt.Fprint(w, `{"value":[]}`)
	}, chatter{}, nil)
	for k := range 15 {
		var many []approvals.Device
		for i := range 20 {
			many = append(many, named(20*k+i))
		}
		o.asked(many...)
		o.turns(200)
		o.pass(2 * time.Second)
	}
	one := approvalstest.Asked(named(1000))
	one.By = approvalstest.Second
	r, err := o.store.Create(t.Context(), ledger.NewOp(), one, 0)
	if err != nil {
		t.Fatal(err)
	}
	o.turns(200)
	if got := o.load(r.ID); got.State != approvals.Pending {
		t.Errorf("the other person's request is %s, want pending", got.State)
	}
}

// TestCheckHangingDefender names more devices than can be asked about
// while none is answered.
func TestCheckHangingDefender(t *testing.T) {
	t.Parallel()
	o := newOffice(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, chatter{}, nil)
	a := approvalstest.Asked()
	for i := range 12 {
		a.Devices = append(a.Devices, approvalstest.DeviceNo(i))
	}
	r, err := o.store.Create(t.Context(), ledger.NewOp(), a, 0)
	if err != nil {
		t.Fatal(err)
	}
	o.pass(patience + time.Second)
	o.turns(1)
	if got := o.load(r.ID); got.State != approvals.Pending || got.Devices[11].Verified {
		t.Errorf("%s, want pending with devices that are not verified", got.State)
	}
}
