package app

import (
	"context"
	"fmt"
	"slices"
)

// Grade is how one line of the doctor's checklist stands.
type Grade string

// The grades, best first.
const (
	Well    Grade = "ok"
	Unknown Grade = "unknown" // nobody says, or something else has to work first
	Doubt   Grade = "warning"
	Wrong   Grade = "wrong" // the bot does not start, or does not do what it is there for
)

// Finding is one line of the doctor's checklist.
type Finding struct {
	About string `json:"about"` // what was looked at, one of [Lines]; programs may rely on it
	Grade Grade  `json:"grade"`
	Says  string `json:"says"`           // how it stands
	Mend  string `json:"mend,omitempty"` // what to do about it, unless it is well

	unreached bool // there was no answer, or one that cannot be Defender's

	logged bool // the bot logs it by itself where it arises, so it does not warn of it once more when it starts
}

// Line is what the doctor has to say something about.
type Line struct{ About, Looks string }

// Lines are all that there are, in the order in which the doctor goes through them. The
// runbook (docs/operate.md) has an entry for each.
func Lines() []Line {
	return []Line{
		{"configuration", "variables that are allowed and look wrong, or that nothing reads"},
		{"slack", "both tokens are taken, and are of one app in one workspace"},
		{"slack's user groups", "each @handle is a user group of the workspace"},
		{"approvers", "somebody may ask, enough people may decide on each action, and one can be away"},
		{"people", "each entry of APPROVERS, REQUESTERS and ESCALATE_TO counts, and who can edit the groups"},
		{"slack scopes", "the bot token has the scopes that the bot needs, and no others"},
		{"slack clock", "this host and Slack agree on what time it is"},
		{"slack channels", "the bot is in CHANNELS and ALERT_CHANNEL, and may post there as far as Slack says"},
		{"slack socket mode", "Slack would open a socket for the app-level token; none is opened"},
		{"redis", "Redis accepts everything that the bot writes"},
		{"redis durability", "Redis does not forget what it has confirmed, at a restart or a failover"},
		{"redis eviction", "Redis drops nothing when its memory is full"},
		{"redis version", "Redis 7 or newer, or Valkey"},
		{"redis memory", "there is room for what is still to come"},
		{"redis replicas", "there are as many as REDIS_WAIT_REPLICAS asks for, and a failover loses nothing"},
		{"redis round trip", "Redis answers fast enough for Slack's three seconds"},
		{"redis clock", "Redis's clock, by which windows and deadlines run, agrees with this machine's"},
		{"slack sockets", "Slack's 10 sockets are enough for the replicas, and nobody else has any of them"},
		{"credential", "when the bot's credential for Entra expires, as far as that is known"},
		{"entra", "Entra accepts the credential and issues tokens"},
		{"entra roles", "the token has the roles that the enabled actions need, and no others"},
		{"defender", "Defender accepts the token and answers a read"},
		{"microsoft clock", "this host and Microsoft agree on what time it is"},
		{"ended actions", "the tenant has refused actions that Microsoft has ended"},
		{aboutProbe, "Defender would take each action; it is asked only with -probe, on a device that does not exist"},
	}
}

// String is for operators.
func (f Finding) String() string {
	text := fmt.Sprintf("%-8s %-*s  %s", f.Grade, longestAbout, f.About, f.Says)
	if f.Mend != "" {
		text += "\n         -> " + f.Mend
	}
	return text
}

// longestAbout is the length of the longest name in [Lines], so that what was found
// stands in one column.
const longestAbout = len("slack's user groups")

// exam looks at one thing and says all that it found out about it. It starts nothing in
// Defender and posts nothing in Slack, for the bot makes it too when it starts.
type exam struct {
	about string // of its findings, unless they say otherwise
	needs string // a check that has to pass first; empty: none
	run   func(context.Context) []Finding
}

// exams are those of a bot that is connected, or as far as it is. What the work of a
// running bot shows by itself is not among them.
func (a *App) exams(p *parts) []exam {
	return slices.Concat(a.slackExams(p), a.redisExams(p), a.microsoftExams(p))
}

// slackExams are of Slack, and of the people there.
func (a *App) slackExams(p *parts) []exam {
	return []exam{
		{"approvers", "approvers", func(context.Context) []Finding { return deciding(p.roster.State(), p.policy) }},
		{"people", "approvers", func(context.Context) []Finding { return lists(p.roster.State()) }},
		{"slack scopes", "slack", func(context.Context) []Finding { return scopes(p.slack.Granted()) }},
		{"slack clock", "slack", func(context.Context) []Finding { return slackClock(p.slack.ClockLead()) }},
		{"slack channels", "slack", func(ctx context.Context) []Finding { return a.channels(ctx, p.slack) }},
	}
}

// look makes exams one after the other, without those that need a check that has failed.
func look(ctx context.Context, exams []exam, failed map[string]bool, say func(Finding)) {
	for _, e := range exams {
		if ctx.Err() != nil {
			return
		}
		if failed[e.needs] {
			if e.about != e.needs { // of that, the check itself has said why
				say(unexamined(e.about, e.needs))
			}
			continue
		}
		found := e.findings(ctx)
		if ctx.Err() != nil { // what is found at the end of the program is nothing
			return
		}
		for _, f := range found {
			say(f)
		}
	}
}

// findings are those of one exam, which has as long as one try to connect. A mistake in it
// must not end a bot that works.
func (e exam) findings(ctx context.Context) (found []Finding) {
	one, cancel := context.WithTimeout(ctx, connectWait)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			found = append(found, Finding{About: e.about, Grade: Doubt, Says: fmt.Sprintf("this check panicked: %v", p), Mend: "report this: it is a bug in the bot"})
		}
	}()
	return e.run(one)
}

func unexamined(about, needs string) Finding {
	return Finding{About: about, Grade: Unknown, Says: "not checked until " + needs + " is ok"}
}
