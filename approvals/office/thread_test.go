package office

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
)

// TestRenderThreadLost: a card that does not get into its thread is drawn again to say so,
// and no second one is posted.
func TestRenderThreadLost(t *testing.T) {
	var posted, said []string
	o := newOffice(t, nil, chatter{show: func(r approvals.Request) (string, error) {
		if r.Card.TS == "" {
			posted = append(posted, r.InThread())
			return "2.1", approvals.ErrUnthreaded
		}
		said = append(said, strconv.FormatBool(r.Card.Unthreaded))
		return r.Card.TS, nil
	}}, nil)
	r := o.waitingIn("1.1")
	o.turns(20)
	if r = o.load(r.ID); r.Card.TS != "2.1" || !r.Card.Unthreaded || r.Behind() || !slices.Equal(posted, []string{"1.1"}) || !slices.Equal(said, []string{"true"}) {
		t.Errorf("posted %q, drawn %q, the card is %+v", posted, said, r.Card)
	}
}

// TestRenderThreadLostLater: where the thread goes while its card waits, the card is posted
// into the channel, and the one in the thread is taken away if it is there.
func TestRenderThreadLostLater(t *testing.T) {
	var posted []string
	lost := false
	o := newOffice(t, nil, chatter{
		show: func(r approvals.Request) (string, error) {
			if r.Card.TS != "" {
				return r.Card.TS, nil
			}
			posted = append(posted, r.InThread()+" after "+r.Card.Left)
			if lost {
				return "2.2", approvals.ErrUnthreaded
			}
			return "2.1", nil
		},
		say: func(approvals.Request) error { lost = true; return approvals.ErrUnthreaded },
	}, nil)
	r := o.waitingIn("1.1")
	o.turns(20)
	o.pass(r.Terms.ApprovalTTL / 2)
	o.turns(20)
	o.pass(time.Minute)
	o.turns(20)
	want := []string{"1.1 after ", "1.1 after 2.1"}
	if r = o.load(r.ID); r.Card.TS != "2.2" || !r.Card.Unthreaded || r.Behind() || !slices.Equal(posted, want) {
		t.Errorf("posted %q, want %q; the card is %+v", posted, want, r.Card)
	}
}

// waitingIn is a request that waits for approval and was asked for in a thread.
func (o *office) waitingIn(thread string) approvals.Request {
	o.t.Helper()
	r := approvalstest.Asked(approvals.Device{ID: approvalstest.HexID})
	r.Thread = thread
	r, err := o.store.Create(o.t.Context(), ledger.NewOp(), r, 0)
	if err != nil {
		o.t.Fatal(err)
	}
	if err := o.openForApproval(o.t.Context(), ledger.Lease{}, r, r.Devices); err != nil {
		o.t.Fatal(err)
	}
	return o.load(r.ID)
}
