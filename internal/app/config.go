package app

import (
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/defender"
	"defenderbot/internal/audit"
)

// Config is everything a bot is told from outside, checked.
type Config struct {
	SlackAppToken, SlackBotToken string
	SlackAPIURL                  string
	SlackConnections             int

	Redis         func() redis.UniversalClient // makes a client; it does not connect
	WaitReplicas  int
	WaitAOF       bool
	Durability    Durability
	AllowVolatile bool

	Cloud      defender.Cloud // with the overrides in it
	Tenant     string
	ClientID   string
	Credential defender.Credential

	Actions               []string // that are switched on, in the catalogue's order
	Approvers, Requesters ByAction[People]
	EscalateTo            ByAction[People]
	Needed                ByAction[int]
	Channels              []string
	AllowShared           bool
	ApprovalTTL           time.Duration
	ExecutionTTL          time.Duration
	Retention             time.Duration
	MaxDevices            int
	MaxOpen               int
	LinkInvestigation     string
	DevicesPerHour        int    // of one requester; 0: no limit
	AlertChannel          string // empty: none
	BreakGlass            bool
	AuditKey              audit.Key // signs the seals of the audit trail; the zero Key: nothing does

	Warnings []string // what is allowed and looks wrong; names, and no values

	HTTPAddr string // empty: no server
	LogLevel slog.Level
	LogJSON  bool
}

// People are ids and handles of user groups. A handle is resolved once, at the
// start, and pinned to its id.
type People struct {
	Users, Groups, Handles []string
}

// Empty reports whether nobody is named.
func (p People) Empty() bool { return len(p.Users)+len(p.Groups)+len(p.Handles) == 0 }

// ByAction is a setting that single actions can have a value of their own for.
type ByAction[T any] struct {
	Default T            // of all other actions
	Own     map[string]T // instead of the default, not beside it
}

// For is the value for an action.
func (b ByAction[T]) For(action string) T {
	if own, ok := b.Own[action]; ok {
		return own
	}
	return b.Default
}

// Config makes sense of the text, or returns a *[ConfigError] with everything
// that is wrong. The catalogue says which actions there are, and now whether a
// certificate has expired.
func (e Env) Config(catalogue defender.Catalogue, now time.Time) (Config, error) {
	e = e.withDefaults()
	r := &reader{now: now}
	c := Config{
		SlackAppToken:    r.token("SLACK_APP_TOKEN", "xapp-", r.secret("SLACK_APP_TOKEN", e.SlackAppToken, e.SlackAppTokenFile)),
		SlackBotToken:    r.token("SLACK_BOT_TOKEN", "xoxb-", r.secret("SLACK_BOT_TOKEN", e.SlackBotToken, e.SlackBotTokenFile)),
		SlackConnections: r.number("SLACK_CONNECTIONS", e.SlackConnections, 1, 10),
		WaitReplicas:     r.number("REDIS_WAIT_REPLICAS", e.RedisWaitReplicas, 0, 10),
		WaitAOF:          r.word("REDIS_WAIT_AOF", e.RedisWaitAOF, "0", "1") == "1",
		Durability:       Durability(r.word("REDIS_DURABILITY", e.RedisDurability, string(ByAOF), string(ByProvider))),
		AllowVolatile:    r.yes("ALLOW_VOLATILE_REDIS", e.AllowVolatileRedis),
		Tenant:           r.entra("AZURE_TENANT_ID", e.TenantID, "an id (a GUID) or a domain of the tenant"),
		ClientID:         r.clientID("AZURE_CLIENT_ID", e.ClientID),
		Credential:       r.credential(e),
		Actions:          r.actions(e.Actions, catalogue),
		Approvers:        r.people("APPROVERS", r.required("APPROVERS", e.Approvers), catalogue),
		Requesters:       r.people("REQUESTERS", e.Requesters, catalogue),
		EscalateTo:       r.people("ESCALATE_TO", e.EscalateTo, catalogue),
		Needed:           r.approvals(e.ApprovalsRequired, catalogue),
		Channels:         r.channels(e.Channels),
		AllowShared:      r.yes("ALLOW_SHARED_CHANNELS", e.AllowSharedChannels),
		ApprovalTTL:      r.duration("APPROVAL_TTL", e.ApprovalTTL, time.Second),
		ExecutionTTL:     r.duration("EXECUTION_TTL", e.ExecutionTTL, time.Second),
		Retention:        r.duration("RETENTION", e.Retention, time.Hour),
		MaxDevices:       r.number("MAX_DEVICES", e.MaxDevices, 1, 20),
		MaxOpen:          r.number("MAX_OPEN_PER_REQUESTER", e.MaxOpenPerRequester, 0, 100000),
		DevicesPerHour:   r.number("DEVICES_PER_HOUR", e.DevicesPerHour, 0, 100000),
		AlertChannel:     r.channel("ALERT_CHANNEL", e.AlertChannel),
		BreakGlass:       r.yes("BREAK_GLASS", e.BreakGlass),
		HTTPAddr:         r.address("HTTP_ADDR", e.HTTPAddr),
		LogLevel:         r.level(e.LogLevel),
		LogJSON:          r.word("LOG_FORMAT", e.LogFormat, "json", "text") == "json",
	}
	insecure := r.yes("ALLOW_INSECURE_HTTP", e.AllowInsecureHTTP)
	c.SlackAPIURL = withSlash(r.url("SLACK_API_URL", e.SlackAPIURL, insecure))
	c.Cloud = r.cloud(e, insecure)
	c.Redis = r.redis(r.secret("REDIS_URL", e.RedisURL, e.RedisURLFile))
	r.rules(c, catalogue)
	c.LinkInvestigation = r.template("LINK_INVESTIGATION", e.LinkInvestigation)
	c.AuditKey = r.signingKey(e.AuditSigningKeyFile)
	c.Warnings = r.warnings
	return c, r.err()
}
