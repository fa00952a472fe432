package commands

// format writes a command as Slack would send it, without the slash command
// itself: Parse(format(c)) is c for every c that Parse returns.
func (g Grammar) format(c Command) string {
	switch c := c.(type) {
	case Ask:
		return c.Sent()
	case Form:
		return ""
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
