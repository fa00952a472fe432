package ledger

import (
	"time"

	"defenderbot/approvals"
)

type turn struct {
	Turn string `json:"turn"`
	At   int64  `json:"at"`
}

// booking is a slot in a window.
type booking struct {
	Slot  string `json:"slot"`
	Lasts int64  `json:"lasts"` // how long the server may take to count it
}

// taking is the slot of an attempt that may leave now, and what has to be so.
type taking struct {
	booking

	Turn  string `json:"turn"`
	Asked int64  `json:"asked"` // when somebody asked for it
	Seen  string `json:"seen"`  // the newest audit entry that this process has seen
	Keep  int64  `json:"keep"`  // for how long they are kept
	// Server is the Redis process that this process has looked at last: another one may
	// not have all that it had.
	Server string `json:"server"`
}

// queues reports whether the change is about the queue or the windows of its action.
func (c *change) queues() bool {
	return len(c.Enter)+len(c.Leave) > 0 || c.Take != nil || c.Settle != "" || c.Release != ""
}

// queued puts calls that may go into the queue by the time of their approval,
// so that a call that was held comes back to its old place.
func (c *change) queued(before, after approvals.Request) {
	for i := range max(len(before.Calls), len(after.Calls)) {
		was := i < len(before.Calls) && before.Calls[i].Waiting()
		is := i < len(after.Calls) && after.Calls[i].Waiting()
		name := approvals.CallID(after.ID, i)
		switch {
		case is && !was:
			c.Enter = append(c.Enter, turn{name, after.ApprovedAt().UnixMilli()})
		case was && !is:
			c.Leave = append(c.Leave, name)
		}
		if is && c.Waiting == "" {
			c.Waiting = name
		}
	}
	c.Moves = len(c.Enter)+len(c.Leave) > 0
}

// slotted books, moves back or releases the slot of an attempt. A slot without
// an answer stays where it is: the server may have counted it until then.
func (c *change) slotted(before, after approvals.Request, e approvals.Event) {
	o, ok := e.(approvals.On)
	if !ok {
		return
	}
	call := after.Calls[o.Call]
	slot := slotOf(after.ID, o.Call, call.Attempt)
	switch e := o.Event.(type) {
	case approvals.Send:
		c.Take = &taking{
			booking: booking{slot, (approvals.SendLimit + approvals.PostLimit).Milliseconds()},
			Turn:    approvals.CallID(after.ID, o.Call), Asked: millis(after.Asked),
		}
	case approvals.Suspect:
		c.Suspect = &booking{slot, approvals.PostLimit.Milliseconds()}
	case approvals.Accept:
		c.Settle, c.Offered = slot, true
	case approvals.Fail:
		c.Settle = slot
		if e.Why.Reason == approvals.Ended {
			c.Ended = endedFor.Milliseconds()
		}
	case approvals.Requeue:
		c.requeued(e, slot)
	case approvals.Adopt:
		if before.Calls[o.Call].State == approvals.Sending {
			c.Settle = slot
		}
	}
	c.Moves = c.Moves || c.Settle != "" || c.Release != ""
}

// endedFor is for how long it is remembered that Defender refused an action because
// Microsoft has ended it: a day, after which a call asks again. The tenant's answer is
// believed, not the announcement, and it can change.
const endedFor = 24 * time.Hour

// requeued releases the slot only if no byte can have left: an answer, even
// 429 or 401, may have been counted. A refusal that would meet every call keeps
// everybody from the endpoint until its time.
func (c *change) requeued(e approvals.Requeue, slot string) {
	if e.Why.Reason.Unsent() {
		c.Release = slot
		return
	}
	c.Settle, c.Hold = slot, millis(e.Why.Until)
}
