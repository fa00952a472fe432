package approvals

import (
	"slices"
	"time"
)

// How is in which way one request follows from another, by a button on its card.
type How string

// The ways.
const (
	AsSuccessor How = "successor" // asks for what Microsoft offers in place of what it has ended
	AsUndo      How = "undo"      // takes back what succeeded
)

// Origin is the request that another was made from.
type Origin struct {
	Request string `json:"request"`
	How     How    `json:"how"`
}

// Followed is what was asked for from the card of a request.
type Followed struct {
	How    How    `json:"how"`
	Action string `json:"action"`
	As     string `json:"as"` // the new request
}

// Follows are the devices of r for which something can be asked that follows from it:
// those on which its action came to nothing because it has ended, or nobody can see what
// came of it because of that; or those where it succeeded.
// What became of the others does not matter: somebody who is isolated does not wait for
// a device that is offline.
func (r Request) Follows(how How) []Device {
	var devices []Device
	for i, c := range r.Calls {
		unseen := c.State == Unknown && c.Why.Reason == ReadsEnded
		if how == AsSuccessor && (c.ActionEnded() || unseen) || how == AsUndo && c.State == Succeeded {
			devices = append(devices, r.Devices[i])
		}
	}
	return devices
}

// ActionEnded reports whether the call came to nothing because Microsoft has ended its
// action. Trying it again cannot help.
func (c Call) ActionEnded() bool {
	return (c.State == Failed || c.State == Unknown) && c.Why.Reason == Ended
}

// Follow records that As was asked for from the card. Of several in one way the newest
// is kept: each has a card of its own.
type Follow struct {
	How    How
	Action string
	As     string
	By     Person // who asked
}

func (Follow) name() string { return "follow" }

func (e Follow) line() (by Person, detail string) { return e.By, e.Action + " " + e.As }

// apply takes it twice as once: it is told again after a crash.
func (e Follow) apply(r Request, _ time.Time) (Request, error) {
	told := Followed{How: e.How, Action: e.Action, As: e.As}
	if e.As == "" || len(r.Follows(e.How)) == 0 || slices.Contains(r.Followed, told) {
		return r, Refuse(DoesNotFit, "nothing follows")
	}
	r.Followed = slices.Clone(r.Followed) // in its order: see what the ledger does with unknown fields
	if i := slices.IndexFunc(r.Followed, func(f Followed) bool { return f.How == e.How }); i >= 0 {
		r.Followed[i] = told
	} else {
		r.Followed = append(r.Followed, told)
	}
	return r, nil
}
