package bot

import "defenderbot/approvals"

// stops are what can be so of somebody's wish to stop a job, by name.
func stops() map[string]approvals.Stopping {
	why := func(r approvals.Reason, detail, id string) approvals.Why {
		return approvals.Why{Reason: r, Detail: detail, Target: id}
	}
	const final = "The machine action is in a final state and cannot be cancelled"
	return map[string]approvals.Stopping{
		"asked":     {State: approvals.StopAsked},
		"no-token":  {State: approvals.StopAsked, Hold: after(6), Why: why(approvals.NoToken, "invalid_client AADSTS7000215", "")},
		"throttled": {State: approvals.StopAsked, Hold: after(6), Attempt: 1, Why: why(approvals.Throttled, "Too many requests.", target)},
		"sending":   {State: approvals.StopSending, Attempt: 1, NotAfter: after(5)},
		"taken":     {State: approvals.StopTaken, Attempt: 1},
		"refused":   {State: approvals.StopRefused, Attempt: 1, Why: why(approvals.Refused, final, target)},
		"no-role":   {State: approvals.StopRefused, Attempt: 1, Why: why(approvals.MissingRole, "Machine.CollectForensics", target)},
		"lost":      {State: approvals.StopLost, Attempt: 1, Why: why(approvals.AnswerLost, "HTTP 503", "")},
		"owner":     {State: approvals.StopLost, Attempt: 1, Why: why(approvals.OwnerLost, "", "")},
	}
}

// stoppable is a call that runs, with a wish to stop it.
func stoppable(s approvals.Stopping) approvals.Call {
	if s.State != approvals.NotStopped {
		s.By, s.At, s.Since = person(grace), after(4), after(4)
	}
	return approvals.Call{State: approvals.Running, Started: after(3), Job: approvals.Job{ID: guid, Status: "InProgress", Created: after(3)}, Stop: s}
}

// stoppedAs is a call that has ended after somebody wanted it stopped.
func stoppedAs(state approvals.CallState, status string, s approvals.Stopping) approvals.Call {
	c := stoppable(s)
	c.State, c.Why, c.EndedAt, c.Job.Status = state, approvals.Why{Reason: approvals.Ran}, after(6), status
	if state == approvals.CallCancelled {
		c.Job.Details = "cancelled by defenderbot: " + pending("collect", 1).StopComment(c)
	}
	return c
}

// stopSamples are the requests of which somebody wants something stopped.
func stopSamples() map[string]approvals.Request {
	all, running := stops(), stoppable(approvals.Stopping{})
	byOthers, elsewhere := running, stoppedAs(approvals.CallCancelled, "Cancelled", all["refused"])
	byOthers.Job.Adopted, byOthers.Job.By = true, "analyst@contoso.example"
	elsewhere.Job.Details = "cancelled by analyst@contoso.example: false alarm"
	stopped := stoppedAs(approvals.CallCancelled, "Cancelled", all["taken"])
	samples := map[string]approvals.Request{
		"approved-stop-button":        approved("collect", running),
		"approved-stop-several":       approved("collect", running, byOthers, stoppable(all["sending"]), approvals.Call{State: approvals.Queued}),
		"approved-stop-several-asked": approved("isolate", stoppable(all["sending"]), stoppable(all["refused"]), stopped),
		"approved-stop-brief":         approved("scan", running, stoppable(all["asked"]), stoppable(all["refused"]), stoppable(all["lost"]), stopped),
		"done-stopped":                done("collect", stopped),
		"done-stopped-elsewhere":      done("collect", elsewhere),
		"done-stopped-late":           done("collect", stoppedAs(approvals.Succeeded, "Succeeded", all["taken"])),
		"done-stopped-never-sent":     done("collect", stoppedAs(approvals.Succeeded, "Succeeded", all["no-token"])),
		"done-stopped-refused":        done("collect", stoppedAs(approvals.Failed, "Failed", all["no-role"])),
		"done-stopped-several":        done("collect", stopped, stoppedAs(approvals.Succeeded, "Succeeded", all["lost"])),
	}
	for name, s := range all {
		samples["approved-stop-"+name] = approved("collect", stoppable(s))
	}
	return samples
}
