package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
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
