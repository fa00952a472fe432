package app_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/defender"
	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// probed is what the doctor says who probes, too.
func probed(t *testing.T, p *sandbox.Place, env app.Env, hook ...redis.Hook) (found []app.Finding) {
	t.Helper()
	var options app.Options
	for _, h := range hook {
		options.Hook = h
	}
	if err := newBot(t, p, env, options).Probe(limit(t), func(f app.Finding) { found = append(found, f) }); err != nil {
		t.Error(err)
	}
	return found
}

// sent are the requests that could start something.
func sent(p *sandbox.Place) (list []defenderfake.Call) {
	for _, c := range p.Defender.Calls() {
		if c.Method == http.MethodPost && c.Endpoint != defenderfake.Token {
			list = append(list, c)
		}
	}
	return list
}

// TestProbe: the doctor says first what it is about to send, and writes it down; each action
// that is switched on is asked for once, for no device, and nothing starts.
func TestProbe(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, addr string) {
		p := open(t, addr, nil)
		env := p.Env()
		env.Actions = "collect,scan,isolate"
		var before []defenderfake.Call
		var found []app.Finding
		err := newBot(t, p, env, app.Options{}).Probe(limit(t), func(f app.Finding) {
			if f.About == "probe" && len(before) == 0 && len(found) == 0 {
				before = sent(p)
				if n := len(trail(t, addr, "probe")); n != 1 {
					t.Errorf("%d entries in the trail before it is sent, want 1", n)
				}
			}
			if f.About == "probe" {
				found = append(found, f)
			}
		})
		if err != nil || len(before) > 0 || len(found) != 4 {
			t.Fatalf("%v; sent before it was said: %v; %+v", err, before, found)
		}
		if says := found[0].Says; !strings.Contains(says, "now asking Defender for collect, scan, isolate on device "+defender.NoDevice+", which does not exist") {
			t.Errorf("it says first %q", says)
		}
		for i, name := range []string{"collect", "scan", "isolate"} {
			if f := found[i+1]; f.Grade != app.Well || !strings.HasPrefix(f.Says, name+": the role is there: Defender only objects that there is no such device") {
				t.Errorf("%s: %+v", name, f)
			}
		}
		calls := sent(p)
		for _, c := range calls {
			if !strings.HasPrefix(c.Path, "/api/machines/"+defender.NoDevice+"/") || c.Status != http.StatusNotFound {
				t.Errorf("it sent %+v", c)
			}
		}
		if len(calls) != 3 || len(p.Defender.Actions()) > 0 || len(p.Defender.Investigations()) > 0 {
			t.Errorf("%d calls, %v and %v started", len(calls), p.Defender.Actions(), p.Defender.Investigations())
		}
		if e := trail(t, addr, "probe")[0]; e.Detail != "collect, scan, isolate" || e.At.IsZero() {
			t.Errorf("the trail has %+v", e)
		}
	})
}

// TestProbeTells: "no role", "no such device" and "ended" are three things.
func TestProbeTells(t *testing.T) {
	t.Parallel()
	const investigate, scan = "investigate", "scan"
	fault := func(endpoint string, f defenderfake.Fault) func(*sandbox.Place) {
		return func(p *sandbox.Place) { f.On = endpoint; p.Defender.Inject(f) }
	}
	ended := func(e defenderfake.Ending) func(*sandbox.Place) {
		return func(p *sandbox.Place) { p.Defender.EndInvestigations(defenderfake.Ended{Start: e}) }
	}
	const hasEnded = "investigate: it has ended, as Microsoft has announced"
	for name, tt := range map[string]struct {
		action string
		change func(*sandbox.Place)
		grade  app.Grade
		words  []string
	}{
		"a role":           {scan, func(*sandbox.Place) {}, app.Well, []string{"scan: the role is there"}},
		"no role":          {scan, func(p *sandbox.Place) { granted(p, "Machine.Read.All") }, app.Wrong, []string{"scan: the role is missing: Machine.Scan", "grant admin consent"}},
		"no role, ended":   {investigate, func(p *sandbox.Place) { granted(p, "Machine.Read.All") }, app.Wrong, []string{"the role is missing: Alert.ReadWrite.All"}},
		"no such device":   {investigate, func(*sandbox.Place) {}, app.Unknown, []string{"investigate: Defender says that there is no such device", "of an action that has ended"}},
		"ended as no such": {investigate, ended(defenderfake.EndedNotFound), app.Unknown, []string{"investigate: Defender says that there is no such device"}},
		"400":              {investigate, ended(defenderfake.EndedBadRequest), app.Doubt, []string{hasEnded, "remove investigate from ACTIONS; scan replaces it"}},
		"403":              {investigate, ended(defenderfake.EndedForbidden), app.Doubt, []string{hasEnded}},
		"403 disabled":     {investigate, ended(defenderfake.EndedDisabled), app.Doubt, []string{hasEnded}},
		"404 no resource":  {investigate, ended(defenderfake.EndedNoResource), app.Doubt, []string{hasEnded}},
		"404 empty":        {investigate, ended(defenderfake.EndedEmpty), app.Doubt, []string{hasEnded}},
		"405":              {investigate, ended(defenderfake.EndedMethod), app.Doubt, []string{hasEnded}},
		"410":              {investigate, ended(defenderfake.EndedGone), app.Doubt, []string{hasEnded}},
		"501":              {investigate, ended(defenderfake.EndedUnavailable), app.Doubt, []string{hasEnded}},
		"licence":          {scan, fault(defenderfake.RunScan, defenderfake.Fault{Status: 403, Code: "DisabledFeature", Message: "Tenant feature isn't enabled"}), app.Wrong, []string{"scan: licence: Tenant feature", "has a licence"}},
		"throttled":        {scan, fault(defenderfake.RunScan, defenderfake.Fault{Status: 429, RetryAfter: "60"}), app.Unknown, []string{"throttled", "try again later"}},
		"a bad request":    {scan, fault(defenderfake.RunScan, defenderfake.Fault{Status: 400, Message: "Invalid device"}), app.Unknown, []string{"Invalid device"}},
		"down":             {scan, fault(defenderfake.RunScan, defenderfake.Fault{Status: 503}), app.Unknown, []string{"outcome unknown"}},
		"taken": {
			scan, fault(defenderfake.RunScan, defenderfake.Fault{Status: 201, Body: `{"id":"92452beb-ef01-42df-852d-84b34ef83425","type":"RunAntiVirusScan"}`}),
			app.Doubt,
			[]string{"scan: Defender accepted it as 92452beb", "Action center"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, redistest.Mini(t).Addr(), nil)
			env := p.Env()
			env.Actions = tt.action
			tt.change(p)
			finds(t, probed(t, p, env), "probe", tt.grade, tt.words...)
			if n := len(sent(p)); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

// TestProbeNothing: under a freeze, where a window is used up, and where it cannot be written
// down, nothing is sent.
func TestProbeNothing(t *testing.T) {
	t.Parallel()
	t.Run("frozen", func(t *testing.T) {
		t.Parallel()
		p := open(t, redistest.Mini(t).Addr(), nil)
		stop := run(t, p, p.Env(), app.Options{})
		says(t, "freeze", command(t, p, sandbox.Grace, sandbox.Incident, "freeze a list that is wrong"), "Frozen")
		stop()
		finds(t, probed(t, p, p.Env()), "probe", app.Unknown, "nothing was sent, because F-", "freezes all calls")
		if calls := sent(p); len(calls) > 0 {
			t.Errorf("sent under a freeze: %v", calls)
		}
	})
	t.Run("used up", func(t *testing.T) {
		t.Parallel()
		p := open(t, redistest.Mini(t).Addr(), func(o *sandbox.Options) {
			o.Catalogue = sandbox.Narrow("collect", defender.Limit{Calls: 1, Per: time.Hour})
		})
		env := p.Env()
		env.Actions = "collect,scan"
		stop := run(t, p, env, app.Options{})
		id, c := pending(t, p, "collect "+sandbox.Server+" why")
		click(t, p, sandbox.Grace, c, "approve")
		card(t, p, id, "Succeeded")
		stop()
		found := probed(t, p, env)
		finds(t, found, "probe", app.Unknown, "collect: not sent: the limit that Microsoft sets for it is used up until 20")
		finds(t, found, "probe", app.Well, "scan: the role is there")
		if calls := sent(p); len(calls) != 2 {
			t.Errorf("sent %v, want one call and one probe", calls)
		}
	})
	t.Run("not written down", func(t *testing.T) {
		t.Parallel()
		mini := redistest.Mini(t)
		p := open(t, mini.Addr(), nil)
		finds(t, probed(t, p, p.Env(), unwritten{}), "probe", app.Unknown, "nothing was sent, because it could not be recorded in the audit trail: note probe")
		mini.SetError("OOM command not allowed when used memory > 'maxmemory'.")
		finds(t, probed(t, p, p.Env()), "probe", app.Unknown, "until redis is ok")
		if calls := sent(p); len(calls) > 0 {
			t.Errorf("sent without a trail: %v", calls)
		}
	})
}

// unwritten is a Redis that takes everything but the entry of a probe.
type unwritten struct{ redis.Hook }

func (unwritten) DialHook(next redis.DialHook) redis.DialHook { return next }

func (unwritten) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (unwritten) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if strings.Contains(fmt.Sprint(cmd.Args()...), `"event":"probe"`) {
			cmd.SetErr(errors.New("OOM command not allowed"))
			return cmd.Err()
		}
		return next(ctx, cmd)
	}
}

// TestProbeBooks: Microsoft counts what is sent, and so do the windows: what has no slot left is
// not asked.
func TestProbeBooks(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), func(o *sandbox.Options) {
		o.Catalogue = sandbox.Narrow("collect", defender.Limit{Calls: 1, Per: time.Hour})
	})
	env := p.Env()
	env.Actions = "collect"
	finds(t, probed(t, p, env), "probe", app.Well, "collect: the role is there")
	finds(t, probed(t, p, env), "probe", app.Unknown, "collect: not sent: the limit that Microsoft sets for it is used up until 20")
	if calls := sent(p); len(calls) != 1 {
		t.Errorf("sent %v, want one", calls)
	}
}

// TestProbeUnreached: where something else answers for Defender, nothing is sent: its no would
// say nothing of an action. After no answer nothing more is sent.
func TestProbeUnreached(t *testing.T) {
	t.Parallel()
	const page = "<html>Not for you</html>"
	for name, tt := range map[string]struct {
		fault defenderfake.Fault
		grade app.Grade
		words string
		sent  int
	}{
		"a proxy's no":          {defenderfake.Fault{On: "machine*", Status: 403, Body: page}, app.Unknown, "until defender is ok", 0},
		"a yes to all":          {defenderfake.Fault{On: defenderfake.MachineGet, Status: 200, Body: `{"ok":true}`}, app.Unknown, "until defender is ok", 0},
		"a proxy's no to POSTs": {defenderfake.Fault{On: defenderfake.StartInvestigation, Status: 403, Body: page}, app.Unknown, "investigate: defender: start investigate: bad answer: HTTP 403", 2},
		"no answer":             {defenderfake.Fault{On: defenderfake.StartInvestigation, Drop: true}, app.Unknown, "nothing more was sent", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, redistest.Mini(t).Addr(), nil)
			env := p.Env()
			env.Actions = "investigate,scan"
			p.Defender.Inject(tt.fault)
			finds(t, probed(t, p, env), "probe", tt.grade, tt.words)
			if calls := sent(p); len(calls) != tt.sent {
				t.Errorf("sent %v, want %d", calls, tt.sent)
			}
		})
	}
}
