package office

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
)

// TestSendFailures goes through every cause that a POST can fail for.
// Only what proves that nothing was started leads to another attempt.
func TestSendFailures(t *testing.T) {
	w := newOffice(t, nil, chatter{}, nil)
	w.missPause = 0
	r := approvalstest.Sample(approvals.Approved, approvals.Sending)
	at := w.store.Now()
	hold := w.holdUntil(r)
	again := func(reason approvals.Reason) approvals.CallEvent {
		return approvals.Requeue{Attempt: 1, Why: approvals.Why{Reason: reason}, Hold: hold}
	}
	fail := func(reason approvals.Reason, detail string) approvals.CallEvent {
		return approvals.Fail{Attempt: 1, Why: approvals.Why{Reason: reason, Detail: detail}}
	}
	lost := approvals.Doubt{Attempt: 1, Why: approvals.Why{Reason: approvals.AnswerLost}}
	for cause, want := range map[defender.Cause]approvals.CallEvent{
		defender.OutcomeUnknown:  lost,
		defender.BadAnswer:       lost,
		defender.NotSent:         again(approvals.NotReached),
		defender.Unauthenticated: approvals.Requeue{Attempt: 1, Why: approvals.Why{Reason: approvals.TokenRefused, Until: at.Add(freshToken + approvals.Margin)}},
		defender.Throttled:       approvals.Requeue{Attempt: 1, Why: approvals.Why{Reason: approvals.Throttled, Until: at.Add(90*time.Second + approvals.Margin)}},
		defender.NoSuchDevice:    fail(approvals.Refused, ""), // nobody can be asked whether that is so
		defender.NotFound:        fail(approvals.Refused, ""),
		defender.UnsupportedOS:   fail(approvals.UnsupportedOS, ""),
		defender.MissingRole:     fail(approvals.MissingRole, "Machine.CollectForensics"),
		defender.Licence:         fail(approvals.Licence, ""),
		defender.Disallowed:      fail(approvals.Disallowed, ""),
		defender.Refused:         fail(approvals.Refused, ""),
	} {
		err := &defender.Error{Cause: cause, RetryAfter: 90 * time.Second, Role: "Machine.CollectForensics"}
		if diff := cmp.Diff(want, w.refusal(t.Context(), r, 0, fmt.Errorf("start: %w", err))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", cause, diff)
		}
	}
	late := &defender.Error{Cause: defender.NotSent, Err: defender.ErrLate}
	for name, tt := range map[string]struct {
		err  error
		want approvals.CallEvent
	}{
		"held up":                         {late, again(approvals.HeldUp)},
		"an error that is not Defender's": {errors.Join(context.DeadlineExceeded), lost},
	} {
		if diff := cmp.Diff(tt.want, w.refusal(t.Context(), r, 0, tt.err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestWorkerLogsCall: each line of the log about a call names it and its device.
func TestWorkerLogsCall(t *testing.T) {
	for what, tt := range map[string]struct {
		people approvals.Directory // nil: everybody may
		lines  []string
	}{
		"slack is down":    {approvalstest.Town{Down: true}, []string{"last check before sending failed"}},
		"defender is down": {nil, []string{"defender post failed", "defender request failed"}},
	} {
		o := newOffice(t, nil, chatter{}, tt.people)
		log := o.logs()
		r := o.working("collect", 2, 0)
		for range 4 {
			o.turns(20)
			o.pass(approvals.SearchEvery)
		}
		for _, line := range tt.lines {
			for i, d := range r.Devices {
				want := fmt.Sprintf("%s\" request=%s call=%d device=%s ", line, r.ID, i, d.ID)
				if !strings.Contains(log.String(), want) {
					t.Errorf("%s: no line has %s:\n%s", what, want, log)
				}
			}
		}
	}
}
