package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"defenderbot/approvals"
)

// telling is how something stands, as it is told.
type telling struct {
	word string // in a word or two, behind its emoji
	rest []span // what follows on the same line
	more []para // lines of their own
}

// line is the word and what follows it.
func (s telling) line() para { return says(append([]span{strong(s.word)}, s.rest...)...) }

// stateLine is where a request is, in a few words.
func stateLine(r approvals.Request) string {
	switch {
	case r.State == approvals.Rejected && r.Ended.Why.Reason == approvals.SetBack:
		return "⚠️ Closed"
	case r.State == approvals.Rejected && r.Forced:
		return "⚠️ Not sent"
	case r.State != approvals.Approved && r.State != approvals.Done:
		return stateLines()[r.State]
	case r.Unfreezes():
		return "✅ Lifted"
	case len(r.Calls) == 1 && r.HeldBy().Is():
		return unapproved(r, frozenWord)
	case len(r.Calls) == 1:
		return unapproved(r, callWord(r.Calls[0]))
	case r.State == approvals.Approved:
		return progress(r)
	case r.Outcome() == approvals.AllLapsed && slices.ContainsFunc(r.Calls, refusedUntilLapsed):
		return "🕓 Not started"
	}
	return outcomeLines()[r.Outcome()]
}

// frozenWord is where a call is that a freeze keeps from being sent.
const frozenWord = "🧊 Approved, frozen"

func stateLines() map[approvals.State]string {
	return map[approvals.State]string{
		approvals.Checking:  "🔎 Looking up the devices",
		approvals.Pending:   "🟡 Waiting for approval",
		approvals.Approved:  "⏳ Approved",
		approvals.Denied:    "⛔ Denied",
		approvals.Cancelled: "⚪ Cancelled",
		approvals.Expired:   "🕓 Expired",
		approvals.Rejected:  "⚠️ Not submitted for approval",
	}
}

func outcomeLines() map[approvals.Outcome]string {
	return map[approvals.Outcome]string{
		approvals.AllSucceeded:  "✅ Succeeded",
		approvals.Partly:        "🟠 Partly succeeded",
		approvals.AllFailed:     "❌ Failed",
		approvals.AllLapsed:     "🕓 Not sent",
		approvals.AllCancelled:  "⚪ Cancelled",
		approvals.OutcomeUnsure: "❓ Outcome unknown",
	}
}

// telling is where a request is, what happens next, and who acts.
func (v Views) telling(r approvals.Request) telling {
	s := telling{word: stateLine(r)}
	switch r.State {
	case approvals.Checking:
	case approvals.Pending:
		s.rest, s.more = append(v.askFor(r), words(" · until "), when(r.Deadline())), append(v.calledIn(r), held(r)...)
	case approvals.Denied:
		s.rest, s.more = by(r.Ended.By, r, ". "+left(r)+" The reason:"), []para{quoted(r.Ended.Text)}
	case approvals.Cancelled:
		s.rest = by(r.Ended.By, r, ". "+left(r))
	case approvals.Expired:
		s.rest = []span{words(", "), when(r.EndedAt), words(". Nobody decided in time. " + left(r) + " Ask again if it is still needed.")}
	case approvals.Rejected:
		s.rest, s.more = []span{words(". " + sentence(r.Ended.Why))}, v.inTheWay(r.Ended.Why)
	case approvals.Approved, approvals.Done:
		switch {
		case r.Unfreezes():
			s.rest = []span{words(". Approved calls are sent to Defender again.")}
		case len(r.Calls) == 1 && r.HeldBy().Is():
			s.rest, s.more = []span{words(lapsing(r)), when(r.Lapses()), words(".")}, held(r)
		case len(r.Calls) == 1:
			s = v.ofCall(r, r.Calls[0], r.Devices[0])
			s.word = unapproved(r, s.word)
			return s
		default:
			s.rest, s.more = v.ofSeveral(r), held(r)
		}
	}
	return s
}

// lapsing begins to say until when a waiting call may be sent.
func lapsing(r approvals.Request) string {
	if r.Forced {
		return ". It will not be sent after "
	}
	return ". The approval runs out "
}

// lapsesFirst begins to say that this is over before a turn comes.
func lapsesFirst(r approvals.Request) string {
	if r.Forced {
		return "it will not be sent after "
	}
	return "the approval runs out first, "
}

// unapproved is the word of a call, which is not "approved" where somebody acts alone.
func unapproved(r approvals.Request, word string) string {
	if r.Forced {
		return strings.NewReplacer("Approved, waiting", "Waiting", "Approved, frozen", "Frozen").Replace(word)
	}
	return word
}

func by(p approvals.Person, r approvals.Request, end string) []span {
	return []span{words(" by "), mention(p.ID), words(", "), when(r.EndedAt), words(end)}
}

// progress is how far a request with several calls has come.
func progress(r approvals.Request) string {
	emoji, done := "⏳", 0
	if r.HeldBy().Is() {
		emoji = "🧊"
	}
	for _, c := range r.Calls {
		if c.State == approvals.Succeeded {
			done++
		}
		if callWord(c) == callWords()[approvals.Running] {
			emoji = "▶️"
		}
	}
	return fmt.Sprintf("%s %d of %d done", emoji, done, len(r.Calls))
}

// ofSeveral counts the calls of a request that has several, and says when those that wait
// are tried, and until when.
func (v Views) ofSeveral(r approvals.Request) []span {
	items := counts(r)
	switch {
	case r.State == approvals.Done && len(items) == 1:
		items = []string{fmt.Sprintf("on all %d devices", len(r.Calls))}
		if r.Outcome() == approvals.AllSucceeded {
			return []span{words(" " + items[0] + ".")}
		}
	case r.State == approvals.Approved && len(items) > 0 && strings.HasSuffix(items[0], " succeeded"):
		items = items[1:] // it is said already, as what is done
	}
	spans := []span{words(led(items))}
	if slices.ContainsFunc(r.Calls, func(c approvals.Call) bool { return c.State == approvals.Queued }) {
		spans = append(spans, words(lapsing(r)), when(r.Lapses()))
	}
	if until := latest(r.Calls, searchedUntil); !until.IsZero() {
		spans = append(spans, words(". Checking until "), when(until), words(" whether the uncertain ones started; they will not be sent twice"))
	}
	if len(spans) > 1 {
		spans = append(spans, words("."))
	}
	return spans
}

// latest is the latest time that calls have.
func latest(calls []approvals.Call, of func(approvals.Call) time.Time) (at time.Time) {
	for _, c := range calls {
		if t := of(c); t.After(at) {
			at = t
		}
	}
	return at
}

// led are items behind something else on a line.
func led(items []string) string {
	var b strings.Builder
	for _, item := range items {
		b.WriteString(" · " + item)
	}
	return b.String()
}

// kinds are what calls are counted by, what asks for most attention first after what is done.
func kinds() []struct{ word, says string } {
	return []struct{ word, says string }{
		{callWords()[approvals.Succeeded], "succeeded"},
		{callWords()[approvals.Failed], "failed"},
		{callWords()[approvals.Unknown], "with unknown outcome"},
		{callWords()[approvals.Uncertain], "not certain"},
		{callWords()[approvals.Lapsed], "not sent"},
		{notStartedWord, "not started"},
		{pausedWord, "paused"},
		{stoppingWord, "stopping"},
		{callWords()[approvals.CallCancelled], "cancelled"},
		{callWords()[approvals.Running], "running"},
		{sentWord, "waiting to begin"},
		{callWords()[approvals.Sending], "being sent"},
		{callWords()[approvals.Queued], "waiting for a turn"},
	}
}

// counts are how many calls of r are of each kind.
func counts(r approvals.Request) (items []string) {
	for _, k := range kinds() {
		n := 0
		for _, c := range r.Calls {
			if callWord(c) == k.word {
				n++
			}
		}
		if n > 0 {
			items = append(items, fmt.Sprintf("%d %s", n, k.says))
		}
	}
	return items
}

// attention is how much a call asks for it: the less, the more.
func attention(c approvals.Call) int {
	list := kinds()
	at := slices.IndexFunc(list, func(k struct{ word, says string }) bool { return k.word == callWord(c) })
	if at == 0 {
		return len(list)
	}
	return at
}
