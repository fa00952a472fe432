package app

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
	"defenderbot/bot"
)

// rosterEvery is how often the approvers are looked up again.
const rosterEvery = 5 * time.Minute

func (a *App) policy(l lists) approvals.Policy {
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
		Requesters: l.requesters, Approvers: l.approvers, Channels: c.Channels, AllowShared: c.AllowShared,
		Needed: least, NeededFor: needed,
	}
}

// muster looks the approvers up before anything starts. It is an error if no
// request could ever be approved, for certain, and what Slack refuses to say is
// certain. What could not be found out in time keeps nobody from starting and is
// looked up again.
func (a *App) muster(ctx context.Context, slack *bot.Workspace, policy approvals.Policy) (*office.Roster, error) {
	roster := office.NewRoster(slack, policy, a.options.Log)
	first, cancel := context.WithTimeout(ctx, connectWait)
	defer cancel()
	roster.Muster(first)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	a.watch.musters(roster)
	return roster, roster.State().TooFew()
}

// watchRoster looks the approvers up again and again until ctx ends.
func (a *App) watchRoster(ctx context.Context, roster *office.Roster) error {
	every := a.options.RosterEvery
	if every == 0 {
		every = rosterEvery
	}
	return roster.Run(ctx, every)
}

func (r *readiness) musters(roster *office.Roster) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.roster = roster
}

// approvers is how the list of approvers stands.
func (r *readiness) approvers() office.RosterState {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.roster == nil {
		return office.RosterState{}
	}
	return r.roster.State()
}

// remarks are what is not as it should be and keeps nobody from working.
func (r *readiness) remarks() string {
	state, text := r.approvers(), ""
	if len(state.Out) > 0 {
		text = "\nentries of APPROVERS that do not count now: " + state.String()
	}
	if len(state.Short) > 0 {
		text += "\nactions that need more approvers than may decide: " + strings.Join(state.Short, ", ")
	}
	return text
}
