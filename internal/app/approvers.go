package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
)

// rosterEvery is how often the approvers are looked up again.
const rosterEvery = 5 * time.Minute

func (a *App) policy(approvers, requesters approvals.List) approvals.Policy {
	c := a.config
	needed := map[string]int{}
	for _, action := range a.options.Catalogue {
		needed[action.Name] = c.Needed
	}
	maps.Copy(needed, c.NeededFor)
	least := c.Needed
	if len(needed) > 0 { // a default that no action uses says nothing
		least = slices.Min(slices.Collect(maps.Values(needed)))
	}
	return approvals.Policy{
		Requesters: requesters, Approvers: approvers, Channels: c.Channels, AllowShared: c.AllowShared,
		Needed: least, NeededFor: needed,
	}
}

// rules are what the bot goes by, for one line of the log: what a slip in the
// configuration has changed can be seen there.
func (a *App) rules(p approvals.Policy) []slog.Attr {
	c := a.config
	var needed []string
	for _, action := range slices.Sorted(maps.Keys(p.NeededFor)) {
		needed = append(needed, fmt.Sprintf("%s=%d", action, p.NeededFor[action]))
	}
	return []slog.Attr{
		slog.String("who_asks", cmp.Or(listed(p.Requesters), "every full member")),
		slog.String("who_decides", listed(p.Approvers)),
		slog.String("approvals", strings.Join(needed, ",")),
		slog.String("channels", cmp.Or(strings.Join(p.Channels, ","), "wherever the bot is")),
		slog.Bool("shared_channels", p.AllowShared),
		slog.String("to_approve", c.ApprovalTTL.String()),
		slog.String("to_send", c.ExecutionTTL.String()),
		slog.Int("most_devices", c.MaxDevices),
		slog.Int("most_open", c.MaxOpen),
	}
}

func listed(l approvals.List) string { return strings.Join(slices.Concat(l.Users, l.Groups), ",") }

// muster looks the approvers up before anything starts, and the groups of those who
// may ask. It is an error if no request could ever be made or approved, for certain,
// and what Slack refuses to say is certain. What could not be found out in time keeps
// nobody from starting and is looked up again.
func (a *App) muster(ctx context.Context, p *parts) (detail string, err error) {
	p.roster = office.NewRoster(p.slack, p.policy, a.options.Log)
	p.roster.Muster(ctx)
	s := p.roster.State()
	if err := cmp.Or(s.TooFew(), s.NobodyAsks()); err != nil {
		return "", finalError{err}
	}
	return fmt.Sprintf("%d may decide", s.Able), nil
}

// remarks are what is not as it should be and keeps nobody from working.
func remarks(s office.RosterState) string {
	var list []string
	if len(s.Out) > 0 {
		list = append(list, "entries of APPROVERS that do not count now: "+s.String())
	}
	if len(s.CannotAsk) > 0 {
		list = append(list, "entries of REQUESTERS that do not count now: "+s.Askers())
	}
	if len(s.Short) > 0 {
		list = append(list, "actions that need more approvers than may decide: "+strings.Join(s.Short, ", "))
	}
	return strings.Join(list, "; ")
}
