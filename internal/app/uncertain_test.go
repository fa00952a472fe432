package app_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// timeless is a place whose time the test moves.
func timeless(t *testing.T) *sandbox.Place {
	t.Helper()
	return open(t, "", embedded)
}

func embedded(o *sandbox.Options) { o.Redis = "" }

// record reads a request out of Redis, as it is stored.
func record(t *testing.T, p *sandbox.Place, id string) approvals.Request {
	t.Helper()
	options, err := redis.ParseURL(p.Redis)
	if err != nil {
		t.Fatal(err)
	}
	rdb := redistest.Client(t, options.Addr)
	keys, err := rdb.Keys(t.Context(), "*:"+id).Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("records of %s: %v and %v", id, keys, err)
	}
	_, text, _ := strings.Cut(rdb.Get(t.Context(), keys[0]).Val(), " ")
	var r approvals.Request
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// attempts are the calls that could have started something.
func attempts(s defenderfake.Snapshot) (list []defenderfake.Call) {
	for _, c := range s.Calls {
		if c.Endpoint == defenderfake.StartInvestigation || c.Endpoint == defenderfake.CollectPackage {
			list = append(list, c)
		}
	}
	return list
}

// pass lets time pass in small steps, each of which leaves room for one
// look-up, until the call has come to one of the states.
func pass(t *testing.T, p *sandbox.Place, id string, step, most time.Duration, states ...approvals.CallState) approvals.Call {
	t.Helper()
	var last approvals.Call
	for passed := time.Duration(0); passed <= most; passed += step {
		r := record(t, p, id)
		if len(r.Calls) == 1 {
			last = r.Calls[0]
		}
		if slices.Contains(states, last.State) {
			return last
		}
		looked := len(p.Defender.Calls())
		skip(t, p, step)
		one, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		_ = p.Defender.Wait(one, func(s defenderfake.Snapshot) bool { return len(s.Calls) > looked })
		cancel()
	}
	err := p.Slack.Wait(limit(t), func(*slackfake.Server) bool {
		last = record(t, p, id).Calls[0]
		return slices.Contains(states, last.State)
	})
	if err != nil {
		t.Fatalf("%s is %s (%+v) after %s, want one of %v", id, last.State, last.Why, most, states)
	}
	return last
}

// skip lets time pass.
func skip(t *testing.T, p *sandbox.Place, d time.Duration) {
	t.Helper()
	if err := p.Skip(d); err != nil {
		t.Fatal(err)
	}
}

// anHourWithout is an hour without Defender: at first it answers every look-up
// with 503, then nobody is there, and the call stays uncertain all the time.
func anHourWithout(t *testing.T, p *sandbox.Place, id string) {
	t.Helper()
	refuses := p.Defender.Inject(defenderfake.Fault{Status: 503})
	for range 6 {
		looked := len(p.Defender.Calls())
		skip(t, p, 5*time.Minute)
		if err := p.Defender.Wait(limit(t), func(s defenderfake.Snapshot) bool { return len(s.Calls) > looked }); err != nil {
			t.Fatalf("Defender was not asked again: %v", err)
		}
	}
	p.Defender.Down()
	refuses()
	skip(t, p, 30*time.Minute)
	if got := record(t, p, id).Calls[0].State; got != approvals.Uncertain {
		t.Errorf("%s after an hour in which nothing could be found out, want uncertain", got)
	}
	if err := p.Defender.Up(); err != nil {
		t.Fatal(err)
	}
}

// TestUncertainOutcomes loses the answer to a POST in every way there is. It is
// never sent again, and what became of it is found out as far as Defender tells.
func TestUncertainOutcomes(t *testing.T) {
	t.Parallel()
	lost := func(on string, when defenderfake.Moment) defenderfake.Fault {
		return defenderfake.Fault{On: on, When: when, Drop: true, Times: 1}
	}
	answered := func(on string, status int, body string) defenderfake.Fault {
		return defenderfake.Fault{On: on, When: defenderfake.AfterEffect, Status: status, Body: body, Times: 1}
	}
	const collect, investigate = defenderfake.CollectPackage, defenderfake.StartInvestigation
	for _, tt := range []struct {
		name    string
		action  string
		faults  []defenderfake.Fault
		prepare func(*sandbox.Place) error
		down    bool // Defender, for an hour, from when the answer is lost
		want    approvals.CallState
		reason  approvals.Reason
		adopted bool
		within  time.Duration
	}{
		{name: "cut before the effect", action: "collect", faults: []defenderfake.Fault{lost(collect, defenderfake.BeforeEffect)}, want: approvals.Failed, reason: approvals.NotStarted},
		{name: "cut after the effect", action: "collect", faults: []defenderfake.Fault{lost(collect, defenderfake.AfterEffect)}, want: approvals.Succeeded, reason: approvals.Ran},
		{name: "502 after the effect", action: "collect", faults: []defenderfake.Fault{answered(collect, 502, "")}, want: approvals.Succeeded, reason: approvals.Ran},
		{name: "503 after the effect", action: "collect", faults: []defenderfake.Fault{answered(collect, 503, "")}, want: approvals.Succeeded, reason: approvals.Ran},
		{name: "504 after the effect", action: "collect", faults: []defenderfake.Fault{answered(collect, 504, "")}, want: approvals.Succeeded, reason: approvals.Ran},
		{name: "500 before the effect", action: "collect", faults: []defenderfake.Fault{{On: collect, Status: 500, Times: 1}}, want: approvals.Failed, reason: approvals.NotStarted},
		{name: "201 that is not JSON", action: "collect", faults: []defenderfake.Fault{answered(collect, 201, "<html>")}, want: approvals.Succeeded, reason: approvals.Ran},
		{
			name: "lists hide what is fresh for two minutes", action: "collect", want: approvals.Succeeded, reason: approvals.Ran,
			faults: []defenderfake.Fault{lost(collect, defenderfake.AfterEffect), {On: "machineactions/*", Hide: 2 * time.Minute}, {On: defenderfake.ActionList, Hide: 2 * time.Minute}},
		},
		{name: "defender is down for an hour", action: "collect", faults: []defenderfake.Fault{lost(collect, defenderfake.AfterEffect)}, down: true, want: approvals.Succeeded, reason: approvals.Ran},
		{name: "an investigation cut before the effect", action: "investigate", faults: []defenderfake.Fault{lost(investigate, defenderfake.BeforeEffect)}, want: approvals.Failed, reason: approvals.NotStarted},
		{name: "an investigation cut after the effect", action: "investigate", faults: []defenderfake.Fault{lost(investigate, defenderfake.AfterEffect)}, want: approvals.Succeeded, reason: approvals.Ran, adopted: true},
		{
			name: "somebody in the portal investigates the same device", action: "investigate", want: approvals.Unknown, reason: approvals.SeveralFound,
			faults: []defenderfake.Fault{lost(investigate, defenderfake.AfterEffect)},
			prepare: func(p *sandbox.Place) error {
				id, err := p.Defender.Portal("analyst@contoso.example").Start(investigate, sandbox.Server, "by hand")
				if err != nil {
					return err
				}
				return p.Defender.Finish(id, "Benign")
			},
		},
		{
			name: "look-ups are forbidden", action: "collect", want: approvals.Unknown, reason: approvals.TookTooLong, within: 80 * time.Hour,
			faults: []defenderfake.Fault{lost(collect, defenderfake.AfterEffect), {On: defenderfake.ActionList, Status: 403}, {On: defenderfake.ActionGet, Status: 403}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := timeless(t)
			run(t, p, p.Env(), app.Options{})
			for _, f := range tt.faults {
				p.Defender.Inject(f)
			}
			id := ask(t, p, sandbox.Ada, tt.action+" "+sandbox.Server+" lost answer")
			c := card(t, p, id, "Waiting for approval")
			if tt.prepare != nil {
				if err := tt.prepare(p); err != nil {
					t.Fatal(err)
				}
			}
			click(t, p, sandbox.Grace, c, "approve")
			if tt.down || tt.within > 0 {
				pass(t, p, id, time.Second, 10*time.Second, approvals.Uncertain)
			}
			if tt.down {
				anHourWithout(t, p, id)
			}
			step, most := 25*time.Second, 10*time.Minute
			if tt.within > 0 {
				step, most = tt.within/16, tt.within
			}
			got := pass(t, p, id, step, most, approvals.Succeeded, approvals.Failed, approvals.Unknown)
			if got.State != tt.want || got.Why.Reason != tt.reason || got.Job.Adopted != tt.adopted {
				t.Errorf("ended %s, %s, adopted %v; want %s, %s, %v", got.State, got.Why.Reason, got.Job.Adopted, tt.want, tt.reason, tt.adopted)
			}
			if n := len(attempts(p.Defender.Snapshot())); n != 1 {
				t.Errorf("%d POSTs, want 1", n)
			}
		})
	}
}
