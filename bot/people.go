package bot

import (
	"fmt"
	"slices"

	"defenderbot/approvals"
)

// decided says who approved it and when it ended, and what else came of it.
func decided(r approvals.Request) []para {
	var spans []span
	add := func(more ...span) {
		if len(spans) > 0 {
			spans = append(spans, words(" · "))
		}
		spans = append(spans, more...)
	}
	for _, a := range r.Approvals {
		add(words("Approved by "), mention(a.By.ID), words(", "), when(a.At))
		if late := a.Joined.Sub(r.Asked); !a.Joined.IsZero() {
			spans = append(spans, words(" (joined the approver group "+inWords(late)+" after this was asked)"))
		}
	}
	if r.State == approvals.Done && stateLine(r) != callWords()[approvals.CallCancelled] { // else it is said already
		add(append([]span{words("Ended "), when(r.EndedAt)}, lasted(r)...)...)
	}
	var list []para
	if len(spans) > 0 {
		list = append(list, says(spans...))
	}
	if r.RetryOf != "" {
		list = append(list, says(words("Retry of "), code(r.RetryOf), words(".")))
	}
	if r.RetriedAs != "" {
		list = append(list, says(retriedAs(r)...))
	}
	return list
}

// retriedAs names the requests as which something of r is tried again.
func retriedAs(r approvals.Request) []span {
	ids := r.Retries()
	if len(ids) == 0 {
		ids = []string{r.RetriedAs}
	}
	spans := []span{words("Retried as ")}
	for i, id := range ids {
		if i > 0 {
			spans = append(spans, words(", "))
		}
		spans = append(spans, code(id))
	}
	return append(spans, words("."))
}

// lasted is how long the one call of a request took in Defender.
func lasted(r approvals.Request) []span {
	if len(r.Calls) != 1 || r.Calls[0].Started.IsZero() {
		return nil
	}
	return []span{words(", " + inWords(r.EndedAt.Sub(r.Calls[0].Started)) + " after it was sent")}
}

// barred names who cannot approve it beside the requester, and why.
func barred(r approvals.Request) []para {
	if len(r.Barred) == 0 || r.State != approvals.Pending {
		return nil
	}
	spans := people(r.Barred, ", ")
	if r.From.Request != "" {
		return []para{says(append(spans, words(" asked for "), code(r.From.Request), words(" and cannot approve this either."))...)}
	}
	return []para{says(append(spans, words(" asked for this before and cannot approve it."))...)}
}

// people mentions some.
func people(list []approvals.Person, between string) (spans []span) {
	for i, p := range list {
		if i > 0 {
			spans = append(spans, words(between))
		}
		spans = append(spans, mention(p.ID))
	}
	return spans
}

// mostMentions is how many approvers are mentioned; a card is no place for the
// whole workspace.
const mostMentions = 12

// askFor says behind “Waiting for approval” how many approvals are missing, whose count, and
// whose do not.
func (v Views) askFor(r approvals.Request) []span {
	need := " by"
	switch left := r.Terms.Needed - len(r.Approvals); {
	case len(r.Approvals) > 0:
		need = fmt.Sprintf(" · %d of %d given, %d more needed from", len(r.Approvals), r.Terms.Needed, left)
	case left > 1:
		need = fmt.Sprintf(" · %d needed, from", left)
	}
	spans := append([]span{words(need)}, v.approvers(r)...)
	spans = append(append(spans, words(" (not ")), people(doNotCount(r), ", ")...)
	return append(spans, words(")"))
}

// doNotCount are those of whom no further approval of r counts.
func doNotCount(r approvals.Request) []approvals.Person {
	list := append([]approvals.Person{r.By}, r.Barred...)
	for _, a := range r.Approvals {
		list = append(list, a.By)
	}
	return list
}

// approvers mentions those who may decide on r from the first.
func (v Views) approvers(r approvals.Request) []span {
	return v.mentions(r, v.Policy.RuleFor(r.Action).Approvers)
}

// mentions calls those on a list who may decide on r, each behind a space.
func (v Views) mentions(r approvals.Request, list approvals.List) (spans []span) {
	for _, g := range list.Groups {
		spans = append(spans, words(" "), span{group: g})
	}
	for _, u := range list.Users {
		cannot := slices.ContainsFunc(doNotCount(r), func(p approvals.Person) bool { return p.HasID(u) })
		if cannot || v.Counts != nil && !v.Counts(u) {
			continue // to call somebody who cannot decide would be no help
		}
		spans = append(spans, words(" "), mention(u))
	}
	if more := len(spans)/2 - mostMentions; more > 0 {
		spans = append(spans[:2*mostMentions], wordsf(" and %d more", more))
	}
	return spans
}
