package chaos_test

import (
	"context"
	"regexp"
	"strconv"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/slackfake"
)

// halted is a process that was stopped when it was about to make a call, and
// which call.
type halted struct {
	request string
	call    int
	stopped time.Time
	taken   bool // others took the call for uncertain before it went on
}

var turnTaken = regexp.MustCompile(`"take":\{"turn":"(D-[0-9A-Z]+)/([0-9]+)"`)

// stopBeforePOST stops a process after its call was saved as being sent and
// before it knows: the reply is on its way.
func (r *round) stopBeforePOST(ctx context.Context, within time.Duration) (h halted, s *slot, ok bool) {
	t := r.gate.set(moment{at: redisSays, has: takesSlot, also: wasMade}.fits)
	select {
	case p := <-t.caught:
		turn := turnTaken.FindStringSubmatch(p.text)
		if turn == nil || !p.slot.halt() {
			t.goesOn <- true
			return halted{}, nil, false
		}
		h.request, h.stopped = turn[1], time.Now()
		h.call, _ = strconv.Atoi(turn[2])
		t.goesOn <- true
		return h, p.slot, true
	case <-time.After(within):
	case <-ctx.Done():
	}
	r.gate.unset(t)
	return halted{}, nil, false
}

// stopShort stops a process for longer than a POST may still leave, and for
// less than others wait.
func (r *round) stopShort(ctx context.Context) {
	_, s, ok := r.stopBeforePOST(ctx, reached)
	if !ok {
		return
	}
	r.note(shortStop)
	r.busy.Go(func() {
		r.pause(ctx, 5*time.Second, 8*time.Second)
		s.resume()
	})
}

// takeover is how long it may take until others take a call for uncertain whose
// owner is silent: 55 seconds, and the leases of those that were killed
// meanwhile.
const takeover = 4 * time.Minute

// stopLong stops a process until the others have given its call up, and lets it
// go on then. It must not make the call any more.
func (r *round) stopLong(ctx context.Context) {
	h, s, ok := r.stopBeforePOST(ctx, time.Minute)
	if !ok {
		return
	}
	r.note(longStop)
	ctx, cancel := context.WithTimeout(ctx, takeover)
	defer cancel()
	err := r.slack.Wait(ctx, func(*slackfake.Server) bool {
		call, ok := r.callNow(ctx, h)
		return ok && call.State != approvals.Sending
	})
	h.taken = err == nil
	if !h.taken {
		r.fail("%s: nobody took call %d over from a process that was stopped", h.request, h.call)
	}
	r.mu.Lock()
	r.halted = append(r.halted, h)
	r.mu.Unlock()
	s.resume()
}

// callNow is the call as Redis has it.
func (r *round) callNow(ctx context.Context, h halted) (approvals.Call, bool) {
	records, err := r.records(ctx)
	if err != nil || h.call >= len(records[h.request].Calls) {
		return approvals.Call{}, false
	}
	return records[h.request].Calls[h.call], true
}
