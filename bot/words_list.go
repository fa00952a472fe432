package bot

import (
	"fmt"
	"strings"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
)

// mostListed is how many requests a list has; of more it says how many.
const mostListed = 20

// minePage are somebody's own requests: what is open, and what ended lately.
func (v Views) minePage(slash string, l office.Listing) page {
	stillOpen, over := byEnd(l.Requests)
	open, ended := len(stillOpen), len(over)
	switch {
	case open+ended == 0:
		return append(say("You have no open requests, and none that ended in the last day."), howToAsk(slash))
	case l.More > 0:
		return v.listing("Your requests, the open ones first:", l)
	case open == 0:
		return v.listing(fmt.Sprintf("Your requests: none open, %d ended in the last day.", ended), l)
	case ended == 0:
		return v.listing(fmt.Sprintf("Your requests: %d open.", open), l)
	}
	return v.listing(fmt.Sprintf("Your requests: %d open, %d ended in the last day.", open, ended), l)
}

// howToAsk is for those who find an empty list.
func howToAsk(slash string) para {
	return says(words("How to ask for something: "), code(slash+" help"))
}

// openPage are the requests that are open.
func (v Views) openPage(slash string, l office.Listing) page {
	n := len(l.Requests) + l.More
	if n == 0 {
		return append(say("No request is open "+inNo(l)+"."), howToAsk(slash))
	}
	return v.listing(fmt.Sprintf("Open %s: %s.", inChannels(l), counted(n, "request")), l)
}

// historyPage is what was asked for a device.
func (v Views) historyPage(h office.History) page {
	head := v.named(h.Device)
	if len(h.Requests) == 0 {
		return page{says(append(head, words(": no request for it "+inNo(h.Listing)+", as far back as records go."))...)}
	}
	head = append(head, wordsf(": %s, %s, newest first.", counted(len(h.Requests)+h.More, "request"), inChannels(h.Listing)))
	return v.lines(page{says(head...)}, h.Listing)
}

func inChannels(l office.Listing) string {
	if l.Everywhere {
		return "in all channels"
	}
	return "in this channel"
}

// inNo is the same behind "no request".
func inNo(l office.Listing) string {
	if l.Everywhere {
		return "in any channel"
	}
	return inChannels(l)
}

// counted is a number of things, in words.
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (v Views) listing(head string, l office.Listing) page {
	return v.lines(page{says(strong(head))}, l)
}

// lines puts each request of a list on a line of its own behind what p says.
func (v Views) lines(p page, l office.Listing) page {
	shown := l.Requests[:min(len(l.Requests), mostListed)]
	for _, r := range shown {
		p = append(p, v.inList(r))
	}
	if more := l.More + len(l.Requests) - len(shown); more > 0 {
		p = append(p, says(wordsf("And %d more.", more)))
	}
	return p
}

// inList is a request in one line: how it stands, what it is, who asked and when.
func (v Views) inList(r approvals.Request) para {
	what := v.action(r).Verb
	if !r.Unfreezes() {
		what += " " + onDevices(r.Devices)
	}
	state := stateLine(r)
	if r.UnderReview() {
		state = "🚨 Not reviewed · " + state
	}
	return says(words(state+" · "+what+" · "),
		mention(r.By.ID), words(", "), when(r.Asked), words(" · "), v.cardLink(r))
}

// cardLink is the id of a request, as a link to its card where it has one.
func (v Views) cardLink(r approvals.Request) span { return v.linkTo(r.ID, r.Place.Channel, r.Card.TS) }

// linkTo is the id of a request, as a link to the message that is its card, if that is known.
func (v Views) linkTo(id, channel, ts string) span {
	if v.Permalink != nil && channel != "" && ts != "" {
		if url := v.Permalink(channel, ts); url != "" {
			return link(url, id)
		}
	}
	return code(id)
}

// onDevices names one device, or the first of several and how many there are besides.
func onDevices(devices []approvals.Device) string {
	if len(devices) == 0 {
		return "no device"
	}
	name := inFew(devices[0])
	if more := len(devices) - 1; more > 0 {
		return fmt.Sprintf("%s and %d more", name, more)
	}
	return name
}

// nameInList is how many characters of a host name a list has, so that the text of a whole
// list is not cut.
const nameInList = 24

// inFew is what a line calls a device of which there is little room: of a long name what
// stands before the domain.
func inFew(d approvals.Device) string {
	name := called(d)
	if len(name) > nameInList {
		name, _, _ = strings.Cut(name, ".")
	}
	return cut(name, nameInList)
}
