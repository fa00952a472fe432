package bot

import (
	"strings"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
)

// frost is a freeze that is in force.
func frost() approvals.Freeze {
	return approvals.Freeze{ID: "F-3N7QKD", By: person(grace), At: after(-4), Text: "The list of hosts was wrong.\nWait for the new one.", Place: approvals.Place{Team: "T1", Channel: room}}
}

// under is r with the freeze in force.
func under(r approvals.Request) approvals.Request {
	r.Frozen = frost()
	return r
}

// lifted makes of a request one to lift that freeze.
func lifted(r approvals.Request) approvals.Request {
	r = under(r)
	r.Action, r.Devices, r.Calls, r.Budget, r.Comment, r.Opened = approvals.Unfreeze, nil, nil, approvals.Budget{}, "the new list is right", after(1)
	return r
}

func freezeSamples() map[string]approvals.Request {
	calls := openCalls()
	long := under(pending("investigate", 20))
	long.Frozen.Text = strings.Repeat("a long reason & <!channel> ", 40)
	unnamed := pending("collect", 1)
	unnamed.Frozen = approvals.Freeze{ID: "?"}
	return map[string]approvals.Request{
		"pending-frozen": under(pending("isolate", 1)), "pending-frozen-many": long, "pending-frozen-unread": unnamed,
		"approved-frozen":         under(approved("isolate", calls["queued-expected"])),
		"approved-frozen-several": under(approved("isolate", calls["running"], calls["queued-expected"], calls["queued"])),
		"approved-frozen-running": under(approved("isolate", calls["running"])),
		"pending-unfreeze":        lifted(pending("scan", 1)),
		"done-unfreeze":           lifted(done("scan", ran())),
		"denied-unfreeze":         lifted(ended(approvals.Denied, approvals.End{By: person(joan), Text: "not yet"})),
		"cancelled-unfreeze":      lifted(ended(approvals.Cancelled, approvals.End{By: person(ada)})),
		"expired-unfreeze":        lifted(ended(approvals.Expired, approvals.End{})),
	}
}

// freezeAnswers are what is answered about freezes.
func freezeAnswers() map[string]page {
	v, r, one := views(), lifted(pending("scan", 1)), office.Listing{Requests: []approvals.Request{carded(under(pending("isolate", 1)), "D-7K3F9Q"), carded(lifted(pending("scan", 1)), "D-2M8XKW")}}
	return map[string]page{
		"frozen": frozePage("/defender"), "frozen-already": explain(&approvals.Refusal{Why: approvals.Why{Reason: approvals.AlreadyFrozen}, Frozen: frost()}),
		"frozen-list": underFreeze(frost(), "/defender", v.openPage("/defender", one)), "frozen-limits": underFreeze(frost(), "/defender", limitsPage(sampleWindows()[:1])).forAll([]approvals.Person{person(grace)}),
		"frozen-status":     v.statusPage(carded(under(approved("isolate", openCalls()["queued"])), "D-7K3F9Q"), false),
		"unfreeze-status":   v.statusPage(carded(lifted(done("scan", ran())), "D-7K3F9Q"), false),
		"frozen-approved":   approvedPage(under(approved("isolate", openCalls()["queued"]))),
		"unfreeze-approved": approvedPage(lifted(done("scan", ran()))), "unfreeze-denied": deniedPage(r),
		"unfreeze-open": explain(&approvals.Refusal{Why: approvals.Why{Reason: approvals.AlreadyOpen, Detail: r.ID}, Request: r}),
	}
}
