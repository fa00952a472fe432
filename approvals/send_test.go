package approvals

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
	"defenderbot/internal/redistest"
)

// TestWhatAFailedAttemptDoes goes through every cause that a POST can fail for.
// Only what proves that nothing was started leads to another attempt.
func TestWhatAFailedAttemptDoes(t *testing.T) {
	s := newTestStore(t, redistest.Client(t, redistest.Mini(t).Addr()), testActions())
	now := time.Now()
	s.clock = func() time.Time { return now }
	s.ahead.Store(0)
	w := NewWorker(WorkerConfig{Store: s, Log: slog.New(slog.DiscardHandler)})
	r := sample(Approved, Sending)
	at := s.Now()
	hold := w.holdUntil(r)
	again := func(reason Reason) CallEvent { return Requeue{Attempt: 1, Why: Why{Reason: reason}, Hold: hold} }
	fail := func(reason Reason, detail string) CallEvent {
		return Fail{Attempt: 1, Why: Why{Reason: reason, Detail: detail}}
	}
	lost := Doubt{Attempt: 1, Why: Why{Reason: AnswerLost}}
	for cause, want := range map[defender.Cause]CallEvent{
		defender.OutcomeUnknown:  lost,
		defender.BadAnswer:       lost,
		defender.NotSent:         again(NotReached),
		defender.Unauthenticated: again(NoToken),
		defender.Throttled:       Requeue{Attempt: 1, Why: Why{Reason: Throttled, Until: at.Add(90*time.Second + margin)}},
		defender.NoSuchDevice:    fail(NoSuchDevice, ""),
		defender.NotFound:        fail(NoSuchDevice, ""),
		defender.UnsupportedOS:   fail(UnsupportedOS, ""),
		defender.MissingRole:     fail(MissingRole, "Machine.CollectForensics"),
		defender.Licence:         fail(Licence, ""),
		defender.Disallowed:      fail(Disallowed, ""),
		defender.Refused:         fail(Refused, ""),
	} {
		err := &defender.Error{Cause: cause, RetryAfter: 90 * time.Second, Role: "Machine.CollectForensics"}
		if diff := cmp.Diff(want, w.refusal(t.Context(), r, 0, fmt.Errorf("start: %w", err))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", cause, diff)
		}
	}
	late := &defender.Error{Cause: defender.NotSent, Err: defender.ErrLate}
	for name, tt := range map[string]struct {
		err  error
		want CallEvent
	}{
		"held up":                         {late, again(HeldUp)},
		"an error that is not Defender's": {errors.Join(context.DeadlineExceeded), lost},
	} {
		if diff := cmp.Diff(tt.want, w.refusal(t.Context(), r, 0, tt.err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
