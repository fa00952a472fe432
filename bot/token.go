package bot

import (
	"context"
	"fmt"

	"github.com/slack-go/slack"
)

// Check asks whether Slack still takes the bot token. An [ErrForGood] is a no;
// any other error is no answer.
func (s *Slack) Check(ctx context.Context) error {
	_, err := s.whoAmI(ctx)
	return err
}

// Doubts gets an error when a call was refused in a way that says that the token
// is not good any more. One call can be wrong about that: [Slack.Check] knows.
func (s *Slack) Doubts() <-chan error { return s.doubts }

// doubt passes on that a call was refused because of the token. Who was told once
// and has not looked yet need not be told again.
func (s *Slack) doubt(code string) {
	offer(s.doubts, fmt.Errorf("slack refused the bot token: %s", code))
}

func (s *Slack) whoAmI(ctx context.Context) (*slack.AuthTestResponse, error) {
	me, err := s.api.AuthTestContext(ctx)
	if err != nil {
		return nil, forGood(fmt.Errorf("auth.test: %w", err), "check SLACK_BOT_TOKEN and that the app is installed")
	}
	return me, nil
}
