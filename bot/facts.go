package bot

import (
	"strings"

	"defenderbot/approvals"
)

// knows reports whether there is anything to say of a device: before Defender was asked
// there is not.
func knows(r approvals.Request, dev approvals.Device) bool { return !r.Opened.IsZero() && dev.Verified }

// known is what Defender says of a device that an approver wants to know, the risk first.
func known(r approvals.Request, dev approvals.Device, d detail) (facts []string) {
	if !knows(r, dev) || d == bare {
		return nil
	}
	marked := ""
	if len(dev.Tags) > 0 {
		marked = "tags: " + cut(tags(dev.Tags), 120)
		if d == brief {
			marked = cut(marked, 40)
		}
	}
	for _, f := range []string{risk(dev.Risk), marked, system(dev.OS), health(dev.Health)} {
		facts = append(facts, nonEmpty(cut(fact(f), 130))...)
	}
	return facts
}

// system is an operating system as people write it; Defender leaves the spaces out.
func system(os string) string {
	for _, name := range []string{"WindowsServer", "Windows"} {
		if rest, is := strings.CutPrefix(os, name); is && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			return strings.Replace(name, "sS", "s S", 1) + " " + rest
		}
	}
	return os
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
	return "risk " + fact(word)
}
