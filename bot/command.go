package bot

import (
	"context"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
	"defenderbot/commands"
)

// slashCommand is what is read of a command's payload. The type of slack-go wants
// a bool where Socket Mode sends a string (is_enterprise_install).
type slashCommand struct {
	Team        string `json:"team_id"`
	Channel     string `json:"channel_id"`
	ChannelName string `json:"channel_name"`
	User        string `json:"user_id"`
	Command     string `json:"command"` // with its slash; an app can have several
	Text        string `json:"text"`
	ResponseURL string `json:"response_url"`
	TriggerID   string `json:"trigger_id"`
}

// command answers one command, in its acknowledgement.
func (b *Bot) command(ctx context.Context, e Envelope, c slashCommand) {
	a := newAct(e, "", approvals.Place{Team: c.Team, Channel: c.Channel}, reply{c.User, c.Channel, c.ResponseURL})
	a.trigger, a.by.Direct = c.TriggerID, amongSome(c.ChannelName)
	if c.Command != b.grammar.Slash {
		b.log.WarnContext(ctx, "command unknown", "envelope", e.ID, "command", cut(c.Command, 40), "user", c.User)
		b.answer(ctx, a, sayf("This app has the command %s, which this bot does not know, so nothing happened. Type %s help to see what it can do.",
			cut(oneLine(c.Command), 40), b.grammar.Slash))
		return
	}
	parsed, wrong := b.grammar.Parse(c.Text)
	if first, slow := slowly(parsed); slow {
		b.acknowledge(ctx, a, first)
		a.patience = longLook
		b.whisper(ctx, a.to, b.obey(ctx, a, parsed, wrong, false))
		return
	}
	b.answer(ctx, a, b.obey(ctx, a, parsed, wrong, false))
}

// obey does what a command says, and says what came of it; wrong is why it could not be read.
// Anyway: also where it is known that Defender will refuse it.
func (b *Bot) obey(ctx context.Context, a act, parsed commands.Command, wrong error, anyway bool) page {
	if err := b.elsewhere(a); err != nil {
		a.what = "command"
		b.noteFailure(ctx, a, approvals.Request{}, err)
		return b.workspace.views.explained(err)
	}
	if wrong != nil {
		return wrongCommand(wrong) // with a button that opens the form
	}
	switch c := parsed.(type) {
	case commands.Ask:
		return b.askFor(ctx, a, c, anyway)
	case commands.Force:
		return b.forceFor(ctx, a, c)
	case commands.Off:
		a.what, a.wish = "ask", office.Wish{Action: c.Action}
		_, said, _ := b.perform(ctx, a, (*Bot).isOff)
		return said
	case commands.Form:
		return b.offerForm(ctx, a)
	case commands.Help:
		return asWritten(b.grammar.Help())
	case commands.Status:
		return b.status(ctx, a, c)
	case commands.List:
		return b.list(ctx, a, c)
	case commands.Limits:
		return b.limits(ctx, a, c)
	case commands.History:
		return b.history(ctx, a, c)
	case commands.Report:
		return b.report(ctx, a, c)
	case commands.Cancel:
		return b.cancelTyped(ctx, a, c.Request)
	case commands.Freeze:
		return b.freezeTyped(ctx, a, c)
	case commands.Unfreeze:
		return b.unfreezeTyped(ctx, a, c)
	}
	return nil // unreachable: the grammar has no other commands
}

// elsewhere refuses what is done in another workspace.
func (b *Bot) elsewhere(a act) error {
	if a.by.Place.Team != b.workspace.Team() {
		return approvals.Refuse(approvals.OtherTeam, "")
	}
	return nil
}

func wishOf(c commands.Ask) office.Wish {
	devices := make([]approvals.Device, len(c.Devices))
	for i, d := range c.Devices {
		devices[i] = approvals.Device{ID: d.ID, Name: d.Name}
	}
	return office.Wish{Action: c.Action, Devices: devices, Comment: c.Comment}
}

// ask records a request.
func (b *Bot) ask(ctx context.Context, a act) (approvals.Request, page, error) {
	if err := b.elsewhere(a); err != nil { // a form says where it was sent
		return approvals.Request{}, nil, err
	}
	r, err := b.desk.Ask(ctx, a.by, a.wish)
	if err == nil {
		b.workspace.remember(r.ID, a.to.url)
	}
	return r, b.workspace.views.recordedPage(r), err
}

// isOff refuses what is switched off, as the desk does where it is asked for in
// another way.
func (b *Bot) isOff(_ context.Context, a act) (approvals.Request, page, error) {
	return approvals.Request{}, nil, approvals.Refuse(approvals.ActionOff, a.wish.Action)
}
