package app_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/app"
	"defenderbot/internal/audit"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// trail is the audit trail of a place on a Redis, without what tells of requests.
func trail(t *testing.T, addr string, events ...string) (list []audit.Entry) {
	t.Helper()
	rdb := redistest.Client(t, addr)
	keys, err := rdb.Keys(limit(t), "*:audit").Result()
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	all, err := redistest.Trail(limit(t), rdb, keys[0])
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(e audit.Entry) bool { return !slices.Contains(events, e.Event) })
}

// TestRulesChanged: each start is in the trail, and one with other rules says which, with
// names, there and in ALERT_CHANNEL, also in the one that it has just lost.
func TestRulesChanged(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, addr string) {
		p := open(t, addr, nil)
		start := func(change func(*app.Env)) {
			t.Helper()
			env := p.Env()
			env.AlertChannel, env.Approvers = sandbox.Security, sandbox.Grace+","+sandbox.Joan
			change(&env)
			run(t, p, env, app.Options{})()
		}
		same := func(*app.Env) {}
		other := func(e *app.Env) {
			e.Approvers, e.ApprovalsRequired, e.ApprovalTTL = sandbox.Grace+","+sandbox.Ben+",isolate="+sandbox.Joan, "1,isolate=2", "10m"
			e.AlertChannel = ""
		}
		for _, change := range []func(*app.Env){same, same, other, other} {
			start(change)
		}
		got := trail(t, addr, "start", "rules")
		events := make([]string, len(got))
		for i, e := range got {
			events[i] = e.Event
		}
		if diff := cmp.Diff([]string{"start", "rules", "start", "start", "rules", "start"}, events); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		first, changed := got[1], got[4]
		if first.From != "" || first.To != got[0].To || changed.From != first.To || changed.To != got[3].To || changed.To == changed.From || got[5].To != changed.To {
			t.Errorf("digests do not follow each other: %+v", got)
		}
		if got[0].Detail != "version sandbox" || got[0].Team != p.Slack.TeamID() || !strings.Contains(first.Detail, "who may approve (APPROVERS): "+sandbox.Grace+", "+sandbox.Joan) {
			t.Errorf("the first start is %+v, %+v", got[0], first)
		}
		want := []string{
			"who may approve (APPROVERS): added: " + named(p, sandbox.Ben) + ", isolate=" + named(p, sandbox.Joan),
			"who may approve (APPROVERS): removed: " + named(p, sandbox.Joan),
			"approvals needed (APPROVALS_REQUIRED): added: isolate=2",
			"time to approve (APPROVAL_TTL): 10m0s, was 30m0s",
			"where alerts go (ALERT_CHANNEL): none, was " + sandbox.Security,
		}
		if diff := cmp.Diff(want, strings.Split(changed.Detail, "\n")); diff != "" {
			t.Errorf("what changed (-want +got):\n%s", diff)
		}
		run(t, p, p.Env(), app.Options{}) // tells what was not told yet
		said := func(words string) bool {
			return slices.ContainsFunc(p.Slack.Messages(sandbox.Security), func(m slackfake.Message) bool { return strings.Contains(p.Slack.Render(m), words) })
		}
		if err := p.Slack.Wait(limit(t), func(*slackfake.Server) bool { return said(want[3]) }); err != nil || !said(want[4]) || said("what can be asked for") {
			t.Errorf("%v; told is:\n%s", err, p.Slack.Transcript(sandbox.Security, ""))
		}
	})
}

// named is how somebody is written of.
func named(p *sandbox.Place, id string) string {
	return approvals.Person{ID: id, Name: nameOf(p, id)}.Label()
}

func nameOf(p *sandbox.Place, id string) string {
	users := p.Slack.Users()
	return users[slices.IndexFunc(users, func(u slackfake.User) bool { return u.ID == id })].Name
}
