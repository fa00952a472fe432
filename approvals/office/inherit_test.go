package office

import (
	"testing"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// TestHeldBefore: while both versions run, a device that the first one works on
// is not asked for a second time.
func TestHeldBefore(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	redistest.Put(t, o.rdb, "../ledger/testdata/inherit/first-version.json")
	r, err := o.store.Create(t.Context(), ledger.NewOp(), approvalstest.Asked(approvalstest.DeviceNo(11)), 0)
	if err != nil {
		t.Fatal(err)
	}
	o.found.put(approvals.CallID(r.ID, 0), finding{device: approvals.Device{ID: approvalstest.DeviceNo(11).ID, Verified: true}}, o.store.Now())
	o.turns(10)
	if got := o.load(r.ID); got.State != approvals.Rejected || got.Ended.Why.Reason != approvals.AlreadyOpen || got.Ended.Why.Detail == "" {
		t.Errorf("it is %s: %+v; want it rejected, because the first version has it open", got.State, got.Ended.Why)
	}
}
