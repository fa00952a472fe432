package main

import (
	"fmt"
	"os"
	"strings"

	"defenderbot/internal/app"
)

// setting is one variable of a bot.
type setting struct{ name, value string }

// settings configure a bot of somebody's own for the place.
func settings(env app.Env) []setting {
	return []setting{
		{"SLACK_API_URL", env.SlackAPIURL},
		{"SLACK_APP_TOKEN", env.SlackAppToken},
		{"SLACK_BOT_TOKEN", env.SlackBotToken},
		{"DEFENDER_API_URL", env.DefenderAPIURL},
		{"AZURE_AUTHORITY_HOST", env.AuthorityHost},
		{"AZURE_TENANT_ID", env.TenantID},
		{"AZURE_CLIENT_ID", env.ClientID},
		{"AZURE_CLIENT_SECRET", env.ClientSecret},
		{"REDIS_URL", quoted(env.RedisURL)},
		{"ALLOW_VOLATILE_REDIS", env.AllowVolatileRedis},
		{"ALLOW_SHARED_CHANNELS", env.AllowSharedChannels},
		{"ACTIONS", env.Actions},
		{"APPROVERS", env.Approvers},
		{"APPROVALS_REQUIRED", env.ApprovalsRequired},
		{"ALERT_CHANNEL", env.AlertChannel},
		{"BREAK_GLASS", env.BreakGlass},
		{"AUDIT_SIGNING_KEY_FILE", quoted(env.AuditSigningKeyFile)},
	}
}

// exports is how a shell configures such a bot.
func exports(env app.Env) string {
	var b strings.Builder
	b.WriteString("\nNo bot runs in it. To connect yours, start it with:\n\n")
	for _, s := range settings(env) {
		fmt.Fprintf(&b, "  export %s=%s\n", s.name, s.value)
	}
	return b.String() + "  go run ./cmd/bot\n"
}

// writeEnv writes the same into a file, a variable a line, as shells and systemd read it. It
// holds secrets, if only those of the sandbox.
func writeEnv(file string, env app.Env) error {
	var b strings.Builder
	for _, s := range settings(env) {
		fmt.Fprintf(&b, "%s=%s\n", s.name, s.value)
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("-env: %w", err)
	}
	return nil
}

// quoted is a word for a shell: an address with & in it is more than one.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
