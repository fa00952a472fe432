package bot

import (
	"strings"

	"defenderbot/approvals"
)

// explained is what an error means for a person, with the request that is in the way, where
// that is why.
func (v Views) explained(err error) page {
	p := explain(err)
	if refused, is := approvals.AsRefusal(err); is {
		p = append(p, v.inTheWay(refused.Why)...)
	}
	return p
}

// inTheWay says which other request a reason is about: who asked for what, where and when,
// and how that stood, with a link to its card.
func (v Views) inTheWay(w approvals.Why) []para {
	o := w.Other
	if o == nil {
		return nil
	}
	spans := []span{v.linkTo(o.Request, o.Channel, o.TS), words(" (" + v.titled(o.Action) + ") was asked for by "), mention(o.By.ID), words(" in "), {channel: o.Channel}, words(", "), when(o.At)}
	return []para{says(append(spans, words(": "+otherStood(o)+"."))...)}
}

// otherStood is how the other request stood, in a few words.
func otherStood(o *approvals.Other) string {
	if o.Call == "" && o.Outcome != "" {
		_, said, _ := strings.Cut(outcomeLines()[o.Outcome], " ")
		return lowered(said)
	}
	return stood(approvals.Caution{State: o.State, Call: o.Call})
}
