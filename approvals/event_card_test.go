package approvals_test

import (
	"testing"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestLoseLeftOnce: no other message is taken for the card while there is one. A card that is of no use any more, though it may still be there,
// gets one successor; one that is gone gets another each time.
func TestLoseLeftOnce(t *testing.T) {
	r := approvalstest.Sample(approvals.Pending, "")
	happens := func(e approvals.Event, fits bool) {
		t.Helper()
		after, err := approvals.Next(r, e, approvalstest.Start)
		if (err == nil) != fits || err != nil && !approvals.IsRefusal(err, approvals.DoesNotFit) {
			t.Errorf("%+v: %v, want that it fits: %v", e, err, fits)
		}
		r = after
	}
	happens(approvals.Show{TS: "1.2", Visible: r.Visible}, true)
	happens(approvals.Show{TS: "1.3", Visible: r.Visible}, false)
	happens(approvals.Lose{TS: "1.3", Left: true}, false)
	happens(approvals.Lose{TS: "1.2", Left: true}, true)
	if r.Card != (approvals.Card{Left: "1.2"}) || !r.Behind() {
		t.Errorf("the card is %+v", r.Card)
	}
	happens(approvals.Show{TS: "2.1", Visible: r.Visible}, true)
	happens(approvals.Lose{TS: "2.1", Left: true}, false)
	for range 2 {
		happens(approvals.Lose{TS: r.Card.TS}, true)
		happens(approvals.Show{TS: "3.1", Visible: r.Visible}, true)
	}
	if r.Card.Left != "1.2" || r.Card.TS != "3.1" {
		t.Errorf("the card is %+v", r.Card)
	}
}
