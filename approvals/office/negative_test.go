package office

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
)

// TestCheckAsksAgain: that Defender does not know a device is believed when it says
// so for the third time, by id and by name.
func TestCheckAsksAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		device approvals.Device
		misses int
		want   approvals.State
	}{
		"an id, late":     {approvalstest.DeviceNo(1), 2, approvals.Pending},
		"an id, not":      {approvalstest.DeviceNo(1), 3, approvals.Rejected},
		"a name, late":    {named(1), 2, approvals.Pending},
		"a name, not":     {named(1), 3, approvals.Rejected},
		"known at once":   {approvalstest.DeviceNo(1), 0, approvals.Pending},
		"a name, at once": {named(1), 0, approvals.Pending},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
				asked++
				row := fmt.Sprintf(`{"id":%q,"computerDnsName":%q}`, approvalstest.DeviceNo(1).ID, named(1).Name)
				switch byID := jobOf(r) != "machines"; {
				case asked <= tt.misses && byID:
					http.Error(w, `{"error":{"code":"ResourceNotFound","message":"Machine was not found"}}`, http.StatusNotFound)
				case asked <= tt.misses:
					io.WriteString(w, `{"value":[]}`)
				case byID:
					io.WriteString(w, row)
				default:
					io.WriteString(w, `{"value":[`+row+`]}`)
				}
			}, chatter{}, nil)
			id := o.asked(tt.device)
			for range 4 {
				o.turns(50)
				o.pass(stepRetry)
			}
			got := o.load(id)
			if got.State != tt.want || tt.want == approvals.Rejected && got.Ended.Why.Reason != approvals.DeviceNotFound {
				t.Errorf("%s (%+v) after %d look-ups, want %s", got.State, got.Ended.Why, asked, tt.want)
			}
		})
	}
}

// TestSendUnknownDevice: a POST that is answered with "no such device" is not
// repeated, and what it says of the device is asked for again.
func TestSendUnknownDevice(t *testing.T) {
	for name, tt := range map[string]struct {
		known bool
		want  approvals.Reason
		reads int // that are left in the window
	}{
		"it is not there":  {false, approvals.NoSuchDevice, 100},
		"it is there":      {true, approvals.Refused, 100},
		"nobody can ask":   {false, approvals.Refused, 0},
		"one read is left": {false, approvals.Refused, 1},
	} {
		t.Run(name, func(t *testing.T) {
			posts, reads := 0, 0
			o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					posts++
				} else if reads++; tt.known {
					fmt.Fprintf(w, `{"id":%q}`, jobOf(r))
					return
				}
				http.Error(w, `{"error":{"code":"ResourceNotFound","message":"Machine was not found"}}`, http.StatusNotFound)
			}, chatter{}, nil)
			o.missPause = 0
			r := o.working("collect", 1, 0)
			for range 100 - tt.reads {
				if at, err := o.store.BookReads(t.Context(), defender.MachinesEndpoint(), 1, ledger.ForCall()); err != nil || !at.IsZero() {
					t.Fatal(at, err)
				}
			}
			o.turns(50)
			got := o.load(r.ID).Calls[0]
			if got.State != approvals.Failed || got.Why.Reason != tt.want || got.Why.Detail != "Machine was not found" || posts != 1 || reads > tt.reads {
				t.Errorf("%s, %+v after %d POSTs and %d reads; want failed, %s after one POST", got.State, got.Why, posts, reads, tt.want)
			}
		})
	}
}

// TestSendRefusedForAnHour: an endpoint that refuses every token, or says "too many"
// and not for how long, is left alone for longer each time, by all requests together,
// and the card has its words.
func TestSendRefusedForAnHour(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		want   approvals.Why
		most   int
	}{
		"401": {
			http.StatusUnauthorized,
			`{"error":{"code":"Unauthorized","message":"Token audience x is not allowed","target":"t1"}}`,
			approvals.Why{Reason: approvals.TokenRefused, Detail: "Token audience x is not allowed", Target: "t1"},
			12,
		},
		"429": {http.StatusTooManyRequests, `{}`, approvals.Why{Reason: approvals.Throttled, Detail: "HTTP 429"}, 8},
	} {
		t.Run(name, func(t *testing.T) {
			posts := 0
			refuses := true
			o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					posts++
				}
				if refuses {
					http.Error(w, tt.body, tt.status)
					return
				}
				w.WriteHeader(http.StatusCreated)
				fmt.Fprintf(w, `{"id":"j%d","type":"CollectInvestigationPackage","status":"Pending"}`, posts)
			}, chatter{}, nil)
			r := o.working("collect", 3, 0)
			for range 118 {
				o.turns(50)
				o.pass(30 * time.Second)
			}
			if posts < 4 || posts > tt.most {
				t.Errorf("%d POSTs in an hour for three calls, want 4 to %d", posts, tt.most)
			}
			var told bool
			for _, c := range o.load(r.ID).Calls {
				why := c.Why
				why.Until = time.Time{}
				told = told || why == tt.want
			}
			if !told {
				t.Errorf("no card says %+v: %+v", tt.want, o.load(r.ID).Calls)
			}
		})
	}
}
