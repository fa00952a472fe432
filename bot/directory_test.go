package bot

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/internal/slackfake"
)

func TestFacts(t *testing.T) {
	o := visit(t, slackfake.Options{EnterpriseID: "E0OWN"})
	full := approvals.Facts{Person: approvals.Person{ID: "U1", Name: "u1"}}
	with := func(change func(*approvals.Facts)) approvals.Facts {
		f := full
		change(&f)
		return f
	}
	for name, tt := range map[string]struct {
		user slackfake.User
		want approvals.Facts
	}{
		"member":               {slackfake.User{}, full},
		"guest":                {slackfake.User{Guest: slackfake.MultiGuest}, with(func(f *approvals.Facts) { f.Guest = true })},
		"single-channel guest": {slackfake.User{Guest: slackfake.SingleGuest}, with(func(f *approvals.Facts) { f.Guest = true })},
		"bot":                  {slackfake.User{Bot: true}, with(func(f *approvals.Facts) { f.Bot = true })},
		"deactivated":          {slackfake.User{Deleted: true}, with(func(f *approvals.Facts) { f.Deleted = true })},
		"of another company":   {slackfake.User{TeamID: "T0ELSE"}, with(func(f *approvals.Facts) { f.External = true })},
		"stranger":             {slackfake.User{TeamID: "T0ELSE", Stranger: true}, with(func(f *approvals.Facts) { f.External = true })},
		"of another organisation": {
			slackfake.User{TeamID: "T0ELSE", EnterpriseID: "E0ELSE", EnterpriseUserID: "W0ELSE"},
			with(func(f *approvals.Facts) { f.External, f.Enterprise = true, "W0ELSE" }),
		},
		"colleague in another workspace": {
			slackfake.User{TeamID: "T0SISTER", EnterpriseID: "E0OWN", EnterpriseUserID: "W0OWN"},
			with(func(f *approvals.Facts) { f.Enterprise, f.Elsewhere = "W0OWN", true }),
		},
		"member of several workspaces, ours among them": {
			slackfake.User{TeamID: "T0SISTER", EnterpriseID: "E0OWN", EnterpriseUserID: "W0OWN", Teams: []string{"T0SISTER", o.TeamID()}},
			with(func(f *approvals.Facts) { f.Enterprise = "W0OWN" }),
		},
		"member of ours and of another": {
			slackfake.User{EnterpriseID: "E0OWN", EnterpriseUserID: "W0OWN", Teams: []string{"T0SISTER", o.TeamID()}},
			with(func(f *approvals.Facts) { f.Enterprise = "W0OWN" }),
		},
	} {
		tt.user.ID, tt.user.Name = "U1", "u1"
		o.AddUser(tt.user)
		o.clock.Advance(time.Minute)
		got, err := o.slack.Facts(t.Context(), "U1")
		if err != nil || got != tt.want {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, cmp.Diff(tt.want, got))
		}
	}
}

// TestFactsMissing covers what Slack says of apps that act as users,
// of Slackbot, and of people who have not accepted their invitation.
func TestFactsMissing(t *testing.T) {
	s := &Workspace{team: "T1"}
	for _, tt := range []struct {
		user slack.User
		want approvals.Facts
	}{
		{slack.User{TeamID: "T1", IsAppUser: true}, approvals.Facts{Bot: true}},
		{slack.User{TeamID: "T1", ID: "USLACKBOT"}, approvals.Facts{Person: approvals.Person{ID: "USLACKBOT"}, Bot: true}},
		{slack.User{TeamID: "T1", IsInvitedUser: true}, approvals.Facts{Deleted: true}},
		{slack.User{TeamID: ""}, approvals.Facts{External: true}},
		{slack.User{TeamID: "T2", Enterprise: slack.EnterpriseUser{ID: "W1"}}, approvals.Facts{Person: approvals.Person{Enterprise: "W1"}, External: true}},
	} {
		if got := s.facts(&tt.user); got != tt.want {
			t.Errorf("%+v: got %+v", tt.want, got)
		}
	}
}

// TestFactsAge: facts are never older than a minute, whatever is done to have new
// ones in time.
func TestFactsAge(t *testing.T) {
	o := visit(t, slackfake.Options{})
	deleted := func() bool {
		t.Helper()
		f, err := o.slack.Facts(t.Context(), ada)
		if err != nil {
			t.Fatal(err)
		}
		return f.Deleted
	}
	if deleted() {
		t.Fatal("ada is active")
	}
	if err := o.ChangeUser(ada, func(u *slackfake.User) { u.Deleted = true }); err != nil {
		t.Fatal(err)
	}
	o.clock.Advance(aging - time.Nanosecond)
	if deleted() || o.asks("users.info") != 1 {
		t.Errorf("while the answer is young Slack was asked %d times, want once", o.asks("users.info"))
	}
	mend := o.Break(slackfake.Fault{Method: "users.info", Status: 503})
	o.clock.Advance(time.Minute - aging)
	if deleted() {
		t.Error("an answer that is not a minute old is not given")
	}
	sockWait(t, o.Server, "the question ahead", func() bool { return o.asks("users.info") == 2 })
	o.clock.Advance(time.Nanosecond)
	if f, err := o.slack.Facts(t.Context(), ada); err == nil {
		t.Errorf("after a minute, with Slack in trouble: %+v", f)
	}
	mend()
	if !deleted() {
		t.Error("after a minute ada is still taken for active")
	}
}

// TestFactsErrorsNotKept: errors that say nothing of the next try are not kept.
func TestFactsErrorsNotKept(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.AddGroup(slackfake.Group{ID: oncall, Handle: "oncall", Members: []string{grace}})
	o.AddGroup(slackfake.Group{ID: "S0OFF", Handle: "off", Members: []string{grace}, Disabled: true})
	for method, ask := range map[string]func() error{
		"users.info":         func() error { _, err := o.slack.Facts(t.Context(), ada); return err },
		"conversations.info": func() error { _, err := o.slack.Channel(t.Context(), room); return err },
		"usergroups.list": func() error {
			o.clock.Advance(time.Minute) // what is remembered is old
			_, err := o.slack.Group(t.Context(), oncall)
			return err
		},
		"usergroups.users.list": func() error { _, err := o.slack.Group(t.Context(), "S0OFF"); return err },
	} {
		for _, f := range []slackfake.Fault{{Error: "internal_error"}, {Status: 503}, {Drop: true}} {
			f.Method, f.Times = method, 1
			o.Break(f)
			if err := ask(); err == nil {
				t.Errorf("%s with %+v: no error", method, f)
			}
		}
		if err := ask(); err != nil {
			t.Errorf("%s after errors: %v", method, err)
		}
	}
}

// TestFactsNobody sorts what users.info can refuse: an id that
// nobody has is an answer, everything else is none.
func TestFactsNobody(t *testing.T) {
	o := visit(t, slackfake.Options{})
	if f, err := o.slack.Facts(t.Context(), "U0NOBODY"); !errors.Is(err, approvals.ErrNoSuchPerson) || !isSlackError(err, "user_not_found") {
		t.Errorf("somebody who does not exist: %+v, %v", f, err)
	}
	for code, nobody := range map[string]bool{
		"user_not_found": true, "users_not_found": true, "user_not_visible": true,
		"internal_error": false, "missing_scope": false, "access_denied": false, "team_added_to_org": false,
	} {
		o.clock.Advance(time.Minute) // what was refused before may be asked again
		o.Break(slackfake.Fault{Method: "users.info", Error: code, Times: 1})
		if _, err := o.slack.Facts(t.Context(), ada); errors.Is(err, approvals.ErrNoSuchPerson) != nobody || !isSlackError(err, code) {
			t.Errorf("%s: %v, want that this is nobody: %v", code, err, nobody)
		}
	}
}

// TestDirectoryRefused tells what Slack would refuse again from what may pass.
func TestDirectoryRefused(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.AddGroup(slackfake.Group{ID: oncall, Handle: "oncall", Members: []string{grace}})
	o.AddGroup(slackfake.Group{ID: "S0OFF", Handle: "off", Members: []string{grace}, Disabled: true})
	asks := map[string]func() error{
		"users.info": func() error { _, err := o.slack.Facts(t.Context(), ada); return err },
		"usergroups.list": func() error {
			o.clock.Advance(time.Minute) // what is remembered is old
			_, err := o.slack.Group(t.Context(), oncall)
			return err
		},
		"usergroups.users.list": func() error { _, err := o.slack.Group(t.Context(), "S0OFF"); return err },
	}
	for code, lasts := range map[string]bool{
		"no_such_subteam": true, "missing_scope": true, "plan_upgrade_required": true, "access_denied": true,
		"not_allowed_token_type": true, "invalid_arguments": true,
		"internal_error": false, "fatal_error": false, "service_unavailable": false, "team_added_to_org": false,
		"ratelimited": false, "moon_phase": false, "token_revoked": false, // the last ends the bot by itself
	} {
		for method, ask := range asks {
			o.clock.Advance(time.Minute)
			o.Break(slackfake.Fault{Method: method, Error: code, Times: 1})
			err := ask()
			if _, is := errors.AsType[*approvals.Withheld](err); err == nil || is != lasts {
				t.Errorf("%s, %s: %v, want that it lasts: %v", method, code, err, lasts)
			}
		}
	}
	for method, ask := range asks {
		for _, f := range []slackfake.Fault{{Status: 503}, {RetryAfter: 3}, {Drop: true}, {Body: "<html>"}} {
			f.Method, f.Times = method, 1
			o.clock.Advance(time.Minute)
			o.Break(f)
			err := ask()
			if _, is := errors.AsType[*approvals.Withheld](err); err == nil || is {
				t.Errorf("%s with %+v: %v, want an error that may pass", method, f, err)
			}
		}
	}
	if _, err := o.slack.Group(t.Context(), "S9"); !strings.Contains(err.Error(), "usergroups.users.list of S9: no_such_subteam") {
		t.Errorf("a group that is not there: %v", err)
	}
	if _, err := o.slack.Facts(t.Context(), "U0NOBODY"); !errors.Is(err, approvals.ErrNoSuchPerson) {
		t.Errorf("somebody who is not there: %v", err)
	}
}

// TestDirectoryThrottled keeps the time that Slack wants to be left alone for.
func TestDirectoryThrottled(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.AddGroup(slackfake.Group{ID: oncall, Handle: "oncall", Members: []string{grace}})
	o.AddGroup(slackfake.Group{ID: "S0OFF", Handle: "off", Members: []string{grace}, Disabled: true})
	for method, ask := range map[string]func() error{
		"users.info": func() error { _, err := o.slack.Facts(t.Context(), ada); return err },
		"usergroups.list": func() error {
			o.clock.Advance(time.Minute) // what is remembered is old
			_, err := o.slack.Group(t.Context(), oncall)
			return err
		},
		"usergroups.users.list": func() error { _, err := o.slack.Group(t.Context(), "S0OFF"); return err },
	} {
		for want, f := range map[time.Duration]slackfake.Fault{7 * time.Second: {RetryAfter: 7}, retryUnsaid: {Error: "ratelimited"}} {
			f.Method, f.Times = method, 1
			o.clock.Advance(time.Minute)
			o.Break(f)
			later, ok := errors.AsType[*approvals.Later](ask())
			if !ok || later.After != want {
				t.Errorf("%s: %v, want to come back in %s", method, later, want)
			}
		}
	}
}

func TestChannel(t *testing.T) {
	o := visit(t, slackfake.Options{})
	dm := slackfake.Channel{ID: "D1", DMWith: ada, Bot: true, Members: []string{ada}}
	for name, tt := range map[string]struct {
		in   slackfake.Channel
		want approvals.Channel
	}{
		"the bot is in it":         {slackfake.Channel{ID: "C1", Bot: true}, approvals.Channel{ID: "C1", Member: true}},
		"the bot is not":           {slackfake.Channel{ID: "C2"}, approvals.Channel{ID: "C2"}},
		"private, the bot is not":  {slackfake.Channel{ID: "G1", Private: true}, approvals.Channel{ID: "G1"}},
		"archived":                 {slackfake.Channel{ID: "C3", Bot: true, Archived: true}, approvals.Channel{ID: "C3", Member: true, Archived: true}},
		"shared with a company":    {slackfake.Channel{ID: "C4", Bot: true, ExtShared: true}, approvals.Channel{ID: "C4", Member: true, Shared: true}},
		"about to be shared":       {slackfake.Channel{ID: "C5", Bot: true, PendingExtShared: true}, approvals.Channel{ID: "C5", Member: true, Shared: true}},
		"shared within one's own":  {slackfake.Channel{ID: "C6", Bot: true, OrgShared: true}, approvals.Channel{ID: "C6", Member: true, OrgShared: true}},
		"direct message":           {dm, approvals.Channel{ID: "D1", Direct: true}},
		"direct message of others": {slackfake.Channel{ID: "D2", Private: true, Members: []string{ada, grace}}, approvals.Channel{ID: "D2", Direct: true}},
	} {
		o.AddChannel(tt.in)
		if got, err := o.slack.Channel(t.Context(), tt.in.ID); err != nil || got != tt.want {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, cmp.Diff(tt.want, got))
		}
	}
}

// TestChannelInvitation: an invitation takes effect at once.
func TestChannelInvitation(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.AddChannel(slackfake.Channel{ID: "G1", Private: true, Members: []string{ada}})
	member := func() bool {
		t.Helper()
		ch, err := o.slack.Channel(t.Context(), "G1")
		if err != nil {
			t.Fatal(err)
		}
		return ch.Member
	}
	if member() {
		t.Fatal("the bot is not in it")
	}
	if err := o.ChangeChannel("G1", func(c *slackfake.Channel) { c.Bot = true }); err != nil {
		t.Fatal(err)
	}
	if !member() {
		t.Error("after the invitation the bot still takes itself for absent")
	}
	before := o.asks("conversations.info")
	if !member() || o.asks("conversations.info") != before {
		t.Error("what is as it should be is asked again")
	}
}
