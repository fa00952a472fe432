package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals/ledger"
	"defenderbot/internal/audit"
)

// AuditConfig makes sense of as much as reading the audit trail takes: what names it, where it
// is, how long it is kept, and whose signature it bears. Whoever only reads needs no
// credential for Defender, and public keys are enough.
func (e Env) AuditConfig(now time.Time) (Config, error) {
	e = e.withDefaults()
	r := &reader{now: now}
	c := Config{
		SlackAppToken: r.token("SLACK_APP_TOKEN", "xapp-", r.secret("SLACK_APP_TOKEN", e.SlackAppToken, e.SlackAppTokenFile)),
		SlackBotToken: r.token("SLACK_BOT_TOKEN", "xoxb-", r.secret("SLACK_BOT_TOKEN", e.SlackBotToken, e.SlackBotTokenFile)),
		Tenant:        r.entra("AZURE_TENANT_ID", e.TenantID, "an id (a GUID) or a domain of the tenant"),
		ClientID:      r.entra("AZURE_CLIENT_ID", e.ClientID, "a GUID, the application (client) id"),
		Retention:     r.duration("RETENTION", e.Retention, time.Hour),
		AuditKey:      r.auditKey(e.AuditSigningKeyFile),
	}
	insecure := r.yes("ALLOW_INSECURE_HTTP", e.AllowInsecureHTTP)
	c.SlackAPIURL = withSlash(r.url("SLACK_API_URL", e.SlackAPIURL, insecure))
	c.Cloud = r.cloud(e, insecure)
	c.Redis = r.redis(r.secret("REDIS_URL", e.RedisURL, e.RedisURLFile))
	return c, r.err()
}

// Trail is the audit trail of one installation. It is read and never written.
type Trail struct {
	config  Config
	options Options
	store   *ledger.Store
	rdb     redis.UniversalClient
	origin  string
}

// OpenTrail asks Slack which app and team the tokens are of, for they name the trail, as
// they do for the bot that writes it.
func OpenTrail(ctx context.Context, c Config, o Options) (*Trail, error) {
	a, p := New(c, o), &parts{}
	if _, err := a.connectSlack(ctx, p); err != nil {
		return nil, fmt.Errorf("ask Slack whose trail it is: %w", err)
	}
	rdb := c.Redis()
	return &Trail{
		config: c, options: o, rdb: rdb, origin: audit.Origin(p.slack.App(), p.slack.Team()),
		store: a.store(rdb, ledger.Installation{App: p.slack.App(), Team: p.slack.Team()}),
	}, nil
}

// Close closes the connections to Redis.
func (t *Trail) Close() error { return t.rdb.Close() }

// Origin names the trail, in its seals and its keys.
func (t *Trail) Origin() string { return t.origin }

// Export writes all entries, oldest first, a line each: what is sealed, or in CEF. What is no
// entry is left out, and an error at the end.
func (t *Trail) Export(ctx context.Context, to io.Writer, cef bool) error {
	out := bufio.NewWriter(to)
	var unfit []error
	for e, err := range t.store.Entries(ctx) {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		line, err := e.Line()
		if cef {
			line, err = e.CEF(t.options.Version)
		}
		if err != nil {
			unfit = append(unfit, err)
			continue
		}
		if _, err := out.WriteString(line); err != nil {
			return fmt.Errorf("write the audit trail: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the audit trail: %w", err)
	}
	if len(unfit) > 0 {
		return fmt.Errorf("%d left out: %w", len(unfit), unfit[0])
	}
	return nil
}

// mostTries is how often a trail is read again because it was trimmed meanwhile.
const mostTries = 3

// Verify verifies the trail, also against seals that somebody else kept.
func (t *Trail) Verify(ctx context.Context, against []audit.Seal) (audit.Report, error) {
	for try := 1; ; try++ {
		now, err := t.rdb.Time(ctx).Result() // what is old, Redis's clock says
		if err != nil {
			return audit.Report{}, fmt.Errorf("ask Redis for the time: %w", err)
		}
		report, err := audit.Verify(
			audit.Trail{Origin: t.origin, Seals: t.store.Seals(ctx), Entries: t.store.Entries(ctx)},
			audit.Proof{Key: t.config.AuditKey, Against: against, Now: now, Since: now.Add(-t.config.Retention)},
		)
		if err != nil || len(report.Findings) == 0 || try == mostTries {
			return report, err
		}
		if trimmed, err := t.trimmedSince(ctx, report.Oldest); err != nil || !trimmed {
			return report, err
		}
	}
}

// trimmedSince reports whether seal is not the oldest any more.
func (t *Trail) trimmedSince(ctx context.Context, seal audit.Seal) (bool, error) {
	for oldest, err := range t.store.Seals(ctx) {
		return oldest.Note != seal.Note && seal.Number > 0, err
	}
	return false, nil
}
