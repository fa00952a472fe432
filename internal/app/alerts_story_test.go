package app

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// happening is what happens and which alerts ring.
type happening struct {
	name   string
	series map[string]string
	at     string
	want   []string
}

// stories are what happens, minute by minute, and which alerts ring then, in the notation of
// promtool: a+bx30 begins with a and adds b thirty times. Each has processes that run, unless
// it says otherwise.
func stories() []happening {
	return []happening{
		{"all is well", map[string]string{`defenderbot_ready`: "1x30", `defenderbot_approvers`: "4x30", `defenderbot_sockets`: "2x30"}, "30m", nil},
		{"nothing runs", map[string]string{`defenderbot_build_info`: "_x30"}, "10m", []string{"Down"}},
		{"nothing is ready", map[string]string{`defenderbot_ready{instance="a"}`: "0x30", `defenderbot_ready{instance="b"}`: "0x30"}, "10m", []string{"NotReady"}},
		{"nothing is ready for a moment", map[string]string{`defenderbot_ready`: "0x3 1x30"}, "4m", nil},
		{"one of two is ready", map[string]string{`defenderbot_ready{instance="a"}`: "0x30", `defenderbot_ready{instance="b"}`: "1x30"}, "20m", []string{"ReplicaNotReady"}},
		{"another installation is ready", map[string]string{`defenderbot_ready{namespace="prod"}`: "0x30", `defenderbot_ready{namespace="test"}`: "1x30"}, "20m", []string{"NotReady"}},
		{"sockets are cut", map[string]string{`defenderbot_socket_events_total{event="cut"}`: "0+2x30"}, "20m", []string{"SocketsUnsteady"}},
		{"sockets are replaced", map[string]string{`defenderbot_socket_events_total{event="refresh_requested"}`: "0+9x30"}, "20m", nil},
		{"slow", answers("defenderbot_acknowledgement_seconds", "", "1", "2"), "20m", []string{"AcknowledgementsSlow"}},
		{"quick", answers("defenderbot_acknowledgement_seconds", "", "0.001", "0.005"), "20m", nil},
		{"redis is full", map[string]string{`defenderbot_redis_failures_total{fault="OOM"}`: "0+9x30"}, "10m", []string{"RedisFailing"}},
		{"redis failed over", map[string]string{`defenderbot_redis_failures_total{fault="READONLY"}`: "0 4x30"}, "10m", nil},
		{"redis was set back", map[string]string{`defenderbot_redis_set_backs_total`: "0x3 1x30"}, "10m", []string{"RedisLostChanges"}},
		{"redis never was", map[string]string{`defenderbot_redis_set_backs_total`: "0x30"}, "10m", nil},
		{"the clock jumped", map[string]string{`defenderbot_redis_clock_jumps_total`: "0x3 1x30"}, "10m", []string{"RedisClockJumped"}},
		{"it never did", map[string]string{`defenderbot_redis_clock_jumps_total`: "0x30"}, "10m", nil},
		{"redis is slow", answers("defenderbot_redis_command_seconds", `command="evalsha",`, "0.25", "0.5"), "25m", []string{"RedisSlow"}},
		{"redis is quick", answers("defenderbot_redis_command_seconds", `command="evalsha",`, "0.001", "0.002"), "25m", nil},
		{"work waits", map[string]string{`defenderbot_agenda_lag_seconds{instance="a"}`: "120x30", `defenderbot_agenda_lag_seconds{instance="b"}`: "119x30"}, "10m", []string{"WorkLate"}},
		{"work waits a little", map[string]string{`defenderbot_agenda_lag_seconds`: "30x30"}, "10m", nil},
		{"cards are behind", map[string]string{`defenderbot_cards_behind`: "9x30"}, "15m", []string{"CardsBehind"}},
		{"a card is behind", map[string]string{`defenderbot_cards_behind`: "1x30"}, "15m", nil},
		{"a call waits", map[string]string{`defenderbot_queue_head_age_seconds{endpoint="isolate"}`: "1000x30", `defenderbot_frozen`: "0x30"}, "10m", []string{"QueueWaits"}},
		{"a call waits under a freeze", map[string]string{`defenderbot_queue_head_age_seconds{endpoint="isolate"}`: "1000x30", `defenderbot_frozen`: "1x30"}, "10m", nil},
		{"many calls are uncertain", map[string]string{`defenderbot_calls_uncertain_total{action="collect"}`: "0 1 2 3 4x30"}, "15m", []string{"UncertainCalls"}},
		{"a call is uncertain", map[string]string{`defenderbot_calls_uncertain_total{action="collect"}`: "0 1x30"}, "15m", nil},
		{"a call is never found", map[string]string{`defenderbot_calls_total{action="collect",result="unknown"}`: "0 1x30"}, "15m", []string{"OutcomeUnknown"}},
		{"a call fails", map[string]string{`defenderbot_calls_total{action="collect",result="failed"}`: "0 1x30"}, "15m", nil},
		{"there is no token", map[string]string{`defenderbot_entra_token_usable`: "0x30", `defenderbot_sockets`: "2x30"}, "10m", []string{"NoToken"}},
		{"one of two has a token", map[string]string{`defenderbot_entra_token_usable{instance="a"}`: "0x30", `defenderbot_entra_token_usable{instance="b"}`: "1x30", `defenderbot_sockets`: "2x30"}, "10m", nil},
		{"a role is missing", map[string]string{`defenderbot_defender_requests_total{endpoint="isolate",status="403"}`: "0 2 4 6x30"}, "10m", []string{"DefenderRefuses"}},
		{"a device is missing", map[string]string{`defenderbot_defender_requests_total{endpoint="machines",status="404"}`: "0 2 4 6x30"}, "10m", nil},
		{"defender is down", defenderAnswers("0+5x30", "0+5x30"), "20m", []string{"DefenderFailing"}},
		{"defender stumbles", defenderAnswers("0+9x30", "0+1x30"), "20m", nil},
		{"another program calls", map[string]string{`defenderbot_defender_requests_total{endpoint="isolate",status="429"}`: "0 2 4 6x30"}, "10m", []string{"Throttled"}},
		{"one call too many", map[string]string{`defenderbot_defender_requests_total{endpoint="isolate",status="429"}`: "0 1x30"}, "10m", nil},
		{"a scope is missing", map[string]string{`defenderbot_slack_calls_total{method="users.info",error="missing_scope"}`: "0 1x30"}, "10m", []string{"SlackRefuses"}},
		{"the bot was not invited", map[string]string{`defenderbot_slack_calls_total{method="chat.postMessage",error="not_in_channel"}`: "0 1x30"}, "10m", nil},
		{"slack is down", slackAnswers("0+5x30", "0+5x30"), "20m", []string{"SlackFailing"}},
		{"slack stumbles", slackAnswers("0+9x30", "0+1x30"), "20m", nil},
		{"one approver", map[string]string{`defenderbot_approvers`: "1x30", `defenderbot_ready`: "1x30"}, "20m", []string{"TooFewApprovers"}},
		{"two approvers, and a process that starts", map[string]string{`defenderbot_approvers{instance="a"}`: "2x30", `defenderbot_approvers{instance="b"}`: "0x30", `defenderbot_ready`: "1x30"}, "20m", nil},
		{"somebody acts alone", map[string]string{`defenderbot_decisions_total{action="isolate",decision="forced"}`: "0 1x30"}, "10m", []string{"BreakGlass"}},
		{"two act", map[string]string{`defenderbot_decisions_total{action="isolate",decision="approved"}`: "0 1x30"}, "10m", nil},
		{"frozen for long", map[string]string{`defenderbot_frozen`: "1x90"}, "70m", []string{"Frozen"}},
		{"frozen", map[string]string{`defenderbot_frozen`: "1x90"}, "30m", nil},
		{"nothing is sealed", map[string]string{`defenderbot_audit_seal_age_seconds`: "8000x30"}, "10m", []string{"AuditNotSealed"}},
		{"sealed within the hour", map[string]string{`defenderbot_audit_seal_age_seconds`: "3599x30"}, "10m", nil},
	}
}

// answers are the buckets of a histogram in which all is above one time and below another.
func answers(name, labels, above, below string) map[string]string {
	all := map[string]string{name + "_count" + "{" + strings.TrimSuffix(labels, ",") + "}": "0+5x30"}
	all[name+"_bucket{"+labels+`le="`+above+`"}`] = "0x30"
	all[name+"_bucket{"+labels+`le="`+below+`"}`] = "0+5x30"
	all[name+"_bucket{"+labels+`le="+Inf"}`] = "0+5x30"
	return all
}

func defenderAnswers(well, badly string) map[string]string {
	return map[string]string{
		`defenderbot_defender_requests_total{endpoint="machines",status="2xx"}`: well,
		`defenderbot_defender_requests_total{endpoint="machines",status="5xx"}`: badly,
	}
}

func slackAnswers(well, badly string) map[string]string {
	return map[string]string{
		`defenderbot_slack_calls_total{method="chat.update",error="ok"}`:   well,
		`defenderbot_slack_calls_total{method="chat.update",error="none"}`: badly,
	}
}

// TestAlerts plays each story to Prometheus's own engine: the alerts that are meant ring, and
// no others. Each alert rings in one, and keeps still in another with its metrics.
func TestAlerts(t *testing.T) {
	type input struct {
		Series string `yaml:"series"`
		Values string `yaml:"values"`
	}
	type sample struct {
		Labels string `yaml:"labels"`
		Value  int    `yaml:"value"`
	}
	type query struct {
		Expr    string   `yaml:"expr"`
		At      string   `yaml:"eval_time"`
		Samples []sample `yaml:"exp_samples"`
	}
	type story struct {
		Name     string  `yaml:"name"`
		Interval string  `yaml:"interval"`
		Input    []input `yaml:"input_series"`
		Queries  []query `yaml:"promql_expr_test"`
	}
	rules, err := filepath.Abs(alertsFile)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Rules   []string `yaml:"rule_files"`
		Stories []story  `yaml:"tests"`
	}
	file.Rules = []string{rules}
	rung := map[string]bool{}
	for _, s := range stories() {
		one := story{Name: s.name, Interval: "1m"}
		series := map[string]string{"defenderbot_build_info": "1x120"}
		maps.Copy(series, s.series)
		for _, name := range slices.Sorted(maps.Keys(series)) {
			one.Input = append(one.Input, input{name, series[name]})
		}
		q := query{Expr: `count by (alertname) (ALERTS{alertstate="firing"})`, At: s.at}
		for _, a := range s.want {
			rung["Defenderbot"+a] = true
			q.Samples = append(q.Samples, sample{fmt.Sprintf(`{alertname="Defenderbot%s"}`, a), 1})
		}
		one.Queries = []query{q}
		file.Stories = append(file.Stories, one)
	}
	for _, r := range alerts(t) {
		if !rung[r.Alert] {
			t.Errorf("%s rings in no story", r.Alert)
		}
	}
	promtool(t, "check", "rules", alertsFile)
	promtool(t, "test", "rules", writeYAML(t, "stories.yaml", file))
}
