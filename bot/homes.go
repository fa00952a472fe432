package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
	"defenderbot/commands"
)

// Homes shows people their Home tabs. It implements [approvals.Homes].
type Homes struct {
	workspace *Workspace
	desk      *office.Desk
	grammar   commands.Grammar
}

// NewHomes makes Homes that show nothing before [Homes.Use].
func NewHomes(w *Workspace) *Homes { return &Homes{workspace: w} }

// Use sets where what they show comes from.
func (h *Homes) Use(d *office.Desk, g commands.Grammar) { h.desk, h.grammar = d, g }

// ShowHome implements [approvals.Homes].
func (h *Homes) ShowHome(ctx context.Context, user, was string) (mark string, err error) {
	blocks, err := h.blocks(ctx, user, nil)
	if err != nil {
		return was, err
	}
	digest, hash, _ := strings.Cut(was, " ")
	if digest == digestOf(blocks) {
		return was, nil
	}
	return h.publish(ctx, user, blocks, hash)
}

// answer shows a home with an answer at its top, and that until the next look.
func (h *Homes) answer(ctx context.Context, user string, said page) error {
	blocks, err := h.blocks(ctx, user, said)
	if err != nil {
		return err
	}
	mark, err := h.publish(ctx, user, blocks, "")
	if err != nil {
		return err
	}
	return h.desk.HomeShown(ctx, user, mark)
}

func (h *Homes) blocks(ctx context.Context, user string, said page) ([]slack.Block, error) {
	home, err := h.desk.HomeOf(ctx, office.By{User: user, Place: approvals.Place{Team: h.workspace.Team()}})
	if err != nil {
		return nil, err
	}
	return h.workspace.views.home(h.grammar.Slash, home, said), nil
}

// publish puts blocks on a Home tab, unless it shows something else than hash stands for
// by now; without a hash, whatever it shows
// (https://docs.slack.dev/reference/methods/views.publish).
func (h *Homes) publish(ctx context.Context, user string, blocks []slack.Block, hash string) (mark string, err error) {
	request := slack.PublishViewContextRequest{
		UserID: user, View: slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: blocks}},
	}
	if hash != "" {
		request.Hash = &hash
	}
	shown, err := h.workspace.api.PublishViewContext(ctx, request)
	switch {
	case isSlackError(err, "hash_conflict"):
		return "", fmt.Errorf("views.publish: %w: %w", approvals.ErrShownSince, err)
	case err != nil:
		return "", personal(fmt.Errorf("views.publish: %w", err))
	}
	return digestOf(blocks) + " " + shown.Hash, nil
}

// digestOf is a fingerprint of blocks.
func digestOf(blocks []slack.Block) string {
	return approvals.DigestOf([]string{string(inJSON(blocks))})
}

// onHome reports whether a button counts on a home: those that decide on what waits, and the
// one that freezes.
func onHome(button string) bool {
	return slices.Contains([]string{actionApprove, actionDeny, actionCancel, actionReview, actionFreeze}, button)
}

// isHome reports whether what was pressed is a Home tab of this app. It is always that of
// whoever pressed.
func (w *Workspace) isHome(i interaction) bool {
	c, v := i.Container, i.View
	return c.Type == "view" && v.Type == slack.VTHomeTab && v.App == w.app && v.ID != "" && v.ID == c.ViewID &&
		c.ChannelID == "" && i.Channel.ID == "" && i.Message.TS == ""
}

// tell answers somebody who has pressed a button or sent a form: privately where they did
// it, which on a home is at its top, or else in a direct message.
func (b *Bot) tell(ctx context.Context, a act, said page) {
	if !a.by.Home || b.homes == nil {
		b.whisper(ctx, a.to, said)
		return
	}
	limited, cancel := context.WithTimeout(ctx, replyLimit)
	defer cancel()
	said = said.withoutButtons()
	if err := b.homes.answer(limited, a.by.User, said); err != nil && !errors.Is(err, context.Canceled) {
		b.log.InfoContext(ctx, "home not shown with its answer", "user", a.by.User, "error", err)
		b.whisper(ctx, a.to, said)
	}
}
