package app_test

import (
	"net/http"
	"strings"
	"testing"

	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// TestFreezeProbes: in a freeze the bot is ready, /readyz and a metric say that there is one,
// also after a restart, and nobody who can only reach them reads by whom and why. Both say so
// no more when it is lifted.
func TestFreezeProbes(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, addr string) {
		p := open(t, addr, nil)
		env := p.Env()
		env.HTTPAddr = freeAddr(t)
		stop := run(t, p, env, app.Options{})
		says(t, "freeze", command(t, p, sandbox.Grace, sandbox.Incident, "freeze a list that is wrong"), "Frozen")
		saysFrozen(t, env.HTTPAddr)
		stop()
		run(t, p, env, app.Options{})
		saysFrozen(t, env.HTTPAddr)
		says(t, "unfreeze", command(t, p, sandbox.Grace, sandbox.Incident, "unfreeze sorted out"), "Recorded as D-")
		click(t, p, sandbox.Joan, card(t, p, "Lift the freeze", "sorted out"), "approve")
		card(t, p, "Lifted", "sorted out")
		sample(t, env.HTTPAddr, "defenderbot_frozen", "0")
		if _, body := probe(t, env.HTTPAddr, "/readyz"); body != "ready\n" {
			t.Errorf("after it /readyz says %q", body)
		}
	})
}

// saysFrozen waits until the bot's own server says that there is a freeze.
func saysFrozen(t *testing.T, addr string) {
	t.Helper()
	sample(t, addr, "defenderbot_frozen", "1")
	wantProbe(t, addr, "/readyz", http.StatusOK, "ready\n", "freeze: in force since ", "(F-", "no call is sent to Defender")
	if _, body := probe(t, addr, "/readyz"); strings.Contains(body, "grace") || strings.Contains(body, "a list that is wrong") {
		t.Errorf("whoever reaches /readyz reads %q", body)
	}
}

// TestFreezePackage: what was collected before a freeze can be fetched in it.
func TestFreezePackage(t *testing.T) {
	t.Parallel()
	p := timeless(t)
	run(t, p, p.Env(), app.Options{})
	id, c := collects(t, p, sandbox.Laptop, "Succeeded")
	says(t, "freeze", command(t, p, sandbox.Grace, sandbox.Incident, "freeze a list that is wrong"), "Frozen")
	click(t, p, sandbox.Ada, c, "package")
	toldWith(t, p, sandbox.Ada, "Download the package", id)
}
