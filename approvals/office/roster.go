package office

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"defenderbot/approvals"
)

// Roster is what was last found out about everybody on the lists of approvers of the
// actions that are switched on and of those who are called in late, and about the groups
// of those who may ask for them.
// It counts approvers and warns of entries that can never decide or ask. It gives no
// right to anything: a click is judged by facts that are at most 60 seconds old.
type Roster struct {
	people     people
	deciding   []panel
	requesting []approvals.List // of each action that is switched on
	calledIn   []approvals.List // likewise: those who decide too once it is escalated
	log        *slog.Logger

	mu      sync.Mutex
	members map[string][]string           // of each group, by its last answer
	groups  map[string]approvals.Standing // how each counts; with a Bar, it gives nobody or could not be read again
	seen    map[string]sighting           // by id of a person; the last answer, or an error where there never was one
	state   RosterState
	told    map[string]approvals.Bar // what the log was told of which approver
	stale   bool                     // the log was told that somebody could not be looked up again
	short   string                   // actions that the log was told of

	open       map[string]bool // groups that decide, whose members perhaps everybody can edit
	toldOfOpen bool            // the log was told of them

	hearing hearing

	toldOfAskers map[string]approvals.Bar // what it was told of groups of those who may ask
	toldOfCalled map[string]approvals.Bar // and of those who are called in
}

// NewRoster makes a Roster that knows nobody yet.
func NewRoster(dir approvals.Directory, policy approvals.Policy, log *slog.Logger) *Roster {
	return &Roster{
		people: people{dir, policy}, deciding: panels(policy), requesting: requesting(policy), calledIn: calledIn(policy), log: log,
		open: map[string]bool{}, members: map[string][]string{}, groups: map[string]approvals.Standing{}, seen: map[string]sighting{}, told: map[string]approvals.Bar{},
	}
}

// State is how the lists stand by what was found out last.
func (r *Roster) State() RosterState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// Counts reports whether an id is that of somebody who may decide, or it is not
// known.
func (r *Roster) Counts(id string) bool {
	s := r.State()
	return !slices.ContainsFunc(slices.Concat(s.Out, s.CannotBeCalled), func(s approvals.Standing) bool { return s.ID == id && !s.Undecided() })
}

// learnGroup takes over what was answered about a group. One that could not be read
// keeps the members that it had.
func (r *Roster) learnGroup(ctx context.Context, a reading) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := groupStanding(a)
	r.groups[a.id] = s
	if a.err == nil {
		r.members[a.id], r.open[a.id] = a.Members, a.Open()
	} else if s.Bar == approvals.IsRefused {
		delete(r.members, a.id)
	}
	r.recount(ctx)
}

// learn takes an answer over, unless it is none and there was one before: then it
// reports that what is known is stale. The end of the program is no answer.
func (r *Roster) learn(ctx context.Context, s sighting) (stale bool) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hearing.note(s)
	if was, ok := r.seen[s.id]; ok && s.unknown() && !was.unknown() {
		return true
	}
	r.seen[s.id] = s
	r.recount(ctx)
	return false
}

// recount makes the state from what is known, forgets who is on no list any more,
// and tells the log. The lock is held.
func (r *Roster) recount(ctx context.Context) {
	ids := r.listed()
	maps.DeleteFunc(r.seen, func(id string, _ sighting) bool { _, is := slices.BinarySearch(ids, id); return !is })
	r.state = r.deciders()
	r.askers(&r.state)
	r.state.CannotBeCalled, r.state.silence = r.uncalled(), r.hearing.silence
	r.state.Open = slices.DeleteFunc(groupsOf(slices.Concat(r.approving(), r.calledIn)...), func(group string) bool { return !r.open[group] })
	r.logNews(ctx)
}

// barred are those of some groups that give nobody, or could not be read. The lock
// is held.
func (r *Roster) barred(groups []string) (list []approvals.Standing) {
	for _, group := range groups {
		if s := r.groups[group]; s.Bar != "" {
			list = append(list, s)
		}
	}
	return list
}

// groupsOnLists are the groups on all lists, each once.
func (r *Roster) groupsOnLists() []string {
	return groupsOf(slices.Concat(r.approving(), r.requesting, r.calledIn)...)
}

// on are the ids of people on a list, in order. The lock is held.
func (r *Roster) on(list approvals.List) []string {
	all := slices.Clone(list.Users)
	for _, group := range list.Groups {
		all = append(all, r.members[group]...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// listed are the ids of people who are looked up: those on the lists of approvers, and of
// those who are called in. They are in order. The lock is held.
func (r *Roster) listed() []string { return r.onAny(slices.Concat(r.approving(), r.calledIn)) }

// onAny are the ids of people on some lists, in order, each once. The lock is held.
func (r *Roster) onAny(lists []approvals.List) []string {
	var all []string
	for _, l := range lists {
		all = append(all, r.on(l)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// sightings are what is known of ids. The lock is held.
func (r *Roster) sightings(ids []string) []sighting {
	all := make([]sighting, len(ids))
	for i, id := range ids {
		all[i] = sighting{id: id, err: errNotAsked}
		if s, ok := r.seen[id]; ok {
			all[i] = s
		}
	}
	return all
}

// ids are those of the people on the lists for whom is holds.
func (r *Roster) ids(is func(sighting) bool) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []string
	for _, s := range r.sightings(r.listed()) {
		if is(s) {
			ids = append(ids, s.id)
		}
	}
	return ids
}

func anybody(sighting) bool { return true }

// known is what the roster knows of ids, in their order.
func (r *Roster) known(ids []string) []sighting {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sightings(slices.Sorted(slices.Values(ids)))
}

// logNews logs what is new: each entry once for each cause. The lock is held.
func (r *Roster) logNews(ctx context.Context) {
	r.told = r.logEntries(ctx, "APPROVERS", r.told, r.state.Out)
	r.toldOfAskers = r.logEntries(ctx, "REQUESTERS", r.toldOfAskers, r.state.CannotAsk)
	r.toldOfCalled = r.logEntries(ctx, "ESCALATE_TO", r.toldOfCalled, r.state.CannotBeCalled)
	if short := strings.Join(r.state.Short, ", "); short != r.short {
		r.short = short
		if short != "" {
			r.log.WarnContext(ctx, "too few approvers for actions", "actions", short)
		}
	}
	r.logOpen(ctx)
}

// logOpen logs once which groups that decide may be open to everybody, when all were read.
func (r *Roster) logOpen(ctx context.Context) {
	unread := slices.ContainsFunc(groupsOf(slices.Concat(r.approving(), r.calledIn)...), func(group string) bool { _, read := r.groups[group]; return !read })
	if r.toldOfOpen || unread || len(r.state.Open) == 0 {
		return
	}
	r.toldOfOpen = true
	r.log.WarnContext(ctx, "approver groups may be open to edits by everybody", "groups", strings.Join(r.state.Open, ", "),
		"meaning", "Slack does not say that their members are locked or come from an identity provider; a setting of the workspace decides who can edit them",
		"mend", "let only administrators edit user groups, lock these, or list approvers by id")
}

// logEntries logs what is new about entries of one list, and returns what was told.
// The lock is held.
func (r *Roster) logEntries(ctx context.Context, list string, told map[string]approvals.Bar, out []approvals.Standing) (now map[string]approvals.Bar) {
	now = map[string]approvals.Bar{}
	for _, s := range out {
		now[s.ID] = s.Bar
		switch {
		case told[s.ID] == s.Bar:
		case s.Undecided():
			r.log.WarnContext(ctx, "list entry lookup failed", "list", list, "who", s.Label(), "why", s.Cause())
		default:
			r.log.WarnContext(ctx, "list entry does not count", "list", list, "who", s.Label(), "why", s.Cause())
		}
	}
	for who := range told {
		if now[who] == "" {
			r.log.InfoContext(ctx, "list entry counts again or is gone", "list", list, "who", who)
		}
	}
	return now
}

// logStale logs once that some people could not be looked up again, until all
// could.
func (r *Roster) logStale(ctx context.Context, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil && !r.stale {
		r.log.WarnContext(ctx, "approver refresh failed", "error", err)
	}
	r.stale = err != nil
}
