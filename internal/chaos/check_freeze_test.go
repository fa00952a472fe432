package chaos_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"defenderbot/approvals"
)

// freeze is one freeze as the audit trail tells it.
type freeze struct {
	id     string
	until  time.Time // when it was lifted
	lifted bool
	before map[call]int // how often each call was saved as being sent before it
	within []call       // what was saved as being sent in it
	held   []call       // approved and not sent when it was lifted, and called off by nobody later
	wentOn int          // of those held, how many were sent after it
}

// freezes reads them from the trail: from an order to freeze to the approval that lifts it.
// The order of the trail is that of the commits, whatever any clock says.
func (e evidence) freezes() []freeze {
	var all []freeze
	for i, order := range e.trail {
		if order.Event != "freeze" {
			continue
		}
		id, _, _ := strings.Cut(order.Detail, ":")
		f := freeze{id: id, before: e.sends(e.trail[:i])}
		rest := e.trail[i+1:]
		end := slices.IndexFunc(rest, func(x entry) bool {
			return x.Action == approvals.Unfreeze && x.Event == "approve" && x.To == string(approvals.Done)
		})
		if f.lifted = end >= 0; f.lifted {
			f.until = rest[end].kept
			f.waiting(e, e.trail[:i+1+end], e.sends(rest[end:]))
			rest = rest[:end]
		}
		for c := range e.sends(rest) {
			f.within = append(f.within, c)
		}
		all = append(all, f)
	}
	return all
}

// named is call i of a request, as posts name it.
func (e evidence) named(request string, i int) call {
	r := e.records[request]
	if i < 0 || i >= len(r.Devices) {
		return call{request: request}
	}
	return call{request: request, device: r.Devices[i].ID}
}

// sends counts how often a part of the trail saves each call as being sent.
func (e evidence) sends(part []entry) map[call]int {
	count := map[call]int{}
	for _, x := range part {
		if x.Event == "send" && x.Call != nil {
			count[e.named(x.Request, *x.Call)]++
		}
	}
	return count
}

// waiting notes what waited for the end of the freeze, given the trail until then, and what
// was sent after it.
func (f *freeze) waiting(e evidence, past []entry, after map[call]int) {
	sent := e.sends(past)
	for _, x := range past {
		if x.Event != "approve" || x.To != string(approvals.Approved) {
			continue
		}
		for i, c := range e.records[x.Request].Calls {
			one := e.named(x.Request, i)
			if sent[one] > 0 || c.State == approvals.CallCancelled || c.EndedAt.Before(f.until) && !c.EndedAt.IsZero() {
				continue
			}
			f.held = append(f.held, one)
			if after[one] > 0 {
				f.wentOn++
			}
		}
	}
}

// checkFreezes: from the commit of a freeze on no call is saved as being sent, and no POST
// leaves but for what was saved as being sent before; and what waited goes on after it.
func checkFreezes(e evidence) []violation {
	var bad []violation
	for _, f := range e.freezes() {
		for _, c := range f.within {
			bad = append(bad, violation{slipped, c.request, fmt.Sprintf("device %s: saved as being sent in freeze %s", c.device, f.id)})
		}
		if !f.lifted {
			bad = append(bad, violation{slipped, f.id, "nobody has lifted it"})
			continue
		}
		if len(f.held) > 0 && f.wentOn == 0 {
			bad = append(bad, violation{slipped, f.id, fmt.Sprintf("%d calls waited for its end, and none was sent after it", len(f.held))})
		}
		bad = append(bad, f.posted(e)...)
	}
	return bad
}

// posted: until the freeze is lifted no call is posted more often than it was saved as being
// sent before the freeze.
func (f freeze) posted(e evidence) []violation {
	var bad []violation
	left := map[call]int{}
	for _, p := range e.posts {
		c := call{request: p.Request, device: p.Device}
		if !p.At.Before(f.until) {
			continue
		}
		if left[c]++; left[c] == f.before[c]+1 {
			bad = append(bad, violation{slipped, c.request, fmt.Sprintf("device %s: POST number %d left %v before freeze %s was lifted; %d were saved as being sent before it", c.device, left[c], f.until.Sub(p.At), f.id, f.before[c])})
		}
	}
	return bad
}

// ordered reports whether the trail has the order to freeze that a claim is about.
func ordered(e evidence, c claim) bool {
	return slices.ContainsFunc(e.trail, func(x entry) bool {
		return x.Event == "freeze" && x.By == c.by && strings.HasSuffix(x.Detail, ": "+c.comment)
	})
}
