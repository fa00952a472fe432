package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// TestEntraRefuses: a bot that Entra does not take is not ready, from the first answer on,
// says why and what to do, and goes on: what is mended in Entra has it ready without a start.
func TestEntraRefuses(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.HTTPAddr, env.ClientSecret = freeAddr(t), "wrong-secret-4711"
	l := launch(t, p, env)
	l.log.wait(t, `"msg":"running"`)
	wantReady(t, env.HTTPAddr, http.StatusServiceUnavailable, "not ready: entra: ", "AADSTS7000215", "put the value of a client secret (not its id) into AZURE_CLIENT_SECRET")
	wantProbe(t, env.HTTPAddr, "/healthz", http.StatusOK, "ok")
	if text, _ := l.log.read(); strings.Contains(text, env.ClientSecret) {
		t.Error("the log has the secret in it")
	}
	pending(t, p, "investigate "+sandbox.Server+" why") // people can ask, and are told what is wrong
	p.Defender.SetApp(defenderfake.App{ID: env.ClientID, Secret: env.ClientSecret, Roles: defenderfake.DefaultRoles()})
	l.becomes(t, p)
	wantReady(t, env.HTTPAddr, http.StatusOK, "ready")
}

// TestEntraSilent: until Entra has answered the bot is not ready, for nobody knows yet; that
// it is down is no reason not to be, for calls wait.
func TestEntraSilent(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.HTTPAddr = freeAddr(t)
	held := p.Defender.Inject(defenderfake.Fault{On: defenderfake.Token, Delay: time.Hour})
	p.Defender.Inject(defenderfake.Fault{On: defenderfake.Token, Status: http.StatusServiceUnavailable})
	l := launch(t, p, env)
	l.log.wait(t, `"msg":"running"`)
	wantReady(t, env.HTTPAddr, http.StatusServiceUnavailable, "not ready: entra: no token yet", "Entra has been asked and has not answered")
	held()
	p.Defender.Down() // ends the request that is held
	l.becomes(t, p)
	wantReady(t, env.HTTPAddr, http.StatusOK, "entra: no token, so calls wait")
	if err := p.Defender.Up(); err != nil {
		t.Fatal(err)
	}
	wantReady(t, env.HTTPAddr, http.StatusOK, "entra: no token, so calls wait: HTTP 503")
}

// TestEntraRevoked: a bot that has a token is ready while that is good, whatever Entra says
// of the next one.
func TestEntraRevoked(t *testing.T) {
	t.Parallel()
	p := open(t, "", func(o *sandbox.Options) {
		embedded(o)
		o.Defender.TokenLife = time.Hour
	})
	l := launch(t, p, p.Env())
	l.becomes(t, p)
	p.Defender.SetApp(defenderfake.App{ID: p.Env().ClientID, Secret: "another-secret-4711", Roles: defenderfake.DefaultRoles()})
	skip(t, p, 57*time.Minute)
	if err := l.Ready(t.Context()); err != nil {
		t.Errorf("with a good token: %v", err)
	}
	skip(t, p, 4*time.Minute)
	pending(t, p, "investigate "+sandbox.Server+" why") // has a token asked for: no timer knows of the time that was skipped
	l.notReady(t, "entra: ", "AADSTS7000215")
}
