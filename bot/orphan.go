package bot

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
)

// orphaned closes a card whose record Redis has lost: it says so, and has no buttons
// any more. That the record is not there proves nothing: where another deployment uses
// the same Slack app, the card may be its. So Redis must have lost changes since the
// card was posted, and no other deployment must have been seen.
func (b *Bot) orphaned(ctx context.Context, a act, m posted, err error) {
	refused, is := approvals.AsRefusal(err)
	if !is || refused.Why.Reason != approvals.NoSuchRequest || refused.Why.Detail != a.id {
		return
	}
	if !a.by.On.Copy || b.foreign() || !b.desk.LostSince(a.by.On) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, replyLimit)
	defer cancel()
	if err := b.workspace.orphan(ctx, a, m); err != nil {
		b.log.WarnContext(ctx, "card of a lost record not changed", "request", a.id, "channel", a.by.Place.Channel, "error", err)
		return
	}
	b.log.WarnContext(ctx, "card of a lost record closed", "request", a.id, "channel", a.by.Place.Channel, "message", a.by.On.TS)
}

// orphan changes a message of the bot into one without buttons.
func (w *Workspace) orphan(ctx context.Context, a act, m posted) error {
	for {
		err := w.turns.wait(ctx, a.by.Place.Channel, a.id)
		later, is := errors.AsType[*approvals.Later](err)
		if err == nil {
			break
		}
		if !is || !pause(ctx, later.After) {
			return err
		}
	}
	note := sayf("⚠️ I no longer have the record of %s, so this card is closed. If it is still needed, ask again; "+
		"what was sent to Defender before shows in its portal.", a.id)
	blocks := append(withoutButtons(m), note.blocks()...)
	_, _, _, err := w.api.UpdateMessageContext(ctx, a.by.Place.Channel, a.by.On.TS, message(note.text(), blocks)...)
	return err
}

// withoutButtons is what a message says, as far as it can be read.
func withoutButtons(m posted) []slack.Block {
	var kept []slack.Block
	for _, raw := range m.Blocks {
		var one slack.Blocks
		if json.Unmarshal([]byte("["+string(raw)+"]"), &one) != nil {
			continue
		}
		for _, block := range one.BlockSet {
			if block.BlockType() != slack.MBTAction {
				kept = append(kept, block)
			}
		}
	}
	return kept
}
