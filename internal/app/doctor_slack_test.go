package app_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// examined is what the doctor says in a place.
func examined(t *testing.T, p *sandbox.Place, env app.Env) (found []app.Finding) {
	t.Helper()
	if err := newBot(t, p, env, app.Options{}).Examine(limit(t), func(f app.Finding) { found = append(found, f) }); err != nil {
		t.Error(err)
	}
	return found
}

// finds checks that there is a finding of that grade about something, with all of the words.
func finds(t *testing.T, found []app.Finding, about string, grade app.Grade, words ...string) {
	t.Helper()
	var own []app.Finding
	for _, f := range found {
		if f.About != about {
			continue
		}
		own = append(own, f)
		lacks := func(w string) bool { return !strings.Contains(f.Says+" -> "+f.Mend, w) }
		if f.Grade == grade && !slices.ContainsFunc(words, lacks) && (grade != app.Doubt || f.Mend != "") {
			return
		}
	}
	t.Errorf("nothing about %s is %s with %q: %+v", about, grade, words, own)
}

// TestDoctorSlack changes one thing after the other, and the doctor says what is wrong and
// what to do. It opens no socket, and nobody reads anything in Slack.
func TestDoctorSlack(t *testing.T) {
	t.Parallel()
	const scopes, mode, channels, approvers = "slack scopes", "slack socket mode", "slack channels", "approvers"
	at := func(id string, edit func(*slackfake.Channel)) func(*testing.T, *sandbox.Place) {
		return func(t *testing.T, p *sandbox.Place) {
			t.Helper()
			if err := p.Slack.ChangeChannel(id, edit); err != nil {
				t.Fatal(err)
			}
		}
	}
	fault := func(f slackfake.Fault) func(*testing.T, *sandbox.Place) {
		return func(_ *testing.T, p *sandbox.Place) { p.Slack.Break(f) }
	}
	may := func(names ...string) func(*testing.T, *sandbox.Place) {
		return func(_ *testing.T, p *sandbox.Place) { p.Slack.SetScopes(names...) }
	}
	all := []string{"commands", "chat:write", "users:read", "usergroups:read", "channels:read", "groups:read", "im:write"}
	for name, tt := range map[string]struct {
		change func(*testing.T, *sandbox.Place)
		env    func(*app.Env)
		about  string
		grade  app.Grade
		words  []string
	}{
		"all scopes":             {nil, nil, scopes, app.Well, []string{"all that are needed"}},
		"one is missing":         {may(all[:6]...), nil, scopes, app.Doubt, []string{"lacks im:write (a direct message", "OAuth & Permissions"}},
		"some are spare":         {may(append(slices.Clone(all), "im:read", "files:write")...), nil, scopes, app.Doubt, []string{"does not need: im:read, files:write", "remove them"}},
		"a vital one is missing": {may(all[1:]...), nil, "slack", app.Wrong, []string{"lacks the scope commands"}},

		"Socket Mode": {nil, nil, mode, app.Well, []string{"on"}},
		"a token without connections:write": {
			fault(slackfake.Fault{Method: "apps.connections.open", Error: "missing_scope"}), nil, mode, app.Wrong,
			[]string{"apps.connections.open: missing_scope", "switch Socket Mode on", "connections:write"},
		},
		"a code that nobody has heard of": {fault(slackfake.Fault{Method: "apps.connections.open", Error: "socket_mode_is_off"}), nil, mode, app.Wrong, []string{"socket_mode_is_off"}},
		"Slack is busy":                   {fault(slackfake.Fault{Method: "apps.connections.open", RetryAfter: 3}), nil, mode, app.Unknown, []string{"try again"}},
		"an outage of that method":        {fault(slackfake.Fault{Method: "apps.connections.open", Error: "internal_error"}), nil, mode, app.Unknown, []string{"internal_error"}},

		"the clocks agree": {nil, nil, "slack clock", app.Well, []string{"agree on the time"}},

		"any channel": {nil, nil, channels, app.Well, []string{"in every channel that it is in"}},
		"channels":    {nil, func(e *app.Env) { e.Channels, e.AlertChannel = sandbox.Incident+","+sandbox.Security, sandbox.Security }, channels, app.Well, []string{"in every channel", "(2)"}},
		"not in one": {
			nil, func(e *app.Env) { e.Channels = sandbox.Incident + "," + sandbox.Random }, channels, app.Doubt,
			[]string{"CHANNELS: the bot is not in " + sandbox.Random, "/invite @defenderbot"},
		},
		"in none":                     {nil, func(e *app.Env) { e.Channels = sandbox.Random + ",C0NOWHERE" }, channels, app.Wrong, []string{"can take commands in none of them"}},
		"no such channel for alerts":  {nil, func(e *app.Env) { e.AlertChannel = "C0NOWHERE" }, channels, app.Doubt, []string{"ALERT_CHANNEL: the bot is not in C0NOWHERE", "/invite"}},
		"archived":                    {at(sandbox.Security, func(c *slackfake.Channel) { c.Archived = true }), func(e *app.Env) { e.AlertChannel = sandbox.Security }, channels, app.Doubt, []string{"archived"}},
		"shared":                      {nil, func(e *app.Env) { e.Channels = sandbox.Incident + "," + sandbox.Partners }, channels, app.Doubt, []string{sandbox.Partners + " is shared", "ALLOW_SHARED_CHANNELS"}},
		"shared, which is permitted":  {nil, func(e *app.Env) { e.Channels, e.AllowSharedChannels = sandbox.Partners, "true" }, channels, app.Well, []string{"(1)"}},
		"read-only":                   {at(sandbox.Incident, func(c *slackfake.Channel) { c.NoPosts = "restricted_action_read_only_channel" }), func(e *app.Env) { e.Channels = sandbox.Incident }, channels, app.Unknown, []string{"not everybody may post", "posting permissions"}},
		"not found out":               {fault(slackfake.Fault{Method: "conversations.info", Error: "internal_error"}), func(e *app.Env) { e.Channels = sandbox.Incident }, channels, app.Unknown, []string{"internal_error", "again"}},
		"not now":                     {fault(slackfake.Fault{Method: "conversations.info", RetryAfter: 60}), func(e *app.Env) { e.Channels = sandbox.Incident + "," + sandbox.Security }, channels, app.Unknown, []string{"2 more were not checked, because Slack limits look-ups"}},
		"a private one without scope": {may(slices.Concat(all[:5], all[6:])...), func(e *app.Env) { e.AlertChannel = sandbox.Security }, channels, app.Doubt, []string{"needed: groups:read", "scope"}},
		"more than are looked at": {
			nil, func(e *app.Env) { e.Channels = sandbox.Incident + strings.Repeat(","+sandbox.Security, 1) + many(22) }, channels, app.Unknown,
			[]string{"4 more were not checked"},
		},

		"enough approvers": {nil, func(e *app.Env) { e.Actions = "collect,scan" }, approvers, app.Well, []string{"collect, scan: 2 may decide, 1 needed"}},
		"nobody to spare": {
			nil, func(e *app.Env) { e.Actions, e.ApprovalsRequired = "collect,scan", "1,collect=2" }, approvers, app.Doubt,
			[]string{"collect: 2 needed, and no more than that may decide", "APPROVALS_REQUIRED"},
		},
		"one alone": {
			nil, func(e *app.Env) { e.Approvers = sandbox.Grace + "," + sandbox.Gus }, approvers, app.Doubt,
			[]string{"one person alone", "a freeze cannot be lifted", "second person"},
		},
		"somebody not looked up": {
			fault(slackfake.Fault{Method: "users.info", Error: "internal_error"}), func(e *app.Env) { e.Actions = "scan" }, approvers, app.Unknown,
			[]string{"scan: 1 needed, and only 0 could be confirmed", "try again"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, redistest.Mini(t).Addr(), nil)
			if tt.change != nil {
				tt.change(t, p)
			}
			env := p.Env()
			if tt.env != nil {
				tt.env(&env)
			}
			finds(t, examined(t, p, env), tt.about, tt.grade, tt.words...)
			for _, c := range p.Slack.APICalls() {
				if strings.HasPrefix(c.Method, "chat.") || c.Method == "conversations.open" || strings.HasPrefix(c.Method, "views.") {
					t.Errorf("the doctor calls %s", c.Method)
				}
			}
			if n := len(p.Slack.Sockets()); n > 0 {
				t.Errorf("%d sockets are open", n)
			}
		})
	}
}

// many are ids of channels that there are not, each behind a comma.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(",C0NOT" + strconv.Itoa(i))
	}
	return b.String()
}

// TestDoctorAlone: where somebody beside the one approver decides on what is switched off,
// a freeze can be lifted.
func TestDoctorAlone(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.Actions, env.Approvers = "scan", sandbox.Grace+",isolate="+sandbox.Joan
	for _, f := range examined(t, p, env) {
		if strings.Contains(f.Says, "one person alone") {
			t.Errorf("%+v", f)
		}
	}
}

// TestDoctorSockets: the doctor says how many replicas there are, and whether their sockets
// are enough and theirs alone, by what they have written down.
func TestDoctorSockets(t *testing.T) {
	t.Parallel()
	const about = "slack sockets"
	p := open(t, redistest.Mini(t).Addr(), nil)
	finds(t, examined(t, p, p.Env()), about, app.Well, "replicas in the last 45 seconds: 0")
	options := app.Options{CensusEvery: 50 * time.Millisecond}
	for range 2 {
		launchWith(t, p, p.Env(), options).becomes(t, p)
	}
	for _, tt := range []struct {
		each  string
		grade app.Grade
		words []string
	}{
		{"2", app.Well, []string{"seconds: 2, with 2 sockets each", "Slack allows 10"}},
		{"3", app.Well, nil},
		{"4", app.Doubt, []string{"no room for one more replica", "SLACK_CONNECTIONS"}},
		{"6", app.Doubt, []string{"not enough", "SLACK_CONNECTIONS"}},
	} {
		env := p.Env()
		env.SlackConnections = tt.each
		finds(t, examined(t, p, env), about, tt.grade, tt.words...)
	}
	other := p.Env()
	other.RedisURL = "redis://" + redistest.Mini(t).Addr()
	l := launchWith(t, p, other, options)
	l.becomes(t, p)
	l.log.wait(t, "foreign slack sockets open")
	err := p.Slack.Wait(limit(t), func(*slackfake.Server) bool {
		return slices.ContainsFunc(examined(t, p, other), func(f app.Finding) bool {
			return f.About == about && f.Grade == app.Doubt && strings.Contains(f.Says, "others take some of the commands")
		})
	})
	if err != nil {
		t.Errorf("%v: %+v", err, examined(t, p, other))
	}
}

// TestStartDoubts: a bot that starts looks at the same beside its work and warns of it once.
// What the roster has logged is not said again.
func TestStartDoubts(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.Channels, env.AlertChannel, env.Approvers = sandbox.Incident, sandbox.Random, sandbox.OnCall+","+sandbox.Gus
	l := launch(t, p, env)
	l.becomes(t, p)
	l.log.wait(t, `"level":"WARN"`, `"check warning"`, `"check":"slack channels"`, "ALERT_CHANNEL: the bot is not in "+sandbox.Random, `"mend":"type /invite`)
	l.log.wait(t, "list entry does not count", sandbox.Gus)
	l.log.wait(t, `"msg":"start checks done"`)
	if err := p.Slack.Wait(limit(t), func(s *slackfake.Server) bool { return len(s.Sockets()) == 2 }); err != nil {
		t.Fatal(err)
	}
	text, _ := l.log.read()
	var doubts []string
	for _, found := range regexp.MustCompile(`"check warning","check":"([^"]+)"`).FindAllStringSubmatch(text, -1) {
		doubts = append(doubts, found[1])
	}
	want := []string{"slack channels", "entra roles"} // the tenant grants what the actions that are on do not need
	if !slices.Equal(doubts, want) || strings.Contains(text, "apps.connections.open") {
		t.Errorf("doubts about %q, want %q; the log says:\n%s", doubts, want, text)
	}
	open := 0
	for _, c := range p.Slack.APICalls() {
		switch c.Method {
		case "apps.connections.open":
			open++
		case "auth.test":
			if open > 0 {
				t.Error("it asks who it is a second time")
			}
		}
	}
	if open != 2 {
		t.Errorf("%d sockets were asked for, want the 2 that are used", open)
	}
}

// TestDoctorOrder: the checklist is in the order of Lines, so what concerns one thing stands
// together, and nothing is said twice.
func TestDoctorOrder(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	all := app.Lines()
	place := func(about string) int {
		return slices.IndexFunc(all, func(l app.Line) bool { return l.About == about })
	}
	last, said := -1, map[string]bool{}
	found := examined(t, p, p.Env())
	if own := about(found, "approvers"); len(own) != 1 {
		t.Errorf("about approvers: %v", own)
	}
	for _, f := range found {
		line := f.String()
		if place(f.About) < last || said[line] {
			t.Errorf("out of order, or a second time: %s", line)
		}
		last, said[line] = place(f.About), true
		if column := strings.Index(line, f.Says); column != 9+len("slack's user groups")+2 {
			t.Errorf("it stands in column %d: %s", column, line)
		}
	}
	if last != place("ended actions") {
		t.Errorf("the last line is number %d", last)
	}
	p.Slack.Break(slackfake.Fault{Method: "auth.test", Error: "internal_error"})
	if found := about(examined(t, p, p.Env()), "approvers"); len(found) != 1 {
		t.Errorf("without Slack: %+v", found)
	}
}
