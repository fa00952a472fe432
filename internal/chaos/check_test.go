package chaos_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/defenderfake"
)

// violation is one thing that must not be, and which request it is about.
type violation struct {
	kind    string // one of the kinds below
	request string
	what    string
}

func (v violation) String() string { return v.kind + ": " + v.request + ": " + v.what }

// The kinds of violations, as the table counts them.
const (
	lost      = "lost"       // somebody was told that it is recorded, and it is not
	untrue    = "untrue"     // what somebody was told, or what a record says, is not so
	doubled   = "doubled"    // Defender has more than one action for a call
	reposted  = "reposted"   // a POST left that must not
	openEnded = "open"       // it has not ended
	wrongCard = "wrong card" // what Slack shows is not the end
	grouped   = "group"      // two actions that exclude each other ran on a device at once
	slipped   = "frozen"     // a call left in a freeze, or nothing went on after it
	trailGap  = "audit"      // the audit trail does not lead to the record
)

// check holds the evidence of a round against what was promised.
func check(e evidence) []violation {
	var all []violation
	for _, look := range []func(evidence) []violation{checkClaims, checkEnds, checkPosts, checkHalted, checkFreezes, checkDefender, checkKinds, checkGroups, checkOutcomes, checkCards, checkTrail} {
		all = append(all, look(e)...)
	}
	slices.SortFunc(all, func(a, b violation) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.request, b.request))
	})
	return slices.Compact(all)
}

// inOrder are the records in one order.
func (e evidence) inOrder() []approvals.Request {
	return slices.SortedFunc(maps.Values(e.records), func(a, b approvals.Request) int { return cmp.Compare(a.ID, b.ID) })
}

// checkClaims: what people were told is in the records.
func checkClaims(e evidence) []violation {
	var bad []violation
	for _, c := range e.claims {
		r, there := e.records[c.id]
		switch {
		case c.kind == notRecorded:
			bad = append(bad, recordedAfterAll(e, c)...)
		case c.kind == frozen:
			if !ordered(e, c) {
				bad = append(bad, violation{lost, "freeze", c.by + " was told that everything is frozen; the trail has no such order"})
			}
		case !there:
			bad = append(bad, violation{lost, c.id, c.by + " was told that it is " + string(c.kind)})
		case !stands(c, r):
			bad = append(bad, violation{lost, c.id, fmt.Sprintf("%s was told that it is %s; the record says %s", c.by, c.kind, brief(r))})
		}
	}
	return bad
}

func recordedAfterAll(e evidence, c claim) []violation {
	var bad []violation
	for _, r := range e.inOrder() {
		if r.Comment == c.comment {
			bad = append(bad, violation{untrue, r.ID, c.by + " was told that nothing was recorded"})
		}
	}
	if ordered(e, c) {
		bad = append(bad, violation{untrue, "freeze", c.by + " was told that nothing was recorded"})
	}
	return bad
}

// stands reports whether the record has what somebody was told.
func stands(c claim, r approvals.Request) bool {
	switch c.kind {
	case recorded:
		return r.By.ID == c.by && (c.comment == "" || r.Comment == c.comment)
	case approved:
		return slices.ContainsFunc(r.Approvals, func(a approvals.Approval) bool { return a.By.ID == c.by })
	case denied:
		return r.State == approvals.Denied && r.Ended.By.ID == c.by
	case cancelled:
		stopped := func(call approvals.Call) bool { return call.By.ID == c.by && call.State == approvals.CallCancelled }
		return r.State == approvals.Cancelled && r.Ended.By.ID == c.by || slices.ContainsFunc(r.Calls, stopped)
	case notRecorded, frozen: // they are about no record
	}
	return false
}

// brief is a record in a few words.
func brief(r approvals.Request) string {
	parts := []string{fmt.Sprintf("%s, version %d, card %s showing %d of %d, told %d of %d", r.State, r.Version, r.Card.TS, r.Card.Shown, r.Visible, r.Card.Told, len(r.Notices))}
	for i, c := range r.Calls {
		parts = append(parts, fmt.Sprintf("call %d %s %s, attempt %d, job %s", i, c.State, c.Why.Reason, c.Attempt, c.Job.ID))
	}
	return strings.Join(parts, "; ")
}

// checkEnds: everything has ended.
func checkEnds(e evidence) []violation {
	var bad []violation
	for _, r := range e.inOrder() {
		open := func(c approvals.Call) bool { return !c.State.Ended() }
		if !r.State.Ended() || slices.ContainsFunc(r.Calls, open) {
			bad = append(bad, violation{openEnded, r.ID, brief(r)})
		}
	}
	return bad
}

// call names one call of one request: a device stands in a request once.
type call struct{ request, device, action string }

// checkPosts: another POST leaves for a call only after proof that nothing was
// started, and none without an approval.
func checkPosts(e evidence) []violation {
	var bad []violation
	last := map[call]post{}
	for _, p := range e.posts {
		c := call{p.Request, p.Device, p.Action}
		before, again := last[c]
		last[c] = p
		if again && !before.proof() {
			bad = append(bad, violation{reposted, p.Request, fmt.Sprintf("device %s: a POST %v after one that was answered with %d (0: not at all)", p.Device, p.At.Sub(before.At), before.Status)})
		}
		r, there := e.records[p.Request]
		of := slices.IndexFunc(r.Devices, func(d approvals.Device) bool { return d.ID == p.Device })
		if !there || of < 0 || of >= len(r.Calls) || len(r.Approvals) < r.Terms.Needed {
			bad = append(bad, violation{reposted, p.Request, "a POST for device " + p.Device + " that nobody has approved"})
		}
	}
	return bad
}

// checkHalted: who was stopped before a POST does not make it after others have
// given it up.
func checkHalted(e evidence) []violation {
	var bad []violation
	for _, h := range e.halted {
		r := e.records[h.request]
		for _, p := range e.posts {
			if h.taken && p.Request == h.request && h.call < len(r.Devices) && p.Device == r.Devices[h.call].ID && p.At.After(h.stopped) {
				bad = append(bad, violation{reposted, h.request, fmt.Sprintf("call %d was made %v after its process was stopped", h.call, p.At.Sub(h.stopped))})
			}
		}
	}
	return bad
}

// checkDefender: Defender has at most one action or investigation for a call,
// and none that no request asked for; every POST came through the proxies.
func checkDefender(e evidence) []violation {
	var bad []violation
	made := map[call]int{}
	for _, a := range e.tenant.Actions {
		made[call{idIn(a.Comment), a.MachineID, a.Type}]++
	}
	for _, i := range e.tenant.Investigations {
		made[call{idIn(i.Comment), i.MachineID, "startInvestigation"}]++
	}
	arrived := map[string]int{}
	for _, p := range e.posts {
		if p.Arrived {
			arrived[p.Device]++
		}
	}
	for _, c := range slices.SortedFunc(maps.Keys(made), func(a, b call) int { return cmp.Compare(a.device, b.device) }) {
		if n := made[c]; n > 1 {
			bad = append(bad, violation{doubled, c.request, fmt.Sprintf("device %s has %d of %s", c.device, n, c.action)})
		}
		if _, there := e.records[c.request]; !there {
			bad = append(bad, violation{doubled, c.request, "Defender has an action on " + c.device + " for a request that is not there"})
		}
	}
	for device, n := range countPosts(e.tenant.Calls) {
		if n != arrived[device] {
			bad = append(bad, violation{doubled, "device " + device, fmt.Sprintf("Defender got %d POSTs, and %d went through the proxies", n, arrived[device])})
		}
	}
	return bad
}

func countPosts(calls []defenderfake.Call) map[string]int {
	count := map[string]int{}
	for _, c := range calls {
		if m := actionPath.FindStringSubmatch(c.Path); m != nil {
			count[m[1]]++
		}
	}
	return count
}

// checkKinds: what Defender has made for a request is what was asked for, scope and all.
func checkKinds(e evidence) []violation {
	var bad []violation
	look := func(comment, kind, scope string) {
		r, there := e.records[idIn(comment)]
		row, known := defender.Actions().Named(r.Action)
		if there && (!known || row.Type != kind || row.Scope != scope) {
			bad = append(bad, violation{untrue, r.ID, fmt.Sprintf("it asks for %s; Defender made %q of scope %q", r.Action, kind, scope)})
		}
	}
	for _, a := range e.tenant.Actions {
		look(a.Comment, a.Type, a.Scope)
	}
	for _, i := range e.tenant.Investigations {
		look(i.Comment, "", "")
	}
	return bad
}

// checkGroups: while a call is open, nothing else of its group is sent to its device.
func checkGroups(e evidence) []violation {
	var bad []violation
	for _, r := range e.inOrder() {
		for i, c := range r.Calls {
			first := slices.IndexFunc(e.posts, func(p post) bool { return p.Request == r.ID && p.Device == r.Devices[i].ID })
			if first < 0 {
				continue
			}
			for _, p := range e.posts {
				other := e.records[p.Request]
				if p.Device == r.Devices[i].ID && other.ID != r.ID && slices.Contains(partners(r.Action), other.Action) &&
					p.At.After(e.posts[first].At) && p.At.Before(c.EndedAt.Add(-clockSlack)) {
					bad = append(bad, violation{grouped, r.ID, fmt.Sprintf("%s of %s was sent to %s while call %d was open", other.Action, other.ID, p.Device, i)})
				}
			}
		}
	}
	return bad
}

// clockSlack is by how much the store's clock may be ahead of the proxies'.
const clockSlack = time.Second

// checkOutcomes: what a record says of a call is what Defender has.
func checkOutcomes(e evidence) []violation {
	var bad []violation
	for _, r := range e.inOrder() {
		for i, c := range r.Calls {
			there := e.jobs(r, i)
			switch ran := slices.Contains(there, c.Job.ID); {
			case c.State == approvals.Succeeded && !ran:
				bad = append(bad, violation{untrue, r.ID, fmt.Sprintf("call %d succeeded as %q; Defender has %q", i, c.Job.ID, there)})
			case c.State != approvals.Succeeded && c.State != approvals.Unknown && len(there) > 0:
				bad = append(bad, violation{untrue, r.ID, fmt.Sprintf("call %d is %s (%s); Defender has %q", i, c.State, c.Why.Reason, there)})
			}
		}
	}
	return bad
}

// jobs are the ids of what Defender has started for a call.
func (e evidence) jobs(r approvals.Request, i int) []string {
	var ids []string
	for _, a := range e.tenant.Actions {
		if idIn(a.Comment) == r.ID && a.MachineID == r.Devices[i].ID {
			ids = append(ids, a.ID)
		}
	}
	for _, v := range e.tenant.Investigations {
		if idIn(v.Comment) == r.ID && v.MachineID == r.Devices[i].ID {
			ids = append(ids, v.ID, v.AlertID)
		}
	}
	return ids
}

// checkCards: the card and its thread show the end, as the bot's own renderer
// draws it.
func checkCards(e evidence) []violation {
	var bad []violation
	for _, r := range e.inOrder() {
		if r.Card.Shown < r.Visible || r.Card.Told < len(r.Notices) {
			bad = append(bad, violation{wrongCard, r.ID, "it is behind: " + brief(r)})
		}
		if r.Card.TS == "" {
			if says, there := e.stray[r.ID]; there {
				bad = append(bad, violation{wrongCard, r.ID, "the record holds no card; the channel shows\n" + says})
			}
			continue
		}
		got, want := e.cards[r.ID], e.drawn[r.ID]
		if got.card != want.card {
			bad = append(bad, violation{wrongCard, r.ID, fmt.Sprintf("the card shows\n%s\nand not\n%s", got.card, want.card)})
		}
		for _, word := range want.thread {
			if !slices.Contains(got.thread, word) {
				bad = append(bad, violation{wrongCard, r.ID, fmt.Sprintf("the thread says\n%q\nand not\n%q", got.thread, word)})
			}
		}
	}
	return bad
}
