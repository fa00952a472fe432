package approvals

// State is where a request is in its life. The empty State is a request that
// does not exist yet.
type State string

// The states of a request.
const (
	Checking  State = "checking"  // its devices are being looked up
	Pending   State = "pending"   // waits for approvers
	Approved  State = "approved"  // its calls are being made or followed
	Done      State = "done"      // every call has ended
	Denied    State = "denied"    // an approver said no
	Cancelled State = "cancelled" // taken back before it was approved
	Expired   State = "expired"   // nobody decided in time
	Rejected  State = "rejected"  // not submitted for approval
)

// States are all states of a request, in the order of its life.
func States() []State {
	return []State{Checking, Pending, Approved, Done, Denied, Cancelled, Expired, Rejected}
}

// Ended reports whether nothing but forgetting can happen to the request any more.
func (s State) Ended() bool {
	switch s {
	case Done, Denied, Cancelled, Expired, Rejected:
		return true
	case Checking, Pending, Approved:
	}
	return false
}

// CallState is where one call is in its life.
type CallState string

// The states of a call.
const (
	Queued        CallState = "queued"    // approved, waits for its window
	Sending       CallState = "sending"   // its slot is taken, a POST may be under way
	Running       CallState = "running"   // Defender has it
	Uncertain     CallState = "uncertain" // nobody knows whether Defender has it; being looked up
	Succeeded     CallState = "succeeded"
	Failed        CallState = "failed"
	CallCancelled CallState = "cancelled"
	Lapsed        CallState = "lapsed"  // the approval was no longer good when its turn came
	Unknown       CallState = "unknown" // could not be found out
)

// CallStates are all states of a call, in the order of its life.
func CallStates() []CallState {
	return []CallState{Queued, Sending, Running, Uncertain, Succeeded, Failed, CallCancelled, Lapsed, Unknown}
}

// Ended reports whether nothing can happen to the call any more.
func (s CallState) Ended() bool {
	switch s {
	case Succeeded, Failed, CallCancelled, Lapsed, Unknown:
		return true
	case Queued, Sending, Running, Uncertain:
	}
	return false
}

// Outcome says how a request that is Done went, over all of its calls.
type Outcome string

// The outcomes of a request.
const (
	AllSucceeded  Outcome = "succeeded"
	Partly        Outcome = "partly"
	AllFailed     Outcome = "failed"
	AllLapsed     Outcome = "lapsed"
	AllCancelled  Outcome = "cancelled"
	OutcomeUnsure Outcome = "unknown"
)

// Outcome sums up the calls of r. It means something once r is Done.
func (r Request) Outcome() Outcome {
	count := map[CallState]int{}
	for _, c := range r.Calls {
		count[c.State]++
	}
	switch n := len(r.Calls); {
	case count[Succeeded] == n:
		return AllSucceeded
	case count[Succeeded] > 0:
		return Partly
	case count[Unknown] > 0:
		return OutcomeUnsure
	case count[Lapsed] == n:
		return AllLapsed
	case count[CallCancelled]+count[Lapsed] == n:
		return AllCancelled
	}
	return AllFailed
}
