package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
)

// rosterEvery is how often the approvers are looked up again.
const rosterEvery = 5 * time.Minute

// policy are the rules for each action of the catalogue, also for those that are
// switched off: what was asked for before can be denied.
func (a *App) policy(approvers, requesters, leads ByAction[approvals.List]) approvals.Policy {
	c := a.config
	p := approvals.Policy{
		Default:  approvals.Rule{Requesters: requesters.Default, Approvers: approvers.Default, EscalateTo: leads.Default, Needed: c.Needed.Default},
		ByAction: map[string]approvals.Rule{}, Channels: c.Channels, AllowShared: c.AllowShared, BreakGlass: c.BreakGlass,
	}
	for _, action := range a.options.Catalogue {
		p.ByAction[action.Name] = approvals.Rule{
			Requesters: requesters.For(action.Name), Approvers: approvers.For(action.Name), EscalateTo: leads.For(action.Name),
			Needed: c.Needed.For(action.Name), Off: !slices.Contains(c.Actions, action.Name),
		}
	}
	return p
}

// rules are what the bot goes by, for one line of the log: what a slip in the
// configuration has changed can be seen there. Actions that are off are left out.
func (a *App) rules(p approvals.Policy) []slog.Attr {
	c := a.config
	asks, decides := listed("", p.Default.Requesters), listed("", p.Default.Approvers)
	if len(asks) == 0 {
		asks = []string{"every full member"}
	}
	late := listed("", p.Default.EscalateTo)
	var needed []string
	for _, action := range p.On() {
		rule := p.RuleFor(action)
		if !rule.Requesters.Equal(p.Default.Requesters) {
			asks = append(asks, listed(action+"=", rule.Requesters)...)
		}
		if !rule.Approvers.Equal(p.Default.Approvers) {
			decides = append(decides, listed(action+"=", rule.Approvers)...)
		}
		if !rule.EscalateTo.Equal(p.Default.EscalateTo) {
			late = append(late, listed(action+"=", rule.EscalateTo)...)
		}
		needed = append(needed, fmt.Sprintf("%s=%d", action, rule.Needed))
	}
	return []slog.Attr{
		slog.String("who_asks", strings.Join(asks, ",")),
		slog.String("who_decides", strings.Join(decides, ",")),
		slog.String("who_is_called_in", cmp.Or(strings.Join(late, ","), "nobody")),
		slog.String("approvals", strings.Join(needed, ",")),
		slog.String("channels", cmp.Or(strings.Join(p.Channels, ","), "wherever the bot is")),
		slog.Bool("shared_channels", p.AllowShared),
		slog.String("to_approve", c.ApprovalTTL.String()),
		slog.String("to_send", c.ExecutionTTL.String()),
		slog.Int("most_devices", c.MaxDevices),
		slog.Int("most_open", c.MaxOpen),
		slog.Int("devices_per_hour", c.DevicesPerHour),
		slog.Bool("break_glass", c.BreakGlass),
	}
}

// listed are the entries of a list as they are configured.
func listed(action string, l approvals.List) []string {
	entries := slices.Concat(l.Users, l.Groups)
	for i := range entries {
		entries[i] = action + entries[i]
	}
	return entries
}

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
	if len(s.CannotBeCalled) > 0 {
		list = append(list, "entries of ESCALATE_TO that do not count now: "+s.Called())
	}
	if len(s.Short) > 0 {
		list = append(list, "actions that need more approvers than may decide: "+strings.Join(s.Short, ", "))
	}
	return strings.Join(list, "; ")
}
