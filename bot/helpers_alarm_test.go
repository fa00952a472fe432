package bot

import (
	"fmt"
	"strings"

	"defenderbot/approvals"
)

// alarms are one of each kind, one of a later version and the longest.
func alarms() map[string]approvals.Alarm {
	alarm := func(k approvals.AlarmKind, lines ...string) approvals.Alarm {
		return approvals.Alarm{ID: "X", Kind: k, Channel: room, At: asked, Lines: lines}
	}
	freeze, thaw, force := alarm(approvals.AlarmFreeze), alarm(approvals.AlarmThaw), alarm(approvals.AlarmForce)
	freeze.By, freeze.Text = person(grace), "Ada's laptop was stolen,\nher session too"
	thaw.By, thaw.Text, thaw.Request = person(lead), "her sessions are closed", "D-7K3F9Q"
	force.By, force.Text, force.Request = person(ada), "ransomware spreads, nobody else is awake", "D-7K3F9Q"
	force.Lines = []string{"Isolate srv-db-01.contoso.example"}
	later := alarm("doctor", "something that only a later version knows")
	many := alarm(approvals.AlarmRules)
	for n := range 100 {
		many.Lines = append(many.Lines, fmt.Sprintf("who may approve (APPROVERS): added: action-%d=%s", n, strings.Repeat("U0GRACE, ", 50)))
	}
	return map[string]approvals.Alarm{
		"freeze": freeze, "thaw": thaw, "force": force, "later": later, "rules-many": many,
		"rules": alarm(approvals.AlarmRules, "approvals needed (APPROVALS_REQUIRED): 1, was 2", "who may approve (APPROVERS): added: Grace Hopper"),
		"seal": alarm(approvals.AlarmSeal, "defenderbot/audit/A1/T1", "seal 17", "at 2026-11-30T09:00:00.000Z", "entries 1", "first 1796029200000-0", "last 1796029200000-0",
			"sha256 0f3e5b6a0f3e5b6a0f3e5b6a0f3e5b6a0f3e5b6a0f3e5b6a0f3e5b6a0f3e5b6a", "previous 9d1c04aa9d1c04aa9d1c04aa9d1c04aa9d1c04aa9d1c04aa9d1c04aa9d1c04aa", "",
			"— defenderbot/audit/A1/T1 z5bDLAkV0p2x=="),
	}
}
