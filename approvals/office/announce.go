package office

import (
	"context"
	"errors"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
)

// mostAlarms is how many alarms one step looks at.
const mostAlarms = 100

// announceFor is for how long one step posts them. The last post and its commit end
// within the lease.
const announceFor = 20 * time.Second

// announce posts the alarms that channels have not been told, the oldest first. One that
// cannot be posted now keeps back those of its own channel only.
func (w *Worker) announce(ctx context.Context, l ledger.Lease) {
	began := w.store.Now()
	list, err := w.store.Alarms(ctx, mostAlarms)
	if err != nil {
		w.log.WarnContext(ctx, "alarms not read", "error", err)
		w.finish(ctx, l, began.Add(stepRetry), approvals.Request{})
		return
	}
	var again time.Time
	waits := map[string]bool{} // channels
	for _, a := range list {
		now := w.store.Now()
		if waits[a.Channel] {
			continue
		}
		if now.Sub(began) > announceFor {
			again = now
			break
		}
		if at := w.announceOne(ctx, a); !at.IsZero() {
			waits[a.Channel] = true
			again = approvals.Earliest(again, at)
		}
	}
	if again.IsZero() && len(list) == mostAlarms {
		again = w.store.Now()
	}
	w.finish(ctx, l, again, approvals.Request{})
}

// announceOne posts an alarm and takes it out, or answers when to try again. What its
// channel refuses permanently, or does not take for a day, is left out: the log says so.
func (w *Worker) announceOne(ctx context.Context, a ledger.Alarm) time.Time {
	err := a.Err
	if err == nil {
		err = w.chat.Announce(ctx, a.Alarm)
	}
	now := w.store.Now()
	if err != nil && !w.givesUp(a, err, now) {
		if _, wait := errors.AsType[*approvals.Later](err); !wait {
			w.log.WarnContext(ctx, "alert not posted", alarmFields(a, err)...)
		}
		return announceAgain(a, err, now)
	}
	if err != nil {
		w.log.ErrorContext(ctx, "alert given up, nobody was told", alarmFields(a, err)...)
	}
	if err := w.store.Announced(ctx, a); err != nil {
		w.log.WarnContext(ctx, "alert posted, perhaps once more later", alarmFields(a, err)...)
		return now.Add(stepRetry)
	}
	return time.Time{}
}

func alarmFields(a ledger.Alarm, err error) []any {
	return []any{"kind", a.Kind, "channel", a.Channel, "request", a.Request, "at", a.At, "error", err}
}

// givesUp reports whether nothing that is tried later would help.
func (w *Worker) givesUp(a ledger.Alarm, err error, now time.Time) bool {
	_, refused := errors.AsType[*approvals.NoPlace](err)
	return refused || a.Err != nil || now.Sub(a.At) > longTrouble
}

// announceAgain is when an alarm is tried again: when the chat says, or soon and then less
// and less often.
func announceAgain(a ledger.Alarm, err error, now time.Time) time.Time {
	if later, ok := errors.AsType[*approvals.Later](err); ok {
		return now.Add(max(later.After, leastPause))
	}
	return now.Add(min(max(now.Sub(a.At)/4, stepRetry), 5*time.Minute))
}
