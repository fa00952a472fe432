package bot

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/commands"
	"defenderbot/internal/slackfake"
)

func sortedKeys[K cmp.Ordered, T any](m map[K]T) []K { return slices.Sorted(maps.Keys(m)) }

// view is what Slack gets: a message, or a form.
type view struct {
	Text   string                  `json:"text,omitempty"`
	Blocks []slack.Block           `json:"blocks,omitempty"`
	Form   *slack.ModalViewRequest `json:"view,omitempty"`
}

func drawn(r approvals.Request) view {
	blocks, text := views().card(r)
	return view{Text: text, Blocks: blocks}
}

func told(r approvals.Request) view {
	blocks, text := views().notice(r, len(r.Notices)-1)
	return view{Text: text, Blocks: blocks}
}

func said(p page) view { return view{Text: p.text(), Blocks: p.blocks()} }

// everyView is each thing that people see, by the name of its golden file.
func everyView() map[string]view {
	all := map[string]view{}
	for name, r := range sampleRequests() {
		all["card-"+name] = drawn(r)
		if strings.HasPrefix(name, "done-") || len(r.Notices) > 0 {
			all["notice-"+name] = told(r)
		}
	}
	all["notice-reminder"] = told(reminded(pending("investigate", 1)))
	all["notice-reminder-one-given"] = told(reminded(oneGiven(twoNeeded(pending("investigate", 1)))))
	for name, devices := range map[string]int{"deny": 1, "deny-many": 20} {
		form := views().denyView(pending("investigate", devices), `{"id":"D-7K3F9Q","digest":"0123456789abcdef","channel":"C0INCIDENT"}`)
		all["form-"+name] = view{Form: &form}
	}
	form := views().reviewView(actedAlone(ran()), `{"id":"D-7K3F9Q","digest":"0123456789abcdef","channel":"C0INCIDENT"}`)
	all["form-review"] = view{Form: &form}
	all["answer-alone-own"] = said(explain(&approvals.Refusal{Why: approvals.Why{Reason: approvals.OwnRequest}, Request: actedAlone(ran())}))
	all["answer-alone-no-approver"] = said(explain(approvals.Refuse(approvals.NotAnApprover, "")))
	all["answer-alone-own-hand"] = said(explain(approvals.Refuse(approvals.OwnHand, "")))
	all["answer-alone"] = said(forcedPage(actedAlone(openCalls()["queued"])))
	for name, d := range drafts() {
		form := views().askView(d, 20, `{"channel":"C0INCIDENT"}`)
		all["form-ask-"+name] = view{Form: &form}
	}
	for name, a := range alarms() {
		all["alarm-"+name] = said(alarmPage(a))
	}
	for name, p := range timeAnswers() {
		all["answer-"+name] = said(p)
	}
	for name, p := range answers() {
		all["answer-"+name] = said(p)
	}
	freeze := freezeView()
	all["form-freeze"] = view{Form: &freeze}
	for name, p := range freezeAnswers() {
		all["answer-"+name] = said(p)
	}
	for name, p := range wordAnswers() {
		all["answer-"+name] = said(p)
	}
	return all
}

// drafts are what the form is filled in with.
func drafts() map[string]draft {
	const id = "1e5bc9d7e413ddd7902c2932e418702b84d0cc07"
	filled := commands.Draft{Action: "scan", Device: "srv-db-01, " + id, Comment: "odd & <b> login\nat 3"}
	long := commands.Draft{Action: "wipe", Device: strings.Repeat("srv-db-01.contoso.example, ", 200), Comment: strings.Repeat("ü", 1200)}
	return map[string]draft{
		"empty": {}, "filled": {Draft: filled}, "long": {Draft: long}, "thread": {Draft: filled, note: "The same as D-7K3F9Q, for srv-db-01.", thread: "1.2"},
	}
}

// answers are what one person alone is told, but for the reasons.
func answers() map[string]page {
	p, second := pending("investigate", 1), oneGiven(twoNeeded(pending("investigate", 1)))
	stopped := ended(approvals.Cancelled, approvals.End{By: person(ada)})
	denied := ended(approvals.Denied, approvals.End{By: person(grace), Text: "it is our own scanner"})
	_, wrong := grammar().Parse("investgate srv-db-01 odd logins")
	_, wrongDevice := grammar().Parse("collect CONTOSO\\ws-1 odd logins")
	_, unsure := grammar().Parse("collect 10.0.0.1 odd logins &amp; <http://evil.example|evil.example>")
	_, unfinished := grammar().Parse("srv-db-01.contoso.example")
	inThread := pending("collect", 1)
	inThread.Thread = "1.2"
	return map[string]page{
		"help": asWritten(grammar().Help()), "wrong-command": wrongCommand(wrong), "wrong-device": wrongCommand(wrongDevice), "wrong-unsure": wrongCommand(unsure),
		"wrong-unfinished": wrongCommand(unfinished), "ask-ended": views().endedField("/defender", "investigate"),
		"recorded-thread": views().recordedPage(inThread), "busy": say(busySentence),
		"wrong-team": explain(approvals.Refuse(approvals.OtherTeam, "")), "recorded": views().recordedPage(pending("collect", 1)), "recorded-several": views().recordedPage(pending("collect", 3)),
		"recorded-ended": views().recordedPage(p), "followed": views().followedPage(pending("scan", 1)),
		"ended": views().endedPage("/defender", typedAsk(1), after(-90)), "ended-long": views().endedPage("/defender", typedAsk(140), after(-90)), "ended-alone": alone().endedPage("/defender", typedAsk(1), after(-90)),
		"approved": approvedPage(approved("investigate", openCalls()["queued"])), "approved-first": approvedPage(second),
		"retried": retriedPage(p), "retried-approved": retriedPage(second),
		"denied": deniedPage(p), "cancelled": cancelledPage(stopped), "cancelled-rest": cancelledPage(many()),
		"stopped": stoppedPage(p), "no-way-to-stop": explain(approvals.Refuse(approvals.NoWayToStop, "")),
		"form-closed": explain(errFormClosed), "not-recorded": explain(approvals.ErrNotRecorded), "unconfirmed": explain(approvals.ErrUnconfirmed),
		"own-request":    explain(&approvals.Refusal{Why: approvals.Why{Reason: approvals.OwnRequest}}),
		"action-off":     explain(approvals.Refuse(approvals.ActionOff, "isolate")),
		"denied-already": explain(&approvals.Refusal{Why: approvals.Why{Reason: approvals.AlreadyDecided}, Request: denied}),
		"nobody-else":    explain(&approvals.Refusal{Why: approvals.Why{Reason: approvals.NobodyElse}, Others: []approvals.Standing{{ID: joan, Person: person(joan), Bar: approvals.IsGone}}}),
		"not-found":      fitting(notFound(), views().page), // of a request that has no card
		"not-found-near": fitting(nearly(), views().page),
		"choose":         views().offerPage(toChoose(4)), "choose-typed": views().offerPage(toChoose(30)).withoutButtons(), "chosen": pickedPage(p, 0),
		"package": views().linkPage(done("collect", ran()), 0, packageLink), "packages": views().packagesPage(done("collect", ran(), ran(), ran()), []int{0, 2}),
		"package-waits": fetchedAt(after(2)), "package-later": unfetched(waitsFor(after(40))), "package-role": unfetched(approvals.Refuse(approvals.PackageRole, "Machine.ReadWrite.All")),
	}
}

// encoded is JSON as it goes to Slack.
func encoded(t testing.TB, v any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// reading is what a person reads of a view.
func reading(t *testing.T, v view) string {
	t.Helper()
	blocks := v.Blocks
	head := ""
	if v.Form != nil {
		blocks = v.Form.Blocks.BlockSet
		head = v.Form.Title.Text + "\n"
	}
	return head + slackfake.Render(encoded(t, blocks), names, time.UTC)
}

func names(id string) string {
	return map[string]string{ada: "Ada", grace: "Grace", lead: "Radia", room: "incident", joan: "Joan", oncall: "oncall"}[id]
}
