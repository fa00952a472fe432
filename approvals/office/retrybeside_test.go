package office

import (
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// failedBeside is a request of three devices of which the first two have failed, and the
// third goes on for as long as it likes.
func (o *office) failedBeside() approvals.Request {
	o.t.Helper()
	r := o.working("collect", 3, 3)
	for i := range 2 {
		r = apply(o.t, o.store, r, approvals.On{Call: i, Event: approvals.Report{Job: r.Calls[i].Job, As: approvals.Failed}})
	}
	return r
}

// TestRetryBeside: what failed is tried again while the rest goes on, each device once, and
// a click that comes twice makes one request.
func TestRetryBeside(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	d := newTestDesk(o.store, o.people.dir)
	old := o.failedBeside()
	click := pressed("U2", old.Place)
	made, err := d.Retry(t.Context(), click, old.ID, old.Digest())
	if err != nil || len(made.Devices) != 2 || len(made.Approvals) != 1 || old.State != approvals.Approved {
		t.Fatalf("made %+v, %v", made, err)
	}
	// A crash keeps the old record from saying so; the next click does it.
	_, err = d.Retry(t.Context(), pressed("U3", old.Place), old.ID, old.Digest())
	refused, _ := approvals.AsRefusal(err)
	if !approvals.IsRefusal(err, approvals.AlreadyRetried) || refused.Why.Other == nil || refused.Why.Other.Request != made.ID || refused.Why.Other.State != approvals.Checking {
		t.Fatalf("before the old record says so: %v", err)
	}
	old = o.load(old.ID)
	if old.RetriedAs != made.ID || old.Calls[0].RetriedAs != made.ID || old.Calls[1].RetriedAs != made.ID || old.Calls[2].RetriedAs != "" || old.State != approvals.Approved {
		t.Errorf("the old one says %q, %+v", old.RetriedAs, old.Calls)
	}
	if again, err := d.Retry(t.Context(), click, old.ID, old.Digest()); err != nil || again.ID != made.ID {
		t.Errorf("the click that comes again: %s, %v", again.ID, err)
	}
	_, err = d.Retry(t.Context(), pressed("U3", old.Place), old.ID, old.Digest())
	refused, _ = approvals.AsRefusal(err)
	if !approvals.IsRefusal(err, approvals.AlreadyRetried) || refused.Why.Other == nil || refused.Why.Other.By.ID != "U1" || refused.Why.Detail != made.ID {
		t.Errorf("once more: %v", err)
	}
	old = apply(t, o.store, old, approvals.On{Call: 2, Event: approvals.Report{Job: old.Calls[2].Job, As: approvals.Failed}})
	last, err := d.Retry(t.Context(), pressed("U2", old.Place), old.ID, old.Digest())
	if err != nil || len(last.Devices) != 1 || last.Devices[0].ID != old.Devices[2].ID {
		t.Errorf("the one that failed last: %+v, %v", last.Devices, err)
	}
}

// TestRetryBesideLate: while the rest goes on, the time in which a click is an approval
// counts from the last failure.
func TestRetryBesideLate(t *testing.T) {
	ttl := approvalstest.Sample(approvals.Pending, "").Terms.ApprovalTTL
	for ago, counts := range map[time.Duration]bool{ttl - time.Second: true, ttl: false} {
		o := newOffice(t, nil, chatter{}, nil)
		d := newTestDesk(o.store, o.people.dir)
		old := o.failedBeside()
		o.pass(ago)
		made, err := d.Retry(t.Context(), pressed("U2", old.Place), old.ID, old.Digest())
		if err != nil || (len(made.Approvals) == 1) != counts || made.By.Is(approvalstest.Asker) != counts {
			t.Errorf("%s after the failure: by %s, %d approvals, %v; want that it counts: %v", ago, made.By.ID, len(made.Approvals), err, counts)
		}
	}
}
