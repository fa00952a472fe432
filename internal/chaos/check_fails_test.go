package chaos_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/audit"
	"defenderbot/internal/defenderfake"
)

const (
	device = "1e5bc9d7e413ddd7902c2932e418702b84d0cc07"
	job    = "92452beb-ef01-42df-852d-84b34ef83425"
)

// sound is the evidence of a request that was made, approved, throttled once,
// sent, and has succeeded.
func sound() evidence {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	zero := 0
	step := func(v int64, event string, call *int, from, to, detail string) entry {
		return entry{Entry: audit.Entry{Request: "D-AAAAAA", Version: v, Event: event, Call: call, From: from, To: to, Detail: detail}}
	}
	stop := entry{Entry: audit.Entry{Event: "freeze", By: "U0KEN", Detail: "F-AAAAAA: stop"}, kept: at.Add(50 * time.Second)}
	lift := entry{Entry: audit.Entry{Request: "D-CCCCCC", Version: 3, Event: "approve", Action: approvals.Unfreeze, From: "pending", To: "done"}, kept: at.Add(2 * time.Minute)}
	posted := post{Request: "D-AAAAAA", Device: device, Action: "collectInvestigationPackage", At: at, Arrived: true}
	first, second := posted, posted
	first.Status, second.Status, second.At = http.StatusTooManyRequests, http.StatusCreated, at.Add(time.Minute)
	return evidence{
		claims: []claim{
			{kind: recorded, by: "U0ADA", comment: "why", id: "D-AAAAAA"},
			{kind: approved, by: "U0JOAN", id: "D-AAAAAA"},
			{kind: notRecorded, by: "U0BEN", comment: "why not"},
			{kind: frozen, by: "U0KEN", comment: "stop"},
		},
		records: map[string]approvals.Request{"D-AAAAAA": {
			ID: "D-AAAAAA", Action: "collect", Comment: "why", By: approvals.Person{ID: "U0ADA"}, State: approvals.Done,
			Devices: []approvals.Device{{ID: device}}, Terms: approvals.Terms{Needed: 1},
			Approvals: []approvals.Approval{{By: approvals.Person{ID: "U0JOAN"}, At: at}},
			Calls:     []approvals.Call{{State: approvals.Succeeded, Attempt: 2, Job: approvals.Job{ID: job}}},
			Notices:   []approvals.Notice{{Kind: approvals.NoticeEnd}}, EndedAt: at,
			Card: approvals.Card{TS: "1.1", Shown: 7, Told: 1}, Version: 9, Visible: 7,
		}},
		trail: []entry{
			step(1, "ask", nil, "", "checking", ""), step(2, "resolve", nil, "checking", "pending", ""),
			step(4, "approve", nil, "pending", "approved", ""), step(5, "send", &zero, "queued", "sending", ""),
			step(6, "requeue", &zero, "sending", "queued", "throttled"), step(7, "send", &zero, "queued", "sending", ""),
			stop, // the last POST leaves in it: that was saved before
			step(8, "accept", &zero, "sending", "running", job), step(9, "report", &zero, "running", "succeeded", job), lift,
		},
		posts: []post{first, second},
		tenant: defenderfake.Snapshot{
			Actions: []defenderfake.Action{{ID: job, Type: "CollectInvestigationPackage", Comment: "[D-AAAAAA · asked by ada] why", MachineID: device}},
			Calls: []defenderfake.Call{
				{Path: "/api/machines/" + device + "/collectInvestigationPackage"},
				{Path: "/api/machines/" + device + "/collectInvestigationPackage"},
			},
		},
		cards: map[string]shown{"D-AAAAAA": {"done", []string{"half-way", "it is over"}}},
		drawn: map[string]shown{"D-AAAAAA": {"done", []string{"it is over"}}},
	}
}

// change changes the record of the evidence.
func (e evidence) change(how func(*approvals.Request)) {
	r := e.records["D-AAAAAA"]
	how(&r)
	e.records["D-AAAAAA"] = r
}

// TestCheck breaks one thing at a time of what is in order: each check can fail.
func TestCheck(t *testing.T) {
	t.Parallel()
	if bad := check(sound()); len(bad) > 0 {
		t.Fatalf("what is in order gives %v", bad)
	}
	for _, tt := range []struct {
		name, want string
		breaks     func(*evidence)
	}{
		{"an acknowledged request is gone", lost, func(e *evidence) { delete(e.records, "D-AAAAAA") }},
		{"somebody else's approval is gone", lost, func(e *evidence) { e.claims = append(e.claims, claim{approved, "U0KEN", "", "D-AAAAAA"}) }},
		{"a denial is gone", lost, func(e *evidence) { e.claims = append(e.claims, claim{denied, "U0KEN", "", "D-AAAAAA"}) }},
		{"a cancellation is gone", lost, func(e *evidence) { e.claims = append(e.claims, claim{cancelled, "U0ADA", "", "D-AAAAAA"}) }},
		{"recorded after all", untrue, func(e *evidence) { e.claims[2].comment = "why" }},
		{"an open call", openEnded, func(e *evidence) {
			e.change(func(r *approvals.Request) { r.Calls[0].State = approvals.Uncertain })
		}},
		{"an open request", openEnded, func(e *evidence) { e.change(func(r *approvals.Request) { r.State = approvals.Pending }) }},
		{"two actions", doubled, func(e *evidence) {
			second := e.tenant.Actions[0]
			second.ID = "another"
			e.tenant.Actions = append(e.tenant.Actions, second)
		}},
		{"an action that nobody asked for", doubled, func(e *evidence) { e.tenant.Actions[0].Comment = "[D-BBBBBB · ] why" }},
		{"two investigations", doubled, func(e *evidence) {
			twice := defenderfake.Investigation{Comment: "[D-AAAAAA · ] why", MachineID: device}
			e.tenant.Investigations = []defenderfake.Investigation{twice, twice}
		}},
		{"a POST past the proxies", doubled, func(e *evidence) { e.tenant.Calls = append(e.tenant.Calls, e.tenant.Calls[0]) }},
		{"a POST after 201", reposted, func(e *evidence) { e.posts[0].Status = http.StatusCreated }},
		{"a POST after none", reposted, func(e *evidence) { e.posts[0].Status = 0 }},
		{"a POST without enough approvals", reposted, func(e *evidence) { e.change(func(r *approvals.Request) { r.Terms.Needed = 2 }) }},
		{"a POST for a device that nobody saw", reposted, func(e *evidence) { e.posts[1].Device = "another" }},
		{"a POST by who was stopped", reposted, func(e *evidence) {
			e.halted = []halted{{request: "D-AAAAAA", stopped: e.posts[0].At.Add(time.Second), taken: true}}
		}},
		{"a POST that was not saved", reposted, func(e *evidence) { e.trail = slices.Delete(e.trail, 4, 6) }},
		{"a POST that is said not to have left", reposted, func(e *evidence) { e.trail[4].Detail = "not_reached" }},
		{"another action than was asked for", untrue, func(e *evidence) { e.tenant.Actions[0].Type = "Isolate" }},
		{"another scope than was asked for", untrue, func(e *evidence) { e.tenant.Actions[0].Scope = "Selective" }},
		{"an investigation in place of a package", untrue, func(e *evidence) {
			e.tenant.Investigations = []defenderfake.Investigation{{Comment: "[D-AAAAAA · ] why", MachineID: device}}
		}},
		{"the opposite beside it", grouped, func(e *evidence) {
			e.change(func(r *approvals.Request) {
				r.Action, r.Calls[0].EndedAt = "isolate", e.posts[1].At.Add(time.Minute)
			})
			other := e.records["D-AAAAAA"]
			other.ID, other.Action = "D-BBBBBB", "unisolate"
			e.records[other.ID] = other
			beside := e.posts[1]
			beside.Request, beside.At = other.ID, beside.At.Add(30*time.Second)
			e.posts = append(e.posts, beside)
		}},
		{"success that never was", untrue, func(e *evidence) { e.tenant.Actions[0].ID = "another" }},
		{"failed, and it ran", untrue, func(e *evidence) {
			e.change(func(r *approvals.Request) { r.Calls[0].State = approvals.Failed })
		}},
		{"an old card", wrongCard, func(e *evidence) { e.cards["D-AAAAAA"] = shown{"under way", []string{"it is over"}} }},
		{"no card", wrongCard, func(e *evidence) { delete(e.cards, "D-AAAAAA") }},
		{"a card that is behind", wrongCard, func(e *evidence) { e.change(func(r *approvals.Request) { r.Visible++ }) }},
		{"no last word", wrongCard, func(e *evidence) { e.cards["D-AAAAAA"] = shown{"done", []string{"half-way"}} }},
		{"a card that the record does not know", wrongCard, func(e *evidence) {
			e.change(func(r *approvals.Request) { r.Card.TS = "" })
			e.stray = map[string]string{"D-AAAAAA": "waiting for approval"}
		}},
		{"a missing entry", trailGap, func(e *evidence) { e.trail = slices.Delete(e.trail, 2, 3) }},
		{"a missing last entry", trailGap, func(e *evidence) { e.trail = slices.Delete(e.trail, 8, 9) }},
		{"sent in a freeze", slipped, func(e *evidence) { e.trail[5], e.trail[6] = e.trail[6], e.trail[5] }},
		{"a POST in a freeze that was not saved before it", slipped, func(e *evidence) { e.posts = append(e.posts, e.posts[1]) }},
		{"a freeze that nobody lifted", slipped, func(e *evidence) { e.trail = e.trail[:len(e.trail)-1] }},
		{"nothing goes on after a freeze", slipped, func(e *evidence) { e.trail = slices.Delete(e.trail, 3, 6) }},
		{"an order that is gone", lost, func(e *evidence) { e.trail = slices.Delete(e.trail, 6, 7) }},
		{"frozen after all", untrue, func(e *evidence) { e.claims[2].by, e.claims[2].comment = "U0KEN", "stop" }},
		{"no trail", trailGap, func(e *evidence) { e.trail = nil }},
		{"a version twice", trailGap, func(e *evidence) { e.trail[3].Version = 4 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := sound()
			tt.breaks(&e)
			bad := check(e)
			if !slices.ContainsFunc(bad, func(v violation) bool { return v.kind == tt.want }) {
				t.Errorf("check finds %v, want something %s", bad, tt.want)
			}
		})
	}
}
