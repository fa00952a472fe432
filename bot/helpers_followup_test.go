package bot

import (
	"strings"
	"time"

	"defenderbot/approvals"
	"defenderbot/commands"
)

// refusedAsEnded is a call of an action that Microsoft has ended.
func refusedAsEnded() approvals.Call {
	return approvals.Call{State: approvals.Failed, EndedAt: after(9), Why: approvals.Why{
		Reason: approvals.Ended, Detail: "Manual investigations are not available.", Target: target,
	}}
}

// followUps are the requests from whose cards something was, or can be, asked for, and
// those that were.
func followUps() map[string]approvals.Request {
	calls := endedCalls()
	neverBegun := done("investigate", approvals.Call{
		State: approvals.Unknown, EndedAt: after(24 * 60), Why: approvals.Why{Reason: approvals.Ended}, Job: approvals.Job{ID: "63004", Status: "Queued", Queued: true},
	})
	neverBegun.Terms.QueuedFor = 24 * time.Hour
	followed := done("investigate", refusedAsEnded())
	followed.Followed = []approvals.Followed{{How: approvals.AsSuccessor, Action: "scan", As: "D-2M8XKW"}}
	isolated := approvals.Call{State: approvals.Succeeded, EndedAt: after(9), Why: approvals.Why{Reason: approvals.Ran}, Job: approvals.Job{ID: guid, Status: "Succeeded"}}
	offline := approvals.Call{State: approvals.Running, Started: after(3), Job: approvals.Job{ID: target, Status: "Pending"}}
	released := done("isolate", isolated)
	released.Followed = []approvals.Followed{{How: approvals.AsUndo, Action: "unisolate", As: "D-2M8XKW"}}
	return map[string]approvals.Request{
		"done-ended":           done("investigate", refusedAsEnded()),
		"done-ended-unknown":   neverBegun,
		"done-ended-followed":  followed,
		"done-ended-several":   done("investigate", refusedAsEnded(), refusedAsEnded(), calls["failed-role"], calls["succeeded"], refusedAsEnded()),
		"done-reads-ended":     done("investigate", approvals.Call{State: approvals.Unknown, EndedAt: after(9), Why: readsEnded().Blind}),
		"approved-reads-ended": approved("investigate", readsEnded()),
		"pending-successor":    asSuccessor(pending("scan", 2)),
		"pending-undo":         asUndo(pending("unisolate", 1)),
		"done-isolated":        done("isolate", isolated),
		"done-isolated-undone": released,
		"approved-isolated":    approved("isolate", isolated, offline),
	}
}

// readsEnded is a call of which Defender does not show any more what becomes of it.
func readsEnded() approvals.Call {
	return approvals.Call{
		State: approvals.Running, Started: after(3), Job: approvals.Job{ID: "63004", Status: "Queued", Queued: true},
		Blind: approvals.Why{Reason: approvals.ReadsEnded, Detail: "No HTTP resource was found", Target: target}, BlindAt: after(4),
	}
}

func asSuccessor(r approvals.Request) approvals.Request {
	r.By, r.Barred = person(joan), []approvals.Person{person(ada)}
	r.From = approvals.Origin{Request: "D-2M8XKW", How: approvals.AsSuccessor}
	return r
}

func asUndo(r approvals.Request) approvals.Request {
	r.From = approvals.Origin{Request: "D-2M8XKW", How: approvals.AsUndo}
	return r
}

// alone are the views of a bot that offers nothing but investigate.
func alone() Views {
	v := views()
	v.Policy.ByAction = map[string]approvals.Rule{}
	for _, a := range v.Catalogue {
		v.Policy.ByAction[a.Name] = approvals.Rule{Approvers: v.Policy.Default.Approvers, Off: a.Name != "investigate"}
	}
	return v
}

// typedAsk is a command whose comment is as long as it is told, in words of three
// characters that Slack writes as entities.
func typedAsk(words int) commands.Ask {
	return commands.Ask{
		Action: "investigate", Devices: []commands.Device{{Name: "srv-db-01"}, {ID: device(1).ID}},
		Comment: "odd logins at 3 & <more>" + strings.Repeat(" &<>", words),
	}
}
