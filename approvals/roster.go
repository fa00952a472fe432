package approvals

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Roster is what was last found out about everybody on the list of approvers.
// It counts them and warns of those who can never decide. It gives no right to
// anything: a click is judged by facts that are at most 60 seconds old.
type Roster struct {
	people Directory
	policy Policy
	log    *slog.Logger

	mu    sync.Mutex
	seen  map[string]sighting // by id; the last answer, or an error where there never was one
	state RosterState
	told  map[string]string // what the log was told of whom
}

// NewRoster makes a Roster that knows nobody yet.
func NewRoster(people Directory, policy Policy, log *slog.Logger) *Roster {
	return &Roster{people: people, policy: policy, log: log, seen: map[string]sighting{}, told: map[string]string{}}
}

// State is how the list stood when it was last looked at.
func (r *Roster) State() RosterState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// Counts reports whether an id is that of somebody who may decide, or it is not
// known.
func (r *Roster) Counts(id string) bool {
	return !slices.ContainsFunc(r.State().Out, func(s Standing) bool { return s.ID == id && !s.open() })
}

// Run looks everybody up again and again until ctx ends, sooner where something
// is not known.
func (r *Roster) Run(ctx context.Context, every time.Duration) error {
	wait := func() time.Duration {
		if r.State().known() {
			return every
		}
		return every / 10
	}
	for sleep(ctx, wait()) {
		r.Refresh(ctx, min(every/10, time.Second))
	}
	return ctx.Err()
}

// lookUpsAtOnce is how many people are looked up at the same time. Slack allows
// about a hundred users.info a minute, which clicks need as well
// (https://docs.slack.dev/reference/methods/users.info).
const lookUpsAtOnce = 8

// Refresh looks everybody on the list up and says in the log what is new about
// them. With a pause it goes one by one and leaves Slack to others in between.
// What is not known at the deadline of ctx stays so.
func (r *Roster) Refresh(ctx context.Context, pause time.Duration) {
	ids, groups := r.read(ctx)
	found := make([]sighting, len(ids))
	g := new(errgroup.Group)
	g.SetLimit(lookUpsAtOnce)
	if pause > 0 {
		g.SetLimit(1)
	}
	for i, id := range ids {
		found[i] = sighting{id: id, err: errNotAsked}
		g.Go(safely(func() error {
			facts, err := patiently(ctx, func() (Facts, error) { return r.people.Facts(ctx, id) })
			found[i] = sighting{id, facts, err}
			sleep(ctx, pause)
			return nil
		}))
	}
	if err := g.Wait(); err != nil { // a panic: whoever it was about counts as not asked
		r.log.ErrorContext(ctx, "an approver could not be looked up", "error", err)
	}
	if !errors.Is(ctx.Err(), context.Canceled) {
		r.take(ctx, found, groups)
	}
}

// errNotAsked stands for an answer that did not come.
var errNotAsked = errors.New("not asked")

// read is all ids on the list, and the groups that give none.
func (r *Roster) read(ctx context.Context) (ids []string, groups []Standing) {
	ids = slices.Clone(r.policy.Approvers.Users)
	for _, group := range r.policy.Approvers.Groups {
		members, err := patiently(ctx, func() ([]string, error) { return r.people.Members(ctx, group) })
		switch {
		case err != nil:
			groups = append(groups, Standing{ID: group, Bar: IsUnread, Err: err})
		case len(members) == 0:
			groups = append(groups, Standing{ID: group, Bar: IsEmpty})
		}
		ids = append(ids, members...)
	}
	slices.Sort(ids)
	return slices.Compact(ids), groups
}

// patiently asks again for as long as the answer is to ask again later.
func patiently[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	for {
		got, err := ask()
		later, ok := errors.AsType[*Later](err)
		if !ok || !sleep(ctx, max(later.After, time.Second)) {
			return got, err
		}
	}
}

// take keeps what was found. A look-up that failed changes nothing of what was
// known before, and a group that could not be read keeps its members.
func (r *Roster) take(ctx context.Context, found []sighting, groups []Standing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	unread := slices.ContainsFunc(groups, func(s Standing) bool { return s.Bar == IsUnread })
	seen := map[string]sighting{}
	if unread {
		seen = maps.Clone(r.seen)
	}
	var failed error
	for _, s := range found {
		if was, ok := r.seen[s.id]; ok && s.unknown() && !was.unknown() {
			s, failed = was, s.err
		}
		seen[s.id] = s
	}
	r.seen = seen
	r.state = r.policy.rosterState(slices.Collect(maps.Values(seen)), groups)
	r.say(ctx, failed)
}

// say logs what is new: each person once for each cause.
func (r *Roster) say(ctx context.Context, failed error) {
	now := map[string]string{}
	for _, s := range r.state.Out {
		now[s.ID] = string(s.Bar)
		if r.told[s.ID] == string(s.Bar) {
			continue
		}
		if s.open() {
			r.log.WarnContext(ctx, "an entry of APPROVERS cannot be looked up; whether it counts is not known", "who", s.who(), "why", s.why())
			continue
		}
		r.log.WarnContext(ctx, "an entry of APPROVERS does not count", "who", s.who(), "why", s.why())
	}
	const again = "look-ups"
	if failed != nil {
		now[again] = again
		if r.told[again] == "" {
			r.log.WarnContext(ctx, "approvers could not be looked up again; they count as before", "error", failed)
		}
	}
	for who := range r.told {
		if now[who] == "" && who != again {
			r.log.InfoContext(ctx, "an entry of APPROVERS counts again, or is not there any more", "who", who)
		}
	}
	r.told = now
}

// enough finds out whether at least needed of the ids are people who may decide
// in a channel on what others asked for. Whoever counts on the roster is taken for
// it. The others are looked up now: people who joined the list, and those who
// could not decide when the roster last looked.
func (r *Roster) enough(ctx context.Context, ids []string, asked []Person, ch Channel, needed int) error {
	judged := r.known(ids)
	was := r.policy.standings(judged, asked, ch)
	all := was
	if able(all) >= needed {
		return nil
	}
	asking, stop := context.WithCancel(ctx)
	defer stop()
	var mu sync.Mutex
	g := new(errgroup.Group)
	g.SetLimit(lookUpsAtOnce)
	for i, s := range judged {
		if asking.Err() != nil {
			break
		}
		if slices.ContainsFunc(was, func(o Standing) bool { return o.ID == s.id && (o.Bar == "" || o.Bar == IsRequester) }) {
			continue
		}
		g.Go(safely(func() error {
			facts, err := r.people.Facts(asking, s.id)
			now := sighting{s.id, facts, err}
			mu.Lock()
			defer mu.Unlock()
			if s.unknown() || !now.unknown() {
				judged[i] = now
			}
			if all = r.policy.standings(judged, asked, ch); able(all) >= needed {
				stop() // the rest need not be asked
			}
			return nil
		}))
	}
	if err := g.Wait(); err != nil {
		return unknown(err)
	}
	return tooFew(all, needed)
}

// known is what the roster knows of ids.
func (r *Roster) known(ids []string) []sighting {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]sighting, len(ids))
	for i, id := range ids {
		all[i] = sighting{id: id, err: errNotAsked}
		if s, ok := r.seen[id]; ok {
			all[i] = s
		}
	}
	return all
}
