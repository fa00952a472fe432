package office

import (
	"context"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
)

// settle is what becomes of a call whose POST was refused for a reason that can be the
// device or the action. "Not there" can be said of either, and is settled by a look at
// the device. What refuses an action that Microsoft has ended, about a device that is
// there, is its end: whoever approved it hears neither of a licence nor of the device.
func (w *Worker) settle(ctx context.Context, r approvals.Request, i int, e *defender.Error, why approvals.Why) approvals.CallEvent {
	action, _ := w.store.Action(r.Action)
	missed := e.Cause == defender.NoSuchDevice || e.Cause == defender.NotFound
	ended, notThere := action.Ended != nil && e.MayBeEnd(), missed || e.NotThere()
	verified, attempt := r.Devices[i].Verified, r.Calls[i].Attempt
	device := there
	switch {
	case !ended && !notThere:
		return approvals.Fail{Attempt: attempt, Why: why}
	case notThere || !verified:
		device = w.lookAt(ctx, r, i, missed)
	}
	switch {
	case device == unread && e.Cause == defender.BadAnswer: // nobody has seen Defender itself
		why.Reason = approvals.AnswerLost
		return approvals.Doubt{Attempt: attempt, Why: why}
	case device == absent:
		why.Reason = approvals.NoSuchDevice
	case ended && (device == there || verified):
		why.Reason = approvals.Ended
	default:
		why.Reason = approvals.Refused
	}
	return approvals.Fail{Attempt: attempt, Why: why}
}

// presence is what is known of a device when its call was refused.
type presence int

const (
	there  presence = iota
	absent          // Defender says that it does not know it, each time it is asked
	unread          // it cannot be asked now
)

// lookAt looks whether Defender knows the device of a call. That it does is believed at
// once; that it does not, when it is said often enough, since one of its servers can be
// behind another. The answer to the POST may have been the first to say so.
func (w *Worker) lookAt(ctx context.Context, r approvals.Request, i int, missed bool) presence {
	misses := 0
	if missed {
		misses = 1
	}
	for ; misses < enoughMisses; misses++ {
		if misses > 0 && !nap(ctx, w.missPause) {
			return unread
		}
		if at, err := w.store.BookReads(ctx, defender.MachinesEndpoint(), 1, ledger.ForCall()); err != nil || !at.IsZero() {
			return unread
		}
		_, err := w.lookUp(ctx, approvals.Device{ID: r.Devices[i].ID})
		w.backOff(ctx, defender.MachinesEndpoint(), err)
		switch {
		case err == nil:
			return there
		case defender.CauseOf(err) != defender.NoSuchDevice:
			w.warn(ctx, "look whether the device is there", err, r, i)
			return unread
		}
	}
	return absent
}

// readsEnded reports whether an answer to a read of what became of a call says that
// Microsoft has ended the reads with the action. One that is not Defender's own is
// believed when Defender answers about the device.
func (w *Worker) readsEnded(ctx context.Context, r approvals.Request, i int, e *defender.Error) bool {
	action, _ := w.store.Action(r.Action)
	if action.Ended == nil || action.Tracks != defender.TrackInvestigations || !e.Gone() {
		return false
	}
	if e.Cause != defender.BadAnswer || r.Calls[i].Blind.Reason == approvals.ReadsEnded {
		return true
	}
	return w.lookAt(ctx, r, i, false) == there
}
