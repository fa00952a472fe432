package app_test

import (
	"regexp"
	"strings"
	"testing"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// TestMetrics plays a story and looks at what was counted: each series that changes was
// there before, at 0.
func TestMetrics(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.HTTPAddr, env.Actions = freeAddr(t), "investigate,collect,scan"
	run(t, p, env, app.Options{})
	sockets(t, env.HTTPAddr, "2")
	before := metrics(t, env.HTTPAddr)

	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, id, "Succeeded")
	id, c = pending(t, p, "collect "+sandbox.Server+" why")
	deny(t, p, sandbox.Grace, c)
	card(t, p, id, "Denied")
	p.Defender.Inject(defenderfake.Fault{On: defenderfake.CollectPackage, Times: 1, Status: 403})
	id, c = pending(t, p, "collect "+sandbox.Laptop+" why")
	p.Slack.Break(slackfake.Fault{Method: "chat.update", Times: 1, Error: "internal_error"})
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, id, "Failed")

	after := metrics(t, env.HTTPAddr)
	for name, want := range map[string]string{
		`defenderbot_requests_asked_total{action="investigate"}`:                                   "1",
		`defenderbot_requests_asked_total{action="collect"}`:                                       "2",
		`defenderbot_requests_total{action="investigate",outcome="succeeded"}`:                     "1",
		`defenderbot_requests_total{action="collect",outcome="denied"}`:                            "1",
		`defenderbot_requests_total{action="collect",outcome="failed"}`:                            "1",
		`defenderbot_requests_total{action="scan",outcome="expired"}`:                              "0",
		`defenderbot_decisions_total{action="investigate",decision="approved"}`:                    "1",
		`defenderbot_decisions_total{action="collect",decision="denied"}`:                          "1",
		`defenderbot_decision_seconds_count{decision="approved"}`:                                  "2",
		`defenderbot_decision_seconds_count{decision="denied"}`:                                    "1",
		`defenderbot_calls_total{action="investigate",result="succeeded"}`:                         "1",
		`defenderbot_calls_total{action="collect",result="failed"}`:                                "1",
		`defenderbot_attempts_total{action="investigate"}`:                                         "1",
		`defenderbot_attempts_total{action="collect"}`:                                             "1",
		`defenderbot_calls_uncertain_total{action="collect"}`:                                      "0",
		`defenderbot_socket_events_total{event="closed"}`:                                          "0",
		`defenderbot_acknowledgement_seconds_count{type="slash_commands"}`:                         "3",
		`defenderbot_acknowledgement_seconds_count{type="interactive"}`:                            "4", // the button that denies opens a form
		`defenderbot_defender_requests_total{endpoint="startInvestigation",status="2xx"}`:          "1",
		`defenderbot_defender_requests_total{endpoint="collectInvestigationPackage",status="403"}`: "1",
		`defenderbot_defender_request_seconds_count{endpoint="startInvestigation"}`:                "1",
		`defenderbot_slack_calls_total{error="internal_error",method="chat.update"}`:               "1",
		`defenderbot_slack_calls_total{error="ok",method="chat.postMessage"}`:                      "5", // each card, and a reply in the thread of those that were sent
	} {
		was, there := before[name]
		if !there || was != "0" {
			t.Errorf("%s is %q before anybody asks, want 0", name, was)
		}
		if after[name] != want {
			t.Errorf("%s is %q, want %s", name, after[name], want)
		}
	}
	for name, want := range map[string]string{
		`defenderbot_ready`:                                                            "1",
		`defenderbot_entra_token_usable`:                                               "1",
		`defenderbot_entra_requests_total{status="2xx"}`:                               "1",
		`defenderbot_slack_calls_total{error="ok",method="auth.test"}`:                 "1",
		`defenderbot_window_used{endpoint="collectInvestigationPackage",per="minute"}`: "1",
		`defenderbot_window_free{endpoint="collectInvestigationPackage",per="hour"}`:   "1499",
		`defenderbot_queue_length{endpoint="collectInvestigationPackage"}`:             "0",
		`defenderbot_queue_head_age_seconds{endpoint="collectInvestigationPackage"}`:   "0",
		`defenderbot_window_held_seconds{endpoint="machines"}`:                         "0",
	} {
		sample(t, env.HTTPAddr, name, want)
	}
	for name, value := range metrics(t, env.HTTPAddr) {
		if strings.Contains(name, `"other"`) && strings.HasPrefix(name, "defenderbot_") && value != "0" && !strings.Contains(name, "acknowledgement") {
			t.Errorf("%s is %s: what the bot does itself has a name", name, value)
		}
		if strings.HasPrefix(name, "defenderbot_build_info") && !regexp.MustCompile(`\{goversion="go1\..*",version="sandbox"\}`).MatchString(name) {
			t.Errorf("%s", name)
		}
	}
	for _, name := range []string{"go_goroutines", "process_open_fds", `defenderbot_redis_command_seconds_count{command="evalsha"}`, "defenderbot_agenda_lag_seconds", "defenderbot_cards_behind"} {
		if _, there := after[name]; !there {
			t.Errorf("there is no %s", name)
		}
	}
}

// TestMetricsWithoutRedis: while Redis does not answer, what stands in it is not shown, and
// the bot is not ready.
func TestMetricsWithoutRedis(t *testing.T) {
	t.Parallel()
	mini := redistest.Mini(t)
	p := open(t, mini.Addr(), nil)
	env := p.Env()
	env.HTTPAddr = freeAddr(t)
	launch(t, p, env).becomes(t, p)
	if _, there := metrics(t, env.HTTPAddr)["defenderbot_agenda_lag_seconds"]; !there {
		t.Error("a bot that runs shows no agenda")
	}
	mini.SetError("LOADING Redis is loading the dataset in memory")
	sample(t, env.HTTPAddr, "defenderbot_ready", "0")
	sample(t, env.HTTPAddr, "defenderbot_agenda_lag_seconds", "")
	if n := metrics(t, env.HTTPAddr)[`defenderbot_redis_failures_total{fault="LOADING"}`]; n == "0" {
		t.Error("no failure was counted")
	}
}
