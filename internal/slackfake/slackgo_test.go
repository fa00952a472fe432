package slackfake

import (
	"context"
	"errors"
	"io"
	"log"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

// TestSlackGoClient runs a small approval with slack-go's own client: what an existing app would do.
func TestSlackGoClient(t *testing.T) {
	s, _ := start(t)
	api := slack.New(s.BotToken(), slack.OptionAppLevelToken(s.AppToken()), slack.OptionAPIURL(s.APIURL()))
	sm := socketmode.New(api, socketmode.OptionLog(log.New(io.Discard, "", 0)))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { done <- sm.RunContext(ctx) }()
	go func() { done <- runApp(ctx, api, sm) }()
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
	})
	wait(t, s, func(s *Server) bool { return len(s.Sockets()) == 1 })

	o, err := s.Command(t.Context(), ana, general, "investigate web-01.example")
	if err != nil || !o.Acked || o.Answer == nil || o.Answer.Text != "asked for <http://web-01.example|web-01.example>" {
		t.Fatalf("command: %+v, %v", o, err)
	}
	wait(t, s, func(s *Server) bool { return len(s.Messages(general)) == 1 })
	ts := s.Messages(general)[0].TS
	if o, err := s.Click(t.Context(), ben, general, ts, "approve"); err != nil || !o.Acked {
		t.Fatalf("click: %+v, %v", o, err)
	}
	wait(t, s, func(s *Server) bool { return s.Messages(general)[0].Text == "approved by ben" })
	for _, a := range s.Acks() {
		if a.Problem != "" {
			t.Errorf("acknowledgement: %s", a.Problem)
		}
	}
	if o, err := s.Click(t.Context(), ben, general, ts, "approve"); !errors.Is(err, ErrNoSuchElement) {
		t.Errorf("the button is still there: %+v, %v", o, err)
	}
}

// runApp answers a command with a card and a click with an update.
func runApp(ctx context.Context, api *slack.Client, sm *socketmode.Client) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-sm.Events:
			if err := handle(ctx, api, sm, e); err != nil {
				return err
			}
		}
	}
}

func handle(ctx context.Context, api *slack.Client, sm *socketmode.Client, e socketmode.Event) error {
	switch data := e.Data.(type) {
	case slack.SlashCommand:
		if err := sm.AckCtx(ctx, e.Request.EnvelopeID, map[string]string{"text": "asked for " + data.Text[len("investigate "):]}); err != nil {
			return err
		}
		ok := slack.NewButtonBlockElement("approve", "D-1", slack.NewTextBlockObject(slack.PlainTextType, "Approve", false, false))
		_, _, err := api.PostMessageContext(ctx, data.ChannelID, slack.MsgOptionText("Go?", false), slack.MsgOptionBlocks(slack.NewActionBlock("act", ok)))
		return err
	case slack.InteractionCallback:
		if err := sm.AckCtx(ctx, e.Request.EnvelopeID, nil); err != nil {
			return err
		}
		_, _, _, err := api.UpdateMessageContext(ctx, data.Channel.ID, data.Message.Timestamp, slack.MsgOptionText("approved by "+data.User.Name, false))
		return err
	}
	return nil
}
