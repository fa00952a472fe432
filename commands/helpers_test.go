package commands

import (
	"fmt"
	"strings"
)

// format writes a command as Slack would send it, without the slash command
// itself: Parse(format(c)) is c for every c that Parse returns.
func (g Grammar) format(c Command) string {
	switch c := c.(type) {
	case Ask:
		return c.Sent()
	case Force:
		return c.Action + "! " + c.Device.String() + " " + escape.Replace(c.Comment)
	case Form:
		return ""
	case Off:
		return c.Action
	case Status:
		return written("status", c.Request, c.Public)
	case Cancel:
		return "cancel " + c.Request
	case List:
		return written("list", "", c.Public)
	case Limits:
		return written("limits", "", c.Public)
	case History:
		return written("history", c.Device.String(), c.Public)
	case Report:
		return written("report", fmt.Sprintf("%dd", c.Days), c.Public)
	case Freeze:
		return "freeze " + escape.Replace(c.Reason)
	case Unfreeze:
		return "unfreeze " + escape.Replace(c.Reason)
	case Help:
		return "help"
	}
	return ""
}

// written is a word with what it is about.
func written(word, about string, public bool) string {
	parts := []string{word, about}
	if public {
		parts = append(parts, "public")
	}
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}
