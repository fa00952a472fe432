package approvals

import "time"

// Escalate says, when two thirds of the time to approve have passed, that nobody has
// decided, to those who may decide from then on too. It decides nothing itself.
type Escalate struct{}

func (Escalate) name() string { return "escalate" }

func (Escalate) line() (by Person, detail string) { return Person{}, "" }

func (Escalate) apply(r Request, now time.Time) (Request, error) {
	at, due := r.escalation()
	if !due || now.Before(at) || !now.Before(r.Deadline()) {
		return r, Refuse(DoesNotFit, "nothing to escalate")
	}
	r.Escalated = now
	r.Notices = append(r.Notices, Notice{Kind: NoticeEscalation, At: now})
	return r, nil
}

// escalation is when others are called in to decide on r, if they are to be.
func (r Request) escalation() (at time.Time, due bool) {
	due = r.State == Pending && r.Escalated.IsZero() && r.Terms.EscalateAfter > 0 && r.Terms.EscalateAfter < r.Terms.ApprovalTTL
	return r.Opened.Add(r.Terms.EscalateAfter), due
}
