package office

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/audit"
)

// paper is a trail that can fail.
type paper struct {
	mu      sync.Mutex
	down    bool
	entries []audit.Entry
}

func (p *paper) Now() time.Time { return time.Now().UTC() }

func (p *paper) Note(_ context.Context, e audit.Entry) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		return errors.New("redis is down")
	}
	p.entries = append(p.entries, e)
	return nil
}

func (p *paper) breaks(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}

func (p *paper) read() []audit.Entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.entries)
}

// noting runs a Refusals in a bubble of time until the test calls stop.
func noting(t *testing.T) (r *Refusals, p *paper, stop func()) {
	t.Helper()
	p = &paper{}
	town := approvalstest.Town{People: map[string]approvals.Facts{"U1": {Person: approvals.Person{ID: "U1", Enterprise: "W1", Name: "ada"}}}}
	r = newRefusals(p, town, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	return r, p, func() { cancel(); <-ended }
}

var incident = approvals.Place{Team: "T1", Channel: "C1"}

// TestRefusals: the first refusal of a person is an entry at once, and the others of the
// minute are one more, with what they were, when it is over; then the next minute begins.
func TestRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, p, stop := noting(t)
		defer stop()
		ada := By{User: "U1", Place: incident}
		began := p.Now()
		r.Add(ada, "approve", "D-000001", approvals.OwnRequest)
		synctest.Wait()
		first := audit.Entry{
			At: began, Event: "refused", Request: "D-000001", By: "U1", Grid: "W1", Name: "ada", Team: "T1", Channel: "C1", What: "approve", Reason: "own_request",
		}
		if diff := cmp.Diff([]audit.Entry{first}, p.read()); diff != "" {
			t.Fatalf("at once (-want +got):\n%s", diff)
		}
		time.Sleep(10 * time.Second)
		for range 3 {
			r.Add(ada, "approve", "D-000002", approvals.OwnRequest)
		}
		r.Add(By{User: "U2", Place: incident}, "deny", "D-000002", approvals.NotAnApprover)
		r.Add(ada, "deny", "D-000003", approvals.OtherMessage)
		last := p.Now()
		synctest.Wait()
		if n := len(p.read()); n != 2 {
			t.Fatalf("%d entries, want one of each person", n)
		}
		time.Sleep(50*time.Second + time.Millisecond)
		rest := audit.Entry{
			At: last, Event: "refused", By: "U1", Grid: "W1", Name: "ada", Team: "T1", Channel: "C1", Count: 4,
			Detail: "after the one at " + began.Format(time.RFC3339Nano) + ": approve own_request 3, deny other_message 1",
		}
		synctest.Wait()
		if diff := cmp.Diff(rest, p.read()[2]); diff != "" {
			t.Errorf("after a minute (-want +got):\n%s", diff)
		}
		r.Add(ada, "approve", "D-000001", approvals.OwnRequest)
		synctest.Wait()
		if got := p.read(); len(got) != 4 || got[3].Count != 0 || got[3].By != "U1" {
			t.Errorf("in the next minute: %+v", got[2:])
		}
		time.Sleep(2 * time.Minute)
		if got := p.read(); len(got) != 4 {
			t.Errorf("nothing more was refused, and there are %+v", got[3:])
		}
	})
}

// TestRefusalsShutdown: what is left is written down when it ends, before its minute is over.
func TestRefusalsShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, p, stop := noting(t)
		for range 5 {
			r.Add(By{User: "U1", Place: incident}, "approve", "D-000001", approvals.OwnRequest)
		}
		stop()
		if got := p.read(); len(got) != 2 || got[1].Count != 4 || got[1].Request != "D-000001" || got[1].Reason != "own_request" {
			t.Errorf("%+v, want one and four more of the same", got)
		}
	})
}

// TestRefusalsDown: what cannot be written is kept, counted, and written when it can be.
func TestRefusalsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, p, stop := noting(t)
		defer stop()
		ada := By{User: "U1", Place: incident}
		r.Add(ada, "approve", "", approvals.OwnRequest)
		synctest.Wait()
		p.breaks(true)
		r.Add(ada, "approve", "", approvals.OwnRequest)
		r.Add(By{User: "U2", Place: incident}, "approve", "", approvals.NotAnApprover)
		time.Sleep(5 * time.Minute)
		r.Add(ada, "approve", "", approvals.OwnRequest)
		r.Add(By{User: "U2", Place: incident}, "approve", "", approvals.NotAnApprover)
		p.breaks(false)
		time.Sleep(2 * time.Minute)
		refused := map[string]int{}
		for _, e := range p.read() {
			refused[e.By] += max(e.Count, 1)
		}
		if refused["U1"] != 3 || refused["U2"] != 2 {
			t.Errorf("%v refusals are written down, want 3 and 2: %+v", refused, p.read())
		}
	})
}

// TestRefusalsBounded: however many people and kinds there are, what is remembered has an
// end, all are counted, and nothing that somebody made up is written down as an id.
func TestRefusalsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, p, stop := noting(t)
		long := string(make([]rune, 500))
		for i := range 3 * mostRefused {
			r.Add(By{User: fmt.Sprint("U", i, long), Place: approvals.Place{Team: long, Channel: long}}, fmt.Sprint(i, long), "D-1 or 1=1", approvals.OtherMessage)
		}
		for i := range 3 * mostKinds {
			r.Add(By{User: "U0", Place: incident}, fmt.Sprint("what", i), long, approvals.OtherMessage)
		}
		stop()
		all := 0
		for _, e := range p.read() {
			all += max(e.Count, 1)
			if e.Request != "" || len([]rune(e.By)) > 60 || len([]rune(e.Channel)) > 60 || len([]rune(e.What)) > 60 || len(e.Detail) > 4000 {
				t.Fatalf("too much in %+v", e)
			}
		}
		if want := 3*mostRefused + 3*mostKinds; all != want || len(p.read()) > mostRefused+3 {
			t.Errorf("%d refusals in %d entries, want all %d in few", all, len(p.read()), want)
		}
	})
}

// TestRefusalsUnasked: the name of somebody is not looked up where that was not possible a
// moment ago, or where they are of another workspace.
func TestRefusalsUnasked(t *testing.T) {
	for _, why := range []approvals.Reason{approvals.NotKnown, approvals.OtherTeam} {
		synctest.Test(t, func(t *testing.T) {
			r, p, stop := noting(t)
			r.Add(By{User: "U1", Place: incident}, "approve", "", why)
			stop()
			if got := p.read(); len(got) != 1 || got[0].Name != "" || got[0].By != "U1" {
				t.Errorf("%s: %+v", why, got)
			}
		})
	}
}
