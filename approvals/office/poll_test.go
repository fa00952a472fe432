package office

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestPollsShare: polls share a read and get their answer.
func TestPollsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p polls
		var mu sync.Mutex
		var reads [][]string
		read := func(_ context.Context, ids []string) ([]look, time.Time, error) {
			mu.Lock()
			defer mu.Unlock()
			reads = append(reads, slices.Clone(ids))
			looks := make([]look, len(ids))
			for i, id := range ids {
				looks[i].id = id
			}
			return looks, time.Time{}, nil
		}
		var wg sync.WaitGroup
		for i := range 250 {
			wg.Go(func() {
				id := strconv.Itoa(i)
				looks, _, err := p.share(t.Context(), []string{id}, read)
				if err != nil || !slices.ContainsFunc(looks, func(l look) bool { return l.id == id }) {
					t.Errorf("%s: not answered: %v", id, err)
				}
			})
		}
		wg.Wait()
		if len(reads) != 3 {
			t.Errorf("%d reads for 250 questions, want 3 of at most %d", len(reads), perPoll)
		}
		if _, _, err := p.share(t.Context(), []string{"later"}, read); err != nil || len(reads) != 4 {
			t.Errorf("a later question: %v, %d reads", err, len(reads))
		}
	})
}

// TestPollsShareError: a poll that fails fails for all who share it.
func TestPollsShareError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p polls
		broken := errors.New("broken")
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				_, _, err := p.share(t.Context(), []string{"x"}, func(context.Context, []string) ([]look, time.Time, error) {
					return nil, time.Time{}, broken
				})
				if !errors.Is(err, broken) {
					t.Errorf("got %v, want broken", err)
				}
			})
		}
		wg.Wait()
	})
}

// TestPollsBackOff: polls back off on a grid.
func TestPollsBackOff(t *testing.T) {
	for _, tt := range []struct{ ran, want time.Duration }{
		{0, 3 * time.Second},
		{30 * time.Second, 3 * time.Second},
		{2 * time.Minute, 12 * time.Second},
		{10 * time.Minute, time.Minute},
		{72 * time.Hour, 5 * time.Minute},
	} {
		now := approvalstest.Start.Add(tt.ran)
		if got := approvals.PollAt(approvalstest.Start, now).Sub(now); got != tt.want {
			t.Errorf("after %s: in %s, want %s", tt.ran, got, tt.want)
		}
	}
	odd := approvalstest.Start.Add(1234 * time.Millisecond)
	if got := approvals.PollAt(odd, odd); !got.Equal(approvalstest.Start.Add(5 * time.Second)) {
		t.Errorf("off the grid: at %s", got.Sub(approvalstest.Start))
	}
	if a, b := approvals.PollAt(approvalstest.Start, approvalstest.Start.Add(20*time.Minute)), approvals.PollAt(approvalstest.Start, approvalstest.Start.Add(20*time.Minute-7*time.Second)); !a.Equal(b) {
		t.Errorf("two that run beside each other are asked for at %s and %s", a, b)
	}
}
