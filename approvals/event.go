package approvals

import "time"

// Event is something that happens to a request. The set is closed.
type Event interface{ event() }

// Ask makes a request. It is the only event of the empty request.
type Ask struct{ Request Request }

// Resolve pins the devices that were looked up and puts the request to the
// approvers.
type Resolve struct {
	Devices []Device
	Budget  Budget
}

// Reject ends a request that cannot be submitted for approval.
type Reject struct{ Why Why }

// Approve is one person's yes to what Digest stands for.
type Approve struct {
	By     Person
	Digest string
}

// Deny is one approver's no; it ends the request.
type Deny struct {
	By     Person
	Digest string
	Text   string
}

// Cancel takes a request back, or stops those of its calls that still wait.
type Cancel struct{ By Person }

// Expire ends a request that nobody decided in time.
type Expire struct{}

// Remind says half-way that nobody has decided yet.
type Remind struct{}

// Show says what the channel shows now: the card in message TS at version
// Visible, and Told notices. An empty TS is a request that was answered without
// a card.
type Show struct {
	TS      string
	Visible int64
	Told    int
}

// Lose says that the card's message is gone and another is needed.
type Lose struct{ TS string }

// Redraw says that the card may not be what it is taken for: people are sent to
// it, and it is drawn again to see that it is there.
type Redraw struct{}

// Forget removes an ended request after its retention.
type Forget struct{}

// Retry says that what failed is tried again as request As.
type Retry struct{ As string }

// On hands an event to one call.
type On struct {
	Call  int
	Event CallEvent
}

func (Ask) event()     {}
func (Resolve) event() {}
func (Reject) event()  {}
func (Approve) event() {}
func (Deny) event()    {}
func (Cancel) event()  {}
func (Expire) event()  {}
func (Remind) event()  {}
func (Show) event()    {}
func (Lose) event()    {}
func (Redraw) event()  {}
func (Forget) event()  {}
func (Retry) event()   {}
func (On) event()      {}

// CallEvent is something that happens to one call. The set is closed.
type CallEvent interface{ callEvent() }

// Send says that a POST may leave from now until NotAfter.
type Send struct{ NotAfter time.Time }

// Accept says that Defender took attempt Attempt and made Job of it.
type Accept struct {
	Attempt int
	Job     Job
}

// Requeue says that attempt Attempt provably started nothing.
type Requeue struct {
	Attempt int
	Why     Why
	Hold    time.Time
}

// Fail says that Defender refused attempt Attempt for good.
type Fail struct {
	Attempt int
	Why     Why
}

// Doubt says that nobody can tell whether attempt Attempt started anything.
type Doubt struct {
	Attempt int
	Why     Why
}

// Adopt says that Job in Defender is, or stands in for, what was asked for.
type Adopt struct {
	Job Job
	As  CallState // Running, or how it has ended
}

// Report says how Defender shows the job now.
type Report struct {
	Job Job
	As  CallState // Running, or how it has ended
}

// Miss says that the job was looked for long enough and is not there.
type Miss struct{}

// GiveUp says that how the call ended cannot be found out.
type GiveUp struct{ Why Why }

// Lapse says that the approval is no longer good.
type Lapse struct{ Why Why }

// Wait keeps a queued call from going before Hold; with no Hold it lets it go
// again.
type Wait struct {
	Why  Why
	Hold time.Time
}

// Expect foretells when a queued call will go.
type Expect struct {
	Why Why
	At  time.Time
}

// Stop cancels a call that still waits.
type Stop struct{ By Person }

func (Send) callEvent()    {}
func (Accept) callEvent()  {}
func (Requeue) callEvent() {}
func (Fail) callEvent()    {}
func (Doubt) callEvent()   {}
func (Adopt) callEvent()   {}
func (Report) callEvent()  {}
func (Miss) callEvent()    {}
func (GiveUp) callEvent()  {}
func (Lapse) callEvent()   {}
func (Wait) callEvent()    {}
func (Expect) callEvent()  {}
func (Stop) callEvent()    {}
