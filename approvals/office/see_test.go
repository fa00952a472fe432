package office

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestDeskSee: who may see one request, here and elsewhere, alone and aloud; a refusal does not
// hold what is refused.
func TestDeskSee(t *testing.T) {
	l := newLibrary(t, nil)
	r := l.asked("U1", "isolate", "C1", approvalstest.DeviceNo(1))
	for _, tt := range []struct {
		name string
		by   By
		id   string
		want approvals.Reason // empty: it is seen
	}{
		{"the requester elsewhere", in("U1", "C2"), r.ID, ""},
		{"an approver elsewhere", in("U2", "C2"), r.ID, ""},
		{"an approver at home", in("U2", ""), r.ID, ""},
		{"anybody in the channel", in("U9", "C1"), r.ID, ""},
		{"anybody in the channel, aloud", aloud(in("U9", "C1")), r.ID, ""},
		{"somebody elsewhere", in("U9", "C2"), r.ID, approvals.NotYoursToSee},
		{"an approver of another action elsewhere", in("U3", "C2"), r.ID, approvals.NotYoursToSee},
		{"the requester elsewhere, aloud", aloud(in("U1", "C2")), r.ID, approvals.MadeElsewhere},
		{"an approver elsewhere, aloud", aloud(in("U2", "C2")), r.ID, approvals.MadeElsewhere},
		{"a guest in the channel", in("U8", "C1"), r.ID, approvals.NotAMember},
		{"a guest, of what there is not", in("U8", "C1"), "D-000000", approvals.NotAMember},
		{"somebody of whom nothing is known", in("U7", "C1"), r.ID, approvals.NotKnown},
		{"what there is not", in("U2", "C1"), "D-000000", approvals.NoSuchRequest},
		{"what is no id", in("U2", "C1"), "index", approvals.NoSuchRequest},
	} {
		got, err := l.See(t.Context(), tt.by, tt.id)
		if tt.want == "" && (err != nil || got.ID != r.ID) || tt.want != "" && (!approvals.IsRefusal(err, tt.want) || got.ID != "") {
			t.Errorf("%s: %q, %v; want %q", tt.name, got.ID, err, tt.want)
		}
		if refused, is := approvals.AsRefusal(err); is && refused.Request.ID != "" {
			t.Errorf("%s: the refusal has the request", tt.name)
		}
	}
	l.withoutGroups()
	if _, err := l.See(t.Context(), in("U9", "C2"), r.ID); !approvals.IsRefusal(err, approvals.NotKnown) {
		t.Errorf("somebody who may be an approver: %v, want not known", err)
	}
	if _, err := l.See(t.Context(), in("U9", "C1"), r.ID); err != nil {
		t.Errorf("the same in the channel: %v", err)
	}
}

// TestDeskLists: what each person is shown of requests in two channels: all of what they decide
// on, and of the rest what was made where they ask; aloud only that.
func TestDeskLists(t *testing.T) {
	l := newLibrary(t, nil)
	old := l.cancelled("U1", "collect", "C1", approvalstest.DeviceNo(0))
	l.now = l.now.Add(25 * time.Hour)
	isolate := l.asked("U1", "isolate", "C1", approvalstest.DeviceNo(1))
	collect := l.asked("U1", "collect", "C2", approvalstest.DeviceNo(2))
	others := l.asked("U9", "isolate", "C2", approvalstest.DeviceNo(3))
	was := l.cancelled("U1", "isolate", "C2", approvalstest.DeviceNo(4))
	theirs := l.cancelled("U9", "collect", "C1", approvalstest.DeviceNo(5))
	mine := func(by By) (Listing, error) { return l.Mine(t.Context(), by) }
	open := func(by By) (Listing, error) { return l.Open(t.Context(), by) }
	ended := func(by By) (Listing, error) { return l.Ended(t.Context(), by, 2) }
	for _, tt := range []struct {
		name       string
		list       func(By) (Listing, error)
		by         By
		everywhere bool
		more       int
		want       []approvals.Request
	}{
		{"mine", mine, in("U1", "C3"), true, 0, []approvals.Request{collect, isolate, was}},
		{"mine, aloud", mine, aloud(in("U1", "C2")), false, 0, []approvals.Request{collect, was}},
		{"mine, of somebody without any", mine, in("U2", "C1"), true, 0, nil},
		{"open, for a requester", open, in("U1", "C2"), false, 0, []approvals.Request{others, collect}},
		{"open, for a requester in another channel", open, in("U1", "C3"), false, 0, nil},
		{"open, for an approver", open, in("U2", "C3"), true, 0, []approvals.Request{others, collect, isolate}},
		{"open, for an approver, aloud", open, aloud(in("U2", "C1")), false, 0, []approvals.Request{isolate}},
		{"open, for an approver of one action", open, in("U3", "C3"), true, 0, []approvals.Request{collect}},
		{"the same, where others were made", open, in("U3", "C1"), true, 0, []approvals.Request{collect, isolate}},
		{"open, at an approver's home", open, in("U2", ""), true, 0, []approvals.Request{others, collect, isolate}},
		{"open, at a requester's home", open, in("U1", ""), false, 0, nil},
		{"ended, for an approver", ended, in("U2", "C3"), true, 1, []approvals.Request{theirs, was}},
		{"ended, for an approver of one action", ended, in("U3", "C3"), true, 0, []approvals.Request{theirs, old}},
		{"ended, for a requester", ended, in("U1", "C3"), false, 0, []approvals.Request{was, old}},
		{"ended, for a requester, aloud", ended, aloud(in("U1", "C2")), false, 0, []approvals.Request{was}},
	} {
		got, err := tt.list(tt.by)
		if want := idsIn(tt.want); err != nil || !slices.Equal(idsIn(got.Requests), want) || got.More != tt.more || got.Everywhere != tt.everywhere {
			t.Errorf("%s: %q, %d more, everywhere: %v (%v); want %q and %d more", tt.name, idsIn(got.Requests), got.More, got.Everywhere, err, want, tt.more)
		}
	}
	for name, list := range map[string]func(By) (Listing, error){"mine": mine, "open": open, "ended": ended} {
		if _, err := list(in("U8", "C1")); !approvals.IsRefusal(err, approvals.NotAMember) {
			t.Errorf("%s, for a guest: %v", name, err)
		}
	}
	l.withoutGroups()
	if got, err := open(in("U2", "C1")); err != nil || got.Everywhere || !slices.Equal(idsIn(got.Requests), []string{isolate.ID}) {
		t.Errorf("open, where groups cannot be read: %q, everywhere: %v, %v", idsIn(got.Requests), got.Everywhere, err)
	}
}

// TestDeskListsMany: a list has twenty requests and says how many more there are.
func TestDeskListsMany(t *testing.T) {
	l := newLibrary(t, nil)
	for i := range 30 {
		l.asked("U1", "collect", "C1", approvalstest.DeviceNo(i))
		l.cancelled("U1", "collect", "C1", approvalstest.DeviceNo(100+i))
	}
	for name, tt := range map[string]struct {
		list func() (Listing, error)
		more int
	}{
		"mine": {func() (Listing, error) { return l.Mine(t.Context(), in("U1", "C1")) }, 40},
		"open": {func() (Listing, error) { return l.Open(t.Context(), in("U3", "C2")) }, 10},
	} {
		got, err := tt.list()
		if err != nil || len(got.Requests) != mostListed || got.More != tt.more {
			t.Errorf("%s: %d and %d more, %v; want %d and %d", name, len(got.Requests), got.More, err, mostListed, tt.more)
		}
	}
}

// TestHomeOfWaiting: what expires first stands first, and only what the person may decide.
func TestHomeOfWaiting(t *testing.T) {
	l := newLibrary(t, nil)
	var want []approvals.Request
	for i, by := range []string{"U1", "U9", "U3", "U2"} { // of whom the last is the person
		r := l.asked(by, "collect", "C1", approvalstest.DeviceNo(i))
		r = apply(t, l.store, r, approvals.Show{TS: fmt.Sprintf("1700.%06d", i), Visible: r.Visible})
		if by != "U2" {
			want = append(want, r)
		}
	}
	h, err := l.HomeOf(t.Context(), in("U2", ""))
	if got := idsIn(h.Waiting.Requests); err != nil || !slices.Equal(got, idsIn(want)) {
		t.Errorf("waiting: %q (%v), want %q", got, err, idsIn(want))
	}
}

// TestBoth: what ended between two looks is counted once, as it is now.
func TestBoth(t *testing.T) {
	open := []approvals.Request{{ID: "D-2", State: approvals.Pending}, {ID: "D-1", State: approvals.Pending}}
	got := both(open, []approvals.Request{{ID: "D-1", State: approvals.Denied}, {ID: "D-0", State: approvals.Expired}})
	var said []string
	for _, r := range got {
		said = append(said, r.ID+" "+string(r.State))
	}
	if want := []string{"D-2 pending", "D-1 denied", "D-0 expired"}; !slices.Equal(said, want) || open[1].ID != "D-1" {
		t.Errorf("got %q, want %q", said, want)
	}
}
