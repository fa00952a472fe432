package app_test

import (
	"log/slog"
	"strings"
	"testing"

	"defenderbot/internal/app"
	"defenderbot/internal/audit"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// TestSealedFromStart: the first seal of a day is in the log, whatever LOG_LEVEL is, and in
// ALERT_CHANNEL, and the metric says how old it is.
func TestSealedFromStart(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, addr string) {
		p := open(t, addr, nil)
		env := p.Env()
		env.AlertChannel, env.HTTPAddr = sandbox.Incident, freeAddr(t)
		log := newJournal()
		run(t, p, env, app.Options{Log: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelError}))})
		log.wait(t, audit.LogMessage)
		text, _ := log.read()
		seals, err := audit.ReadSeals(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		card(t, p, "Daily seal", seals[0].Sum)
		if age := metrics(t, env.HTTPAddr)["defenderbot_audit_seal_age_seconds"]; age == "" || age == "0" {
			t.Errorf("the metric says that the seal is %q seconds old", age)
		}
	})
}
