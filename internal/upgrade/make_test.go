package upgrade_test

import (
	"flag"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
	"defenderbot/internal/upgrade"
)

var update = flag.Bool("update", false, "let the version before make what is kept of it anew")

// TestKept: what is kept of the version before has every state of a request and of a call.
// With -update its program makes all of it: people ask for things and decide, until there is
// one of each, and it is killed.
func TestKept(t *testing.T) {
	if *update {
		redistest.Real(t, makeKept)
	}
	redistest.From(t, redisData, behind(t), func(t *testing.T, s *redistest.Server) {
		p := people{t: t, rdb: s.Client(t)}
		requests, calls := map[approvals.State]bool{}, map[approvals.CallState]bool{}
		for _, r := range p.records() {
			requests[r.State] = true
			for _, c := range r.Calls {
				calls[c.State] = true
			}
		}
		for _, s := range approvals.States() {
			if !requests[s] {
				t.Errorf("no request is %s", s)
			}
		}
		for _, s := range approvals.CallStates() {
			if !calls[s] {
				t.Errorf("no call is %s", s)
			}
		}
	})
}

func makeKept(t *testing.T, s *redistest.Server) {
	p := open(t, s.Addr, sandbox.Options{Now: time.Now, Defender: defenderfake.Options{FreshFor: -1, PendingFor: time.Millisecond, RunFor: time.Millisecond}})
	before := program{p, upgrade.Previous(t)}
	before.run(map[string]string{"APPROVAL_TTL": "2s"}, expires)
	before.run(map[string]string{"EXECUTION_TTL": "2s"}, lapses)
	before.run(nil, everythingElse)
	s.Keep(t, redisData)
	d := p.Defender.Snapshot()
	world{time.Now().UTC(), p.Slack.History(), d.Actions, d.Investigations}.write(t)
}

func expires(p people) {
	p.ask(sandbox.Ada, "collect "+sandbox.Laptop, "expired")
	p.is("expired", "expired")
}

func lapses(p people) {
	p.says(sandbox.Grace, "freeze for a moment", "nothing new is started in Defender")
	p.ask(sandbox.Ada, "scan "+sandbox.Laptop, "lapsed")
	p.press(sandbox.Grace, "approve", "lapsed")
	p.is("lapsed", "done lapsed")
	p.unfreeze("lifted")
}

// unfreeze lifts a freeze: one asks for it, another confirms.
func (p people) unfreeze(comment string) {
	p.t.Helper()
	p.ask(sandbox.Grace, "unfreeze", comment)
	p.press(sandbox.Joan, "approve", comment)
	p.until("the freeze is lifted", func(all map[string]approvals.Request) bool { return all[comment].State == approvals.Done })
}

func everythingElse(p people) {
	approved := func(command, comment string) {
		p.ask(sandbox.Ada, command, comment)
		p.press(sandbox.Grace, "approve", comment)
	}
	approved("collect "+sandbox.Laptop, "succeeded")
	p.is("succeeded", "done succeeded")

	p.Defender.Inject(defenderfake.Fault{On: defenderfake.RunScan, Times: 1, Status: 403})
	approved("scan "+sandbox.Desktop, "failed")
	p.is("failed", "done failed")

	p.ask(sandbox.Ada, "collect "+sandbox.Server, "cancelled")
	p.press(sandbox.Ada, "cancel", "cancelled")
	p.is("cancelled", "cancelled")

	p.ask(sandbox.Ada, "collect "+sandbox.Server, "denied")
	p.press(sandbox.Grace, "deny", "denied")
	views := p.Slack.Views(sandbox.Grace)
	if _, err := p.Slack.Submit(limit(p.t), sandbox.Grace, views[len(views)-1].ID, map[string]string{"text": "no"}); err != nil {
		p.t.Fatal(err)
	}
	p.is("denied", "denied")

	p.ask(sandbox.Ada, "collect nobody-has-this-name", "rejected")
	p.is("rejected", "rejected")

	approved("collect "+sandbox.Offline, "running")
	p.is("running", "approved running")

	p.Defender.Inject(defenderfake.Fault{On: defenderfake.StartInvestigation, Times: 1, When: defenderfake.AfterEffect, Status: 503})
	off := p.Defender.Inject(defenderfake.Fault{On: defenderfake.InvestigationList, Status: 503})
	approved("investigate "+sandbox.New, "unknown")
	p.is("unknown", "approved uncertain")
	if _, err := p.Defender.Portal("Ben").Start(defenderfake.StartInvestigation, sandbox.New, "by hand"); err != nil {
		p.t.Fatal(err)
	}
	off()
	p.is("unknown", "done unknown")

	p.ask(sandbox.Ada, "collect "+sandbox.Server, "pending")
	p.is("pending", "pending")
	p.ask(sandbox.Ada, "isolate "+sandbox.Server, "half")
	p.press(sandbox.Grace, "approve", "half")
	p.until("one has approved", func(all map[string]approvals.Request) bool { return len(all["half"].Approvals) == 1 })
	p.ask(sandbox.Ada, "scan-quick ws-17.contoso.example", "checking")
	p.message("pick", "checking")

	p.Defender.Inject(defenderfake.Fault{On: defenderfake.ActionList, Status: 503})
	p.Defender.Inject(defenderfake.Fault{On: defenderfake.CollectPackage, Times: 1, When: defenderfake.AfterEffect, Status: 503})
	approved("collect "+sandbox.Silent, "uncertain")
	p.is("uncertain", "approved uncertain")

	// What follows must take less than the time that a POST has. Some cards are behind when it is over.
	p.Defender.Inject(defenderfake.Fault{On: defenderfake.RunScan, Times: 1, When: defenderfake.AfterEffect, Delay: time.Minute})
	approved("scan "+sandbox.Busy, "sending")
	err := p.Defender.Wait(limit(p.t), func(s defenderfake.Snapshot) bool {
		return slices.ContainsFunc(s.Actions, func(a defenderfake.Action) bool { return strings.Contains(a.Comment, "sending") })
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.is("sending", "approved sending")

	p.says(sandbox.Grace, "freeze the list is wrong", "nothing new is started in Defender")
	approved("scan "+sandbox.Server, "queued")
	p.is("queued", "approved queued")
	approved("scan "+sandbox.Legacy, "call cancelled")
	p.is("call cancelled", "approved queued")
	p.press(sandbox.Ada, "cancel", "call cancelled")
	p.is("call cancelled", "done cancelled")
}

// shown reports whether Slack shows the newest of every request.
func shown(all map[string]approvals.Request) bool {
	for _, r := range all {
		if r.Card.Shown < r.Visible || r.Card.Told < len(r.Notices) {
			return false
		}
	}
	return true
}

// program is the version before, at work in a place.
type program struct {
	people

	file string
}

// run runs the program for as long as people do something, and kills it.
func (b program) run(set map[string]string, do func(people)) {
	b.t.Helper()
	cmd := exec.Command(b.file)
	env := b.Env()
	env.ApprovalsRequired = "1,isolate=2"
	cmd.Env, cmd.Stderr = variables(env), b.t.Output()
	for name, value := range set {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	defer func() {
		if err := cmd.Process.Kill(); err != nil {
			b.t.Error(err)
		}
		_ = cmd.Wait() // it was killed
		if err := b.Slack.Wait(limit(b.t), func(s *slackfake.Server) bool { return len(s.Sockets()) == 0 }); err != nil {
			b.t.Error(err)
		}
	}()
	b.connected()
	do(b.people)
}

// variables are those of an environment that are set.
func variables(env app.Env) []string {
	list := []string{"HTTP_ADDR="}
	v := reflect.ValueOf(env)
	for field, value := range v.Fields() {
		if text := value.String(); text != "" {
			list = append(list, field.Tag.Get("envconfig")+"="+text)
		}
	}
	return list
}
