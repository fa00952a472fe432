package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"defenderbot/approvals"
	"defenderbot/commands"
	"defenderbot/defender"
)

// What the samples are made of.
const (
	ada, grace, joan = "U0ADA", "U0GRACE", "U0JOAN"
	oncall           = "S0ONCALL"
	room             = "C0INCIDENT"

	guid   = "92452beb-ef01-42df-852d-84b34ef83425"
	target = "43f4cb08-8fac-4b65-9db1-745c2ae65f3a"
)

// asked is when every sample begins.
var asked = time.Date(2025, 11, 21, 14, 3, 0, 0, time.UTC)

func after(minutes int) time.Time { return asked.Add(time.Duration(minutes) * time.Minute) }

func person(id string) approvals.Person {
	return approvals.Person{ID: id, Name: strings.ToLower(id[2:])}
}

func views() Views {
	return Views{
		Policy: approvals.Policy{
			Default:  approvals.Rule{Approvers: approvals.List{Groups: []string{oncall}, Users: []string{joan}}},
			ByAction: map[string]approvals.Rule{"isolate": {Approvers: approvals.List{Users: []string{grace, joan}}, EscalateTo: approvals.List{Users: []string{lead, ada}}}},
		},
		Catalogue:    defender.Actions(),
		ActionCenter: "https://security.microsoft.com/action-center/history",
		DevicePage:   func(id string) string { return "https://security.microsoft.com/machines/v2/" + id + "/overview" },
		Slash:        "/defender",
		Permalink: func(channel, ts string) string {
			return "https://contoso.slack.com/archives/" + channel + "/p" + strings.ReplaceAll(ts, ".", "")
		},
	}
}

func grammar() commands.Grammar {
	g := commands.Grammar{Slash: "/defender", MaxDevices: 20}
	for _, a := range defender.Actions() {
		g.Actions = append(g.Actions, commands.Action{Name: a.Name, Also: a.Also, Summary: a.Title, Note: a.Notice(), Ended: a.Ended != nil})
	}
	return g
}

// device is one that Defender knows; no two are alike.
func device(n int) approvals.Device {
	known := []approvals.Device{
		{
			Name: "srv-db-01.contoso.example", OS: "WindowsServer2022 21H2", Health: "Active", Risk: "High",
			Tags: []string{"tier-0", "db"}, LastSeen: after(-20),
		},
		{Name: "lt-ada.contoso.example", OS: "Windows11 23H2", Health: "Active", Risk: "Medium", LastSeen: after(-180)},
		{Name: "kiosk-7", OS: "Windows10 22H2", Health: "Inactive", Risk: "None", LastSeen: after(-20 * 24 * 60)},
		{Name: "web-02.contoso.example", OS: "Linux", Health: "NoSensorData", Tags: []string{"dmz"}, LastSeen: after(-60)},
	}
	d := known[n%len(known)]
	if n >= len(known) {
		d.Name = fmt.Sprintf("lt-%03d.contoso.example", n)
	}
	d.ID, d.Verified = fmt.Sprintf("%02x5bc9d7e413ddd7902c2932e418702b84d0cc07", n+30), true
	return d
}

// used is what is left of an action's tightest limit after one call.
func used(action string) approvals.Budget {
	l := defender.Limit{Calls: 50, Per: time.Hour} // of an action that only another version has
	if row, ok := defender.Actions().Named(action); ok {
		l = slices.MinFunc(row.Post.Limits, func(a, b defender.Limit) int { return a.Calls - b.Calls })
	}
	return approvals.Budget{Left: l.Calls - 1, Of: l.Calls, Per: l.Per, At: asked}
}

// pending is a request for some devices that waits for its approvers.
func pending(action string, devices int) approvals.Request {
	r := approvals.Request{
		ID: "D-7K3F9Q", Action: action, Comment: "odd logins at 3, see INC-42",
		By: person(ada), Place: approvals.Place{Team: "T0SANDBOX1", Channel: room},
		Terms:  approvals.Terms{Needed: 1, ApprovalTTL: 30 * time.Minute, ExecutionTTL: 2 * time.Hour, Horizon: time.Hour, Retention: time.Hour},
		Budget: used(action),
		State:  approvals.Pending, Asked: asked, Opened: asked, Version: 2, Visible: 2,
	}
	for n := range devices {
		r.Devices = append(r.Devices, device(n))
	}
	return r
}

// approved is the request with its calls as they are given, one for each device.
func approved(action string, calls ...approvals.Call) approvals.Request {
	r := pending(action, len(calls))
	r.State, r.Calls, r.Visible = approvals.Approved, calls, 5
	r.Approvals = []approvals.Approval{{By: person(grace), At: after(2)}}
	return r
}

// ran is a machine action that has succeeded.
func ran() approvals.Call {
	return approvals.Call{
		State: approvals.Succeeded, Why: approvals.Why{Reason: approvals.Ran}, EndedAt: after(9), Job: approvals.Job{ID: guid, Status: "Succeeded"},
	}
}

// besideAnother is a call that was refused because the same in another scope is open.
func besideAnother() approvals.Call {
	return approvals.Call{
		State: approvals.Failed, EndedAt: after(3),
		Why: approvals.Why{Reason: approvals.AlreadyRunning, Detail: "Isolate, Selective, started by ana@contoso.example"},
	}
}

// done is the request after the last of its calls has ended.
func done(action string, calls ...approvals.Call) approvals.Request {
	r := approved(action, calls...)
	r.State, r.EndedAt = approvals.Done, after(9)
	r.Notices = []approvals.Notice{{Kind: approvals.NoticeEnd, At: r.EndedAt}}
	return r
}

// ended is the request after it ended without calls.
func ended(s approvals.State, how approvals.End) approvals.Request {
	r := pending("investigate", 1)
	r.State, r.Ended, r.EndedAt = s, how, after(4)
	r.Notices = []approvals.Notice{{Kind: approvals.NoticeEnd, At: r.EndedAt}}
	return r
}

// notFound is a request that was rejected before its device was known.
func notFound() approvals.Request {
	r := ended(approvals.Rejected, approvals.End{Why: approvals.Why{Reason: approvals.DeviceNotFound, Detail: "srv-bd-01"}})
	r.Devices, r.Opened, r.Notices, r.Budget = []approvals.Device{{Name: "srv-bd-01"}}, time.Time{}, nil, approvals.Budget{}
	return r
}

// joinedLate is r, whose first approver joined the group after it was asked for.
func joinedLate(r approvals.Request) approvals.Request {
	r.Approvals = slices.Clone(r.Approvals)
	r.Approvals[0].Joined = r.Asked.Add(time.Minute)
	return r
}

func twoNeeded(r approvals.Request) approvals.Request {
	r.Terms.Needed = 2
	return r
}

func oneGiven(r approvals.Request) approvals.Request {
	r.Approvals = []approvals.Approval{{By: person(grace), At: after(2)}}
	return r
}

func triedAgain(r approvals.Request) approvals.Request {
	r.RetriedAs = "D-2M8XKW"
	return r
}

func triesAgain(r approvals.Request) approvals.Request {
	r.RetryOf = "D-2M8XKW"
	return r
}

func unverified() approvals.Request {
	r := pending("investigate", 1)
	r.Devices = []approvals.Device{{ID: device(0).ID}}
	return r
}

// doubtful is a request for devices of which an approver should think twice.
func doubtful() approvals.Request {
	r := pending("collect", 1)
	r.Devices[0].Onboarding, r.Devices[0].Health = "CanBeOnboarded", "Unknown"
	return r
}

// unread is a request for a device that Defender could not be asked about.
func unreadable() approvals.Request {
	r := unverified()
	r.Devices[0].Unread = approvals.Why{Reason: approvals.MissingRole, Detail: "Machine.Read.All", Target: target}
	return r
}

func withBudget(r approvals.Request, left, ahead int, free time.Time) approvals.Request {
	r.Budget.Left, r.Budget.Ahead, r.Budget.Free = left, ahead, free
	return r
}

func reminded(r approvals.Request) approvals.Request {
	r.Notices = []approvals.Notice{{Kind: approvals.NoticeReminder, At: after(15)}}
	return r
}

// calls are all that a call can be, by name; those of the second list have ended.
func openCalls() map[string]approvals.Call {
	job := approvals.Job{ID: "63004", Status: "Running", Created: after(3)}
	return map[string]approvals.Call{
		"queued":          {State: approvals.Queued},
		"queued-expected": {State: approvals.Queued, Expected: after(41), Why: approvals.Why{Reason: approvals.WaitsForWindow}},
		"throttled":       {State: approvals.Queued, Why: approvals.Why{Reason: approvals.Throttled, Detail: "Too many requests.", Until: after(5)}},
		"not-reached":     {State: approvals.Queued, Hold: after(4), Why: approvals.Why{Reason: approvals.NotReached}},
		"held-up":         {State: approvals.Queued, Hold: after(4), Why: approvals.Why{Reason: approvals.HeldUp}},
		"no-token":        {State: approvals.Queued, Hold: after(4), Why: approvals.Why{Reason: approvals.NoToken, Detail: "invalid_client AADSTS7000215"}},
		"not-durable":     {State: approvals.Queued, Hold: after(4), Why: approvals.Why{Reason: approvals.NotDurable}},
		"login-trouble":   {State: approvals.Queued, Hold: after(4), Why: approvals.Why{Reason: approvals.LoginTrouble, Detail: "HTTP 503"}},
		"token-refused":   {State: approvals.Queued, Why: approvals.Why{Reason: approvals.TokenRefused, Detail: "Token audience https://graph.microsoft.com is not allowed", Target: target, Until: after(8)}},
		"unchecked":       {State: approvals.Queued, Hold: after(4), Why: approvals.Why{Reason: approvals.ApproverUnchecked, Detail: grace}},
		"sending":         {State: approvals.Sending, Attempt: 1},
		"running":         {State: approvals.Running, Started: after(3), Job: job},
		"running-details": {State: approvals.Running, Started: after(3), Job: approvals.Job{ID: "63004", Status: "PendingApproval", Details: "2 actions are waiting."}},
		"running-new":     {State: approvals.Running, Started: after(3), Job: approvals.Job{ID: "63004"}},
		"adopted": {
			State: approvals.Running, Started: after(3),
			Job: approvals.Job{ID: guid, Status: "InProgress", Adopted: true, By: "analyst@contoso.example", Created: after(-30)},
		},
		"adopted-unknown": {State: approvals.Running, Started: after(3), Job: approvals.Job{ID: "63004", Status: "Running", Adopted: true, Created: after(3)}},
		"running-blind": {
			State: approvals.Running, Started: after(3), Job: approvals.Job{ID: "63004", Status: "Queued"},
			Blind: approvals.Why{Reason: approvals.MissingRole, Detail: "Machine.Read.All", Target: target}, BlindAt: after(4),
		},
		"uncertain-blind": {
			State: approvals.Uncertain, Attempt: 1, NotAfter: after(3), Why: approvals.Why{Reason: approvals.AnswerLost},
			Blind: approvals.Why{Reason: approvals.ServiceTrouble, Detail: "HTTP 503"}, BlindAt: after(4),
		},
		"uncertain":   {State: approvals.Uncertain, Attempt: 1, NotAfter: after(3), Why: approvals.Why{Reason: approvals.AnswerLost, Detail: "Bad gateway.", Target: target}},
		"rolled-back": {State: approvals.Uncertain, Attempt: 1, NotAfter: after(3), Why: approvals.Why{Reason: approvals.RolledBack}},
		"owner-lost":  {State: approvals.Uncertain, Attempt: 1, NotAfter: after(3), Why: approvals.Why{Reason: approvals.OwnerLost}},
	}
}

func endedCalls() map[string]approvals.Call {
	ran := approvals.Why{Reason: approvals.Ran}
	calls := map[string]approvals.Call{
		"succeeded":        {State: approvals.Succeeded, Why: ran, Job: approvals.Job{ID: "63004", Status: "Benign"}},
		"succeeded-blind":  {State: approvals.Succeeded, Why: ran, Job: approvals.Job{ID: "63004", Status: "Benign"}, Blind: approvals.Why{Reason: approvals.MissingRole}, BlindAt: after(4)},
		"failed-ran":       {State: approvals.Failed, Why: ran, Job: approvals.Job{ID: "63004", Status: "UnsupportedOs"}},
		"failed-role":      {State: approvals.Failed, Why: approvals.Why{Reason: approvals.MissingRole, Detail: "Alert.ReadWrite.All", Target: target}},
		"failed-refused":   {State: approvals.Failed, Why: approvals.Why{Reason: approvals.Refused, Detail: "The request is not valid.", Target: target}},
		"failed-running":   {State: approvals.Failed, Why: approvals.Why{Reason: approvals.AlreadyRunning, Detail: "Action is already in progress"}},
		"failed-missed":    {State: approvals.Failed, Why: approvals.Why{Reason: approvals.NotStarted}},
		"lapsed":           {State: approvals.Lapsed, Why: approvals.Why{Reason: approvals.ExecutionLapsed, Cause: &approvals.Why{Reason: approvals.WaitsForWindow}}},
		"lapsed-refused":   {State: approvals.Lapsed, Attempt: 9, Why: approvals.Why{Reason: approvals.ExecutionLapsed, Cause: &approvals.Why{Reason: approvals.TokenRefused, Detail: "Token audience x is not allowed"}}},
		"lapsed-approver":  {State: approvals.Lapsed, Why: approvals.Why{Reason: approvals.ApproverGone, Detail: grace}},
		"lapsed-own-hand":  {State: approvals.Lapsed, Why: approvals.Why{Reason: approvals.ApproverOwnHand, Detail: grace}},
		"lapsed-off":       {State: approvals.Lapsed, Why: approvals.Why{Reason: approvals.ActionOff, Detail: "investigate"}},
		"cancelled-before": {State: approvals.CallCancelled, By: person(ada)},
		"cancelled-there":  {State: approvals.CallCancelled, Why: ran, Job: approvals.Job{ID: "63004", Status: "TerminatedByUser"}},
		"unknown":          {State: approvals.Unknown, Why: approvals.Why{Reason: approvals.TookTooLong}, Job: approvals.Job{ID: "63004", Status: "Running"}},
		"unknown-several":  {State: approvals.Unknown, Why: approvals.Why{Reason: approvals.SeveralFound}},
	}
	for name, c := range calls {
		c.EndedAt = after(9)
		calls[name] = c
	}
	return calls
}

// many is a request for as many devices as one may have, with its calls in turn
// in every state there is.
func many() approvals.Request {
	var calls []approvals.Call
	for _, list := range []map[string]approvals.Call{openCalls(), endedCalls()} {
		for _, name := range sortedKeys(list) {
			if len(calls) < 20 {
				calls = append(calls, list[name])
			}
		}
	}
	return approved("investigate", calls...)
}

// unthreaded is a request that was asked for in a thread which is gone.
func unthreaded(r approvals.Request) approvals.Request {
	r.Thread, r.Card.Unthreaded = "1.2", true
	return r
}
