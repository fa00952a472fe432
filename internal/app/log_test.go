package app_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// logged runs a bot that writes into the journal.
func logged(t *testing.T, change func(*app.Env)) (*sandbox.Place, *journal) {
	t.Helper()
	j := newJournal()
	p := open(t, redistest.Mini(t).Addr(), func(o *sandbox.Options) { o.Log = slog.New(slog.NewJSONHandler(j, nil)) })
	env := p.Env()
	if change != nil {
		change(&env)
	}
	run(t, p, env, app.Options{})
	return p, j
}

// TestLogHoldsNoWords: what people write is in the audit trail, and in the log there
// is how long it is; each line about a call says which one, on which device.
func TestLogHoldsNoWords(t *testing.T) {
	t.Parallel()
	p, j := logged(t, nil)
	const comment, reason = "Mallory in payroll did it", "wrong host" // which deny types
	id, c := pending(t, p, "collect "+sandbox.Laptop+" "+comment)
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, id, "Succeeded")
	p.Defender.Inject(defenderfake.Fault{On: defenderfake.CollectPackage, Times: 1, Status: 403})
	id, c = pending(t, p, "collect "+sandbox.Server+" "+comment)
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, id, "Failed")
	_, c = pending(t, p, "collect "+sandbox.Server+" "+comment)
	deny(t, p, sandbox.Grace, c)
	j.wait(t, `"event":"deny"`, `"characters_typed":10`)
	j.wait(t, `"event":"ask"`, `"characters_typed":25`)
	j.wait(t, "defender post failed", `"call":0`, `"device":"`+sandbox.Server+`"`)
	text, _ := j.read()
	if strings.Contains(text, comment) || strings.Contains(text, reason) {
		t.Errorf("the log has what people wrote:\n%s", text)
	}
	about := 0
	for line := range strings.Lines(text) {
		var says struct {
			Event  string `json:"event"`
			Call   *int   `json:"call"`
			Device string `json:"device"`
		}
		if err := json.Unmarshal([]byte(line), &says); err != nil {
			t.Fatal(err)
		}
		switch says.Event {
		case "send", "accept", "report", "fail":
			about++
			if says.Call == nil || says.Device == "" {
				t.Errorf("a line about a call without call or device: %s", line)
			}
		}
	}
	if about < 5 {
		t.Errorf("%d lines about calls:\n%s", about, text)
	}
}

// TestLogRules: the rules that are in force are one line, so that a slip that
// changes them can be seen.
func TestLogRules(t *testing.T) {
	t.Parallel()
	_, j := logged(t, func(e *app.Env) {
		e.Actions, e.ApprovalsRequired, e.ApprovalTTL, e.Approvers = "collect,investigate", "1,collect=2", "45m", "@oncall,"+sandbox.Joan
	})
	j.wait(t, `"rules in force"`, `"who_asks":"every full member"`, `"who_decides":"`+sandbox.Joan+`,`+sandbox.OnCall+`"`, `"approvals":"collect=2,investigate=1"`,
		`"channels":"wherever the bot is"`, `"shared_channels":false`, `"to_approve":"45m0s"`, `"to_send":"2h0m0s"`, `"most_devices":20`, `"most_open":20`)
	_, j = logged(t, func(e *app.Env) {
		e.Requesters, e.Channels, e.AllowSharedChannels, e.ApprovalsRequired = sandbox.Ada+","+sandbox.Ben, sandbox.Incident, "true", "1"
	})
	j.wait(t, `"rules in force"`, `"who_asks":"`+sandbox.Ada+`,`+sandbox.Ben+`"`, `"channels":"`+sandbox.Incident+`"`, `"shared_channels":true`)
}
