package ledger

import (
	"errors"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// tally is how the changes of a flow went.
type tally struct {
	confirmed, refused, notRecorded, unconfirmed int
	lost                                         int           // confirmed, and not there
	slowest                                      time.Duration // answer
	failures                                     []string      // what was said of changes that failed
}

// check holds what was said about every change against what Redis has. Lost
// changes are counted, for the caller to judge; everything else that is not
// true fails the test.
func (f *flow) check(k kept, s *Store) tally {
	f.t.Helper()
	there := map[deed]bool{}
	for _, e := range k.entries {
		there[deed{id: e.Request, event: e.Event, version: e.Version}] = true
	}
	won := map[deed]bool{}
	var n tally
	for _, d := range f.done {
		n.slowest = max(n.slowest, d.took)
		what := deed{id: d.id, event: d.event, version: d.version}
		switch {
		case d.err == nil && there[what] && !won[what]:
			n.confirmed++
			won[what] = true
		case d.err == nil:
			n.lost++
		case errors.Is(d.err, approvals.ErrUnconfirmed):
			n.unconfirmed++
			n.failures = append(n.failures, d.err.Error())
		case errors.Is(d.err, approvals.ErrNotRecorded), approvalstest.WasRefused(d.err):
			n.count(d)
			if opKept(f.t, s, d.op) {
				f.t.Errorf("%s of %s was recorded, but the answer was: %v", d.event, d.id, d.err)
			}
		default:
			f.t.Errorf("%s of %s does not say whether it was recorded: %v", d.event, d.id, d.err)
		}
	}
	return n
}

func (n *tally) count(d deed) {
	if approvalstest.WasRefused(d.err) {
		n.refused++
	} else {
		n.notRecorded++
		n.failures = append(n.failures, d.err.Error())
	}
}

// trouble runs a flow, makes trouble in the middle of it, and checks that
// nothing was lost, doubled or torn and that what was said is true.
func trouble(t *testing.T, one, other *Store, make func(f *flow)) tally {
	t.Helper()
	f := startFlow(t, one, other)
	f.more(100)
	make(f)
	f.more(100)
	f.finish()
	n := f.check(checkWhole(t, one), one)
	if n.lost > 0 {
		t.Errorf("%d changes were confirmed and are not there", n.lost)
	}
	t.Logf("%+v", n)
	return n
}
