package app

import (
	"time"
	"unicode/utf8"

	"defenderbot/approvals"
)

// observe logs and counts a change that is in Redis.
func (a *App) observe(before, after approvals.Request, e approvals.Event) {
	line, _ := approvals.Describe(before, after, e)
	a.watch.flow.changed(before, after)
	a.options.Log.Info("request changed", change(after, line)...)
}

// change is what the log says of one: of what a person wrote no more than how
// long it is.
func change(r approvals.Request, line approvals.Line) []any {
	says := []any{"request", r.ID, "action", r.Action, "event", line.Event, "from", line.From, "to", line.To, "by", line.By.ID, "detail", line.Detail}
	if line.Call != nil {
		says = append(says, "call", *line.Call, "device", line.Device)
	}
	if line.Typed != "" {
		says = append(says, "characters_typed", utf8.RuneCountInString(line.Typed))
	}
	return says
}

// redisLost logs and counts that Redis was set back.
func (a *App) redisLost() {
	a.watch.setBacks.Inc()
	a.options.Log.Error("redis lost changes", "cause", "an audit entry that was there is gone, so Redis was set back to a time before it",
		"calls", "what waits to be sent is looked up in Defender and not sent")
}

// jumped logs and counts a jump of Redis's clock.
func (a *App) jumped(by time.Duration) {
	a.watch.jumps.Inc()
	a.options.Log.Warn("redis clock jumped", "by", by.String(), "windows", "recent calls count as made now, because Microsoft's clock did not jump")
}
