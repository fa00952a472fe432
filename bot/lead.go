package bot

import (
	"net/http"
	"time"
)

// clockLead is by how much our clock was ahead of Slack's when the bot asked who it is.
type clockLead struct {
	by   time.Duration // negative: behind
	said bool          // false: Slack did not say what time it was
}

// leadOver reads the Date of an answer, which has whole seconds
// (https://www.rfc-editor.org/rfc/rfc9110#field.date).
func leadOver(date string, now time.Time) clockLead {
	at, err := http.ParseTime(date)
	if err != nil {
		return clockLead{}
	}
	return clockLead{now.Sub(at), true}
}

// ClockLead is by how much our clock was ahead of Slack's when the bot connected, to about a
// second plus the time of one call, and whether that is known. Negative: it was behind.
func (w *Workspace) ClockLead() (by time.Duration, known bool) { return w.lead.by, w.lead.said }
