package bot

import (
	"strings"

	"defenderbot/approvals"
)

// device is one device, and what is known of it or became of its call.
func (v Views) device(r approvals.Request, i int, d detail) []para {
	dev := r.Devices[i]
	about, against := known(r, dev, d), v.warnings(r, dev)
	if i < len(r.Calls) {
		about, against = v.call(r, r.Calls[i], d), nil
		if d == full {
			about = append(about, slow(r.Calls[i], dev)...)
		}
	}
	if d != full {
		return []para{inOneLine(dev, about, against, d)}
	}
	list := []para{says(v.named(dev)...)}
	if len(about) > 0 {
		list = append(list, says(about...))
	}
	return append(list, warned(against)...)
}

// inOneLine is a device of which there are many: what speaks against it comes first.
func inOneLine(dev approvals.Device, about []span, against []warning, d detail) para {
	line := "• " + cut(fact(dev.Name), nameLength(d))
	if dev.ID != "" {
		line = strings.TrimSpace(line) + " " + dev.ID
	}
	if items := inShort(against, d); len(items) > 0 {
		line += " · ⚠️ " + strings.Join(items, ", ")
	}
	return says(append([]span{words(line)}, led(" · ", about)...)...)
}

// slow says of a call that runs for long when its device was last heard of: one
// that is switched off is the usual cause.
func slow(c approvals.Call, dev approvals.Device) []span {
	if c.State != approvals.Running || !c.Job.Slow {
		return nil
	}
	spans := []span{words(" This is taking longer than usual; I keep checking")}
	if !dev.LastSeen.IsZero() {
		spans = append(spans, words(". When this was requested, the device had last been seen "), when(dev.LastSeen))
	}
	return append(spans, words("."))
}

// nameLength is how much of a host name is shown beside the id, which is what
// counts. Windows names have 15 characters.
func nameLength(d detail) int {
	if d == bare {
		return 16
	}
	return 64
}

func led(separator string, spans []span) []span {
	if len(spans) == 0 {
		return nil
	}
	return append([]span{words(separator)}, spans...)
}

// named names a device, with a link where Defender has a page of it.
func (v Views) named(dev approvals.Device) []span {
	name := cut(fact(dev.Name), nameLength(full))
	switch {
	case dev.ID == "":
		return []span{strong(name)}
	case name == "":
		name = "Device"
	}
	return []span{link(v.DevicePage(dev.ID), name), words(" "), code(dev.ID)}
}

// known is what Defender says of a device that an approver wants to know.
// Before it was asked there is nothing to say.
func known(r approvals.Request, dev approvals.Device, d detail) []span {
	if r.Opened.IsZero() || !dev.Verified {
		return nil
	}
	var facts []string
	for _, f := range []string{dev.OS, health(dev.Health), risk(dev.Risk)} {
		if f != "" && d != bare {
			facts = append(facts, cut(fact(f), 60))
		}
	}
	if d == full && len(dev.Tags) > 0 {
		facts = append(facts, "tags: "+cut(tags(dev.Tags), 120))
	}
	spans := []span{words(strings.Join(facts, " · "))}
	if d != full || dev.LastSeen.IsZero() {
		return spans[:min(1, len(facts))]
	}
	if len(facts) > 0 {
		spans = append(spans, words(" · "))
	}
	return append(spans, words("last seen "), when(dev.LastSeen))
}

// fact is what Defender says of a device, as one item of a line: it must not
// look like two.
func fact(s string) string {
	return oneLine(strings.Map(func(r rune) rune {
		if strings.ContainsRune("·•‧∙⋅・|", r) {
			return ' '
		}
		return r
	}, s))
}

// tags are what people have called a device; a comma in one would make it two.
func tags(list []string) string {
	shown := make([]string, len(list))
	for i, tag := range list {
		shown[i] = fact(strings.ReplaceAll(tag, ",", " "))
	}
	return strings.Join(shown, ", ")
}

// health is how a device is that hears Defender; of others [silent] warns.
func health(word string) string {
	if word == "Active" {
		return word
	}
	return ""
}

// unread says why Defender could not be asked about a device.
func unread(dev approvals.Device) string {
	if dev.Unread.Reason == "" {
		return ""
	}
	return sentence(dev.Unread)
}

func risk(word string) string {
	switch word {
	case "", "None":
		return ""
	}
	return "risk " + word
}
