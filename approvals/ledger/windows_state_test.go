package ledger

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
)

// TestWindows fills a window and empties it: of each limit what is used and when the next slot
// comes, what stands in line, until when it is held.
func TestWindows(t *testing.T) {
	m := newMoment(t, testActions()) // 2 in 10 s, 3 in a minute
	endpoint := testActions()[0].Post
	began, oldest := m.now, time.Time{}
	check := func(what string, waiting int, held time.Time, used []int, next ...time.Duration) {
		t.Helper()
		all, err := m.Windows(t.Context(), []string{"collect"})
		if err != nil {
			t.Fatal(err)
		}
		want := Window{Endpoint: endpoint, Actions: []string{"collect"}, Used: used, Waiting: waiting, Oldest: oldest, Held: held}
		for _, after := range next {
			at := time.Time{}
			if after > 0 {
				at = began.Add(after + time.Millisecond)
			}
			want.Next = append(want.Next, at)
		}
		if diff := cmp.Diff(want, all[len(all)-1]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	check("nothing was sent", 0, time.Time{}, []int{0, 0}, 0, 0)
	book := func(n int) {
		t.Helper()
		if at, err := m.BookReads(t.Context(), endpoint, n, Reader{percent: 100, lasts: time.Millisecond}); err != nil || !at.IsZero() {
			t.Fatalf("book %d: %v, %v", n, at, err)
		}
		m.pass(time.Millisecond)
		began = m.now
	}
	book(1)
	check("one of two", 0, time.Time{}, []int{1, 1}, 0, 0)
	m.pass(4 * time.Second)
	book(1)
	check("two of two", 0, time.Time{}, []int{2, 2}, 7*time.Second-time.Millisecond, 0)
	m.pass(7 * time.Second)
	book(1)
	check("three of three in a minute", 0, time.Time{}, []int{2, 3}, 4*time.Second-time.Millisecond, 61*time.Second-11*time.Second-2*time.Millisecond)
	oldest = approved(t, m.Store, approvalstest.DeviceNo(1), approvalstest.DeviceNo(2)).ApprovedAt()
	until := m.now.Add(time.Hour)
	if err := m.HoldReads(t.Context(), endpoint, until); err != nil {
		t.Fatal(err)
	}
	check("two in line, and a hold", 2, until, []int{2, 3}, 4*time.Second-time.Millisecond, 61*time.Second-11*time.Second-2*time.Millisecond)
	m.pass(time.Hour)
	check("all is over", 2, time.Time{}, []int{0, 0}, 0, 0)
}

// TestWindowsOf: of actions that are not meant there is no window, unless another one is counted there.
func TestWindowsOf(t *testing.T) {
	s := &Store{actions: defender.Actions()}
	for _, tt := range []struct {
		actions []string
		want    map[string][]string
	}{
		{nil, map[string][]string{}},
		{[]string{"collect", "scan-quick"}, map[string][]string{"collectInvestigationPackage": {"collect"}, "runAntiVirusScan": {"scan-quick"}}},
		{[]string{"of another version"}, map[string][]string{}},
	} {
		got, common := map[string][]string{}, 0
		for _, w := range s.windowsOf(tt.actions) {
			if len(w.Actions) == 0 {
				common++
				continue
			}
			got[w.Endpoint.Name] = w.Actions
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || common != 5 {
			t.Errorf("%q: %d that serve all, want 5 (-want +got):\n%s", tt.actions, common, diff)
		}
	}
}
