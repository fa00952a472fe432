package ledger

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/audit"
	"defenderbot/internal/redistest"
)

// TestStoreAudit: the trail has what people wrote, whole; the log has not.
func TestStoreAudit(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		asked := approvalstest.Asked(approvalstest.DeviceNo(1))
		asked.Comment = "the owner\ndoes not answer"
		r, err := s.Create(t.Context(), NewOp(), asked, 0)
		if err != nil {
			t.Fatal(err)
		}
		r = apply(t, s, r, approvals.Resolve{Devices: r.Devices})
		apply(t, s, r, approvals.Deny{By: approvalstest.Leader, Digest: r.Digest(), Text: "our own scanner"})
		entries, err := redistest.Trail(t.Context(), s.rdb, s.keys.audit())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, e := range entries {
			got[e.Event] = e.Detail
		}
		want := map[string]string{"ask": "collect in C1: the owner\ndoes not answer", "resolve": approvalstest.DeviceNo(1).ID, "deny": "our own scanner"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestStoreAuditEntry: an entry says who, what, where, when, from what to what, and
// Defender's ids.
func TestStoreAuditEntry(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		r := approved(t, s, approvalstest.DeviceNo(1))
		grid := approvals.Person{ID: "U9", Enterprise: "W9", Name: "edsger"}
		r, err := s.Apply(t.Context(), NewOp(), r, sending(s, 0))
		if err != nil {
			t.Fatal(err)
		}
		r = apply(t, s, r, approvals.On{Event: approvals.Accept{Attempt: 1, Job: approvals.Job{ID: "j1"}}})
		r = apply(t, s, r, approvals.StopJobs{By: grid, Digest: r.Digest()})
		apply(t, s, r, approvals.On{Event: approvals.RefuseStop{Attempt: 0, Why: approvals.Why{Reason: approvals.MissingRole, Target: "t1"}}})
		entries, err := redistest.Trail(t.Context(), s.rdb, s.keys.audit())
		if err != nil || len(entries) < 3 {
			t.Fatal(entries, err)
		}
		first := 0
		where := audit.Entry{Request: r.ID, Action: "collect", Team: "T1", Channel: "C1"}
		var want []audit.Entry
		for _, fill := range []func(*audit.Entry){
			func(e *audit.Entry) {
				e.Event, e.Call, e.Device, e.Job = "accept", &first, approvalstest.DeviceNo(1).ID, "j1"
				e.From, e.To, e.Detail = "sending", "running", "j1"
			},
			func(e *audit.Entry) {
				e.Event, e.By, e.Grid, e.Name = "stopjobs", "U9", "W9", "edsger"
				e.From, e.To, e.Detail = "approved", "approved", r.Digest()
			},
			func(e *audit.Entry) {
				e.Event, e.Call, e.Device, e.Job, e.Target = "refusestop", &first, approvalstest.DeviceNo(1).ID, "j1", "t1"
				e.From, e.To, e.Detail = "running", "running", "missing_role t1"
			},
		} {
			e := where
			fill(&e)
			want = append(want, e)
		}
		got := entries[len(entries)-3:]
		for i := range got {
			if got[i].At.IsZero() || got[i].Version == 0 {
				t.Errorf("%s is of no time or version", got[i].Event)
			}
			got[i].At, got[i].Version = time.Time{}, 0
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
