package office

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
)

// TestRoundGivesWay: while people wait for answers a round takes one step and not all that
// are due, and it waits no longer than it is allowed to.
func TestRoundGivesWay(t *testing.T) {
	for quiet, want := range map[bool]int{true: 3, false: 1} {
		var asked atomic.Int32
		o := newOffice(t, func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			http.Error(w, "{}", http.StatusInternalServerError)
		}, chatter{}, nil)
		for i := range 3 {
			a := approvalstest.Asked()
			a.Devices = []approvals.Device{approvalstest.DeviceNo(i)}
			if _, err := o.store.Create(t.Context(), ledger.NewOp(), a, 0); err != nil {
				t.Fatal(err)
			}
		}
		limited := false
		o.lull = func(ctx context.Context) bool {
			_, limited = ctx.Deadline()
			return quiet
		}
		if _, err := o.round(t.Context()); err != nil {
			t.Fatal(err)
		}
		o.steps.Wait()
		if got := int(asked.Load()); got != want || !limited {
			t.Errorf("quiet %v: %d devices were looked up, want %d; the wait has an end: %v", quiet, got, want, limited)
		}
	}
}
