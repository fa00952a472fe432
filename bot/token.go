package bot

import (
	"context"
	"fmt"

	"github.com/slack-go/slack"
)

// Check asks whether Slack still takes the bot token. An [ErrPermanent] is a no;
// any other error is no answer.
func (w *Workspace) Check(ctx context.Context) error {
	_, err := w.whoAmI(ctx)
	return err
}

// Doubts gets an error when a call was refused in a way that says that the token
// is not good any more. One call can be wrong about that: [Workspace.Check] knows.
func (w *Workspace) Doubts() <-chan error { return w.doubts }

// doubt passes on that a call was refused because of the token. Who was told once
// and has not looked yet need not be told again.
func (w *Workspace) doubt(code string) {
	offer(w.doubts, fmt.Errorf("slack refused the bot token: %s", code))
}

func (w *Workspace) whoAmI(ctx context.Context) (*slack.AuthTestResponse, error) {
	me, err := w.api.AuthTestContext(ctx)
	if err != nil {
		return nil, permanent(fmt.Errorf("auth.test: %w", err), "check SLACK_BOT_TOKEN and that the app is installed")
	}
	return me, nil
}
