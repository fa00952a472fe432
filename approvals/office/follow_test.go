package office

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
)

// TestFollowUnreadableJob reads three investigations of which one
// is answered with 500 for ever.
func TestFollowUnreadableJob(t *testing.T) {
	o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		if jobOf(r) == "j1" {
			http.Error(w, "{}", http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, `{"id":%q,"state":"Benign"}`, jobOf(r))
	}, chatter{}, nil)
	r := o.working("investigate", 3, 3)
	for range 5 {
		o.pass(5 * time.Second)
		o.turns(50)
	}
	got := o.load(r.ID)
	if got.Calls[0].State != approvals.Succeeded || got.Calls[1].State != approvals.Running || got.Calls[2].State != approvals.Succeeded {
		t.Errorf("%s, %s, %s; want that the two that can be read have succeeded", got.Calls[0].State, got.Calls[1].State, got.Calls[2].State)
	}
}

// TestSearchOneFails looks for two uncertain calls of which one
// cannot be looked up.
func TestSearchOneFails(t *testing.T) {
	var good atomic.Int64
	o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.RawQuery, approvalstest.DeviceNo(0).ID) {
			http.Error(w, "{}", http.StatusInternalServerError)
			return
		}
		good.Add(1)
		io.WriteString(w, `{"value":[]}`)
	}, chatter{}, nil)
	r := o.working("collect", 2, 0)
	var err error
	for i := range 2 {
		if r, err = o.store.Apply(t.Context(), ledger.NewOp(), r, sending(o.store, i)); err != nil {
			t.Fatal(err)
		}
		r = apply(t, o.store, r, approvals.On{Call: i, Event: approvals.Doubt{Attempt: 1, Why: approvals.Why{Reason: approvals.AnswerLost}}})
	}
	for range 20 {
		o.pass(approvals.SearchEvery)
		o.turns(50)
	}
	got := o.load(r.ID)
	if got.Calls[0].State != approvals.Uncertain || got.Calls[1].State != approvals.Failed || good.Load() < 10 {
		t.Errorf("%s and %s after %d look-ups of the second; want uncertain and failed", got.Calls[0].State, got.Calls[1].State, good.Load())
	}
}

// TestFollowPollTimes runs a job for an hour before another one
// starts: the old one is not asked for at the pace of the young one, and each is
// asked for again and again.
func TestFollowPollTimes(t *testing.T) {
	reads := map[string]int{}
	o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		reads[jobOf(r)]++
		fmt.Fprintf(w, `{"id":%q,"state":"Running"}`, jobOf(r))
	}, chatter{}, nil)
	r := o.working("investigate", 2, 1)
	o.pass(50 * time.Minute)
	r, err := o.store.Apply(t.Context(), ledger.NewOp(), r, sending(o.store, 1))
	if err != nil {
		t.Fatal(err)
	}
	apply(t, o.store, r, approvals.On{Call: 1, Event: approvals.Accept{Attempt: 1, Job: approvals.Job{ID: "j1"}}})
	for range 300 {
		o.pass(time.Second)
		o.turns(50)
	}
	if reads["j0"] < 1 || reads["j0"] > 3 {
		t.Errorf("the job that has run for 50 minutes was asked for %d times in 5, want once or twice", reads["j0"])
	}
	if reads["j1"] < 20 {
		t.Errorf("the young one was asked for %d times in 5 minutes", reads["j1"])
	}
}

// TestFollowManyJobs follows twenty investigations within a window of reads that
// is too small for their pace.
func TestFollowManyJobs(t *testing.T) {
	reads := map[string]int{}
	o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		reads[jobOf(r)]++
		fmt.Fprintf(w, `{"id":%q,"state":"Running"}`, jobOf(r))
	}, chatter{}, nil)
	o.working("investigate", 20, 20)
	investigate, _ := o.store.Action("investigate")
	for range 150 {
		o.pass(time.Second)
		if _, err := o.store.BookReads(t.Context(), investigate.Tracks.Endpoint(), 1, ledger.ForPolling()); err != nil { // of others
			t.Fatal(err)
		}
		o.turns(50)
	}
	least, most := 1000, 0
	for i := range 20 {
		n := reads[fmt.Sprint("j", i)]
		least, most = min(least, n), max(most, n)
	}
	if most-least > 1 || least < 2 {
		t.Errorf("asked for from %d to %d times: %v", least, most, reads)
	}
}

// TestForeignSharedAlert ends an investigation whose alert another one had.
func TestForeignSharedAlert(t *testing.T) {
	o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"id":%q,"state":"Benign","triggeringAlertId":"al1"}`, jobOf(r))
	}, chatter{}, nil)
	for n := range 2 {
		r := o.working("investigate", 1, 0)
		r, err := o.store.Apply(t.Context(), ledger.NewOp(), r, sending(o.store, 0))
		if err != nil {
			t.Fatal(err)
		}
		r = apply(t, o.store, r, approvals.On{Call: 0, Event: approvals.Accept{Attempt: 1, Job: approvals.Job{ID: fmt.Sprint("i", n)}}})
		o.pass(5 * time.Second)
		o.turns(50)
		if got := o.load(r.ID).Calls[0]; got.State != approvals.Succeeded || got.Job.Alert != "al1" {
			t.Errorf("investigation %d is %s with alert %q, want succeeded with al1", n, got.State, got.Job.Alert)
		}
	}
}

// TestFollowSavesInTime has a Defender that answers for one job and not for
// the other, until the time of the step is over.
func TestFollowSavesInTime(t *testing.T) {
	t.Parallel()
	o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		if jobOf(r) != "j0" {
			<-r.Context().Done()
			return
		}
		io.WriteString(w, `{"id":"j0","state":"Benign"}`)
	}, chatter{}, nil)
	r := o.working("investigate", 2, 2)
	o.pass(5 * time.Second)
	o.turns(10)
	if got := o.load(r.ID); got.Calls[0].State != approvals.Succeeded {
		t.Errorf("the call that was read is %s, want succeeded", got.Calls[0].State)
	}
}

// TestFollowFailedPoll fails one read of a job that has run for an
// hour, and is asked for every five minutes.
func TestFollowFailedPoll(t *testing.T) {
	var reads atomic.Int64
	o := newOffice(t, func(w http.ResponseWriter, _ *http.Request) {
		if reads.Add(1) == 1 {
			http.Error(w, "{}", http.StatusServiceUnavailable)
			return
		}
		io.WriteString(w, `{"id":"j0","state":"Benign"}`)
	}, chatter{}, nil)
	r := o.working("investigate", 1, 1)
	o.pass(time.Hour)
	o.turns(10)
	for range 20 {
		o.pass(time.Second)
		o.turns(10)
	}
	if got := o.load(r.ID).Calls[0]; got.State != approvals.Succeeded {
		t.Errorf("%s 20 s after a read that failed, want succeeded", got.State)
	}
}

// TestFollowClockAhead lets Redis's clock be ahead for one step.
func TestFollowClockAhead(t *testing.T) {
	var reads atomic.Int64
	o := newOffice(t, func(w http.ResponseWriter, _ *http.Request) {
		reads.Add(1)
		io.WriteString(w, `{"id":"j0","state":"Running"}`)
	}, chatter{}, nil)
	r := o.working("investigate", 1, 1)
	o.pass(30 * time.Minute)
	o.turns(10)
	o.pass(-30*time.Minute + 10*time.Second)
	was := reads.Load()
	if _, _, err := o.follow(t.Context(), ledger.Lease{}, r); err != nil || reads.Load() != was+1 {
		t.Errorf("%d reads (%v) once the clock is right again, want one more than %d", reads.Load(), err, was)
	}
}
