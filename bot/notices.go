package bot

import (
	"fmt"
	"slices"
	"strings"

	"defenderbot/approvals"
)

// escalation calls in those who may decide from now on too. Where nobody is to be called
// in any more it is a reminder.
func (v Views) escalation(r approvals.Request, n approvals.Notice) page {
	late := v.mentions(r, v.Policy.RuleFor(r.Action).EscalateTo)
	p := v.reminder(r, n)
	if len(late) == 0 {
		return p
	}
	calls := append([]span{words("Called in:")}, late...)
	return slices.Insert(p, 1, says(append(calls, words(". From now on you can approve or deny it too, on the card above."))...))
}

// calledIn says on a card that waits for approval who may decide too by now.
func (v Views) calledIn(r approvals.Request) []para {
	late := v.mentions(r, v.Policy.RuleFor(r.Action).EscalateTo)
	if r.Escalated.IsZero() || len(late) == 0 {
		return nil
	}
	spans := append([]span{words("Nobody had decided by "), when(r.Escalated), words(", so I called in")}, late...)
	return []para{says(append(spans, words(": they may decide too."))...)}
}

// failure tells the requester that something has failed already, while the rest goes on.
func (v Views) failure(r approvals.Request, d detail) page {
	var lines page
	for _, i := range v.order(r) {
		if !r.Calls[i].State.Ended() || attention(r.Calls[i]) >= attention(approvals.Call{State: approvals.CallCancelled}) {
			continue
		}
		lines = append(lines, v.callLine(r, i, d))
	}
	said := "It did not succeed on 1 device; the others go on."
	if len(lines) > 1 {
		said = fmt.Sprintf("It did not succeed on %d devices; the others go on.", len(lines))
	}
	p := append(v.halfway(r, said), lines...)
	if len(r.Retryable()) > 0 {
		p = append(p, says(words("The card has a button to try again at once.")))
	}
	return append(p, aside(r.ID))
}

// slowLeft tells the requester that nothing is left but what can take days.
func (v Views) slowLeft(r approvals.Request, d detail) page {
	p := v.halfway(r, "Only slow devices are left.")
	for _, i := range v.order(r) {
		if !r.Calls[i].State.Ended() {
			p = append(p, v.slowLine(r, i, d))
		}
	}
	if len(r.Retryable()) > 0 {
		p = append(p, says(words("What did not succeed can be tried again at once: the card has a button.")))
	}
	return append(p, aside(r.ID))
}

// halfway begins a notice about a request that has not ended: to whom, about what, and
// how far it is.
func (v Views) halfway(r approvals.Request, said string) page {
	word := stateLine(r)
	emoji, count, _ := strings.Cut(word, " ")
	line := append([]span{strong(count)}, v.ofSeveral(r)...)
	return page{says(mention(r.By.ID), words(" "), strong(emoji+" "+v.headline(r)+"."), words(" "+said)), says(line...)}
}

// slowLine is a device that takes long: since when it is offline, where that is known.
func (v Views) slowLine(r approvals.Request, i int, d detail) para {
	c, dev := r.Calls[i], r.Devices[i]
	spans := append([]span{words("⏳ ")}, v.shown(dev, d)...)
	if away(dev, r) {
		spans = append(spans, words(" has been offline since "), when(dev.LastSeen))
	} else {
		spans = append(spans, words(" has been running since "), when(c.Started))
	}
	return says(append(spans, words("; I keep watching until "), when(c.Started.Add(r.Terms.Horizon)), words("."))...)
}

// away reports whether a device was known not to hear Defender when it was looked up.
func away(dev approvals.Device, r approvals.Request) bool {
	return !dev.LastSeen.IsZero() && (dev.Health == "Inactive" || r.Opened.Sub(dev.LastSeen) > longSilent)
}
