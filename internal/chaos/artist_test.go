package chaos_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/bot"
	"defenderbot/defender"
	"defenderbot/internal/slackfake"
)

// artist draws what a record should look like in Slack: with the bot's own
// renderer, in a workspace where nothing ever goes wrong.
type artist struct {
	fake  *slackfake.Server
	slack *bot.Workspace
	ts    string // the message it draws on
}

// newArtist makes an artist for the records of one tenant.
func newArtist(t testing.TB, tenant string) *artist {
	t.Helper()
	fake, err := slackfake.Start(slackfake.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	fake.AddChannel(slackfake.Channel{ID: channel, Name: "incident", Bot: true})
	var looks atomic.Int64
	s, err := bot.NewWorkspace(t.Context(), bot.WorkspaceConfig{
		APIURL: fake.APIURL(), AppToken: fake.AppToken(), BotToken: fake.BotToken(),
		Clock: func() time.Time { // runs so fast that no drawing has to wait for its turn
			return time.Now().Add(time.Duration(looks.Add(1)) * time.Minute)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	cloud, _ := defender.CloudNamed("global")
	s.Use(bot.Views{
		Policy: approvals.Policy{Default: approvals.Rule{Approvers: approvals.List{Groups: []string{onCall}}}}, Catalogue: defender.Actions(),
		DevicePage:   func(id string) string { return cloud.DevicePage(id, tenant) },
		ActionCenter: cloud.ActionCenter(tenant), Permalink: s.Permalink,
	})
	a := &artist{fake: fake, slack: s}
	sheet := approvals.Request{
		ID: "D-000000", Action: "collect", State: approvals.Pending, Place: approvals.Place{Channel: channel},
		By: approvals.Person{ID: requesters()[0]}, Comment: "drawn over",
	}
	if a.ts, err = s.Show(t.Context(), sheet); err != nil {
		t.Fatal(err)
	}
	return a
}

// draw is what the card of a record should be, and the last word in its thread.
func (a *artist) draw(ctx context.Context, r approvals.Request) (shown, error) {
	var s shown
	r.Card.TS, r.Place.Channel = a.ts, channel
	if _, err := a.slack.Show(ctx, r); err != nil {
		return s, err
	}
	m, ok := a.fake.Message(channel, a.ts)
	if !ok {
		return s, fmt.Errorf("the drawing %s is gone", a.ts)
	}
	s.card = look(m)
	if len(r.Notices) == 0 {
		return s, nil
	}
	if err := a.slack.Say(ctx, r, len(r.Notices)-1); err != nil {
		return s, err
	}
	thread := a.fake.Thread(channel, a.ts)
	s.thread = []string{look(thread[len(thread)-1])}
	return s, nil
}

func (a *artist) close() { a.fake.Close() }
