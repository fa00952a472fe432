package bot

import (
	"context"
	"errors"
	"strings"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackutilsx"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
	"defenderbot/commands"
)

// slashCommand is what is read of a command's payload. The type of slack-go wants
// a bool where Socket Mode sends a string (is_enterprise_install).
type slashCommand struct {
	Team        string `json:"team_id"`
	Channel     string `json:"channel_id"`
	User        string `json:"user_id"`
	Text        string `json:"text"`
	ResponseURL string `json:"response_url"`
}

// command answers one command, in its acknowledgement.
func (b *Bot) command(ctx context.Context, e Envelope, c slashCommand) {
	if c.Team != b.workspace.Team() {
		b.respond(ctx, e, c, wrongTeam)
		return
	}
	parsed, err := b.grammar.Parse(c.Text)
	if err != nil {
		b.respond(ctx, e, c, err.Error())
		return
	}
	switch parsed := parsed.(type) {
	case commands.Ask:
		b.ask(ctx, e, c, parsed)
	case commands.Help:
		b.respond(ctx, e, c, b.grammar.Help())
	case commands.Status, commands.List, commands.Limits, commands.Cancel:
		b.respond(ctx, e, c, laterSentence)
	}
}

// ask records a request. The acknowledgement goes out when it is in Redis.
func (b *Bot) ask(ctx context.Context, e Envelope, c slashCommand, wish commands.Ask) {
	limited, cancel := context.WithDeadline(ctx, e.Received.Add(ackBudget))
	defer cancel()
	devices := make([]approvals.Device, len(wish.Devices))
	for i, d := range wish.Devices {
		devices[i] = approvals.Device{ID: d.ID, Name: d.Name}
	}
	by := office.By{Op: e.ID, User: c.User, Place: approvals.Place{Team: c.Team, Channel: c.Channel}}
	r, err := b.desk.Ask(limited, by, office.Wish{Action: wish.Action, Devices: devices, Comment: wish.Comment})
	if err != nil {
		b.noteFailure(ctx, "ask", by, r.ID, err)
		b.respond(ctx, e, c, explain(err))
		return
	}
	b.workspace.remember(r.ID, c.ResponseURL)
	b.respond(ctx, e, c, recorded(r))
}

// respond answers a command in its acknowledgement, or where that cannot be
// had, in the next way that works.
func (b *Bot) respond(ctx context.Context, e Envelope, c slashCommand, text string) {
	err := errNoPayload
	if e.TakesPayload {
		err = b.acked(e, ephemeral(text))
	}
	if err == nil {
		return
	}
	b.log.WarnContext(ctx, "a command is answered beside its acknowledgement", "envelope", e.ID, "error", err)
	b.ack(e, nil)
	b.tell(ctx, reply{c.User, c.Channel, c.ResponseURL}, text)
}

// errNoPayload says that an acknowledgement may hold no answer.
var errNoPayload = errors.New("the envelope takes no answer")

// private is an answer in an acknowledgement that only one person sees.
type private struct {
	Type   string        `json:"response_type"`
	Text   string        `json:"text"`
	Blocks []slack.Block `json:"blocks,omitempty"`
}

// ephemeral answers with text that is never read as markup.
func ephemeral(text string) private {
	escaped, blocks := sentences(text)
	return private{Type: slack.ResponseTypeEphemeral, Text: escaped, Blocks: blocks}
}

// sentences are text as a message, in blocks that read no markup out of it.
func sentences(text string) (escaped string, blocks []slack.Block) {
	text = cut(strings.Map(legible, text), 3000)
	return cutBytes(slackutilsx.EscapeMessage(text), textLimit), []slack.Block{slack.NewSectionBlock(plainText(text), nil, nil)}
}
