package chaos_test

import (
	"fmt"
	"slices"

	"defenderbot/approvals"
	"defenderbot/internal/audit"
)

// replay is a request as the audit trail tells it.
type replay struct {
	state   approvals.State
	calls   []approvals.CallState
	version int64
	sends   []int // by call: how often it was saved as being sent
	unsent  []int // how often it was then proven that no byte has left
}

// checkTrail: for every request the audit trail leads from nothing to its last
// state without a gap, and says of every POST that it was about to leave.
func checkTrail(e evidence) []violation {
	var bad []violation
	told := map[string][]audit.Entry{}
	for _, entry := range e.trail {
		if entry.Version > 0 { // what was refused has made none
			told[entry.Request] = append(told[entry.Request], entry.Entry)
		}
	}
	for _, r := range e.inOrder() {
		p := &replay{sends: make([]int, len(r.Devices)), unsent: make([]int, len(r.Devices))}
		for _, entry := range told[r.ID] {
			if gap := p.step(entry, len(r.Devices)); gap != "" {
				bad = append(bad, violation{trailGap, r.ID, fmt.Sprintf("version %d: %s", entry.Version, gap)})
			}
		}
		if p.state != r.State || !slices.Equal(p.calls, callStates(r)) {
			bad = append(bad, violation{trailGap, r.ID, fmt.Sprintf("it leads to %s %s; the record is %s", p.state, p.calls, brief(r))})
		}
		bad = append(bad, p.posted(e, r)...)
	}
	return bad
}

func callStates(r approvals.Request) []approvals.CallState {
	var states []approvals.CallState
	for _, c := range r.Calls {
		states = append(states, c.State)
	}
	return states
}

// step takes one entry, and says what is wrong with it.
func (p *replay) step(e audit.Entry, devices int) (gap string) {
	if e.Version <= p.version {
		gap = fmt.Sprintf("comes after version %d", p.version)
	}
	p.version = e.Version
	if e.Call != nil {
		if gap := p.stepCall(e, *e.Call); gap != "" {
			return gap
		}
	} else {
		if string(p.state) != e.From {
			gap = fmt.Sprintf("%s from %q, and it was %q", e.Event, e.From, p.state)
		}
		p.decide(e, devices)
	}
	if p.state == approvals.Approved && len(p.calls) > 0 && !slices.ContainsFunc(p.calls, open) {
		p.state = approvals.Done
	}
	return gap
}

func open(s approvals.CallState) bool { return !s.Ended() }

// decide takes an entry about the whole request. An approval puts all calls
// into the queue; a cancellation takes out of it those that still wait.
func (p *replay) decide(e audit.Entry, devices int) {
	was := p.state
	p.state = approvals.State(e.To)
	switch {
	case e.Event == "approve" && p.state == approvals.Approved:
		p.calls = slices.Repeat([]approvals.CallState{approvals.Queued}, devices)
	case e.Event == "cancel" && was == approvals.Approved:
		for i, s := range p.calls {
			if s == approvals.Queued {
				p.calls[i] = approvals.CallCancelled
			}
		}
	}
}

func (p *replay) stepCall(e audit.Entry, i int) (gap string) {
	if i >= len(p.calls) {
		return fmt.Sprintf("%s of call %d, and there is none", e.Event, i)
	}
	if string(p.calls[i]) != e.From {
		gap = fmt.Sprintf("%s of call %d from %q, and it was %q", e.Event, i, e.From, p.calls[i])
	}
	p.calls[i] = approvals.CallState(e.To)
	switch {
	case e.Event == "send":
		p.sends[i]++
	case e.Event == "requeue" && slices.Contains([]approvals.Reason{approvals.NotReached, approvals.HeldUp, approvals.NotDurable}, approvals.Reason(e.Detail)):
		p.unsent[i]++
	}
	return gap
}

// posted: no POST has left that was not saved before, nor one of which the
// record says that it has not.
func (p *replay) posted(e evidence, r approvals.Request) []violation {
	var bad []violation
	for i, d := range r.Devices {
		left := 0
		for _, one := range e.posts {
			if one.Request == r.ID && one.Device == d.ID {
				left++
			}
		}
		if left > p.sends[i]-p.unsent[i] {
			bad = append(bad, violation{reposted, r.ID, fmt.Sprintf("call %d: %d POSTs left; %d were saved as being sent, %d of those as never left", i, left, p.sends[i], p.unsent[i])})
		}
	}
	return bad
}
