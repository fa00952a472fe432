package office

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestRosterHears takes Slack's answers away and gives them back: whether anybody can be
// looked up is known within a round and a half a minute, and half a minute after it is over.
func TestRosterHears(t *testing.T) {
	type at struct {
		after time.Duration // the start
		deaf  bool
	}
	for _, tt := range []struct {
		name   string
		list   approvals.List
		broken map[string]error // from the start on
		later  map[string]error // from a minute after
		mended time.Duration
		want   []at
	}{
		{
			"all is well",
			approvals.List{Users: []string{"U2", "U3"}},
			nil, nil, 0,
			[]at{{time.Second, false}, {12 * time.Minute, false}},
		},
		{
			"nobody from the start",
			approvals.List{Users: []string{"U2", "U3"}},
			map[string]error{"U2": approvalstest.ErrDown, "U3": approvalstest.ErrDown},
			nil, 2 * time.Minute,
			[]at{{time.Second, true}, {119 * time.Second, true}, {151 * time.Second, false}},
		},
		{
			"one of two",
			approvals.List{Users: []string{"U2", "U3"}},
			map[string]error{"U2": approvalstest.ErrDown},
			nil, 0,
			[]at{{time.Second, false}, {12 * time.Minute, false}},
		},
		{
			"nobody later",
			approvals.List{Users: []string{"U2", "U3"}},
			nil,
			map[string]error{"U2": approvalstest.ErrDown, "U3": approvalstest.ErrDown},
			8 * time.Minute,
			[]at{{2 * time.Minute, false}, {302 * time.Second, false}, {6 * time.Minute, true}, {479 * time.Second, true}, {541 * time.Second, false}},
		},
		{
			"one who was never known, and all others later",
			approvals.List{Users: []string{"U2", "U3"}},
			map[string]error{"U2": approvalstest.ErrDown},
			map[string]error{"U3": approvalstest.ErrDown},
			0,
			[]at{{2 * time.Minute, false}, {6 * time.Minute, true}},
		},
		{
			"one who was never known, and all others for a moment",
			approvals.List{Users: []string{"U2", "U3"}},
			map[string]error{"U2": approvalstest.ErrDown},
			map[string]error{"U3": approvalstest.ErrDown},
			310 * time.Second,
			[]at{{309 * time.Second, false}, {6 * time.Minute, false}},
		},
		{
			"the only group",
			approvals.List{Groups: []string{"S1"}},
			map[string]error{"S1": approvalstest.ErrDown},
			nil, 2 * time.Minute,
			[]at{{time.Second, true}, {151 * time.Second, false}},
		},
		{
			"no such person",
			approvals.List{Users: []string{"UNOBODY"}},
			nil, nil, 0,
			[]at{{time.Second, false}, {12 * time.Minute, false}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCrowd()
				c.groups["S1"] = []string{"U4"}
				breaks := func(them map[string]error) {
					c.change(func() { maps.Copy(c.broken, them) })
				}
				breaks(tt.broken)
				r, b := newRoster(c, ruled(approvals.Rule{Approvers: tt.list, Needed: 1}))
				start := time.Now()
				r.Muster(t.Context())
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- r.Run(ctx, 5*time.Minute) }()
				until := func(after time.Duration) {
					time.Sleep(time.Until(start.Add(after)))
					synctest.Wait()
				}
				deaf := false
				for _, w := range tt.want {
					if after := time.Minute + time.Millisecond; time.Since(start) < after && w.after > after {
						until(after)
						breaks(tt.later)
					}
					if tt.mended > 0 && w.after > tt.mended {
						until(tt.mended + time.Millisecond)
						c.change(func() { delete(c.broken, "U3"); delete(c.broken, "S1") }) // U2 stays as it is
					}
					until(w.after)
					err := r.State().Unverifiable()
					if (err != nil) != w.deaf || err != nil && !errors.Is(err, approvalstest.ErrDown) {
						t.Errorf("after %s: %v, want an error: %v", w.after, err, w.deaf)
					}
					deaf = deaf || w.deaf
				}
				if said := strings.Count(b.read(), "nobody can be looked up"); said != map[bool]int{true: 1}[deaf] {
					t.Errorf("the log says so %d times", said)
				}
				cancel()
				<-ended
			})
		})
	}
}
