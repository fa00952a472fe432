package app_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

const nobody = "U0NOSUCH1"

// ends waits for the end of a bot.
func (l *launched) ends(t *testing.T) error {
	t.Helper()
	select {
	case err := <-l.ended:
		return err
	case <-limit(t).Done():
		t.Fatal("the bot goes on")
		return nil
	}
}

// TestApproversNobodyLeft starts with lists on which nobody may decide.
func TestApproversNobodyLeft(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		approvers, required string
		change              func(*slackfake.Server)
		want                []string
	}{
		"an id that nobody has, and a guest": {
			nobody + "," + sandbox.Gus, "1", nil,
			[]string{nobody + ": no such user", "gus (" + sandbox.Gus + "): a guest", "collect (0 of 1)"},
		},
		"a partner and the bot itself": {
			sandbox.Elsa + ",U0DEFENDER", "1", nil,
			[]string{"elsa (" + sandbox.Elsa + "): of another organisation", "U0DEFENDER): a bot"},
		},
		"somebody deactivated": {
			sandbox.Grace, "1", func(s *slackfake.Server) {
				s.AddUser(slackfake.User{ID: sandbox.Grace, Name: "grace", Deleted: true})
			},
			[]string{"grace (" + sandbox.Grace + "): deactivated"},
		},
		"a group that is switched off": {
			sandbox.OnCall, "1", func(s *slackfake.Server) {
				s.AddGroup(slackfake.Group{ID: sandbox.OnCall, Handle: "oncall", Members: []string{sandbox.Grace}, Disabled: true})
			},
			[]string{sandbox.OnCall + ": a user group without active members"},
		},
		"a group that is gone": {
			"S0GONE1", "1", nil,
			[]string{"S0GONE1: a user group that Slack refuses", "no_such_subteam"},
		},
		"a plan without user groups": {
			sandbox.OnCall, "1", func(s *slackfake.Server) {
				s.Break(slackfake.Fault{Method: "usergroups.list", Error: "plan_upgrade_required"})
			},
			[]string{sandbox.OnCall + ": a user group that Slack refuses", "plan_upgrade_required"},
		},
		"a plan without user groups, named by handle": {
			"@oncall", "1", func(s *slackfake.Server) {
				s.Break(slackfake.Fault{Method: "usergroups.list", Error: "plan_upgrade_required"})
			},
			[]string{"plan_upgrade_required", "list people by id"},
		},
		"people whom Slack does not show": {
			sandbox.OnCall, "1", func(s *slackfake.Server) {
				s.Break(slackfake.Fault{Method: "users.info", Error: "access_denied"})
			},
			[]string{sandbox.Grace + ": somebody whom Slack refuses to show", sandbox.Joan + ": somebody", "access_denied"},
		},
		"a scope that is not there": {
			sandbox.OnCall, "1", func(s *slackfake.Server) {
				s.SetScopes("commands", "chat:write", "users:read", "channels:read")
			},
			[]string{sandbox.OnCall + ": a user group that Slack refuses", "missing_scope (needed: usergroups:read)"},
		},
		"one where two are needed": {
			sandbox.Grace + "," + sandbox.Gus, "2", nil,
			[]string{"nothing can be approved", "collect (1 of 2)", "gus (" + sandbox.Gus + "): a guest"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, redistest.Mini(t).Addr(), nil)
			if tt.change != nil {
				tt.change(p.Slack)
			}
			env := p.Env()
			env.Approvers, env.ApprovalsRequired = tt.approvers, tt.required
			err := launch(t, p, env).ends(t)
			if _, wrong := errors.AsType[*app.ConfigError](err); err == nil || wrong {
				t.Fatalf("ended with %v, want an error that ends the program with 1", err)
			}
			says(t, "error", err.Error(), append(tt.want, "APPROVERS")...)
		})
	}
}

// TestApproversSomeCannot has some on the list who can never decide: operators
// and requesters hear of it, and the card calls the others only.
func TestApproversSomeCannot(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.Approvers, env.HTTPAddr = strings.Join([]string{nobody, sandbox.Gus, sandbox.Grace}, ","), freeAddr(t)
	l := launchWith(t, p, env, app.Options{RosterEvery: 10 * time.Millisecond})
	l.becomes(t, p)
	l.log.wait(t, `"level":"WARN"`, nobody, "no such user")
	l.log.wait(t, `"level":"WARN"`, "gus ("+sandbox.Gus+")", "a guest")
	wantProbe(t, env.HTTPAddr, "/readyz", http.StatusOK, "ready\n", nobody+": no such user", "gus ("+sandbox.Gus+"): a guest")
	if got := metrics(t, env.HTTPAddr)["defenderbot_approvers"]; got != "1" {
		t.Errorf("%s people may decide, want 1", got)
	}

	text := "investigate " + sandbox.Server + " why"
	says(t, "the only one", command(t, p, sandbox.Grace, sandbox.Incident, text),
		"Too few people other than you", "gus ("+sandbox.Gus+"): a guest", nobody+": no such user", "add people to APPROVERS")
	if got := held(t, p); got != nil {
		t.Errorf("Redis holds %q, want nothing", got)
	}
	_, c := pending(t, p, text)
	if blocks := string(c.Blocks); !strings.Contains(blocks, sandbox.Grace) || strings.Contains(blocks, sandbox.Gus) || strings.Contains(blocks, nobody) {
		t.Errorf("the card calls others than Grace: %s", blocks)
	}
	all, _ := l.log.read()
	if n := strings.Count(all, "does not count"); n != 2 {
		t.Errorf("%d warnings, want one for each of the two:\n%s", n, all)
	}
}

// TestApproversLeave takes the last approver away while the bot runs, and gives
// them back.
func TestApproversLeave(t *testing.T) {
	t.Parallel()
	p := open(t, "", embedded)
	env := p.Env()
	env.Approvers, env.HTTPAddr = sandbox.Grace, freeAddr(t)
	l := launchWith(t, p, env, app.Options{RosterEvery: 10 * time.Millisecond})
	l.becomes(t, p)
	deleted := func(is bool) {
		t.Helper()
		if err := p.Slack.ChangeUser(sandbox.Grace, func(u *slackfake.User) { u.Deleted = is }); err != nil {
			t.Fatal(err)
		}
		skip(t, p, time.Minute)
	}
	deleted(true)
	l.log.wait(t, `"level":"WARN"`, "grace ("+sandbox.Grace+")", "deactivated")
	wantProbe(t, env.HTTPAddr, "/readyz", http.StatusServiceUnavailable, "not ready: ", "APPROVERS", "grace ("+sandbox.Grace+"): deactivated")
	says(t, "asking", command(t, p, sandbox.Ada, sandbox.Incident, "investigate "+sandbox.Server+" why"),
		"Too few people other than you", "grace ("+sandbox.Grace+"): deactivated")
	deleted(false)
	l.log.wait(t, `"level":"INFO"`, "counts again", sandbox.Grace)
	wantProbe(t, env.HTTPAddr, "/readyz", http.StatusOK, "ready")
	pending(t, p, "investigate "+sandbox.Server+" why")
}

// TestApproversNotKnown cannot find out who the approvers are: the bot starts,
// says so, is not ready, and counts them as soon as it can.
func TestApproversNotKnown(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault slackfake.Fault
		want  []string
	}{
		"a group cannot be read":    {slackfake.Fault{Method: "usergroups.list", Status: 503}, []string{sandbox.OnCall, "a user group that could not be read", "503"}},
		"trouble at Slack":          {slackfake.Fault{Method: "usergroups.list", Error: "internal_error"}, []string{sandbox.OnCall, "a user group that could not be read", "internal_error"}},
		"a code that is on no page": {slackfake.Fault{Method: "users.info", Error: "moon_phase"}, []string{sandbox.Joan, "could not be looked up", "moon_phase"}},
		"people cannot be read":     {slackfake.Fault{Method: "users.info", Status: 503}, []string{sandbox.Grace, "could not be looked up", "503"}},
		"connections are cut":       {slackfake.Fault{Method: "users.info", Drop: true}, []string{sandbox.Grace, "could not be looked up", "EOF"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, redistest.Mini(t).Addr(), nil)
			mend := p.Slack.Break(tt.fault)
			env := p.Env()
			env.HTTPAddr = freeAddr(t)
			l := launchWith(t, p, env, app.Options{RosterEvery: 5 * time.Second})
			l.log.wait(t, append(tt.want, `"level":"WARN"`)...)
			l.log.wait(t, "slack socket open")
			wantReady(t, env.HTTPAddr, http.StatusServiceUnavailable, append(tt.want[len(tt.want)-1:], "look-ups of people: ", "what they press is refused")...)
			says(t, "asking", command(t, p, sandbox.Ada, sandbox.Incident, "investigate "+sandbox.Server+" why"), "Slack ", " tell me", "so I did nothing")
			mend()
			l.log.wait(t, `"level":"INFO"`, "counts again")
			l.becomes(t, p)
			pending(t, p, "investigate "+sandbox.Server+" why")
		})
	}
}

// TestApproversGroupGone has a group on the list that was deleted, beside people
// by id: whoever can be found goes on, and only a decision of somebody who might
// have been in the group meets it.
func TestApproversGroupGone(t *testing.T) {
	t.Parallel()
	const gone = "S0GONE1"
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.Approvers, env.HTTPAddr = gone+","+sandbox.Grace, freeAddr(t)
	l := launch(t, p, env)
	l.becomes(t, p)
	l.log.wait(t, `"level":"WARN"`, gone, "a user group that Slack refuses", "no_such_subteam")
	wantProbe(t, env.HTTPAddr, "/readyz", http.StatusOK, "ready\n", gone+": a user group that Slack refuses", "no_such_subteam")

	_, c := pending(t, p, "investigate "+sandbox.Server+" why")
	says(t, "approval by somebody else", click(t, p, sandbox.Joan, c, "approve"), "Slack will not let me check", "no_such_subteam")
	nothingSent(t, p)
	says(t, "approval by id", click(t, p, sandbox.Grace, c, "approve"), "You approved")
	card(t, p, "Succeeded", "Approved by <@"+sandbox.Grace+">")

	id, c := pending(t, p, "collect "+sandbox.Laptop+" why")
	click(t, p, sandbox.Ada, c, "cancel")
	card(t, p, id, "Cancelled")
	says(t, "the only one asks", command(t, p, sandbox.Grace, sandbox.Incident, "collect "+sandbox.Server+" why"),
		"Too few people other than you", gone+": a user group that Slack refuses: no_such_subteam")
}

// grid is a place in a workspace of a Grid organisation, with people who are
// members of the incident channel.
func grid(t *testing.T, people ...slackfake.User) *sandbox.Place {
	t.Helper()
	p := open(t, redistest.Mini(t).Addr(), func(o *sandbox.Options) { o.Slack.EnterpriseID = "E0ORG" })
	for _, u := range people {
		p.Slack.AddUser(u)
		if err := p.Slack.ChangeChannel(sandbox.Incident, func(c *slackfake.Channel) { c.Members = append(c.Members, u.ID) }); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// deny fills in the form of a denial.
func deny(t *testing.T, p *sandbox.Place, user string, c slackfake.Message) {
	t.Helper()
	if out, err := p.Slack.Click(limit(t), user, c.Channel, c.TS, "deny"); err != nil || !out.Acked {
		t.Fatalf("%+v, %v", out, err)
	}
	err := p.Slack.Wait(limit(t), func(s *slackfake.Server) bool { return len(s.Views(user)) == 1 })
	if err != nil {
		t.Fatal("no form")
	}
	out, err := p.Slack.Submit(limit(t), user, p.Slack.Views(user)[0].ID, map[string]string{"text": "wrong host"})
	if err != nil || !out.Acked {
		t.Fatalf("%+v, %v", out, err)
	}
	if _, err := p.WaitCard(limit(t), c.Channel, "Denied", "wrong host"); err != nil {
		t.Error(err)
	}
}

// TestApproversShort: an action that needs more approvers than there are is named
// at the start, and where all do the start fails with the true cause.
func TestApproversShort(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.Approvers, env.ApprovalsRequired, env.HTTPAddr = sandbox.Grace+","+sandbox.Joan, "1,collect=3", freeAddr(t)
	l := launch(t, p, env)
	l.becomes(t, p)
	l.log.wait(t, `"level":"WARN"`, "too few approvers for actions", `"actions":"collect (2 of 3)"`)
	wantProbe(t, env.HTTPAddr, "/readyz", http.StatusOK, "ready", "need more approvers than may decide: collect (2 of 3)")

	none := p.Env()
	none.Approvers, none.ApprovalsRequired, none.Actions = sandbox.Grace, "1,investigate=2,collect=2", "collect,investigate"
	l = launch(t, p, none)
	select {
	case err := <-l.ended:
		says(t, "the end", fmt.Sprint(err), "APPROVERS: nothing can be approved", "collect (1 of 2), investigate (1 of 2)", "APPROVALS_REQUIRED")
		if strings.HasSuffix(err.Error(), ": ") {
			t.Errorf("%q does not end", err)
		}
	case <-limit(t).Done():
		t.Error("it starts")
	}
}
