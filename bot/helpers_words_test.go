package bot

import (
	"fmt"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
	"defenderbot/defender"
)

// carded is the request with its card posted.
func carded(r approvals.Request, id string) approvals.Request {
	r.ID, r.Card.TS = id, "1763733783.000100"
	return r
}

// sampleListing is one request in each of the states that people ask about.
func sampleListing() office.Listing {
	calls := endedCalls()
	return office.Listing{Requests: []approvals.Request{
		carded(pending("investigate", 1), "D-7K3F9Q"),
		carded(pending("isolate", 3), "D-2M8XKW"),
		carded(approved("collect", openCalls()["running"]), "D-V4NFK1"),
		carded(approved("investigate", openCalls()["queued-expected"], openCalls()["running"]), "D-37GGT8"),
		carded(done("investigate", calls["succeeded"]), "D-AAAAA1"),
		carded(done("investigate", calls["succeeded"], calls["failed-role"]), "D-AAAAA2"),
		carded(ended(approvals.Denied, approvals.End{By: person(grace), Text: "it is our own scanner"}), "D-AAAAA3"),
		notFound(),
	}}
}

// manyListed is as many requests as there can be in a list, each with the longest of lines.
func manyListed() office.Listing {
	l := office.Listing{Everywhere: true}
	for i := range 31 {
		r := carded(pending("isolate-selective", 20), fmt.Sprintf("D-LST%03d", i+100))
		r.Devices[0].Name = "a-host-with-a-long-name-0123456789.corp.contoso.example"
		l.Requests = append(l.Requests, r)
	}
	l.More = 2
	return l
}

func sampleWindows() []office.WindowState {
	limit := func(calls int, per time.Duration, used int, next time.Time) office.LimitState {
		return office.LimitState{Limit: defender.Limit{Calls: calls, Per: per}, Used: used, Next: next}
	}
	none := time.Time{}
	return []office.WindowState{
		{Endpoint: "startInvestigation", Actions: []string{"investigate"}, Waiting: 4, Limits: []office.LimitState{limit(50, time.Hour, 50, after(41))}},
		{Endpoint: "isolate", Actions: []string{"isolate", "isolate-selective"}, Waiting: 1, Held: after(5), Limits: []office.LimitState{limit(100, time.Minute, 1, none), limit(1500, time.Hour, 750, none)}},
		{Endpoint: "collectInvestigationPackage", Actions: []string{"collect"}, Limits: []office.LimitState{limit(100, time.Minute, 0, none), limit(1500, time.Hour, 1499, none)}},
		{Endpoint: "machines", Limits: []office.LimitState{limit(100, time.Minute, 12, none)}},
		{Endpoint: "machineactions", Limits: []office.LimitState{limit(100, time.Minute, 50, none)}},
		{Endpoint: "getPackageUri", Limits: []office.LimitState{limit(2, time.Minute, 0, none)}},
		{Endpoint: "cancel", Held: after(3), Limits: []office.LimitState{limit(100, time.Minute, 1, none)}},
	}
}

func sampleSummary() approvals.Summary {
	const ok, some, bad, unsure = string(approvals.AllSucceeded), string(approvals.Partly), string(approvals.AllFailed), string(approvals.OutcomeUnsure)
	return approvals.Summary{
		Since: after(-7 * 24 * 60), Until: asked,
		Counts: []approvals.SummaryCount{
			{Action: "collect", How: ok, N: 3},
			{Action: "investigate", How: ok, N: 9},
			{Action: "investigate", How: some, N: 1},
			{Action: "investigate", How: bad, N: 2},
			{Action: "isolate", How: unsure, N: 1},
			{Action: "isolate", How: string(approvals.Denied), N: 2},
			{Action: "collect", How: string(approvals.Expired), N: 1},
			{Action: "collect", How: string(approvals.AllLapsed), N: 1},
			{Action: "investigate", How: string(approvals.Cancelled), N: 1},
			{Action: "isolate", How: string(approvals.Rejected), N: 1},
		},
		Decided: 19, Median: 140 * time.Second,
		Longest: []approvals.SummaryWait{
			{Request: "D-37GGT8", Action: "collect", Asked: person(ada), Took: 30 * time.Minute},
			{Request: "D-7K3F9Q", Action: "investigate", Asked: person(ada), Decided: person(grace), Took: 27 * time.Minute},
		},
		Hasty:  []approvals.SummaryWait{{Request: "D-V4NFK1", Action: "isolate", Asked: person(ada), Decided: person(grace), Took: 3 * time.Second}},
		Pairs:  []approvals.SummaryPair{{Requester: person(ada), Approver: person(grace), N: 6}},
		Beyond: 12,
	}
}

// wordAnswers are what the words answer.
func wordAnswers() map[string]page {
	v, l, s := views(), sampleListing(), sampleSummary()
	none, calls := office.Listing{}, openCalls()
	history := office.History{Device: device(0), Listing: office.Listing{Requests: l.Requests[4:7], Everywhere: true}}
	several := carded(done("investigate", endedCalls()["succeeded"], endedCalls()["failed-role"], endedCalls()["lapsed"]), "D-AAAAA2")
	partly := carded(approved("collect", calls["running"], endedCalls()["cancelled-before"]), "D-V4NFK1")
	return map[string]page{
		"status-pending": v.statusPage(carded(pending("investigate", 1), "D-7K3F9Q"), false), "status-several": v.statusPage(carded(pending("investigate", 3), "D-7K3F9Q"), false),
		"status-done": v.statusPage(several, false), "status-denied": v.statusPage(l.Requests[6], false), "status-no-card": v.statusPage(notFound(), false),
		"status-many":           v.statusPage(carded(many(), "D-7K3F9Q"), false),
		"status-public":         v.statusPage(several, true).forAll(involved(several)),
		"status-public-pending": v.statusPage(oneGiven(twoNeeded(carded(pending("investigate", 2), "D-7K3F9Q"))), true).forAll(involved(several)),
		"mine":                  v.minePage("/defender", l), "mine-open": v.minePage("/defender", office.Listing{Requests: l.Requests[:1]}),
		"mine-none": v.minePage("/defender", none), "mine-many": v.minePage("/defender", manyListed()),
		"list": v.openPage("/defender", office.Listing{Requests: l.Requests[:4]}), "list-none": v.openPage("/defender", none),
		"list-none-everywhere": v.openPage("/defender", office.Listing{Everywhere: true}), "list-many": v.openPage("/defender", manyListed()),
		"list-public": v.openPage("/defender", office.Listing{Requests: l.Requests[:2]}).forAll(involved(l.Requests...)),
		"limits":      limitsPage(sampleWindows()), "limits-public": limitsPage(sampleWindows()[:1]).forAll(nil),
		"history": v.historyPage(history), "history-none": v.historyPage(office.History{Device: approvals.Device{Name: "srv-db-01"}}),
		"history-public": v.historyPage(history).forAll(involved(history.Requests...)), "history-begun": sayf("Looking up %s in Defender …", "srv-db-01"),
		"report": v.reportPage(s), "report-none": v.reportPage(approvals.Summary{Since: s.Since, Until: s.Until}), "report-public": v.reportPage(s).forAll(summed(s)),
		"cancelled-there": v.cancelledThere(carded(ended(approvals.Cancelled, approvals.End{By: person(ada)}), "D-7K3F9Q")), "cancelled-there-rest": v.cancelledThere(partly),
		"cancel-ended": v.nothingToCancel(several),
		"no-record":    orNoRecord(nil, approvals.Refuse(approvals.NoSuchRequest, "D-7K3F9Q")), "unread": say(unreadSentence),
		"typed-elsewhere": explain(approvals.Refuse(approvals.TypedElsewhere, "")),
	}
}
