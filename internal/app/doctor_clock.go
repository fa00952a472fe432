package app

import (
	"fmt"
	"time"
)

// mostApart is by how much this host's clock may differ from those of Slack and Microsoft.
// Investigations that may have been started are looked up by time, with a minute to spare.
const mostApart = 30 * time.Second

// slackClock compares this host's clock with Slack's.
func slackClock(lead time.Duration, known bool) []Finding {
	return []Finding{compare("slack clock", "Slack", lead, known, "check that no proxy removes the Date header from Slack's answers")}
}

// microsoftClocks compares this host's clock with those that have answered.
func microsoftClocks(p *parts) []Finding {
	const silent = "see what keeps it from answering"
	entra, said := p.tokens.Ahead()
	defender, answered := p.client.Ahead()
	return []Finding{
		compare("microsoft clock", "Entra", -entra, said, silent),
		compare("microsoft clock", "Defender", -defender, answered, silent),
	}
}

// compare says by how much this host's clock is ahead of somebody else's, and what to do
// where that is not known.
func compare(about, whose string, lead time.Duration, known bool, silent string) Finding {
	f := Finding{About: about, Grade: Well, Says: whose + " and this host agree on the time"}
	switch {
	case !known:
		f.Grade, f.Says, f.Mend = Unknown, whose+" has not said what time it is", silent
	case lead.Abs() > mostApart:
		way := "ahead of"
		if lead < 0 {
			way = "behind"
		}
		f.Grade, f.Says = Doubt, fmt.Sprintf("this host's clock is %s %s %s's", lead.Abs().Round(time.Second), way, whose)
		f.Mend = "synchronise this host's clock (NTP): with a wrong one, Entra refuses signed assertions, investigations are not found, and the times in the log are wrong"
	}
	return f
}
