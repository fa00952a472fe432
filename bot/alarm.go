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

// alarmPage is what a channel is told apart from any card.
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
		return "🧊 Frozen: nothing new is started in Defender"
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
		return append(by, words(" froze everything, "), when(a.At), words(". No call is sent, not even one that is approved already. Requests can still be made and decided. The reason:"))
	case approvals.AlarmThaw:
		return append(by, words(" approved that, "), when(a.At), words(". Approved calls that were waiting are sent to Defender now. The reason for lifting it:"))
	case approvals.AlarmRules:
		return []span{words("I started, "), when(a.At), words(", with rules that differ from those of the last start:")}
	case approvals.AlarmForce:
		return append(by, words(" acted alone, "), when(a.At), words(": this goes to Defender without anybody's approval. The reason:"))
	case approvals.AlarmSeal:
		return []span{words("It covers everything written up to "), when(a.At), words(":")}
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
		return []span{words("To lift it, an approver types "), code("/defender unfreeze <reason>"), words(", and another approver approves that.")}
	case approvals.AlarmRules:
		return []span{words("If nobody here knows why, freeze everything ("), code("/defender freeze <reason>"), words(") and ask whoever runs this bot.")}
	case approvals.AlarmForce:
		return []span{words("Another approver has to review it: press "), strong("Review…"), words(" on its card.")}
	case approvals.AlarmSeal:
		return []span{words("Keep this message. If the trail ever has another seal with this number, the trail was changed.")}
	case approvals.AlarmThaw:
	}
	return nil
}
