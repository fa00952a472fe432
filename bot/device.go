package bot

import (
	"cmp"
	"slices"
	"strings"

	"defenderbot/approvals"
	"defenderbot/defender"
)

// devices are the devices of a request: one with what is known of it, several with a line
// each, those first that somebody should look at.
func (v Views) devices(r approvals.Request, d detail) (list []para) {
	if len(r.Devices) == 1 && d == full {
		return v.oneDevice(r, r.Devices[0])
	}
	for _, i := range v.order(r) {
		if i < len(r.Calls) {
			list = append(list, v.callLine(r, i, d))
		} else {
			list = append(list, v.deviceLine(r, r.Devices[i], d))
		}
	}
	return list
}

// oneDevice is what is known of the one device of a request. Once its call is made that is
// where to find it.
func (v Views) oneDevice(r approvals.Request, dev approvals.Device) []para {
	if len(r.Calls) > 0 {
		if links := v.portal(r); len(links) > 0 {
			return []para{joined(links)}
		}
		return nil
	}
	var items []span
	if facts := known(r, dev, full); len(facts) > 0 {
		items = append(items, words(strings.Join(facts, " · ")))
	}
	if knows(r, dev) && !dev.LastSeen.IsZero() {
		items = append(items, span{text: "last seen ", at: dev.LastSeen})
	}
	var list []para
	if items = append(items, v.open(dev)...); len(items) > 0 {
		p := joined(items)
		if dangerous(dev) {
			p.spans = append([]span{words("⚠️ ")}, p.spans...)
		}
		list = append(list, p)
	}
	return append(list, warned(v.warnings(r, dev))...)
}

// joined is a line of items.
func joined(items []span) para {
	var spans []span
	for i, s := range items {
		if i > 0 {
			spans = append(spans, words(" · "))
		}
		if !s.at.IsZero() { // with what the time is of
			spans = append(spans, words(s.text))
			s.text = ""
		}
		spans = append(spans, s)
	}
	return says(spans...)
}

// deviceLine is one of several devices on which nothing was done yet.
func (v Views) deviceLine(r approvals.Request, dev approvals.Device, d detail) para {
	mark := "• "
	if v.alarming(r, dev) {
		mark = "⚠️ "
	}
	items := slices.Concat(inShort(v.warnings(r, dev), d), known(r, dev, d))
	spans := append(append([]span{words(mark)}, v.shown(dev, d)...), words(led(items)))
	if d == few && knows(r, dev) && !dev.LastSeen.IsZero() && r.Opened.Sub(dev.LastSeen) <= longSilent { // else it is said already
		spans = append(spans, words(" · last seen "), when(dev.LastSeen))
	}
	return says(spans...)
}

// callLine is one of several devices, and how its call stands.
func (v Views) callLine(r approvals.Request, i int, d detail) para {
	c := r.Calls[i]
	mark, word, _ := strings.Cut(callWord(c), " ")
	word = strings.TrimPrefix(lowered(word), "approved, ")
	spans := append(append([]span{words(mark + " ")}, v.shown(r.Devices[i], d)...), words(" "+word))
	if d == bare {
		return says(spans...)
	}
	switch says, named := v.reasonInBrief(r, c, d), aboutPerson(r, c); {
	case named != nil:
		spans = append(append(spans, words(". ")), named...)
	case callWord(c) == sentWord && !unfollowed(c) && away(r.Devices[i], r):
		spans = append(spans, words(". Offline since "), when(r.Devices[i].LastSeen), words("."))
	case says != "":
		spans = append(spans, words(". "+says))
	}
	if c.State == approvals.Queued && d == few {
		spans = append(spans, turn(r, c)...)
	}
	return para{kind: line, spans: append(spans, briefStop(r, c)...)}
}

// reasonInBrief is what the line of a device says behind its state. Of what goes on or went
// as it should that is little.
func (v Views) reasonInBrief(r approvals.Request, c approvals.Call, d detail) string {
	says := v.reason(r, c)
	switch word := callWord(c); {
	case unfollowed(c):
		says = "⚠️ Not followed: " + sentence(c.Blind)
	case word == sentWord && c.Job.Details == "":
		return "Waiting to begin."
	case word == callWords()[approvals.Running] && c.Job.Details == "" && defender.PhaseOf(v.action(r).Tracks, c.Job.Status) == defender.PhaseOpen:
		return ""
	case c.State == approvals.Succeeded:
		if first, _, more := strings.Cut(says, ". "); more {
			return first + "."
		}
	}
	return inBrief(says, lineLength(d))
}

// lineLength is how much is said of a call on the line of its device.
func lineLength(d detail) int {
	if d == few {
		return 250
	}
	return 90
}

// inBrief are the first sentences of s that fit into n characters, or the first one cut.
func inBrief(s string, n int) string {
	short := cut(s, n)
	if short == s {
		return s
	}
	if end := strings.LastIndex(short, ". "); end > 0 {
		return short[:end+1]
	}
	return short
}

// order are the places of r's devices: those that somebody has to think about first, and
// once they are sent those where something is wrong.
func (v Views) order(r approvals.Request) []int {
	places := make([]int, len(r.Devices))
	for i := range places {
		places[i] = i
	}
	rank := func(i int) int {
		switch {
		case i < len(r.Calls):
			return attention(r.Calls[i])
		case len(v.warnings(r, r.Devices[i])) > 0:
			return 0
		case v.alarming(r, r.Devices[i]):
			return 1
		}
		return 2
	}
	if len(r.Calls) > 0 || r.State == approvals.Pending {
		slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(rank(a), rank(b)) })
	}
	return places
}

// alarming reports whether an approver should look twice at a device.
func (v Views) alarming(r approvals.Request, dev approvals.Device) bool {
	return len(v.warnings(r, dev)) > 0 || knows(r, dev) && dangerous(dev)
}

// dangerous reports whether Defender takes what is wrong with a device for grave.
func dangerous(dev approvals.Device) bool { return dev.Risk == "High" }

// slow says of a call that runs for long until when it is followed, and when its device was
// last heard of: one that is switched off is the usual cause.
func slow(r approvals.Request, c approvals.Call, dev approvals.Device) []span {
	if c.State != approvals.Running || !c.Job.Slow {
		return nil
	}
	spans := []span{words(" This is taking longer than usual; I keep checking until "), when(c.Started.Add(r.Terms.Horizon))}
	switch {
	case dev.LastSeen.After(r.Opened): // it was looked up late
		spans = append(spans, words(". The device was last seen "), when(dev.LastSeen))
	case !dev.LastSeen.IsZero():
		spans = append(spans, words(". When this was requested, the device had last been seen "), when(dev.LastSeen))
	}
	return append(spans, words("."))
}

// called is what a device is called in a headline.
func called(dev approvals.Device) string {
	if name := cut(fact(dev.Name), 64); name != "" {
		return name
	}
	if len(dev.ID) > 16 {
		return "device " + dev.ID[:8] + "…" + dev.ID[len(dev.ID)-5:]
	}
	return strings.TrimSpace("device " + dev.ID)
}

// shown is a device on a line of its own: a link, or where there is no room for one its id.
func (v Views) shown(dev approvals.Device, d detail) []span {
	switch {
	case dev.ID == "":
		return []span{strong(called(dev))}
	case d == bare: // Windows names have 15 characters
		return []span{words(strings.TrimSpace(cut(fact(dev.Name), 16) + " " + dev.ID))}
	}
	return []span{link(v.DevicePage(dev.ID), called(dev))}
}

// open links to the page of a device, where Defender has one.
func (v Views) open(dev approvals.Device) []span {
	if dev.ID == "" {
		return nil
	}
	return []span{link(v.DevicePage(dev.ID), "Open device")}
}

// named names a device with its id, for the form that covers the card.
func (v Views) named(dev approvals.Device) []span {
	if dev.ID == "" {
		return v.shown(dev, full)
	}
	return append(v.shown(dev, full), words(" "), code(dev.ID))
}
