package bot

import (
	"context"

	"defenderbot/approvals"
)

// Announce implements [approvals.Chat].
func (w *Workspace) Announce(ctx context.Context, a approvals.Alarm) error {
	if err := w.turns.wait(ctx, a.Channel, a.ID); err != nil {
		return err
	}
	p := alarmPage(a)
	_, _, err := w.api.PostMessageContext(ctx, a.Channel, message(p.text(), p.blocks())...)
	return w.outgoing(approvals.Request{ID: a.ID, Place: approvals.Place{Channel: a.Channel}}, err)
}

// What of an alarm is shown, at most, so that Slack takes the message.
const (
	mostAlarmText  = 1000 // characters of a reason; nobody can type more
	mostAlarmLines = 15
	mostAlarmLine  = 200
)

// alarmPage is what a channel is told beside all cards.
func alarmPage(a approvals.Alarm) page {
	p := page{heading(alarmHeading(a.Kind)), says(alarmHead(a)...)}
	if a.Text != "" {
		p = append(p, quoted(cut(a.Text, mostAlarmText)))
	}
	for _, l := range a.Lines[:min(len(a.Lines), mostAlarmLines)] {
		p = append(p, says(alarmLine(a.Kind, cut(l, mostAlarmLine))))
	}
	if more := len(a.Lines) - mostAlarmLines; more > 0 {
		p = append(p, says(wordsf("And %d more; the audit trail has them all.", more)))
	}
	if then := alarmThen(a); then != nil {
		p = append(p, says(then...))
	}
	if a.Request != "" {
		p = append(p, aside(a.Request))
	}
	return p
}

// alarmHeading is what happened, in a few words. A kind of a later version is told with
// what it has.
func alarmHeading(k approvals.AlarmKind) string {
	switch k {
	case approvals.AlarmFreeze:
		return "🧊 Frozen: nothing goes to Defender"
	case approvals.AlarmThaw:
		return "▶️ The freeze was lifted"
	case approvals.AlarmRules:
		return "⚙️ The rules have changed"
	case approvals.AlarmForce:
		return "🚨 Break-glass: one person acted alone"
	case approvals.AlarmSeal:
		return "🔏 Daily seal of the audit trail"
	}
	return "⚠️ " + cut(oneLine(string(k)), 60)
}

// alarmHead is who did it and when, and what it means.
func alarmHead(a approvals.Alarm) []span {
	by := []span{mention(a.By.ID)}
	if a.By.ID == "" {
		by = []span{words("I")}
	}
	switch a.Kind {
	case approvals.AlarmFreeze:
		return append(by, words(" froze all actions, "), when(a.At), words(". No call leaves, also of what is approved already. Requests can still be made and decided. The reason:"))
	case approvals.AlarmThaw:
		return append(by, words(" approved lifting it, "), when(a.At), words(". What is approved and has not run out goes to Defender now. The reason for lifting it:"))
	case approvals.AlarmRules:
		return []span{words("I was started with other rules than the last time, "), when(a.At), words(". What is different now:")}
	case approvals.AlarmForce:
		return append(by, words(" had a call sent without asking anybody, "), when(a.At), words(". The reason:"))
	case approvals.AlarmSeal:
		return []span{words("It covers all that was written up to "), when(a.At), words(":")}
	}
	return append(by, words(" · "), when(a.At))
}

// alarmLine is a line as it is: a seal is compared character by character.
func alarmLine(k approvals.AlarmKind, l string) span {
	if k == approvals.AlarmSeal {
		return code(l)
	}
	return words("• " + l)
}

// alarmThen is what to do.
func alarmThen(a approvals.Alarm) []span {
	switch a.Kind {
	case approvals.AlarmFreeze:
		return []span{words("To lift it, type "), code("/defender unfreeze <reason>"), words("; a second person has to approve that.")}
	case approvals.AlarmRules:
		return []span{words("If nobody here knows why, freeze all actions ("), code("/defender freeze <reason>"), words(") and ask whoever runs this bot.")}
	case approvals.AlarmForce:
		return []span{words("Another approver has to look at it and press "), strong("Review"), words(" on its card.")}
	case approvals.AlarmSeal:
		return []span{words("Keep this message: if the trail's own seal of that number ever differs from it, somebody has changed the trail.")}
	case approvals.AlarmThaw:
	}
	return nil
}
