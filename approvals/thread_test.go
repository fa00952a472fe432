package approvals_test

import (
	"testing"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestShowUnthreaded: a card whose thread is gone stands by itself from then on, and is drawn
// once more to say so. What has no thread cannot lose it.
func TestShowUnthreaded(t *testing.T) {
	r := approvalstest.Sample(approvals.Pending, "")
	r.Thread = "1.1"
	if r.InThread() != "1.1" {
		t.Errorf("it belongs into the thread of %q", r.InThread())
	}
	digest := r.Digest()
	show := func(e approvals.Show) {
		t.Helper()
		after, err := approvals.Next(r, e, approvalstest.Start)
		if err != nil {
			t.Fatal(err)
		}
		r = after
	}
	show(approvals.Show{TS: "1.2", Visible: r.Visible, Unthreaded: true})
	if !r.Behind() || r.InThread() != "" || r.Thread != "1.1" || r.Card.TS != "1.2" || r.Digest() != digest {
		t.Errorf("after it was lost: %+v, thread %q", r.Card, r.InThread())
	}
	show(approvals.Show{TS: "1.2", Visible: r.Visible, Unthreaded: true}) // a look that began before
	if r.Behind() || r.InThread() != "" {
		t.Errorf("drawn again: %+v, thread %q", r.Card, r.InThread())
	}
	plain := approvalstest.Sample(approvals.Pending, "")
	plain, err := approvals.Next(plain, approvals.Show{TS: "1.2", Visible: plain.Visible, Unthreaded: true}, approvalstest.Start)
	if err != nil || plain.Card.Unthreaded || plain.Behind() {
		t.Errorf("without a thread: %+v, %v", plain.Card, err)
	}
	plain.Card.Unthreaded = true
	if plain.Validate(plain.ID) == nil {
		t.Error("a card that has lost a thread that it never had is valid")
	}
}
