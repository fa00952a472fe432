package bot

import (
	"time"

	"defenderbot/approvals"
)

// actedAlone is what somebody did without a second person, its one call as it is given.
func actedAlone(c approvals.Call) approvals.Request {
	r := approved("isolate", c)
	r.By, r.Forced, r.Approvals = person(grace), true, nil
	if c.State.Ended() {
		r = done("isolate", c)
		r.By, r.Forced, r.Approvals = person(grace), true, nil
	}
	return r
}

// reviewOf is that request after its review.
func reviewOf(r approvals.Request, text string) approvals.Request {
	r.Review = approvals.Review{By: person(joan), At: after(70), Text: text}
	r.Notices = append(r.Notices, approvals.Notice{Kind: approvals.NoticeReviewed, At: after(70)})
	return r
}

// forceSamples are requests of break-glass, and of what goes beyond its requester's reach.
func forceSamples() map[string]approvals.Request {
	overdue := actedAlone(ran())
	overdue.Notices = append(overdue.Notices, approvals.Notice{Kind: approvals.NoticeReview, At: asked.Add(24 * time.Hour)})
	tooOften := ended(approvals.Rejected, approvals.End{Why: approvals.Why{Reason: approvals.ForcedTooOften}})
	tooOften.Forced = true
	beyond := twoNeeded(pending("isolate", 4))
	beyond.Beyond, beyond.Terms.Reach = true, 40
	return map[string]approvals.Request{
		"alone-queued":   actedAlone(openCalls()["queued"]),
		"alone-running":  actedAlone(openCalls()["running"]),
		"alone-ended":    actedAlone(ran()),
		"alone-overdue":  overdue,
		"alone-reviewed": reviewOf(actedAlone(ran()), "It was right: the server was being emptied.\n*Next time* call <!channel>."),
		"alone-rejected": tooOften,
		"pending-beyond": beyond, "pending-beyond-given": oneGiven(beyond),
	}
}
