package commands

import "strings"

// escape is what Slack does to a text.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// format writes a command as Slack would send it, without the slash command
// itself: Parse(format(c)) is c for every c that Parse returns.
func (g Grammar) format(c Command) string {
	switch c := c.(type) {
	case Ask:
		return c.Action + " " + joined(c.Devices) + " " + escape.Replace(c.Comment)
	case Off:
		return c.Action
	case Status:
		return "status " + c.Request
	case Cancel:
		return "cancel " + c.Request
	case List:
		return "list"
	case Limits:
		return "limits"
	case Help:
		return "help"
	}
	return ""
}

func joined(devices []Device) string {
	texts := make([]string, len(devices))
	for i, d := range devices {
		texts[i] = d.String()
	}
	return strings.Join(texts, ",")
}
