package approvals_test

import (
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestPickRefused: each choice that does not count has a reason of its own.
func TestPickRefused(t *testing.T) {
	r := choosing()
	ok := approvals.Pick{By: approvalstest.Asker, ID: r.Choice.Offered[1].ID}
	foreign, other, unknown := ok, ok, ok
	foreign.By, other.Device, unknown.ID = approvalstest.Leader, 1, approvalstest.DeviceNo(7).ID
	soon := r.Choice.At.Add(time.Minute)
	picked, err := approvals.Next(r, ok, soon)
	if err != nil {
		t.Fatal(err)
	}
	cancelled, err := approvals.Next(r, approvals.Cancel{By: approvalstest.Asker}, soon)
	if err != nil {
		t.Fatal(err)
	}
	two := r
	two.Devices = append(two.Devices, approvals.Device{Name: "srv-2"})
	for name, tt := range map[string]struct {
		r    approvals.Request
		e    approvals.Pick
		at   time.Time
		want approvals.Reason
	}{
		"somebody else":          {r, foreign, soon, approvals.NotYoursToPick},
		"not offered":            {r, unknown, soon, approvals.NotOffered},
		"for another device":     {two, other, soon, approvals.NotOffered},
		"for no device":          {r, other, soon, approvals.NotOffered},
		"late":                   {r, ok, r.ChoiceEnds(), approvals.PickTooLate},
		"already chosen":         {picked, ok, soon, approvals.AlreadyPicked},
		"another one chosen":     {picked, unknown, soon, approvals.AlreadyPicked},
		"ended meanwhile":        {cancelled, ok, soon, approvals.PickEnded},
		"nothing was offered":    {withoutChoice(r), ok, soon, approvals.NotOffered},
		"of a request of nobody": {approvals.Request{By: approvalstest.Asker}, ok, soon, approvals.PickEnded},
	} {
		if _, err := approvals.Next(tt.r, tt.e, tt.at); !approvals.IsRefusal(err, tt.want) {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
}

func withoutChoice(r approvals.Request) approvals.Request {
	r.Choice = approvals.Choice{}
	return r
}

// TestPickGoesOn: what is chosen gets the id, the check has its two minutes again, and the
// other devices stay what they were, in the record that was given too.
func TestPickGoesOn(t *testing.T) {
	r := choosing()
	r.Devices = append(r.Devices, approvals.Device{Name: "srv-2"})
	at := r.Choice.At.Add(4 * time.Minute)
	got, err := approvals.Next(r, approvals.Pick{By: approvalstest.Asker, ID: r.Choice.Offered[1].ID}, at)
	if err != nil {
		t.Fatal(err)
	}
	if got.Devices[0].ID != r.Choice.Offered[1].ID || got.Devices[0].Name != "srv-1.contoso.example" || got.Devices[1].ID != "" || got.Devices[1].Name != "srv-2" {
		t.Errorf("devices %+v", got.Devices)
	}
	if r.Devices[0].ID != "" {
		t.Error("it has changed what it was given")
	}
	if got.Chooses() || approvals.Due(got, approvals.Clock, at) != at {
		t.Errorf("it chooses: %v, due %v; want the check to go on at once", got.Chooses(), approvals.Due(got, approvals.Clock, at))
	}
	timers := approvals.Timers(got)
	if len(timers) != 1 || timers[0].At != at.Add(approvals.CheckLimit) {
		t.Errorf("timers %+v, want one after two minutes", timers)
	}
}

// TestChoiceDue: it is shown at once, and then left alone for five minutes.
func TestChoiceDue(t *testing.T) {
	r, now := choosing(), approvalstest.Start.Add(time.Minute)
	if got := approvals.Due(r, approvals.Clock, now); got != now {
		t.Errorf("not shown yet: due %v, want at once", got)
	}
	shown, err := approvals.Next(r, approvals.Offered{At: r.Choice.At}, now)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := approvals.Due(shown, approvals.Clock, now), approvalstest.Start.Add(5*time.Minute); got != want {
		t.Errorf("shown: due %v, want %v", got, want)
	}
	if _, err := approvals.Next(r, approvals.Offered{At: now}, now); !approvalstest.WasRefused(err) {
		t.Errorf("another choice was shown: %v, want a refusal", err)
	}
	e, ripe := approvals.Ripe(shown, approvalstest.Start.Add(5*time.Minute))
	if reject, is := e.(approvals.Reject); !ripe || !is || reject.Why.Reason != approvals.ChoiceTimeout || reject.Why.Detail != "srv-1" {
		t.Errorf("after five minutes: %+v", e)
	}
}

// TestChoiceValidate: a choice is believed only if it fits the request; in a request that
// is not checked any more it means nothing.
func TestChoiceValidate(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*approvals.Request)
		sound  bool
	}{
		"as it is":              {func(*approvals.Request) {}, true},
		"of no device":          {func(r *approvals.Request) { r.Choice.Device = 1 }, false},
		"of one before":         {func(r *approvals.Request) { r.Choice.Device = -1 }, false},
		"of one that has an id": {func(r *approvals.Request) { r.Devices = []approvals.Device{approvalstest.DeviceNo(1)} }, false},
		"without a time":        {func(r *approvals.Request) { r.Choice.At = time.Time{} }, false},
		"of too many":           {func(r *approvals.Request) { r.Choice.Offered = namesakes(approvals.MostOffered + 1) }, false},
		"of one without an id":  {func(r *approvals.Request) { r.Choice.Offered = []approvals.Device{{Name: "x"}} }, false},
		"left by an older version": {func(r *approvals.Request) {
			r.State, r.EndedAt, r.Choice.At = approvals.Rejected, approvalstest.Start, time.Time{}
		}, true},
	} {
		r := choosing()
		tt.change(&r)
		if err := r.Validate(r.ID); (err == nil) != tt.sound {
			t.Errorf("%s: %v, want sound %v", name, err, tt.sound)
		}
	}
}

// TestPackage: only a call that has succeeded has one, by the job it stands for; the trail
// has who, which action of Defender and which device, and the request stays what it was.
func TestPackage(t *testing.T) {
	r := approvalstest.Sample(approvals.Done, approvals.Succeeded)
	e := approvals.Package{By: approvalstest.Leader, Job: "j1"}
	got, err := approvals.Next(r, e, approvalstest.Start)
	if err != nil || got.Visible != r.Visible || got.Behind() != r.Behind() {
		t.Fatalf("%v; visible %d after %d", err, got.Visible, r.Visible)
	}
	line, kept := approvals.Describe(r, got, e)
	if !kept || line.Event != "package" || line.By.ID != "U2" || line.Device != approvalstest.HexID || line.Call == nil || *line.Call != 0 || line.Whole() != "j1" {
		t.Errorf("the trail has %+v, kept %v", line, kept)
	}
	for name, bad := range map[string]struct {
		r approvals.Request
		e approvals.Package
	}{
		"another job":     {r, approvals.Package{Job: "j2"}},
		"no such call":    {r, approvals.Package{Call: 1, Job: "j1"}},
		"before all":      {r, approvals.Package{Call: -1, Job: "j1"}},
		"one that runs":   {approvalstest.Sample(approvals.Approved, approvals.Running), e},
		"one that failed": {approvalstest.Sample(approvals.Done, approvals.Failed), e},
		"none yet":        {approvalstest.Sample(approvals.Pending, ""), e},
	} {
		if _, err := approvals.Next(bad.r, bad.e, approvalstest.Start); !approvals.IsRefusal(err, approvals.NoPackage) {
			t.Errorf("%s: got %v, want %s", name, err, approvals.NoPackage)
		}
	}
}
