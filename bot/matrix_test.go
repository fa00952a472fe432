package bot

import (
	"slices"
	"strings"
	"testing"

	"defenderbot/approvals"
	"defenderbot/internal/slackfake"
)

// permit is something that is allowed to people of some roles, in some states. All that
// none of them lists is refused.
type permit struct {
	surfaces, states, roles string // by name, apart by a bar
}

// permits are written by hand. They hold for members and owners of this workspace, under
// each of their ids; in channels that are shared within the organisation and where that is
// allowed, for people of its other workspaces too, but at their home and for freezes.
func permits() []permit {
	const (
		any      = "asker|asking approver|approver|approver by group|called in|former asker|bystander"
		askers   = "asker|asking approver|approver|approver by group|called in|former asker"
		decides  = "approver|approver by group"
		involved = "asker|asking approver|approver|approver by group|former asker"
		waiting  = "pending|first approval|called in|lifting"
		ended    = "failed|succeeded|isolated|action ended|denied|cancelled|expired|rejected"
		anywhere = "checking|choosing|pending|first approval|called in|queued|running|alone|reviewed|" + ended
		approve  = "asking approver|approver|approver by group|called in|former asker"
		once     = "" // what is about no request
	)
	return []permit{
		{"command: ask|form: ask|private: anyway|private: successor", once, askers},
		{"command: form|shortcut|private: ask|command: list", once, any},
		{"command: report|command: freeze|form: freeze", once, approve},
		{"home: freeze", anywhere, approve},
		{"command: force", "|frozen", "asking approver|approver|approver by group|former asker"},
		{"button: review|form: review|home: review", "alone", decides},
		{"command: unfreeze", "frozen", "asking approver|approver|approver by group|former asker"},
		{"command: status", anywhere + "|lifting", any},
		{"button: approve|button: deny|form: deny|home: approve|home: deny", waiting, decides},
		{"button: approve|button: deny|form: deny|home: approve|home: deny", "called in", "called in"},
		{"button: cancel|home: cancel|command: cancel", "queued|alone|" + waiting, involved},
		{"home: cancel|command: cancel", "checking|choosing", involved},
		{"button: cancel|home: cancel|command: cancel", "called in", "called in"},
		{"button: stop", "running", "asking approver|approver|approver by group|former asker"},
		{"button: retry", "failed|reviewed", involved},
		{"button: undo", "isolated", askers},
		{"button: successor", "action ended", askers},
		{"button: package|private: package", "succeeded", involved},
		{"button: ask", "reviewed|" + ended, any},
		{"picker", "choosing", "asker|asking approver"},
	}
}

// opensForm are the ways that open a form to ask, which does nothing until it is sent.
const opensForm = "command: form|shortcut|private: ask|button: ask"

func amongst(list, name string) bool { return slices.Contains(strings.Split(list, "|"), name) }

func permitted(surface, state, role string) bool {
	return slices.ContainsFunc(permits(), func(p permit) bool {
		return amongst(p.surfaces, surface) && amongst(p.states, state) && amongst(p.roles, role)
	})
}

// TestMatrix: every kind of person in every role does everything in every way in every
// state, and what happens is what the table lists.
func TestMatrix(t *testing.T) {
	for _, mode := range []string{"workspace alone", "organisation"} {
		for kind := range kindsOfPeople("") {
			if mode == "organisation" && !amongst("member|external|other workspace", kind) {
				continue // it makes a difference to the last of them alone
			}
			for _, role := range rolesOfPeople() {
				t.Run(mode+"/"+kind+"/"+role, func(t *testing.T) {
					t.Parallel()
					matrixOf(t, kind, role, mode == "organisation")
				})
			}
		}
	}
}

func matrixOf(t *testing.T, kind, role string, shared bool) {
	t.Helper()
	c := caller{kind: kind, role: role, id: "W0X", person: approvals.Person{ID: "W0X", Name: "mallory"}}
	if kind == "two ids" {
		c.person = approvals.Person{ID: "U0TWIN", Enterprise: "W0X", Name: "mallory"}
	}
	f := frontOn(t, approvals.Policy{Default: ruleFor(c), AllowShared: shared, BreakGlass: true}, func(o *slackfake.Options) { o.EnterpriseID = homeOrg })
	f.settle(c, shared)
	admitted := amongst("member|owner|two ids", kind)
	sister := kind == "other workspace" && shared
	fresh := func(state string) approvals.Request {
		asker := approvals.Person{ID: typist}
		if state == "lifting" {
			asker.ID = clicker // who approves something
		}
		switch {
		case strings.HasPrefix(role, "ask"):
			return f.requestIn(state, c.person)
		case role == "former asker":
			return f.requestIn(state, asker, c.person)
		}
		return f.requestIn(state, asker)
	}
	all := surfaces()
	check := func(name, state string, r approvals.Request) (changed bool) {
		want := permitted(name, state, role) && (admitted || sister && !strings.HasPrefix(name, "home:") && !strings.HasSuffix(name, ": freeze"))
		if kind == "cannot be looked up" && amongst(opensForm, name) { // it is told when the form is sent: see office.Desk.MayAsk
			want = permitted(name, state, role)
		}
		got := f.tries(all[name], c.id, r)
		did := got.did || all[name].reads && got.reason == ""
		if did != want || did == (got.reason != "") {
			t.Errorf("%s, %s: done %v (%s), want %v", name, state, did, got.reason, want)
		}
		return got.did
	}
	f.index = f.indexKey(fresh("pending"))
	for _, name := range sortedKeys(all) {
		if all[name].alone {
			check(name, "", approvals.Request{})
			f.thaws()
		}
	}
	for _, state := range stateNames() {
		r := fresh(state)
		for _, name := range sortedKeys(all) {
			if !all[name].alone && check(name, state, r) {
				r = fresh(state)
			}
		}
	}
	f.thaws()
	f.freezes()
	for _, name := range []string{"command: freeze", "form: freeze", "home: freeze", "command: unfreeze", "command: force"} {
		check(name, "frozen", approvals.Request{})
	}
	if h := f.home(c.id); !h.Barred && len(h.Waiting.Requests)+len(h.Mine.Requests)+len(h.Ended.Requests) > 0 && !admitted {
		t.Errorf("a home shows %d requests that wait", len(h.Waiting.Requests))
	}
}
