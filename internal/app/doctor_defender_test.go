package app_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderbot/defender"
	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// granted has the application hold these roles from now on.
func granted(p *sandbox.Place, roles ...string) {
	p.Defender.SetApp(defenderfake.App{ID: p.Env().ClientID, Secret: p.Env().ClientSecret, Roles: roles})
}

// about are the findings about one thing.
func about(found []app.Finding, what string) []app.Finding {
	return slices.DeleteFunc(slices.Clone(found), func(f app.Finding) bool { return f.About != what })
}

// unwell reports whether the doctor ends with exit code 1.
func unwell(found []app.Finding) bool {
	return slices.ContainsFunc(found, func(f app.Finding) bool { return f.Grade == app.Wrong })
}

// TestDoctorRoles: each role that is missing is named with what it is for, and so is what is
// more than needed.
func TestDoctorRoles(t *testing.T) {
	t.Parallel()
	const read, collect, scan, link, alert = "Machine.Read.All", "Machine.CollectForensics", "Machine.Scan", "Machine.ReadWrite.All", "Alert.ReadWrite.All"
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.Actions = "collect,scan,investigate"
	for name, tt := range map[string]struct {
		roles []string
		want  [][]string // each with its grade, and words
	}{
		"all and no others": {
			[]string{read, collect, scan, alert, link},
			[][]string{{"ok", "all that are needed and no others: " + read}},
		},
		"none": {nil, [][]string{
			{"wrong", read + " is missing; it is needed for looking up devices and their actions", "grant admin consent"},
			{"wrong", collect + " is missing; it is needed for collect", "add the application permission " + collect},
			{"wrong", scan + " is missing; it is needed for scan"},
			{"warning", alert + " is missing; it is needed for investigate"}, // Microsoft has ended it
			{"warning", link + " is missing; it is needed for the link to what collect has collected"},
		}},
		"more": {
			[]string{read, collect, scan, alert, link, "Machine.Isolate", "Machine.Offboard"},
			[][]string{{"warning", "more than the enabled actions need: Machine.Isolate, Machine.Offboard", "remove them"}},
		},
	} {
		granted(p, tt.roles...)
		found := examined(t, p, env)
		for _, w := range tt.want {
			finds(t, found, "entra roles", app.Grade(w[0]), w[1:]...)
		}
		if own := about(found, "entra roles"); len(own) != len(tt.want) || unwell(own) != (name == "none") {
			t.Errorf("%s: %+v", name, own)
		}
	}
}

// TestDoctorEntra: what Entra refuses is said with what to do, and what needs a token is not
// guessed at.
func TestDoctorEntra(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	const wrong = "wrong-secret-4711"
	for name, tt := range map[string]struct {
		change     func(*app.Env)
		says, mend string
	}{
		"a wrong secret": {func(e *app.Env) { e.ClientSecret = wrong }, "the client secret is wrong (AADSTS7000215): Invalid client secret", "the value of a client secret (not its id)"},
		"no such app":    {func(e *app.Env) { e.ClientID = client[:35] + "0" }, "AADSTS700016", "AZURE_CLIENT_ID is the application (client) id"},
		"no such tenant": {func(e *app.Env) { e.TenantID = "elsewhere.example" }, "AADSTS90002", "AZURE_TENANT_ID is right"},
		"a wrong scope":  {func(e *app.Env) { e.DefenderScope = "https://graph.example/.default" }, "AADSTS70011", "DEFENDER_SCOPE"},
		"nobody there":   {func(e *app.Env) { e.AuthorityHost = "http://127.0.0.1:1" }, "the connection was refused", "can reach AZURE_AUTHORITY_HOST"},
	} {
		env := p.Env()
		tt.change(&env)
		found := probed(t, p, env)
		finds(t, found, "entra", app.Wrong, "no token: ", tt.says, tt.mend)
		for _, what := range []string{"entra roles", "defender", "probe"} {
			finds(t, found, what, app.Unknown, "until entra is ok")
		}
		if slices.ContainsFunc(found, func(f app.Finding) bool { return strings.Contains(f.String(), wrong) }) {
			t.Errorf("%s: the secret is shown", name)
		}
	}
}

// TestDoctorDefender: what keeps Defender from answering is said with what to do, and nothing
// is sent that could start anything.
func TestDoctorDefender(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	finds(t, examined(t, p, p.Env()), "defender", app.Well, "answers a read")
	for _, tt := range []struct {
		fault defenderfake.Fault
		grade app.Grade
		words []string
	}{
		{defenderfake.Fault{Status: 401, Message: "Unauthorized request - reason of failure: No Tvm license"}, app.Wrong, []string{"No Tvm license", "has a licence for Defender for Endpoint"}},
		{defenderfake.Fault{Status: 401}, app.Wrong, []string{"DEFENDER_SCOPE belong to the same cloud"}},
		{defenderfake.Fault{Status: 403, Message: "Missing application roles."}, app.Wrong, []string{"application permission Machine.Read.All"}},
		{defenderfake.Fault{Status: 429, RetryAfter: "10"}, app.Unknown, []string{"throttled", "try again later"}},
		{defenderfake.Fault{Status: 503}, app.Wrong, []string{"HTTP 503", "check that this host can reach DEFENDER_API_URL"}},
		{defenderfake.Fault{Status: 200, Body: `{"ok":true}`}, app.Wrong, []string{"so it is not Defender", "check that this host can reach DEFENDER_API_URL"}},
	} {
		tt.fault.On = defenderfake.MachineGet
		mend := p.Defender.Inject(tt.fault)
		finds(t, examined(t, p, p.Env()), "defender", tt.grade, tt.words...)
		mend()
	}
	for _, c := range p.Defender.Calls() {
		if c.Method == http.MethodPost && c.Endpoint != defenderfake.Token {
			t.Errorf("the doctor has sent %+v", c)
		}
	}
}

// TestDoctorMicrosoftClock: by how much this host's clock is wrong is said. The servers of
// the place put the real time into the headers of their answers.
func TestDoctorMicrosoftClock(t *testing.T) {
	t.Parallel()
	p := open(t, "", embedded)
	const line = "microsoft clock"
	found := examined(t, p, p.Env())
	finds(t, found, line, app.Well, "Entra and this host agree")
	finds(t, found, line, app.Well, "Defender and this host agree")
	skip(t, p, 35*time.Second)
	found = examined(t, p, p.Env())
	finds(t, found, line, app.Doubt, "this host's clock is 3", "s ahead of Entra's", "NTP")
	finds(t, found, line, app.Doubt, "this host's clock is 3", "s ahead of Defender's")
	p.Defender.Down()
	found = examined(t, p, p.Env())
	finds(t, found, line, app.Unknown, "Entra has not said what time it is")
	finds(t, found, line, app.Unknown, "Defender has not said what time it is")
}

// TestDoctorCredential: when what the bot proves itself with runs out is said, as far as it
// tells.
func TestDoctorCredential(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	finds(t, examined(t, p, env), "credential", app.Unknown, "a client secret does not show when it expires", "Certificates & secrets")
	env.ClientSecret = ""
	for _, tt := range []struct {
		left  time.Duration
		grade app.Grade
		words []string
	}{
		{31 * 24 * time.Hour, app.Well, []string{"the certificate expires on ", "in 30 days"}},
		{30 * 24 * time.Hour, app.Doubt, []string{"in 29 days", "upload a new one"}},
	} {
		env.ClientCertificate = certificate(t, p.Now().Add(tt.left))
		p.Defender.SetApp(defenderfake.App{ID: env.ClientID, Certificates: []*x509.Certificate{certificateIn(t, env.ClientCertificate)}, Roles: defenderfake.DefaultRoles()})
		found := examined(t, p, env)
		finds(t, found, "credential", tt.grade, tt.words...)
		finds(t, found, "entra", app.Well, "issues tokens")
	}
	env.ClientCertificate, env.FederatedTokenFile = "", file(t, "federated-token-4711")
	finds(t, examined(t, p, env), "credential", app.Well, "the federated token is valid now")
}

// TestDoctorEnded: of an action that Microsoft has ended, what the tenant has said last is
// known to the doctor.
func TestDoctorEnded(t *testing.T) {
	t.Parallel()
	const line = "ended actions"
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	finds(t, examined(t, p, env), line, app.Unknown, "investigate: Microsoft says", "has refused none here in the last day", "-probe")
	p.Defender.EndInvestigations(defenderfake.Ended{Start: defenderfake.EndedGone})
	stop := run(t, p, env, app.Options{})
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, id, "Defender refused it: Microsoft ended this")
	stop()
	finds(t, examined(t, p, env), line, app.Doubt, "investigate: Defender refused one at 20", "remove investigate from ACTIONS; scan replaces it")
	env.Actions = "collect"
	finds(t, examined(t, p, env), line, app.Well, "none is enabled")
}

// TestDoctorReadBooked: the doctor's read has a slot of Microsoft's limit like every other, and
// is not made without one.
func TestDoctorReadBooked(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	reads := func() (n int) {
		for _, c := range p.Defender.Calls() {
			if c.Endpoint == defenderfake.MachineGet {
				n++
			}
		}
		return n
	}
	most := defender.MachinesEndpoint().Limits[0].Calls * 60 / 100 // people's reads come first
	for range most {
		finds(t, examined(t, p, p.Env()), "defender", app.Well, "answers a read")
	}
	finds(t, examined(t, p, p.Env()), "defender", app.Unknown, "the limit that Microsoft sets for reads is used up until 20", "try again later")
	if n := reads(); n != most {
		t.Errorf("%d reads, want %d", n, most)
	}
}

// TestDoctorStopped: when it is stopped, the doctor says why, and nothing of what it could not
// find out any more.
func TestDoctorStopped(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	for _, at := range []string{"approvers", "redis", "redis version", "entra"} {
		ctx, stop := context.WithCancelCause(limit(t))
		last := ""
		err := newBot(t, p, p.Env(), app.Options{}).Probe(ctx, func(f app.Finding) {
			if last = f.About; last == at {
				stop(errors.New("somebody pressed Ctrl-C"))
			}
		})
		if err == nil || err.Error() != "not everything was checked: somebody pressed Ctrl-C" || len(sent(p)) > 0 {
			t.Errorf("stopped at %s: %v", at, err)
		}
		if last != at && (at != "redis version" || last != "redis clock") { // these are of one look
			t.Errorf("stopped at %s, it goes on to %s", at, last)
		}
	}
}

// TestDoctorElsewhere: where something else answers than what was meant, the doctor says what
// is odd, once, and what to do about that.
func TestDoctorElsewhere(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	answers := func(status int, body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	private := httptest.NewUnstartedServer(http.NotFoundHandler())
	private.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that were given up
	private.StartTLS()
	t.Cleanup(private.Close)
	const trust = "in SSL_CERT_FILE"
	for name, tt := range map[string]struct {
		change      func(*app.Env)
		about       string
		says, mends string
	}{
		"entra, a page":       {func(e *app.Env) { e.AuthorityHost = answers(200, "<html>") }, "entra", "no token: oauth2: cannot parse json", "can reach AZURE_AUTHORITY_HOST"},
		"entra, too often":    {func(e *app.Env) { e.AuthorityHost = answers(429, "") }, "entra", "no token: HTTP 429", "wait"},
		"entra, untrusted":    {func(e *app.Env) { e.AuthorityHost = private.URL }, "entra", "no token: its certificate is not trusted", trust},
		"defender, untrusted": {func(e *app.Env) { e.DefenderAPIURL = private.URL }, "defender", "its certificate is not trusted", trust},
		"slack, untrusted":    {func(e *app.Env) { e.SlackAPIURL = private.URL + "/api/" }, "slack", "failed to verify certificate", trust},
		"redis, untrusted":    {func(e *app.Env) { e.RedisURL = "rediss://" + private.Listener.Addr().String() }, "redis", "failed to verify certificate", trust},
		"redis, nobody there": {func(e *app.Env) { e.RedisURL = "redis://127.0.0.1:1" }, "redis durability", "connection refused", "REDIS_URL is right"},
	} {
		env := p.Env()
		tt.change(&env)
		found := about(examined(t, p, env), tt.about)
		if len(found) != 1 || found[0].Grade != app.Wrong || !strings.Contains(found[0].Says, tt.says) || !strings.Contains(found[0].Mend, tt.mends) ||
			strings.Count(found[0].Says, "no token") > 1 {
			t.Errorf("%s: %+v", name, found)
		}
	}
}
