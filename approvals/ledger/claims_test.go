package ledger

import (
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// TestClaimsSameDevice: the same device twice is refused until its call ends.
func TestClaimsSameDevice(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		first := approved(t, s, approvalstest.DeviceNo(1), approvalstest.DeviceNo(2))
		_, err := s.Create(t.Context(), NewOp(), approvalstest.Asked(approvalstest.DeviceNo(2)), 0)
		refused, ok := errors.AsType[*approvals.Refusal](err)
		if !ok || refused.Why.Reason != approvals.AlreadyOpen || refused.Why.Detail != first.ID {
			t.Fatalf("second request on the device: got %v, want already open as %s", err, first.ID)
		}
		byName, err := s.Create(t.Context(), NewOp(), approvalstest.Asked(approvals.Device{Name: "srv-2"}), 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Apply(t.Context(), NewOp(), byName, func(approvals.Request) (approvals.Event, error) {
			return approvals.Resolve{Devices: []approvals.Device{approvalstest.DeviceNo(2)}}, nil
		})
		if !approvals.IsRefusal(err, approvals.AlreadyOpen) {
			t.Errorf("a name that turns out to be the device: got %v, want already open", err)
		}
		apply(t, s, first, approvals.On{Call: 1, Event: approvals.Stop{By: approvalstest.Asker}})
		if _, err := s.Create(t.Context(), NewOp(), approvalstest.Asked(approvalstest.DeviceNo(2)), 0); err != nil {
			t.Errorf("after the call on the device has ended: %v", err)
		}
	})
}

// TestClaimsLeft: an entry of a request that has ended and holds it no more, as a
// version with other claims can leave it, keeps nobody from the device.
func TestClaimsLeft(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		device := approvalstest.DeviceNo(1)
		old := apply(t, s, pendingOn(t, s, device), approvals.Cancel{By: approvalstest.Asker})
		left := approvals.OpenPrefix(old.Action, device.ID)
		s.rdb.ZAdd(t.Context(), s.keys.index(), redis.Z{Member: left + old.ID})
		fresh := pendingOn(t, s, device)
		if owner, err := s.Owner(t.Context(), left); err != nil || owner != fresh.ID {
			t.Errorf("the device is held by %s (%v), want %s", owner, err, fresh.ID)
		}
	})
}

// TestClaimsMaxOpen: there is a limit to the requests one person may have open.
func TestClaimsMaxOpen(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		var last approvals.Request
		for i := range 3 {
			var err error
			if last, err = s.Create(t.Context(), NewOp(), approvalstest.Asked(approvalstest.DeviceNo(i)), 3); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Create(t.Context(), NewOp(), approvalstest.Asked(approvalstest.DeviceNo(9)), 3); !approvals.IsRefusal(err, approvals.TooManyOpen) {
			t.Fatalf("the fourth: got %v, want too many open", err)
		}
		apply(t, s, last, approvals.Cancel{By: approvalstest.Asker})
		if _, err := s.Create(t.Context(), NewOp(), approvalstest.Asked(approvalstest.DeviceNo(9)), 3); err != nil {
			t.Errorf("after one was cancelled: %v", err)
		}
	})
}

// TestClaimsJob: a job belongs to one request.
func TestClaimsJob(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		one, two := approved(t, s, approvalstest.DeviceNo(1)), approved(t, s, approvalstest.DeviceNo(2))
		for i, r := range []*approvals.Request{&one, &two} {
			var err error
			if *r, err = s.Apply(t.Context(), NewOp(), *r, sending(s, 0)); err != nil {
				t.Fatalf("send %d: %v", i, err)
			}
		}
		apply(t, s, one, approvals.On{Call: 0, Event: approvals.Accept{Attempt: 1, Job: approvals.Job{ID: "job-1"}}})
		_, err := s.Apply(t.Context(), NewOp(), two, func(approvals.Request) (approvals.Event, error) {
			return approvals.On{Call: 0, Event: approvals.Adopt{Job: approvals.Job{ID: "job-1", Adopted: true}, As: approvals.Running}}, nil
		})
		if !approvals.IsRefusal(err, approvals.AlreadyRunning) {
			t.Errorf("a second request takes the same job: got %v, want already running", err)
		}
	})
}
