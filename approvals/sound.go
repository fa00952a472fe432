package approvals

import (
	"errors"
	"fmt"
	"slices"
)

// Validate is an error unless what must be true of every record is true of r,
// which was read under that id. A record that fails was not written by this
// program, or not whole; to act on it could mean to act on nobody's approval.
func (r Request) Validate(id string) error {
	switch {
	case r.ID != id:
		return fmt.Errorf("it is the record of %q", r.ID)
	case !slices.Contains(States(), r.State):
		return fmt.Errorf("state %q", r.State)
	case r.Version < 1 || r.Version > mostVersions || r.Visible < 0 || r.Visible > r.Version ||
		r.Card.Shown < 0 || r.Card.Shown > r.Visible || r.Card.Told < 0 || r.Card.Told > len(r.Notices):
		return errors.New("its versions contradict each other")
	case r.By.ID == "" || r.Action == "" || r.Comment == "" || r.Place.Team == "" || r.Place.Channel == "":
		return errors.New("who asked for what and where is not there")
	case r.Card.Unthreaded && r.Thread == "":
		return errors.New("its card has lost a thread that it never had")
	case r.Asked.IsZero() || r.State.Ended() != !r.EndedAt.IsZero():
		return errors.New("its times contradict its state")
	}
	return errors.Join(r.Terms.validate(), r.validateDevices(), r.validateChoice(), r.validateApprovals(), r.validateForced(), r.validateCalls(), r.validateFreeze())
}

// mostVersions is more often than a record is ever changed, and a number that
// Lua still holds exactly.
const mostVersions = 1 << 50

func (t Terms) validate() error {
	if t.Needed < 1 || t.ApprovalTTL <= 0 || t.ExecutionTTL <= 0 || t.Horizon <= 0 || t.Retention <= 0 {
		return errors.New("its terms are not there")
	}
	return nil
}

// validateDevices wants every device pinned from Pending on.
func (r Request) validateDevices() error {
	pinned := !r.Opened.IsZero()
	switch r.State {
	case Pending, Approved, Done, Denied, Expired:
		if !pinned {
			return errors.New("its opening is not there")
		}
	case Checking:
		if pinned {
			return errors.New("it is opened and still checked")
		}
	case Cancelled, Rejected:
	}
	if len(r.Devices) == 0 && !r.Unfreezes() || slices.ContainsFunc(r.Devices, func(d Device) bool {
		return d.ID == "" && (pinned || d.Name == "")
	}) {
		return errors.New("a device is not there")
	}
	return nil
}

// validateApprovals wants distinct people who are not those who asked, and as many
// as it takes where calls are made, unless somebody acts alone. Beyond the reach of its
// requester that is one more than one.
func (r Request) validateApprovals() error {
	for i, a := range r.Approvals {
		twice := slices.ContainsFunc(r.Approvals[:i], func(b Approval) bool { return b.By.Is(a.By) })
		if a.By.ID == "" || a.At.IsZero() || twice || r.Bars(a.By) {
			return fmt.Errorf("approval %d does not count", i)
		}
	}
	if r.Beyond && r.Terms.Needed < 2 {
		return errors.New("it needs one more approver, and one is enough")
	}
	enough := r.Forced || len(r.Approvals) >= r.Terms.Needed
	switch r.State {
	case Approved, Done:
		if !enough {
			return errors.New("it has too few approvals")
		}
	case Pending:
		if enough {
			return errors.New("it has its approvals and waits for them")
		}
	case Checking, Denied, Cancelled, Expired, Rejected:
	}
	return nil
}

// validateCalls wants one call for each device once it is approved, and none
// before.
func (r Request) validateCalls() error {
	want := 0
	if r.State == Approved || r.State == Done {
		want = len(r.Devices)
	}
	if len(r.Calls) != want {
		return fmt.Errorf("it has %d calls for %d devices", len(r.Calls), len(r.Devices))
	}
	ended := 0
	for i, c := range r.Calls {
		if err := c.validate(); err != nil {
			return fmt.Errorf("call %d: %w", i, err)
		}
		if c.State.Ended() {
			ended++
		}
	}
	if want > 0 && (ended == want) != (r.State == Done) {
		return fmt.Errorf("it is %s with %d of %d calls ended", r.State, ended, want)
	}
	return nil
}

// validate wants of a call what its next step builds on.
func (c Call) validate() error {
	switch {
	case !slices.Contains(CallStates(), c.State):
		return fmt.Errorf("state %q", c.State)
	case c.Attempt < 0 || (c.State == Sending || c.State == Uncertain) && (c.Attempt == 0 || c.NotAfter.IsZero()):
		return errors.New("its attempt is not there")
	case c.State == Running && (c.Job.ID == "" || c.Started.IsZero()):
		return errors.New("its job is not there")
	case c.State.Ended() == c.EndedAt.IsZero():
		return errors.New("its times contradict its state")
	}
	return c.Stop.validate()
}
