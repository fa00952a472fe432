package approvals

import (
	"slices"
	"strings"
	"time"
)

// Retry records that the calls on some devices are tried again as request As.
type Retry struct {
	As      string
	Devices []string // their ids
	By      Person   // who wants that
}

func (Retry) name() string { return "retry" }

func (e Retry) line() (by Person, detail string) {
	return e.By, e.As + ": " + strings.Join(e.Devices, ",")
}

func (e Retry) apply(r Request, _ time.Time) (Request, error) {
	marked := false
	for _, i := range r.retryable() {
		if slices.Contains(e.Devices, r.Devices[i].ID) {
			r.Calls[i].RetriedAs, marked = e.As, true
		}
	}
	if !marked || e.As == "" {
		return r, Refuse(DoesNotFit, "nothing to try again")
	}
	r.RetriedAs = e.As // a version that knows no more than this tries nothing again
	return r, nil
}

// AskedBy is whose click or command made r: its requester's, or, where it was tried again
// by an approver, theirs, which came with it as the first approval.
func (r Request) AskedBy() Person {
	if r.RetryOf != "" && len(r.Approvals) > 0 && !r.Approvals[0].At.After(r.Asked) {
		return r.Approvals[0].By
	}
	return r.By
}

// Retryable are the devices of r on which its call did not come to its end, where trying
// again can help: it failed, lapsed, or nobody knows. Others of its calls may go on. Each
// device once.
func (r Request) Retryable() []Device { return r.devicesAt(r.retryable()) }

// Unfinished are those devices, also where that was tried again.
func (r Request) Unfinished() []Device { return r.devicesAt(r.unfinished()) }

func (r Request) devicesAt(places []int) []Device {
	var devices []Device
	for _, i := range places {
		devices = append(devices, r.Devices[i])
	}
	return devices
}

func (r Request) unfinished() (places []int) {
	for i, c := range r.Calls {
		if c.unfinished() && !c.ActionEnded() && c.Why.Reason != UnsupportedOS {
			places = append(places, i)
		}
	}
	return places
}

// retryable are the places of those that were not tried again. A version that knew
// nothing of single calls tried all of them.
func (r Request) retryable() []int {
	again := r.Retries()
	if len(again) == 0 && r.RetriedAs != "" {
		return nil
	}
	return slices.DeleteFunc(r.unfinished(), func(i int) bool { return r.Calls[i].RetriedAs != "" })
}

// unfinished reports whether a call has ended, and did not come to its end because of
// anything but that somebody cancelled it.
func (c Call) unfinished() bool {
	switch c.State {
	case Failed, Lapsed, Unknown:
		return true
	case Queued, Sending, Running, Uncertain, Succeeded, CallCancelled:
	}
	return false
}

// Retries are the requests as which calls of r are tried again, in the order of their
// devices; empty where a version made it that notes only RetriedAs.
func (r Request) Retries() (ids []string) {
	for _, c := range r.Calls {
		if c.RetriedAs != "" && !slices.Contains(ids, c.RetriedAs) {
			ids = append(ids, c.RetriedAs)
		}
	}
	return ids
}

// RetryFrom is from when on what can be tried again of r waits for that: the end of r, or,
// while calls go on, of the last one that did not come to its end.
func (r Request) RetryFrom() time.Time {
	if r.State == Done {
		return r.EndedAt
	}
	var at time.Time
	for _, i := range r.retryable() {
		at = latest(at, r.Calls[i].EndedAt)
	}
	return at
}
