package bot

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
)

// orphaned says on a card whose record is gone that nothing comes of it any more, and
// takes its buttons away: the database lost the record, or it is older than records
// are kept. Where another deployment uses the same Slack app, the card may be its.
func (b *Bot) orphaned(ctx context.Context, a act, m posted, err error) {
	if !approvals.IsRefusal(err, approvals.NoSuchRequest) || !a.by.On.Copy || b.foreign() {
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
	note := sayf("⚠️ I have no record of %s any more, so nothing else comes of it here. If it is still needed, ask again; "+
		"what was sent to Defender before is in its portal.", a.id)
	blocks := append(withoutButtons(m), note.blocks()...)
	_, _, _, err := w.api.UpdateMessageContext(ctx, a.by.Place.Channel, a.by.On.TS, message(note.text(), blocks)...)
	return err
}

// withoutButtons is what a message says; nothing, if it cannot be read.
func withoutButtons(m posted) []slack.Block {
	var kept []slack.Block
	for _, raw := range m.Blocks {
		var one slack.Blocks
		if json.Unmarshal([]byte("["+string(raw)+"]"), &one) != nil {
			return nil
		}
		for _, block := range one.BlockSet {
			if block.BlockType() != slack.MBTAction {
				kept = append(kept, block)
			}
		}
	}
	return kept
}
