package bot

import (
	"time"

	"defenderbot/approvals"
)

// lead is somebody who is called in late.
const lead = "U0LEAD"

// inTheWay is why a request is refused: another one, as it stood then.
func inTheWay(reason approvals.Reason, change func(*approvals.Other)) approvals.Why {
	o := &approvals.Other{Request: "D-2M8XKW", Action: "isolate", By: person(joan), At: after(-40), Channel: room, TS: "1763731380.000100", State: approvals.Pending}
	change(o)
	return approvals.Why{Reason: reason, Detail: o.Request, Other: o}
}

// noticed is the request when the last of its notices is of that kind.
func noticed(r approvals.Request, kind approvals.NoticeKind, at time.Time) approvals.Request {
	r.Notices = append(r.Notices, approvals.Notice{Kind: kind, At: at})
	return r
}

// escalated is a request that nobody decided on for two thirds of its time.
func escalated(r approvals.Request) approvals.Request {
	r.Escalated = after(20)
	return noticed(reminded(r), approvals.NoticeEscalation, r.Escalated)
}

// timeSamples are requests of which people hear while they go on.
func timeSamples() map[string]approvals.Request {
	calls, open := endedCalls(), openCalls()
	offline := open["running-new"]
	offline.Job.Slow, offline.Job.Queued = true, true
	busy := offline
	busy.Job.Queued = false
	failed := approved("investigate", calls["succeeded"], open["running"], open["queued"], calls["failed-role"])
	left := approved("investigate", calls["succeeded"], busy, offline, calls["failed-role"])
	again := left
	again.Calls = append([]approvals.Call(nil), left.Calls...)
	again.Calls[3].RetriedAs, again.RetriedAs = "D-2M8XKW", "D-2M8XKW"
	many := []approvals.Call{calls["failed-role"], calls["unknown"], calls["lapsed"], calls["failed-refused"], open["running"]}
	open20 := ended(approvals.Rejected, approvals.End{Why: inTheWay(approvals.AlreadyOpen, func(*approvals.Other) {})})
	return map[string]approvals.Request{
		"pending-escalated":       escalated(pending("isolate", 1)),
		"pending-escalated-given": escalated(oneGiven(twoNeeded(pending("isolate", 2)))),
		"pending-escalated-off":   escalated(pending("collect", 1)), // nobody is to be called in for it any more
		"approved-failure":        noticed(failed, approvals.NoticeFailure, after(5)),
		"approved-failures":       noticed(approved("investigate", many...), approvals.NoticeFailure, after(5)),
		"approved-slow-left":      noticed(left, approvals.NoticeSlow, after(15)),
		"approved-tried-again":    noticed(again, approvals.NoticeSlow, after(15)),
		"rejected-already-open":   open20,
	}
}

// timeAnswers are what one person alone is told where another request is in the way.
func timeAnswers() map[string]page {
	refused := func(w approvals.Why) page { return views().explained(&approvals.Refusal{Why: w}) }
	return map[string]page{
		"already-open": refused(inTheWay(approvals.AlreadyOpen, func(*approvals.Other) {})),
		"excluded": refused(inTheWay(approvals.Excluded, func(o *approvals.Other) {
			o.Action, o.State, o.Call, o.TS = "unisolate", approvals.Approved, approvals.Running, ""
		})),
		"already-retried": refused(inTheWay(approvals.AlreadyRetried, func(o *approvals.Other) {
			o.State, o.Outcome = approvals.Done, approvals.Partly
		})),
	}
}
