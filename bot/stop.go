package bot

import (
	"context"
	"fmt"
	"slices"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
)

func (b *Bot) stop(ctx context.Context, a act) (approvals.Request, page, error) {
	r, err := b.desk.Stop(ctx, a.by, a.id, a.digest)
	return r, stoppedPage(r), err
}

// stoppedPage is the answer to whoever asked for a stop.
func stoppedPage(r approvals.Request) page {
	return sayf("I am asking Defender to stop %s. It runs until Defender says otherwise; follow it on its card.", r.ID)
}

// stopButton stops what runs in Defender, where there is a call for that; nil: nothing
// can be stopped.
func (v Views) stopButton(r approvals.Request, value string) *slack.ButtonBlockElement {
	action := v.action(r)
	running := 0
	for _, c := range r.Calls {
		if c.Stoppable() {
			running++
		}
	}
	if running == 0 || !action.Cancellable() {
		return nil
	}
	label, on := "Stop", "1 device"
	if running > 1 {
		label, on = fmt.Sprintf("Stop on %d devices", running), fmt.Sprintf("%d devices", running)
	}
	text := fmt.Sprintf("I ask Defender to cancel “%s” on %s. It may be too late, and what it has done there stays.", action.Title, on)
	if slices.ContainsFunc(r.Calls, func(c approvals.Call) bool { return c.Stoppable() && c.Job.Adopted }) {
		text += " It may have been started by somebody else."
	}
	if slices.ContainsFunc(r.Calls, approvals.Call.Waiting) {
		text += " Calls that still wait are not affected."
	}
	return slack.NewButtonBlockElement(actionStop, value, plainText(label)).WithStyle(slack.StyleDanger).WithConfirm(slack.NewConfirmationBlockObject(
		plainText(label+"?"), plainText(text), plainText("Yes, stop"), plainText("Let it run")).WithStyle(slack.StyleDanger))
}

// stopping says who wants a call to be stopped, and how that stands while it runs. At the
// end of a call that is told in full, [stoppedBy] has said it.
func stopping(r approvals.Request, c approvals.Call, d detail) []span {
	switch {
	case c.Stop.State == approvals.NotStopped || d == bare:
		return nil
	case d == brief:
		return briefStop(r, c)
	case c.State != approvals.Running:
		return nil
	}
	return append([]span{words(" "), mention(c.Stop.By.ID)}, stopStands(c.Stop)...)
}

// stopStands is how a stop stands, of whoever asked for it.
func stopStands(s approvals.Stopping) []span {
	asked := []span{words(" asked Defender to stop it, "), when(s.At)}
	switch s.State {
	case approvals.StopAsked:
		return stopWaits(s)
	case approvals.StopSending:
		return append(asked, words("; it runs until Defender says otherwise."))
	case approvals.StopTaken:
		return append(asked, words(", and Defender accepted that; it runs until Defender shows it as cancelled."))
	case approvals.StopRefused:
		return append(append(asked, words(". ⚠️ It was not stopped. "+sentence(s.Why))), correlation(s.Why)...)
	case approvals.StopLost:
		asked = append(asked, words(". ⚠️ I cannot tell whether that arrived. "+sentence(s.Why)+
			" I am watching whether it stops and will not ask again by myself. If it runs on, press Stop again."))
		return append(asked, correlation(s.Why)...)
	case approvals.NotStopped:
	}
	return nil
}

// stopWaits is that Defender has not been asked yet, and why.
func stopWaits(s approvals.Stopping) []span {
	wants := []span{words(" wants it stopped, "), when(s.At)}
	if s.Why.Reason == "" {
		return append(wants, words(". I am asking Defender now."))
	}
	wants = append(wants, words(". ⚠️ Defender has not been asked yet. "+sentence(s.Why)))
	if !s.Hold.IsZero() {
		wants = append(wants, words(" Next try "), when(s.Hold), words("."))
	}
	return wants
}

// correlation is the id of an error, for Microsoft's support.
func correlation(w approvals.Why) []span {
	if w.Target == "" {
		return nil
	}
	return []span{words(" Correlation id "), code(cut(w.Target, 64))}
}

// briefStop is the same in a few words.
func briefStop(r approvals.Request, c approvals.Call) []span {
	who := c.Stop.By.Called()
	switch {
	case stopWorked(r, c):
		return []span{words(" " + who + " asked for it.")}
	case c.State != approvals.Running:
		return nil
	case c.Stop.State == approvals.StopRefused:
		return []span{words(" ⚠️ " + who + " asked to stop it; that was refused.")}
	case c.Stop.State == approvals.StopLost:
		return []span{words(" ⚠️ " + who + " asked to stop it; no answer came.")}
	}
	return []span{words(" " + who + " asked to stop it.")}
}

// stoppedBy says at the end of a call who wanted it stopped, and what came of that. Where
// Defender names somebody else who cancelled it, its own words follow.
func stoppedBy(r approvals.Request, c approvals.Call) []span {
	asked, came := " asked for it to be stopped, ", ", too late"
	switch {
	case c.Stop.State == approvals.NotStopped:
		return nil
	case stopWorked(r, c):
		asked, came = " asked for it, ", ""
	case c.State == approvals.Unknown:
		came = ""
	case c.Stop.State == approvals.StopAsked:
		came = ", but it ended before Defender was asked"
	case c.Stop.State == approvals.StopRefused:
		came = ", which was refused"
	case c.State == approvals.CallCancelled:
		came = ""
	case c.Stop.State == approvals.StopLost:
		came = ", but no answer came"
	}
	spans := []span{words("; "), mention(c.Stop.By.ID), words(asked), when(c.Stop.At)}
	if came != "" {
		spans = append(spans, words(came))
	}
	return spans
}

// stopWorked reports whether a call was cancelled by the stop that somebody here asked for:
// Defender says so, or names nobody and may have had it.
func stopWorked(r approvals.Request, c approvals.Call) bool {
	mayHaveArrived := slices.Contains([]approvals.StopState{approvals.StopSending, approvals.StopTaken, approvals.StopLost}, c.Stop.State)
	return c.State == approvals.CallCancelled && (r.OwnsStop(c.Job.Details) || c.Job.Details == "" && mayHaveArrived)
}
