package approvals_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// forced is a request whose requester acts alone, in one of its states.
func forced(s approvals.State, cs approvals.CallState) approvals.Request {
	r := approvalstest.Sample(s, cs)
	r.Forced, r.Approvals = true, nil
	if s == approvals.Cancelled || s == approvals.Rejected {
		r.Opened = time.Time{}
	}
	return r
}

// reviewed is one that somebody else has looked at.
func reviewed() approvals.Request {
	r := forced(approvals.Done, approvals.Succeeded)
	r.Review = approvals.Review{By: approvalstest.Leader, At: approvalstest.Start.Add(time.Hour), Text: "it was right"}
	return r
}

func forcedStates() []approvals.State {
	return []approvals.State{approvals.Checking, approvals.Approved, approvals.Done, approvals.Cancelled, approvals.Rejected}
}

// wantedForced is every change of state of what somebody does alone, but for those that are
// about the card. What is not in it is refused.
var wantedForced = map[string]approvals.State{
	"checking force":   approvals.Approved,
	"checking reject":  approvals.Rejected,
	"checking cancel":  approvals.Cancelled,
	"checking offer":   approvals.Checking,
	"checking frozen":  approvals.Checking,
	"approved frozen":  approvals.Approved,
	"approved cancel":  approvals.Done, // its only call still waited
	"approved name":    approvals.Approved,
	"approved remind":  approvals.Approved,
	"approved review":  approvals.Approved,
	"done remind":      approvals.Done,
	"done review":      approvals.Done,
	"cancelled forget": "",
	"rejected forget":  "",
}

// TestForceEveryEvent: what somebody does alone is decided on by nobody, waits for its review
// in every state that has calls, and is forgotten by no event before it.
func TestForceEveryEvent(t *testing.T) {
	card := []string{"show", "lose", "redraw"}
	for _, s := range forcedStates() {
		for _, e := range requestEvents() {
			name := string(s) + " " + approvals.EventName(e)
			want, fits := wantedForced[name]
			if slices.Contains(card, approvals.EventName(e)) {
				want, fits = s, true
			}
			r := forced(s, approvals.Queued)
			if s == approvals.Checking {
				r.Devices = []approvals.Device{{Name: "srv-1"}}
			}
			got, err := approvals.Next(r, e, approvalstest.Start.Add(48*time.Hour))
			switch {
			case fits && (err != nil || got.State != want):
				t.Errorf("%s: got %q and %v, want %q", name, got.State, err, want)
			case !fits && (!approvalstest.WasRefused(err) || !cmp.Equal(got, r)):
				t.Errorf("%s: got %q and %v, want a *Refusal", name, got.State, err)
			case fits && got.State != "" && got.Validate(got.ID) != nil && s != approvals.Done: // the sample of Done has a call that waits
				t.Errorf("%s made a record that would not be read again: %v", name, got.Validate(got.ID))
			}
		}
	}
}

// TestForceOthers: nobody but the requester acts alone, and only where it was asked for so.
func TestForceOthers(t *testing.T) {
	devices := []approvals.Device{{ID: approvalstest.HexID}}
	asked, alone := approvalstest.Sample(approvals.Checking, ""), forced(approvals.Checking, "")
	for name, tt := range map[string]struct {
		r approvals.Request
		e approvals.Event
	}{
		"what was asked for to be approved":       {asked, approvals.Force{By: approvalstest.Asker, Devices: devices}},
		"by somebody else":                        {alone, approvals.Force{By: approvalstest.Leader, Devices: devices}},
		"on a device without an id":               {alone, approvals.Force{By: approvalstest.Asker, Devices: []approvals.Device{{Name: "srv-1"}}}},
		"what is done alone is put to nobody":     {alone, approvals.Resolve{Devices: devices}},
		"reviewed by its requester":               {forced(approvals.Done, approvals.Succeeded), approvals.CloseReview{By: approvalstest.Asker, Digest: alone.Digest(), Text: "fine"}},
		"reviewed as something else":              {forced(approvals.Done, approvals.Succeeded), approvals.CloseReview{By: approvalstest.Leader, Digest: "else", Text: "fine"}},
		"reviewed without a word":                 {forced(approvals.Done, approvals.Succeeded), approvals.CloseReview{By: approvalstest.Leader, Digest: alone.Digest(), Text: " \n"}},
		"reviewed twice":                          {reviewed(), approvals.CloseReview{By: approvalstest.Second, Digest: alone.Digest(), Text: "fine"}},
		"reviewed while its device is looked up":  {alone, approvals.CloseReview{By: approvalstest.Leader, Digest: alone.Digest(), Text: "fine"}},
		"a review of what two people did":         {approvalstest.Sample(approvals.Done, approvals.Succeeded), approvals.CloseReview{By: approvalstest.Second, Digest: alone.Digest(), Text: "fine"}},
		"reminded within a day":                   {forced(approvals.Done, approvals.Succeeded), approvals.Remind{}},
		"forgotten while its review is open":      {forced(approvals.Done, approvals.Succeeded), approvals.Forget{}},
		"reminded after somebody has reviewed it": {reviewed(), approvals.Remind{}},
	} {
		if _, err := approvals.Next(tt.r, tt.e, approvalstest.Start.Add(time.Hour)); !approvalstest.WasRefused(err) {
			t.Errorf("%s: got %v, want a *Refusal", name, err)
		}
	}
}

// TestForceReview: reminders come daily for as long as nobody has reviewed it, whatever its
// retention; from the review on it is kept for that, and then forgotten.
func TestForceReview(t *testing.T) {
	r, now := forced(approvals.Done, approvals.Succeeded), approvalstest.Start
	r.Terms.Retention = 36 * time.Hour
	for day := 1; day <= 3; day++ {
		due := approvals.Due(r, approvals.Clock, now)
		want := approvalstest.Start.Add(time.Second + time.Duration(day)*24*time.Hour)
		e, ripe := approvals.Ripe(r, due)
		if !due.Equal(want) || !ripe || approvals.EventName(e) != "remind" {
			t.Fatalf("day %d: due %s, %v; want a reminder at %s", day, due, e, want)
		}
		var err error
		if r, err = approvals.Next(r, e, due); err != nil || len(r.Notices) != day {
			t.Fatalf("day %d: %v, %+v", day, err, r.Notices)
		}
		now = due
	}
	if !r.Outdated(0) || !r.Outdated(1) || r.Outdated(2) {
		t.Errorf("of three reminders the last one alone is worth saying: %v %v %v", r.Outdated(0), r.Outdated(1), r.Outdated(2))
	}
	r, err := approvals.Next(r, approvals.CloseReview{By: approvalstest.Leader, Digest: r.Digest(), Text: "it was right"}, now)
	if err != nil || r.UnderReview() || r.Review.By != approvalstest.Leader || r.Review.Text != "it was right" {
		t.Fatalf("%v, %+v", err, r.Review)
	}
	if due, want := approvals.Due(r, approvals.Clock, now), now.Add(36*time.Hour); !due.Equal(want) {
		t.Errorf("forgotten at %s, want %s", due, want)
	}
	if !r.Outdated(2) || r.Notices[3].Kind != approvals.NoticeReviewed {
		t.Errorf("after the review its reminders are worth nothing: %+v", r.Notices)
	}
}

// TestForceListed: what waits for its review stands in the lists of what is open.
func TestForceListed(t *testing.T) {
	has := func(r approvals.Request, prefix string) bool {
		return slices.ContainsFunc(approvals.Claims(r), func(c approvals.Claim) bool { return strings.HasPrefix(c.Prefix, prefix) })
	}
	open, closed := forced(approvals.Done, approvals.Succeeded), reviewed()
	if !has(open, approvals.InPrefix("C1")) || has(open, approvals.EndedPrefix()) {
		t.Errorf("under review: %v", approvals.Claims(open))
	}
	if has(closed, approvals.InPrefix("C1")) || !has(closed, approvals.EndedPrefix()) {
		t.Errorf("reviewed: %v", approvals.Claims(closed))
	}
}

// TestForceComment: Defender hears that nobody approved it.
func TestForceComment(t *testing.T) {
	const want = "[D-7K3F9Q · asked by ada (U1) · approved by nobody (break-glass)] odd logins"
	if got := forced(approvals.Approved, approvals.Queued).DefenderComment(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestForceValidate: a record that does not hold together is not acted on.
func TestForceValidate(t *testing.T) {
	for name, spoil := range map[string]func(*approvals.Request){
		"its approvals are gone": func(r *approvals.Request) { r.Forced = false },
		"several devices": func(r *approvals.Request) {
			r.Devices = append(r.Devices, r.Devices[0])
			r.Calls = append(r.Calls, r.Calls[0])
		},
		"somebody approved it": func(r *approvals.Request) {
			r.Approvals = []approvals.Approval{{By: approvalstest.Leader, At: r.Asked}}
		},
		"reviewed by its requester": func(r *approvals.Request) { r.Review.By = r.By },
		"reviewed by nobody":        func(r *approvals.Request) { r.Review.By = approvals.Person{} },
		"reviewed without a word":   func(r *approvals.Request) { r.Review.Text = "" },
		"reviewed at no time":       func(r *approvals.Request) { r.Review.At = time.Time{} },
		"it waits for approval": func(r *approvals.Request) {
			r.State, r.Calls, r.EndedAt, r.Review = approvals.Pending, nil, time.Time{}, approvals.Review{}
		},
		"reviewed, and nothing done":   func(r *approvals.Request) { r.State, r.Calls = approvals.Cancelled, nil },
		"beyond the reach of somebody": func(r *approvals.Request) { r.Beyond, r.Terms.Needed = true, 2 },
	} {
		r := reviewed()
		if err := r.Validate(r.ID); err != nil {
			t.Fatal(err)
		}
		if spoil(&r); r.Validate(r.ID) == nil {
			t.Errorf("%s: it is taken for a whole record", name)
		}
	}
}
