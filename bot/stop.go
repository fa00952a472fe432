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

// stopStands is who wants a running call to be stopped, and how that stands.
func stopStands(s approvals.Stopping) []span {
	spans := []span{words(": "), mention(s.By.ID), words(" asked Defender to stop it, "), when(s.At)}
	switch s.State {
	case approvals.StopAsked:
		return stopWaits(s)
	case approvals.StopTaken:
		return append(spans, words(", and Defender accepted that; it runs until Defender shows it as cancelled"))
	case approvals.StopSending, approvals.StopRefused, approvals.StopLost, approvals.NotStopped:
	}
	return append(spans, words("; it runs until Defender says otherwise"))
}

// stopWaits is that Defender has not been asked yet, and why.
func stopWaits(s approvals.Stopping) []span {
	wants := []span{words(": "), mention(s.By.ID), words(" wants it stopped, "), when(s.At)}
	if s.Why.Reason == "" {
		return append(wants, words("; I am asking Defender now"))
	}
	wants = append(wants, words(". Defender has not been asked yet. "+sentence(s.Why)))
	if s.Hold.IsZero() {
		return append(wants, words(" I keep trying"))
	}
	return append(wants, words(" Next try "), when(s.Hold))
}

// notStopped is the line of a call that goes on although somebody wanted it stopped.
func notStopped(c approvals.Call) []para {
	if c.State != approvals.Running {
		return nil
	}
	asked := []span{mention(c.Stop.By.ID), words(" asked Defender to stop it, "), when(c.Stop.At)}
	switch c.Stop.State {
	case approvals.StopRefused:
		return []para{says(append(append([]span{words("⚠️ Not stopped: ")}, asked...), words(". "+sentence(c.Stop.Why)))...)}
	case approvals.StopLost:
		return []para{says(append(append([]span{words("⚠️ Perhaps not stopped: ")}, asked...), words(", and I cannot tell whether that arrived. "+
			sentence(c.Stop.Why)+" I am watching whether it stops and will not ask again by myself. If it runs on, press Stop again."))...)}
	case approvals.NotStopped, approvals.StopAsked, approvals.StopSending, approvals.StopTaken:
	}
	return nil
}

// cancelled says who cancelled a call, when and where.
func cancelled(c approvals.Call) []span {
	if c.By.ID != "" {
		return []span{words(" by "), mention(c.By.ID), words(", "), when(c.EndedAt), words(", before it was sent")}
	}
	return []span{words(" in Defender, "), when(c.EndedAt)}
}

// briefStop is the same in a few words, behind the line of a device.
func briefStop(r approvals.Request, c approvals.Call) []span {
	who := c.Stop.By.Called()
	switch {
	case c.Stop.State == approvals.NotStopped:
		return nil
	case stopWorked(r, c):
		return []span{words("; " + who + " asked for it")}
	case c.State != approvals.Running:
		return nil
	case c.Stop.State == approvals.StopRefused:
		return []span{words(" ⚠️ " + who + " asked to stop it; that was refused.")}
	case c.Stop.State == approvals.StopLost:
		return []span{words(" ⚠️ " + who + " asked to stop it; no answer came.")}
	}
	return []span{words("; " + who + " asked to stop it")}
}

// stoppedBy says at the end of a call who wanted it stopped, and what came of that. Where
// Defender names somebody else who cancelled it, its own words are there too.
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
	return []span{words(" "), mention(c.Stop.By.ID), words(asked), when(c.Stop.At), words(came + ".")}
}

// stopWorked reports whether a call was cancelled by the stop that somebody here asked for:
// Defender says so, or names nobody and may have had it.
func stopWorked(r approvals.Request, c approvals.Call) bool {
	mayHaveArrived := slices.Contains([]approvals.StopState{approvals.StopSending, approvals.StopTaken, approvals.StopLost}, c.Stop.State)
	return c.State == approvals.CallCancelled && (r.OwnsStop(c.Job.Details) || c.Job.Details == "" && mayHaveArrived)
}
