package main

import (
	"fmt"
	"strings"

	"defenderbot/internal/app"
)

// exports is how a shell configures a bot of somebody's own for the place.
func exports(env app.Env) string {
	return fmt.Sprintf(`
No bot runs in it. To connect yours, start it with:

  export SLACK_API_URL=%s
  export SLACK_APP_TOKEN=%s
  export SLACK_BOT_TOKEN=%s
  export DEFENDER_API_URL=%s
  export AZURE_AUTHORITY_HOST=%s
  export AZURE_TENANT_ID=%s
  export AZURE_CLIENT_ID=%s
  export AZURE_CLIENT_SECRET=%s
  export REDIS_URL=%s
  export ALLOW_VOLATILE_REDIS=%s
  export ALLOW_SHARED_CHANNELS=%s
  export ACTIONS=%s
  export APPROVERS=%s
  export APPROVALS_REQUIRED=%s
  export ALERT_CHANNEL=%s
  export BREAK_GLASS=%s
  export AUDIT_SIGNING_KEY_FILE=%s
  go run ./cmd/bot
`, env.SlackAPIURL, env.SlackAppToken, env.SlackBotToken, env.DefenderAPIURL, env.AuthorityHost, env.TenantID, env.ClientID,
		env.ClientSecret, quoted(env.RedisURL), env.AllowVolatileRedis, env.AllowSharedChannels, env.Actions, env.Approvers,
		env.ApprovalsRequired, env.AlertChannel, env.BreakGlass, quoted(env.AuditSigningKeyFile))
}

// quoted is a word for a shell: an address with & in it is more than one.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
