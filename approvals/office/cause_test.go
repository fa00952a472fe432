package office

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
)

// forbidden is how Defender answers an application without the role to read.
func forbidden(w http.ResponseWriter) {
	w.WriteHeader(http.StatusForbidden)
	io.WriteString(w, `{"error":{"code":"Forbidden","message":"Missing application roles. API required roles: Machine.Read.All, application roles: Machine.CollectForensics.","target":"t1"}}`)
}

// warnings are how many there are in a log.
func warnings(log *bytes.Buffer) int { return strings.Count(log.String(), "level=WARN") }

// TestCauseReasons: every cause of package defender has a reason of its own for
// people, and a token's trouble is told from the credential's.
func TestCauseReasons(t *testing.T) {
	missing := &defender.Error{Cause: defender.MissingRole, Status: 403, Message: "Missing application roles", Role: "Machine.Scan", Target: "t1"}
	for _, tt := range []struct {
		err  error
		want approvals.Why
	}{
		{missing, approvals.Why{Reason: approvals.MissingRole, Detail: "Machine.Scan", Target: "t1"}},
		{&defender.Error{Status: 503}, approvals.Why{Reason: approvals.ServiceTrouble, Detail: "HTTP 503"}},
		{&defender.Error{Err: context.DeadlineExceeded}, approvals.Why{Reason: approvals.NotReached, Detail: "no answer in time"}},
		{&defender.Error{Cause: defender.BadAnswer, Status: 302}, approvals.Why{Reason: approvals.BadAnswer, Detail: "HTTP 302"}},
		{&defender.Error{Cause: defender.Unauthenticated, Status: 401, Message: "Token audience x is not allowed"}, approvals.Why{Reason: approvals.TokenRefused, Detail: "Token audience x is not allowed"}},
		{&defender.Error{Cause: defender.NotSent, Err: defender.ErrLate}, approvals.Why{Reason: approvals.HeldUp}},
		{&defender.Error{Cause: defender.NotSent, Err: &defender.TokenError{Status: 401, Code: "invalid_client", AADSTS: "AADSTS7000222"}}, approvals.Why{Reason: approvals.NoToken, Detail: "the client secret has expired (AADSTS7000222)"}},
		{&defender.Error{Cause: defender.NotSent, Err: &defender.TokenError{Status: 503}}, approvals.Why{Reason: approvals.LoginTrouble, Detail: "HTTP 503"}},
		{&defender.Error{Cause: defender.NotSent, Err: &defender.TokenError{Unusable: true, Err: io.ErrUnexpectedEOF}}, approvals.Why{Reason: approvals.NoToken, Detail: "unexpected EOF"}},
	} {
		if diff := cmp.Diff(tt.want, whyOf(fmt.Errorf("x: %w", tt.err))); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.err, diff)
		}
	}
	for cause, reason := range causeReasons() {
		if got := whyOf(&defender.Error{Cause: cause}).Reason; got != reason || reason == "" {
			t.Errorf("%q is %q, want %q", cause, got, reason)
		}
	}
}

// TestFollowForbidden: a bot that may start a collection and not read it says so on
// the card with the first poll, writes it down once, and goes on when it may read.
func TestFollowForbidden(t *testing.T) {
	may := false
	o := newOffice(t, func(w http.ResponseWriter, _ *http.Request) {
		if !may {
			forbidden(w)
			return
		}
		io.WriteString(w, `{"value":[{"id":"j0","type":"CollectInvestigationPackage","status":"Pending"}]}`)
	}, chatter{}, nil)
	log := o.logs()
	r := o.working("collect", 1, 1)
	o.pass(5 * time.Second)
	o.turns(50)
	got := o.load(r.ID).Calls[0]
	want := approvals.Why{Reason: approvals.MissingRole, Detail: "Machine.Read.All", Target: "t1"}
	if got.State != approvals.Running || !cmp.Equal(got.Blind, want) || got.BlindAt.IsZero() {
		t.Fatalf("after the first poll %s, %+v since %v; want running, %+v", got.State, got.Blind, got.BlindAt, want)
	}
	since := got.BlindAt
	for range 20 {
		o.pass(approvals.SearchEvery)
		o.turns(50)
	}
	again := o.load(r.ID)
	if again.Calls[0].BlindAt != since || warnings(log) != 1 || !strings.Contains(log.String(), "Machine.Read.All") {
		t.Errorf("since %v, want %v; %d warnings, want one with Defender's words", again.Calls[0].BlindAt, since, warnings(log))
	}
	may = true
	o.pass(time.Minute)
	o.turns(50)
	if got := o.load(r.ID).Calls[0]; got.Blind.Reason != "" || !got.BlindAt.IsZero() || got.Job.Status != "Pending" {
		t.Errorf("it can be read again, and the record says %+v since %v, status %q", got.Blind, got.BlindAt, got.Job.Status)
	}
}

// TestFollowPassingTrouble: what may be over in a moment is not told at once, and
// neither is a job that Defender does not show yet.
func TestFollowPassingTrouble(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(http.ResponseWriter)
		want   approvals.Reason
	}{
		"5xx":       {func(w http.ResponseWriter) { http.Error(w, "{}", http.StatusBadGateway) }, approvals.ServiceTrouble},
		"not shown": {func(w http.ResponseWriter) { io.WriteString(w, `{"value":[]}`) }, approvals.NotShown},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, func(w http.ResponseWriter, _ *http.Request) { tt.answer(w) }, chatter{}, nil)
			r := o.working("collect", 1, 1)
			began := o.clock()
			for o.clock().Sub(began) < blindAfter {
				if got := o.load(r.ID).Calls[0]; got.Blind.Reason != "" {
					t.Fatalf("after %s it is told already: %+v", o.clock().Sub(began), got.Blind)
				}
				o.pass(5 * time.Second)
				o.turns(50)
			}
			for range 3 {
				o.pass(approvals.SearchEvery)
				o.turns(50)
			}
			got := o.load(r.ID).Calls[0]
			if got.Blind.Reason != tt.want || got.BlindAt.Sub(began) > approvals.SearchEvery {
				t.Errorf("%+v since %v, want %s since the first poll", got.Blind, got.BlindAt, tt.want)
			}
		})
	}
}

// TestFollowInterrupted: of two failures an hour apart the card says nothing, for
// another process may have followed the call between them.
func TestFollowInterrupted(t *testing.T) {
	fails := false
	o := newOffice(t, func(w http.ResponseWriter, _ *http.Request) {
		if fails {
			http.Error(w, "{}", http.StatusBadGateway)
			return
		}
		io.WriteString(w, `{"value":[{"id":"j0","type":"CollectInvestigationPackage","status":"Pending"}]}`)
	}, chatter{}, nil)
	r := o.working("collect", 1, 1)
	fails = true
	for range 2 {
		o.pass(time.Minute)
		o.turns(50)
		if got := o.load(r.ID).Calls[0]; got.Blind.Reason != "" {
			t.Fatalf("%+v since %v", got.Blind, got.BlindAt)
		}
		o.pass(time.Hour)
	}
}

// TestSearchForbidden: an uncertain call that cannot be looked up says so too, keeps
// why it is uncertain, and is looked up when it can be.
func TestSearchForbidden(t *testing.T) {
	may := false
	o := newOffice(t, func(w http.ResponseWriter, _ *http.Request) {
		if !may {
			forbidden(w)
			return
		}
		io.WriteString(w, `{"value":[]}`)
	}, chatter{}, nil)
	r := o.working("collect", 1, 0)
	r, err := o.store.Apply(t.Context(), ledger.NewOp(), r, sending(o.store, 0))
	if err != nil {
		t.Fatal(err)
	}
	apply(t, o.store, r, approvals.On{Call: 0, Event: approvals.Doubt{Attempt: 1, Why: approvals.Why{Reason: approvals.AnswerLost}}})
	o.pass(approvals.SearchEvery)
	o.turns(50)
	if got := o.load(r.ID).Calls[0]; got.Why.Reason != approvals.AnswerLost || got.Blind.Reason != approvals.MissingRole {
		t.Errorf("why %+v, blind %+v; want answer lost and missing role", got.Why, got.Blind)
	}
	may = true
	o.pass(approvals.SearchEvery)
	o.turns(50)
	if got := o.load(r.ID).Calls[0]; got.State != approvals.Uncertain || got.Blind.Reason != "" {
		t.Errorf("%s, blind %+v; want uncertain and looked up", got.State, got.Blind)
	}
}

// TestSearchPartOfAList: that a call is not on a part of a list does not mean that it
// did not start.
func TestSearchPartOfAList(t *testing.T) {
	more := `,"@odata.nextLink":"https://x/y"`
	o := newOffice(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"value":[]`+more+`}`) }, chatter{}, nil)
	r := o.working("collect", 1, 0)
	r, err := o.store.Apply(t.Context(), ledger.NewOp(), r, sending(o.store, 0))
	if err != nil {
		t.Fatal(err)
	}
	apply(t, o.store, r, approvals.On{Call: 0, Event: approvals.Doubt{Attempt: 1, Why: approvals.Why{Reason: approvals.AnswerLost}}})
	look := func(times int) approvals.CallState {
		for range times {
			o.pass(approvals.SearchEvery)
			o.turns(50)
		}
		return o.load(r.ID).Calls[0].State
	}
	if got := look(20); got != approvals.Uncertain {
		t.Errorf("%s after five minutes of parts, want uncertain", got)
	}
	more = ""
	if got := look(2); got != approvals.Failed {
		t.Errorf("%s after the whole list, want failed", got)
	}
}

// TestCheckForbidden: who asks for a name that cannot be looked up hears why, at
// once; an id goes on, and its device says why it is not verified.
func TestCheckForbidden(t *testing.T) {
	o := newOffice(t, func(w http.ResponseWriter, _ *http.Request) { forbidden(w) }, chatter{}, nil)
	log := o.logs()
	want := approvals.Why{Reason: approvals.MissingRole, Detail: "Machine.Read.All", Target: "t1"}
	byName, byID := o.asked(named(1)), o.asked(approvalstest.DeviceNo(1))
	o.turns(50)
	if got := o.load(byName).Ended.Why; got.Reason != approvals.DeviceUnread || got.Detail != named(1).Name || !cmp.Equal(got.Cause, &want) {
		t.Errorf("by name: %+v because of %+v", got, got.Cause)
	}
	if got := o.load(byID); got.State != approvals.Pending || got.Devices[0].Verified || !cmp.Equal(got.Devices[0].Unread, want) {
		t.Errorf("by id: %s, %+v", got.State, got.Devices[0])
	}
	if warnings(log) != 2 {
		t.Errorf("%d warnings, want one for each request", warnings(log))
	}
}

// asked is the id of a request for devices that are still to be looked up.
func (o *office) asked(devices ...approvals.Device) string {
	o.t.Helper()
	r, err := o.store.Create(o.t.Context(), ledger.NewOp(), approvalstest.Asked(devices...), 0)
	if err != nil {
		o.t.Fatal(err)
	}
	return r.ID
}
