package bot

import (
	"defenderbot/approvals"
)

// statusPage is how one request stands, in a few lines.
func (v Views) statusPage(r approvals.Request) page {
	p := page{
		says(strong(stateLine(r)), words(" · "+v.action(r).Title+" · "+onDevices(r.Devices)+" · "), v.cardLink(r)),
		says(words("Asked by "), mention(r.By.ID), words(", "), when(r.Asked), words(":")),
		quoted(r.Comment),
	}
	p = append(p, decisions(r)...)
	for i, c := range r.Calls {
		p = append(p, callLine(r.Devices[i], c))
	}
	if len(r.Calls) == 0 && len(r.Devices) > 1 {
		for _, d := range r.Devices {
			p = append(p, says(words("• "+called(d))))
		}
	}
	if r.State == approvals.Pending {
		p = append(p, says(words("Expires "), when(r.Deadline()), words(".")))
	}
	return p
}

// callLine is what became of one device.
func callLine(d approvals.Device, c approvals.Call) para {
	text := "• " + called(d) + ": " + callWord(c)
	if why := c.Why; why.Reason != "" && why.Reason != approvals.Ran {
		text += ". " + cut(sentence(why), 160)
	}
	return says(words(text))
}

// cancelledThere is the answer to a cancel command: what came of it, and the card, where
// what runs can be stopped.
func (v Views) cancelledThere(r approvals.Request) page {
	p := cancelledPage(r)
	if r.State == approvals.Approved && v.action(r).Cancellable() {
		p = append(p, says(words("What runs in Defender can be stopped with the Stop button on the card.")))
	}
	return append(p, says(words("Its card: "), v.cardLink(r)))
}

// nothingToCancel is the answer where the request that somebody wants to cancel has come
// to its end.
func (v Views) nothingToCancel(r approvals.Request) page {
	return page{says(words(r.ID+" has already ended, so there is nothing to cancel: "), strong(stateLine(r)), words(". Its card: "), v.cardLink(r))}
}
