package chaos_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"defenderbot/approvals"
)

// tally is what the table says of one or more rounds.
type tally struct {
	rounds, requests, approvals, calls, posts int
	uncertain, adopted, notStarted, unknown   int
	copies, others                            int
	freezes, overtaken, held, wentOn          int
	kills                                     map[string]int
	ends                                      map[string]int
	actions                                   map[string]int
	bad                                       map[string]int
	took                                      time.Duration
}

func newTally() tally {
	return tally{kills: map[string]int{}, ends: map[string]int{}, actions: map[string]int{}, bad: map[string]int{}}
}

// count adds a round.
func (t *tally) count(r *round, e evidence, bad []violation) {
	t.rounds++
	for _, k := range r.kills {
		t.kills[k]++
	}
	for _, v := range bad {
		t.bad[v.kind]++
	}
	t.posts += len(e.posts)
	t.copies += e.copies
	t.overtaken += e.overtaken
	for _, f := range e.freezes() {
		t.freezes++
		t.held += len(f.held)
		t.wentOn += f.wentOn
	}
	for _, entry := range e.trail {
		switch entry.Event {
		case "doubt":
			t.uncertain++
		case "adopt":
			t.adopted++
		case "miss":
			t.notStarted++
		}
	}
	for _, record := range e.records {
		t.requests++
		t.approvals += len(record.Approvals)
		t.calls += len(record.Calls)
		t.actions[record.Action] += len(record.Calls)
		end := string(record.State)
		switch record.State {
		case approvals.Done:
			end += ", " + string(record.Outcome())
		case approvals.Rejected:
			end += ", " + string(record.Ended.Why.Reason)
		case approvals.Checking, approvals.Pending, approvals.Approved, approvals.Denied, approvals.Cancelled, approvals.Expired:
		}
		t.ends[end]++
		for _, c := range record.Calls {
			if c.State == approvals.Unknown {
				t.unknown++
			}
		}
	}
}

func (t *tally) killed() int {
	n := 0
	for _, k := range t.kills {
		n += k
	}
	return n
}

// String is the table.
func (t *tally) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(what string, n any) { fmt.Fprintf(w, "%s\t%v\n", what, n) }
	row("kills", t.killed())
	rows(w, "  ", t.kills)
	row("rounds", t.rounds)
	row("requests", t.requests)
	rows(w, "  ended ", t.ends)
	row("approvals", t.approvals)
	row("calls", t.calls)
	rows(w, "  of ", t.actions)
	row("POSTs that left", t.posts)
	row("times that a call was uncertain", t.uncertain)
	row("  found in Defender and adopted", t.adopted)
	row("  looked for and not there", t.notStarted)
	row("  outcome unknown", t.unknown)
	row("freezes", t.freezes)
	row("  commits to send that they overtook", t.overtaken)
	row("  calls that waited for their end", t.held)
	row("  of those sent after it", t.wentOn)
	row("second cards left by a crash", t.copies)
	for _, kind := range []string{lost, untrue, doubled, reposted, openEnded, wrongCard, grouped, slipped, trailGap} {
		row("VIOLATIONS: "+kind, t.bad[kind])
	}
	row("VIOLATIONS: processes and copies", t.others)
	row("seconds", int(t.took.Seconds()))
	w.Flush()
	return b.String()
}

func rows(w *tabwriter.Writer, before string, counts map[string]int) {
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(w, "%s%s\t%d\n", before, k, counts[k])
	}
}
