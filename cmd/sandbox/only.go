package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
)

// serveOnly keeps the servers up for a client of somebody's own.
func serveOnly(ctx context.Context, out io.Writer, options sandbox.Options) error {
	place, err := sandbox.Open(options) //nolint:contextcheck // its servers live until Close
	if err != nil {
		return err
	}
	env := place.Env()
	_, err = fmt.Fprintf(out, `Until you press Ctrl-C, a local Slack, Defender and Redis wait for a bot:

  export SLACK_API_URL=%s
  export SLACK_APP_TOKEN=%s
  export SLACK_BOT_TOKEN=%s
  export DEFENDER_API_URL=%s
  export AZURE_AUTHORITY_HOST=%s
  export AZURE_TENANT_ID=%s
  export AZURE_CLIENT_ID=%s
  export AZURE_CLIENT_SECRET=%s
  export REDIS_URL=%s
  export ALLOW_VOLATILE_REDIS=true
  export APPROVERS=%s
  go run ./cmd/bot
`, env.SlackAPIURL, env.SlackAppToken, env.SlackBotToken, env.DefenderAPIURL, env.AuthorityHost,
		env.TenantID, env.ClientID, defenderfake.DefaultClientSecret, quoted(env.RedisURL), env.Approvers)
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, place.Close())
}

// quoted is a word for a shell: an address with & in it is more than one.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
