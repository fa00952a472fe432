package office

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/audit"
)

// Refusals writes down what people were refused. The first of a person is an entry of the
// audit trail at once, the others of the minute that begins with it are one more, with how
// many they were: a flood of clicks fills neither the trail nor the memory.
type Refusals struct {
	trail trail
	dir   approvals.Directory
	log   *slog.Logger

	mu      sync.Mutex
	minutes map[string]*minute // by Slack's user id; empty: of those beyond mostRefused
	news    chan struct{}
}

// trail is where entries go. Errors are as of [ledger.Store.Note].
type trail interface {
	Now() time.Time
	Note(ctx context.Context, e audit.Entry) error
}

// minute is what one person was refused in a minute. It lasts until it is written down.
type minute struct {
	first   audit.Entry
	written bool // that one
	last    audit.Entry
	others  map[string]int // by what was refused and why
	count   int            // of the others
}

const (
	refusalMinute = time.Minute
	mostRefused   = 1000 // people who are told apart in a minute
	mostKinds     = 20   // kinds of refusals of one person that are told apart
	noteLimit     = 5 * time.Second
)

// NewRefusals makes one. Without [Refusals.Run] it writes nothing.
func NewRefusals(store *ledger.Store, dir approvals.Directory, log *slog.Logger) *Refusals {
	return newRefusals(store, dir, log)
}

func newRefusals(t trail, dir approvals.Directory, log *slog.Logger) *Refusals {
	return &Refusals{trail: t, dir: dir, log: log, minutes: map[string]*minute{}, news: make(chan struct{}, 1)}
}

// Add takes down that somebody was refused what, about a request if it was about one (what
// cannot be the id of one is left out), and why. It does not wait.
func (r *Refusals) Add(by By, what, request string, why approvals.Reason) {
	e := audit.Entry{
		At: r.trail.Now(), Event: "refused", By: short(by.User), Team: short(by.Place.Team), Channel: short(by.Place.Channel),
		What: short(what), Reason: string(why),
	}
	if ledger.IsID(request) {
		e.Request = request
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	m, known := r.minutes[e.By]
	if !known && len(r.minutes) >= mostRefused {
		e.By, e.Request, e.Team, e.Channel, e.Detail = "", "", "", "", "of people beyond those who are told apart"
		m, known = r.minutes[""]
	}
	if known {
		m.add(e)
		return
	}
	r.minutes[e.By] = &minute{first: e, others: map[string]int{}}
	select {
	case r.news <- struct{}{}:
	default:
	}
}

// short is an id or a word of an envelope, which is Slack's and has no length that we know.
func short(text string) string {
	const most = 60
	runes := []rune(text)
	return string(runes[:min(len(runes), most)])
}

func (m *minute) add(e audit.Entry) {
	m.last = e
	m.count++
	kind := e.What + " " + e.Reason
	if _, known := m.others[kind]; !known && len(m.others) >= mostKinds {
		kind = "others"
	}
	m.others[kind]++
}

// rest is the entry about all but the first.
func (m *minute) rest() audit.Entry {
	e := m.last
	e.Name, e.Grid, e.Count = m.first.Name, m.first.Grid, m.count
	if len(m.others) > 1 { // of different things: it has no one request and reason
		e.What, e.Reason, e.Request = "", "", ""
	}
	kinds := slices.Collect(maps.Keys(m.others))
	slices.SortFunc(kinds, func(a, b string) int { return cmp.Or(m.others[b]-m.others[a], strings.Compare(a, b)) })
	for i, kind := range kinds {
		kinds[i] = fmt.Sprintf("%s %d", kind, m.others[kind])
	}
	e.Detail = "after the one at " + m.first.At.Format(time.RFC3339Nano) + ": " + strings.Join(kinds, ", ")
	return e
}

// Run writes down what comes in until ctx ends, and then what is left. What cannot be
// written now is tried again. It never fails.
func (r *Refusals) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		wait := noteLimit
		if r.write(ctx, false) {
			wait = r.next()
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-r.news:
		case <-t.C:
		}
		t.Stop()
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteLimit)
	defer cancel()
	r.write(last, true)
	return nil
}

// next is when to look again: when the first minute is over.
func (r *Refusals) next() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	wait, now := refusalMinute, r.trail.Now()
	for _, m := range r.minutes {
		wait = min(wait, m.first.At.Add(refusalMinute).Sub(now))
	}
	return max(wait, time.Millisecond)
}

// write writes the first refusal of each person, and of those whose minute is over, or of
// all, the others. It stops at what fails, for nothing else would be taken either, and
// reports whether nothing did.
func (r *Refusals) write(ctx context.Context, all bool) (done bool) {
	r.mu.Lock()
	people := slices.Sorted(maps.Keys(r.minutes))
	r.mu.Unlock()
	for _, who := range people {
		if err := r.writeOf(ctx, who, all); err != nil {
			if ctx.Err() == nil || all {
				r.log.WarnContext(ctx, "refusals not written down", "people", len(people), "error", err)
			}
			return false
		}
	}
	return true
}

func (r *Refusals) writeOf(ctx context.Context, who string, all bool) error {
	r.mu.Lock()
	m := r.minutes[who]
	r.mu.Unlock()
	if !m.written { // by this goroutine alone, like what it was the first of
		m.first = r.named(ctx, m.first)
		if err := r.trail.Note(ctx, m.first); err != nil {
			return err
		}
		m.written = true
	}
	r.mu.Lock()
	over := all || !r.trail.Now().Before(m.first.At.Add(refusalMinute))
	if over {
		delete(r.minutes, who) // what comes now begins another minute
	}
	r.mu.Unlock()
	if !over || m.count == 0 {
		return nil
	}
	if err := r.trail.Note(ctx, m.rest()); err != nil {
		r.keep(who, m)
		return err
	}
	return nil
}

// keep puts a minute back that could not be written, with what has come meanwhile.
func (r *Refusals) keep(who string, m *minute) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if newer, begun := r.minutes[who]; begun {
		m.add(newer.first)
		if newer.count > 0 {
			m.last, m.count = newer.last, m.count+newer.count
		}
		for kind, n := range newer.others {
			m.others[kind] += n
		}
	}
	r.minutes[who] = m
}

// named adds the name that the person has now, where Slack can say it. It was asked about
// them a moment ago; where it did not answer then, and about people of other workspaces, it
// is not asked again.
func (r *Refusals) named(ctx context.Context, e audit.Entry) audit.Entry {
	if e.By == "" || e.Name != "" || e.Reason == string(approvals.NotKnown) || e.Reason == string(approvals.OtherTeam) {
		return e
	}
	ctx, cancel := context.WithTimeout(ctx, noteLimit)
	defer cancel()
	if f, err := r.dir.Facts(ctx, e.By); err == nil {
		e.Name, e.Grid = f.Name, f.Enterprise
	}
	return e
}
