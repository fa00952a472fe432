package approvals

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	start  = time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	asker  = Person{ID: "U1", Name: "ada"}
	leader = Person{ID: "U2", Name: "grace"}
	second = Person{ID: "U3", Name: "joan"}
)

const hexID = "1e5bc9d7e413ddd7902c2932e418702b84d0cc07"

// sample is a request in the given state, with one call in the given state.
func sample(s State, cs CallState) Request {
	if s == "" {
		return Request{}
	}
	r := Request{
		ID: "D-7K3F9Q", Action: "collect", Devices: []Device{{ID: hexID, Name: "srv-1"}}, Comment: "odd logins",
		By: asker, Place: Place{Team: "T1", Channel: "C1"}, State: s, Asked: start, Opened: start.Add(time.Second),
		Terms: Terms{Needed: 1, ApprovalTTL: 30 * time.Minute, ExecutionTTL: time.Hour, Horizon: 73 * time.Hour, Retention: 2160 * time.Hour},
		Card:  Card{TS: "1.2", Shown: 2}, Version: 4, Visible: 3,
	}
	if s == Checking {
		r.Opened = time.Time{}
	}
	if s.Ended() {
		r.EndedAt = start.Add(time.Minute)
	}
	if s == Approved || s == Done {
		r.Approvals = []Approval{{By: leader, At: start.Add(time.Minute)}}
		r.Calls = []Call{sampleCall(cs)}
	}
	return r
}

func sampleCall(cs CallState) Call {
	c := Call{State: cs, Since: start}
	if cs != Queued && cs != Lapsed {
		c.Attempt, c.NotAfter = 1, start.Add(time.Minute+sendLimit)
	}
	if cs == Running || cs == Succeeded {
		c.Job, c.Started = Job{ID: "j1", Status: "Pending"}, start.Add(time.Minute)
	}
	if cs.Ended() {
		c.EndedAt = start.Add(time.Hour)
	}
	return c
}

// requestEvents is one event of every kind that fits the sample.
func requestEvents() []Event {
	digest := sample(Pending, "").Digest()
	return []Event{
		Ask{Request: Request{ID: "D-7K3F9Q", Action: "collect", By: asker}},
		Resolve{Devices: []Device{{ID: hexID, Verified: true}}},
		Reject{Why: Why{Reason: DeviceNotFound}},
		Approve{By: leader, Digest: digest},
		Deny{By: leader, Digest: digest, Text: "wrong host"},
		Cancel{By: asker},
		Expire{},
		Remind{},
		Show{TS: "1.2", Visible: 3},
		Lose{TS: "1.2"},
		Redraw{},
		Forget{},
		Retry{As: "D-000000"},
	}
}

func callEvents() []CallEvent {
	return []CallEvent{
		Send{NotAfter: start.Add(time.Hour)},
		Accept{Attempt: 1, Job: Job{ID: "j1"}},
		Requeue{Attempt: 1, Why: Why{Reason: Throttled}},
		Fail{Attempt: 1, Why: Why{Reason: MissingRole}},
		Doubt{Attempt: 1, Why: Why{Reason: AnswerLost}},
		Adopt{Job: Job{ID: "j1", Adopted: true}, As: Running},
		Report{Job: Job{ID: "j1", Status: "Succeeded"}, As: Succeeded},
		Miss{},
		GiveUp{Why: Why{Reason: TookTooLong}},
		Lapse{Why: Why{Reason: ExecutionLapsed}},
		Wait{Why: Why{Reason: NotReached}, Hold: start.Add(2 * time.Hour)},
		Expect{At: start.Add(2 * time.Hour)},
		Stop{By: asker},
	}
}

// after is when the sample's events happen: past every deadline but that of a
// decision, so that events of the clock fit too.
func after(e Event) time.Time {
	if _, ok := e.(Expire); ok {
		return start.Add(time.Hour)
	}
	return start.Add(2 * time.Minute)
}

// wanted is every change of state there is. What is not in it is refused.
var wanted = map[string]State{
	" ask":             Checking,
	"checking resolve": Pending,
	"checking reject":  Rejected,
	"checking cancel":  Cancelled,
	"pending approve":  Approved,
	"pending deny":     Denied,
	"pending cancel":   Cancelled,
	"pending expire":   Expired,
	"pending reject":   Rejected,
	"pending remind":   Pending,
	"approved cancel":  Done, // its only call still waited
	"denied forget":    "",
	"cancelled forget": "",
	"expired forget":   "",
	"rejected forget":  "",
	"done forget":      "",
	"checking show":    Checking,
	"pending show":     Pending,
	"approved show":    Approved,
	"done show":        Done,
	"denied show":      Denied,
	"cancelled show":   Cancelled,
	"expired show":     Expired,
	"rejected show":    Rejected,
	"checking lose":    Checking,
	"pending lose":     Pending,
	"approved lose":    Approved,
	"done lose":        Done,
	"denied lose":      Denied,
	"cancelled lose":   Cancelled,
	"expired lose":     Expired,
	"rejected lose":    Rejected,
	"checking redraw":  Checking,
	"pending redraw":   Pending,
	"approved redraw":  Approved,
	"done redraw":      Done,
	"denied redraw":    Denied,
	"cancelled redraw": Cancelled,
	"expired redraw":   Expired,
	"rejected redraw":  Rejected,
}

var wantedCalls = map[string]CallState{
	"queued send":      Sending,
	"queued lapse":     Lapsed,
	"queued stop":      CallCancelled,
	"queued wait":      Queued,
	"queued expect":    Queued,
	"sending accept":   Running,
	"sending adopt":    Running,
	"sending requeue":  Queued,
	"sending fail":     Failed,
	"sending doubt":    Uncertain,
	"uncertain accept": Running, // the owner came late
	"uncertain fail":   Failed,  // likewise
	"uncertain adopt":  Running,
	"uncertain miss":   Failed,
	"uncertain giveup": Unknown,
	"running report":   Succeeded,
	"running giveup":   Unknown,
}

func TestNextOverEveryStateAndEvent(t *testing.T) {
	for _, s := range append([]State{""}, States()...) {
		for _, e := range requestEvents() {
			name := string(s) + " " + e.name()
			want, fits := wanted[name]
			r := sample(s, Queued)
			got, err := next(r, e, after(e))
			switch {
			case fits && err != nil:
				t.Errorf("%s: refused: %v", name, err)
			case fits && got.State != want:
				t.Errorf("%s: got %q, want %q", name, got.State, want)
			case !fits && !isAnyNo(err):
				t.Errorf("%s: got %q and %v, want a *No", name, got.State, err)
			case !fits && !cmp.Equal(got, r):
				t.Errorf("%s: refused but changed:\n%s", name, cmp.Diff(r, got))
			case fits && got.Version != r.Version+1:
				t.Errorf("%s: version %d after %d", name, got.Version, r.Version)
			}
		}
	}
}

func TestNextCallOverEveryStateAndEvent(t *testing.T) {
	for _, s := range CallStates() {
		for _, e := range callEvents() {
			name := string(s) + " " + e.name()
			want, fits := wantedCalls[name]
			c := sampleCall(s)
			got, err := nextCall(c, e, start.Add(time.Minute))
			switch {
			case fits && err != nil:
				t.Errorf("%s: refused: %v", name, err)
			case fits && got.State != want:
				t.Errorf("%s: got %q, want %q", name, got.State, want)
			case !fits && !isAnyNo(err):
				t.Errorf("%s: got %q and %v, want a *No", name, got.State, err)
			case !fits && !cmp.Equal(got, c):
				t.Errorf("%s: refused but changed:\n%s", name, cmp.Diff(c, got))
			}
		}
	}
}

func TestACallTakesNoEventOfAnotherAttempt(t *testing.T) {
	for _, e := range []CallEvent{Accept{Attempt: 2}, Requeue{Attempt: 2}, Fail{Attempt: 2}, Doubt{Attempt: 2}} {
		if got, err := nextCall(sampleCall(Sending), e, start); !isAnyNo(err) {
			t.Errorf("%s of attempt 2 while attempt 1 is out: got %q and %v, want a *No", e.name(), got.State, err)
		}
	}
}

func TestAReportMayEndACallInEveryWay(t *testing.T) {
	for _, s := range []CallState{Running, Succeeded, Failed, CallCancelled, Unknown} {
		for _, from := range []CallState{Running, Uncertain} {
			var e CallEvent = Report{Job: Job{ID: "j1"}, As: s}
			if from == Uncertain {
				e = Adopt{Job: Job{ID: "j1"}, As: s}
			}
			got, err := nextCall(sampleCall(from), e, start.Add(time.Hour))
			if err != nil || got.State != s {
				t.Errorf("%s of %s as %s: got %q and %v", e.name(), from, s, got.State, err)
			}
		}
	}
}

func TestDecisionsAreRefused(t *testing.T) {
	r := sample(Pending, "")
	grid := r
	grid.By.Enterprise = "W1"
	two := r
	two.Terms.Needed = 2
	two.Approvals = []Approval{{By: leader, At: start}}
	soon := start.Add(time.Minute)
	for _, tt := range []struct {
		name string
		r    Request
		e    Event
		at   time.Time
		want Reason
	}{
		{"the requester approves", r, Approve{By: asker, Digest: r.Digest()}, soon, OwnRequest},
		{"the requester denies", r, Deny{By: asker, Digest: r.Digest()}, soon, OwnRequest},
		{"the requester with another id of the same person", grid, Approve{By: Person{ID: "U9", Enterprise: "W1"}, Digest: r.Digest()}, soon, OwnRequest},
		{"twice by one person", two, Approve{By: leader, Digest: r.Digest()}, soon, AlreadyApproved},
		{"at the deadline", r, Approve{By: leader, Digest: r.Digest()}, r.Deadline(), TooLate},
		{"denied after the deadline", r, Deny{By: leader, Digest: r.Digest()}, r.Deadline().Add(time.Hour), TooLate},
		{"another card was shown", r, Approve{By: leader, Digest: "0000"}, soon, ShownDiffers},
		{"after it was denied", sample(Denied, ""), Approve{By: leader, Digest: r.Digest()}, soon, AlreadyDecided},
		{"cancel what was sent", sample(Approved, Sending), Cancel{By: asker}, soon, NothingToCancel},
	} {
		if _, err := next(tt.r, tt.e, tt.at); !isNo(err, tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestAsManyDistinctApproversAsNeeded(t *testing.T) {
	r := sample(Pending, "")
	r.Terms.Needed = 2
	one, err := next(r, Approve{By: leader, Digest: r.Digest()}, start.Add(time.Minute))
	if err != nil || one.State != Pending {
		t.Fatalf("first approval: got %q and %v, want pending", one.State, err)
	}
	both, err := next(one, Approve{By: second, Digest: r.Digest()}, start.Add(2*time.Minute))
	if err != nil || both.State != Approved || len(both.Calls) != 1 {
		t.Fatalf("second approval: got %q, %d calls and %v, want approved with one call", both.State, len(both.Calls), err)
	}
}

func TestEveryStateHasATimer(t *testing.T) {
	for _, s := range States() {
		for _, cs := range CallStates() {
			r := sample(s, cs)
			open := s == Approved && cs.Ended()
			if got := len(timers(r)) > 0; got == open {
				t.Errorf("%s with a %s call: has a timer: %v", s, cs, got)
			}
			if s == Approved && !cs.Ended() || s != Approved {
				if due(r, Clock, start).IsZero() {
					t.Errorf("%s with a %s call is never due", s, cs)
				}
			}
		}
	}
}

func TestTimersLeadOn(t *testing.T) {
	far := start.Add(10000 * time.Hour)
	for _, s := range States() {
		for _, cs := range CallStates() {
			if s == Approved && cs.Ended() {
				continue // such a request is Done
			}
			r := sample(s, cs)
			for range 10 {
				e, ok := ripe(r, far)
				if !ok {
					break
				}
				var err error
				if r, err = next(r, e, far); err != nil {
					t.Fatalf("%s with a %s call: timer %s is refused: %v", s, cs, e.name(), err)
				}
				far = far.Add(10000 * time.Hour)
			}
			if r.State != "" {
				t.Errorf("%s with a %s call: the clock alone leaves it %s", s, cs, r.State)
			}
		}
	}
}

func TestRecordsSurviveStorage(t *testing.T) {
	for _, s := range States() {
		for _, cs := range CallStates() {
			r := sample(s, cs)
			if len(r.Calls) > 0 && cs.Ended() != s.Ended() {
				continue // no request is like that
			}
			r.Notices = []Notice{{Kind: NoticeReminder, At: start}}
			r.Ended = End{By: leader, Text: "no", Why: Why{Reason: DeviceNotFound, Detail: "x", Until: start}}
			r.Budget = Budget{Left: 1, Of: 2, Per: time.Hour, Ahead: 3, At: start}
			text, err := encode(r)
			if err != nil {
				t.Fatal(err)
			}
			got, err := decode(r.ID, text)
			if err != nil || !cmp.Equal(got, r) {
				t.Errorf("%s with a %s call: %v\n%s", s, cs, err, cmp.Diff(r, got))
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	text, err := encode(sample(Approved, Running))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("12 {}")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := decode("D-7K3F9Q", text)
		if err != nil {
			if !isNo(err, BrokenRecord) && !isNo(err, NewerRecord) {
				t.Errorf("%v is not a refusal", err)
			}
			return
		}
		again, err := encode(r)
		if err != nil {
			return // a time that JSON cannot say
		}
		if back, err := decode(r.ID, again); err != nil || !cmp.Equal(back, r) {
			t.Errorf("decode(encode(r)): %v\n%s", err, cmp.Diff(r, back))
		}
	})
}

// TestStateMachineDocument keeps the diagrams of docs/state-machine.md in step
// with the machines: they are drawn by trying every event in every state.
func TestStateMachineDocument(t *testing.T) {
	const path = "../docs/state-machine.md"
	got := "# State machines\n\nMade from the code by `make golden`; a test compares.\n\n" +
		"## A request\n\n" + diagram(requestEdges()) + "\n## A call\n\n" + diagram(callEdges()) +
		"\n## Timers\n\nEvery state has one, so nothing can be stuck.\n\n" + timerTable()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s is not what the code does (run: make golden):\n%s", path, diff)
	}
}

func diagram(edges []string) string {
	slices.Sort(edges)
	return "```mermaid\nstateDiagram-v2\n" + strings.Join(slices.Compact(edges), "") + "```\n"
}

func requestEdges() (edges []string) {
	for _, s := range append([]State{""}, States()...) {
		for _, cs := range []CallState{Queued, Running} {
			for _, e := range append(requestEvents(), On{Event: Report{Job: Job{ID: "j1"}, As: Succeeded}}) {
				got, err := next(sample(s, cs), e, after(e))
				if err == nil && got.State != s {
					edges = append(edges, edge(string(s), string(got.State), e.name()))
				}
			}
		}
	}
	return edges
}

func callEdges() (edges []string) {
	for _, s := range CallStates() {
		for _, e := range append(callEvents(), Report{Job: Job{ID: "j1"}, As: Failed}, Report{Job: Job{ID: "j1"}, As: CallCancelled},
			Adopt{As: Succeeded}, Adopt{As: Failed}, Adopt{As: CallCancelled}) {
			got, err := nextCall(sampleCall(s), e, start)
			if err == nil && got.State != s {
				edges = append(edges, edge(string(s), string(got.State), e.name()))
			}
		}
	}
	return append(edges, edge("", string(Queued), "approve"))
}

func edge(from, to, label string) string {
	if from == "" {
		from = "[*]"
	}
	if to == "" {
		to = "[*]"
	}
	return fmt.Sprintf("    %s --> %s: %s\n", from, to, label)
}

func timerTable() string {
	var b strings.Builder
	b.WriteString("| state | event | when |\n|---|---|---|\n")
	row := func(name string, r Request, from time.Time) {
		for _, tm := range timers(r) {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", name, tm.event.name(), tm.at.Sub(from))
		}
	}
	for _, s := range States() {
		if s == Approved {
			continue
		}
		r := sample(s, Succeeded)
		from := r.Asked
		if s == Pending {
			from = r.Opened
		} else if s.Ended() {
			from = r.EndedAt
		}
		row(string(s), r, from)
	}
	for _, cs := range CallStates() {
		r := sample(Approved, cs)
		from := r.ApprovedAt()
		switch cs {
		case Sending, Uncertain:
			from = r.Calls[0].NotAfter
		case Running:
			from = r.Calls[0].Started
		case Queued, Succeeded, Failed, CallCancelled, Lapsed, Unknown:
		}
		row("call "+string(cs), r, from)
	}
	b.WriteString("\nWith the defaults of APPROVAL_TTL, EXECUTION_TTL and RETENTION; counted from when the request was asked for,\n" +
		"opened or ended, the call was approved, its notAfter passed, or Defender took it.\n")
	return b.String()
}

func isAnyNo(err error) bool {
	var refused *No
	return errors.As(err, &refused)
}
