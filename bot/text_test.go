package bot

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// reasonsOf reads the names and values of all reasons out of the source, so
// that a new one fails here until it has a sentence.
func reasonsOf(t *testing.T) map[string]approvals.Reason {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../approvals/reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]approvals.Reason{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Reason" {
			return true
		}
		for i, name := range spec.Names {
			value, err := strconv.Unquote(spec.Values[i].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			all[name.Name] = approvals.Reason(value)
		}
		return true
	})
	if len(all) < 40 {
		t.Fatalf("only %d reasons were found", len(all))
	}
	return all
}

// TestReasonsComplete: every reason has a sentence.
func TestReasonsComplete(t *testing.T) {
	taken := map[string]string{}
	for name, reason := range reasonsOf(t) {
		if _, ok := sayings()[reason]; !ok {
			t.Errorf("%s has no sentence", name)
			continue
		}
		alone := sentence(approvals.Why{Reason: reason})
		if other := taken[alone]; other != "" {
			t.Errorf("%s and %s are told the same: %s", name, other, alone)
		}
		taken[alone] = name
		for _, detail := range []string{"", "srv-db-01", "Bad gateway.", " , ", "two\nlines", string(approvals.WaitsForWindow)} {
			s := sentence(approvals.Why{Reason: reason, Detail: detail})
			if !strings.HasSuffix(s, ".") || slip(s) != "" || strings.Contains(s, "\n") {
				t.Errorf("%s with %q: %q in %q", name, detail, slip(s), s)
			}
			if strings.Contains(s, string(reason)) && strings.Contains(string(reason), "_") {
				t.Errorf("%s shows its own name: %q", name, s)
			}
		}
	}
	if len(sayings()) != len(reasonsOf(t)) {
		t.Errorf("%d sentences for %d reasons", len(sayings()), len(reasonsOf(t)))
	}
}

// TestReasonsSayWhatToDo looks at the reasons that a person can do something
// about: a second sentence says what.
func TestReasonsSayWhatToDo(t *testing.T) {
	nothingToDo := map[approvals.Reason]bool{
		approvals.NotAMember: true, approvals.NotYours: true, approvals.AlreadyApproved: true, approvals.NothingToRetry: true,
		approvals.Ran: true, approvals.UnsupportedOS: true, approvals.NearNames: true, // stands in another one's sentence
		// These go on by themselves; the card says when, or what is done.
		approvals.WaitsForWindow: true, approvals.ReadsUsedUp: true, approvals.Throttled: true, approvals.Paused: true, approvals.NotReached: true,
		approvals.RolledBack: true, approvals.ServiceTrouble: true, approvals.NotShown: true, approvals.LoginTrouble: true, approvals.HeldUp: true, approvals.ApproverUnchecked: true,
		approvals.AnswerLost: true, approvals.OwnerLost: true, approvals.Frozen: true, approvals.RequesterUnchecked: true, approvals.ForcerUnchecked: true,
	}
	for name, reason := range reasonsOf(t) {
		if then := sayings()[reason].then; (then == "") != nothingToDo[reason] {
			t.Errorf("%s: what can be done is %q", name, then)
		}
	}
}

func TestReasonsDetails(t *testing.T) {
	for _, tt := range []struct {
		why  approvals.Why
		want string
	}{
		{approvals.Why{Reason: approvals.MissingRole, Detail: "Alert.ReadWrite.All"}, "This bot's registration lacks an application role: Alert.ReadWrite.All. An Entra administrator needs to grant it."},
		{
			approvals.Why{Reason: approvals.DeviceUnread, Detail: "kiosk-7", Cause: &approvals.Why{Reason: approvals.MissingRole, Detail: "Machine.Read.All"}},
			"I could not look this device up in Defender: kiosk-7. This bot's registration lacks an application role: Machine.Read.All. An Entra administrator needs to grant it. Or ask with the device's id: then it goes to approval as “not verified”.",
		},
		{
			approvals.Why{Reason: approvals.DeviceUnread, Detail: "kiosk-7", Cause: &approvals.Why{Reason: approvals.NoToken, Detail: "the client secret has expired (AADSTS7000222)"}},
			"I could not look this device up in Defender: kiosk-7. I cannot sign in to Defender: the client secret has expired (AADSTS7000222). Whoever runs this bot should check its credential. Until then nothing can be sent either.",
		},
		{approvals.Why{Reason: approvals.NotReached, Detail: "the connection was refused"}, "Defender cannot be reached: the connection was refused."},
		{approvals.Why{Reason: approvals.ExecutionLapsed, Cause: &approvals.Why{Reason: approvals.Throttled}}, "The approval ran out before Defender took it. What held it up last: Defender is throttling calls right now. Try again if it is still needed."},
		{approvals.Why{Reason: approvals.ApproverGone, Detail: "U0GRACE"}, "Somebody who approved it is no longer an approver of this action. Try again if it is still needed."},
		{approvals.Why{Reason: approvals.Refused, Detail: strings.Repeat("é", 500)}, "Defender refused it: " + strings.Repeat("é", mostDetail-1) + "… Look at the device in the portal."},
		{approvals.Why{Reason: "brand_new", Detail: "x"}, "This version of the bot does not know the reason: brand_new."},
	} {
		if got := sentence(tt.why); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.why.Reason, got, tt.want)
		}
	}
}

// TestExplainInternals feeds it errors that hold what nobody may see.
func TestExplainInternals(t *testing.T) {
	secret := errors.New("dial tcp 10.1.2.3:6379: AUTH hunter2 xoxb-1 https://hooks.slack.com/actions/T/1/x")
	for _, tt := range []struct {
		err   error
		words []string
	}{
		{fmt.Errorf("%w: %w", approvals.ErrNotRecorded, secret), []string{"Redis", "Nothing was recorded", "Try again"}},
		{fmt.Errorf("%w: %w", approvals.ErrNotRead, secret), []string{"Redis", "could not read", "Nothing has changed", "Try again"}},
		{fmt.Errorf("%w: %w", approvals.ErrUnconfirmed, secret), []string{"Redis", "cannot tell", "try again"}},
		{fmt.Errorf("commit: %w: %w", approvals.ErrTooFewReplicas, secret), []string{"Redis", "was recorded", "copies", "channel"}},
		{fmt.Errorf("commit: %w: %w", approvals.ErrNotOnDisk, secret), []string{"Redis", "was recorded", "disk", "channel"}},
		{errors.Join(errFormClosed, secret), []string{"form", "nothing happened", "Try again"}},
		{&approvals.Refusal{Why: approvals.Why{Reason: approvals.NotKnown}, Err: secret}, []string{"Slack could not tell me", "Try again"}},
		{fmt.Errorf("decode: %w", secret), []string{"Something went wrong", "Check the channel"}},
	} {
		got := explain(tt.err).plain()
		for _, w := range tt.words {
			if !strings.Contains(got, w) {
				t.Errorf("%v: %q is not in %q", tt.err, w, got)
			}
		}
		for _, hidden := range []string{"10.1.2.3", "hunter2", "xoxb", "hooks.slack", "dial", "decode"} {
			if strings.Contains(got, hidden) {
				t.Errorf("%v: %q is in %q", tt.err, hidden, got)
			}
		}
	}
}

// TestExplainUncertain: of an error nobody knows, nobody knows
// whether it came before or after the commit.
func TestExplainUncertain(t *testing.T) {
	for _, err := range []error{approvals.ErrUnconfirmed, errors.New("read: reset")} {
		for _, claim := range []string{"nothing", "did nothing", "was recorded and"} {
			if got := explain(err).plain(); strings.Contains(got, claim) {
				t.Errorf("%v: %q is claimed in %q", err, claim, got)
			}
		}
	}
}

func TestRefusalNamesWhoDecided(t *testing.T) {
	no := func(r approvals.Request) error {
		return &approvals.Refusal{Why: approvals.Why{Reason: approvals.AlreadyDecided, Detail: string(r.State)}, Request: r}
	}
	two := oneGiven(approved("investigate", openCalls()["running"]))
	two.Approvals = append(two.Approvals, approvals.Approval{By: person(joan), At: after(3)})
	nameless := ended(approvals.Denied, approvals.End{By: approvals.Person{ID: grace}})
	checking := approvals.Request{ID: "D-7K3F9Q", State: approvals.Checking}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{no(ended(approvals.Denied, approvals.End{By: person(grace)})), "D-7K3F9Q was already denied by grace, so nothing was sent."},
		{no(nameless), "D-7K3F9Q was already denied by U0GRACE, so nothing was sent."},
		{no(ended(approvals.Cancelled, approvals.End{By: person(ada)})), "D-7K3F9Q was already cancelled by ada. Ask again if it is still needed."},
		{no(done("investigate", endedCalls()["succeeded"])), "D-7K3F9Q was already approved by grace. Its card shows how it stands."},
		{no(two), "D-7K3F9Q was already approved by grace and joan. Its card shows how it stands."},
		{no(ended(approvals.Expired, approvals.End{})), "D-7K3F9Q expired, because nobody decided in time. Ask again if it is still needed."},
		{no(checking), "D-7K3F9Q cannot be decided yet: its devices are still being looked up. Use the buttons on its card when it appears."},
		{no(notFound()), "D-7K3F9Q was not submitted for approval. Defender does not know this device: srv-bd-01. Check its id or name in the portal."},
		{no(approvals.Request{}), "This can no longer be decided. Look at its card."},
	} {
		if got := explain(tt.err).plain(); got != tt.want {
			t.Errorf("%v:\n got %s\nwant %s", tt.err, got, tt.want)
		}
	}
}

// TestStateLineComplete: every state has a line.
func TestStateLineComplete(t *testing.T) {
	taken := map[string]approvals.State{}
	for _, s := range approvals.States() {
		got := stateLine(approvals.Request{State: s, Calls: []approvals.Call{{State: approvals.Succeeded}, {State: approvals.Succeeded}}})
		if other, ok := taken[got]; ok || slip(got) != "" {
			t.Errorf("%s is told as %q, like %s", s, got, other)
		}
		taken[got] = s
	}
	said := map[string]approvals.CallState{}
	for _, s := range approvals.CallStates() {
		if other, ok := said[callWords()[s]]; ok {
			t.Errorf("calls that are %s and %s are told as %q", s, other, callWords()[s])
		}
		said[callWords()[s]] = s
		for _, other := range approvals.CallStates() {
			r := approvals.Request{State: approvals.Done, Calls: []approvals.Call{{State: s}, {State: other}}}
			if stateLine(r) == "" {
				t.Errorf("calls that are %s and %s: no line for %s", s, other, r.Outcome())
			}
		}
	}
}

// TestCancelledPage: nothing was sent only where nothing was.
func TestCancelledPage(t *testing.T) {
	here := approvals.Call{State: approvals.CallCancelled, By: approvalstest.Asker}
	inDefender := approvals.Call{State: approvals.CallCancelled}
	const nothing, goOn, ended = "Nothing was sent.", "go on", "have ended"
	for _, tt := range []struct {
		state approvals.State
		calls []approvals.Call
		want  string
	}{
		{approvals.Cancelled, nil, nothing},
		{approvals.Done, []approvals.Call{here, here}, nothing},
		{approvals.Done, []approvals.Call{here, {State: approvals.Lapsed}}, nothing},
		{approvals.Done, []approvals.Call{here, inDefender}, ended},
		{approvals.Done, []approvals.Call{here, {State: approvals.Failed}}, ended},
		{approvals.Approved, []approvals.Call{here, {State: approvals.Running}}, goOn},
	} {
		said := cancelledPage(approvals.Request{ID: "D-7K3F9Q", State: tt.state, Calls: tt.calls}).plain()
		for _, says := range []string{nothing, goOn, ended} {
			if got := strings.Contains(said, says); got != (says == tt.want) {
				t.Errorf("%s %v: %q, want %q", tt.state, tt.calls, said, tt.want)
			}
		}
	}
}

func TestInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		20 * time.Second: "less than a minute", 31 * time.Second: "1 minute", 90 * time.Second: "2 minutes",
		119 * time.Minute: "119 minutes", 150 * time.Minute: "3 hours", 26 * time.Hour: "26 hours", -time.Hour: "less than a minute",
	} {
		if got := inWords(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestFullStop(t *testing.T) {
	for in, want := range map[string]string{
		"a": "a.", "a.": "a.", "a..": "a.", "a . ": "a.", "a:": "a.", "a!": "a!", "a?": "a?", "a…": "a…", "": "", ".": "",
	} {
		if got := stop(in); got != want {
			t.Errorf("stop(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"\U0001F525\U0001F525\U0001F525", 2, "\U0001F525…"}} {
		if got := cut(tt.in, tt.n); got != tt.want {
			t.Errorf("cut(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}

// TestCutBytes cuts everywhere: never inside a character, an entity, a mention.
func TestCutBytes(t *testing.T) {
	const whole = "&lt;é\U0001F525 <@U0ADA> &amp; <!date^1^{date_short_pretty} at {time}|2025-11-21 at 14:03 UTC> end"
	text := whole + strings.Repeat("x", len(cutNote))
	for n := len(cutNote); n < len(text); n++ {
		got := cutBytes(text, n)
		kept, ok := strings.CutSuffix(got, cutNote)
		if !ok || len(got) > n || !strings.HasPrefix(text, kept) {
			t.Fatalf("cutBytes(_, %d) = %q", n, got)
		}
		if what := misleading(kept, view{}); what != "" {
			t.Errorf("cutBytes(_, %d) = %q: %s", n, got, what)
		}
	}
	if got := cutBytes(whole, len(whole)); got != whole {
		t.Errorf("what fits is cut: %q", got)
	}
}
