package approvals

import (
	"strconv"
	"time"
)

// TallySpan is for how long a device counts against the reach of its requester, and an act
// against how often a person may act alone.
const TallySpan = time.Hour

// MostForced is how often one person may act alone in [TallySpan].
const MostForced = 3

// goBeyond has r need one more approver, once: with it, the devices of its requester's
// approved requests of an hour would be more than Terms.Reach. Versions that know nothing of
// a reach wait for that approver too.
func goBeyond(r Request) Request {
	if !r.Beyond {
		r.Beyond = true
		r.Terms.Needed++
	}
	return r
}

// Reaches reports whether r has just come to its calls, so that its devices count.
func Reaches(before, after Request) bool { return len(before.Calls) == 0 && len(after.Calls) > 0 }

// ReachInWords is how many devices an hour one requester's approved requests may reach.
func (t Terms) ReachInWords() string {
	if t.Reach == 1 {
		return "1 device an hour"
	}
	return strconv.Itoa(t.Reach) + " devices an hour"
}
