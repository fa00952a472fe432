package app_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"defenderbot/defender"
	"defenderbot/internal/app"
	"defenderbot/internal/audit"
)

// env is a configuration with which nothing is wrong.
func env() app.Env {
	return app.Env{
		SlackAppToken: "xapp-1-A-1", SlackBotToken: "xoxb-1-1", RedisURL: "redis://redis:6379/0",
		TenantID: "tenant", ClientID: client, ClientSecret: "quiet", Approvers: "U0GRACE,S0ONCALL",
		HTTPAddr: ":8080",
	}
}

// client is an application's id.
const client = "8f0b6c1e-3b52-4f0e-8f55-2f3f6f9f0c11"

// changed is env with something else in it.
func changed(change func(*app.Env)) app.Env {
	e := env()
	change(&e)
	return e
}

// file is a file with that text.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// problems are what is wrong with a configuration.
func problems(t *testing.T, e app.Env) []string {
	t.Helper()
	_, err := e.Config(defender.Actions(), time.Now())
	if err == nil {
		return nil
	}
	wrong, ok := errors.AsType[*app.ConfigError](err)
	if !ok {
		t.Fatalf("error %v, want a *ConfigError", err)
	}
	return wrong.Problems
}

// config is a configuration that has to be right.
func config(t *testing.T, e app.Env) app.Config {
	t.Helper()
	c, err := e.Config(defender.Actions(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// secret stands in the wrong place wherever a test puts it.
const secret = "s3cr3t-in-the-wrong-place"

func TestConfigRefuses(t *testing.T) {
	t.Parallel()
	empty, expired := file(t, " \n"), certificate(t, time.Now().Add(-time.Hour))
	public := file(t, "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA4DE9f7SPGDZ5+cWMUcMyxuhKHMvNPZTb2hxxQpYMLsI=\n-----END PUBLIC KEY-----\n")
	dir := t.TempDir()
	for _, tt := range []struct {
		name   string
		change func(*app.Env)
		want   string // the beginning of the one problem
	}{
		{"no app token", func(e *app.Env) { e.SlackAppToken = "" }, "SLACK_APP_TOKEN: is required (or SLACK_APP_TOKEN_FILE)"},
		{"bot token as app token", func(e *app.Env) { e.SlackAppToken = "xoxb-" + secret }, "SLACK_APP_TOKEN: must begin with xapp-"},
		{"app token with a space", func(e *app.Env) { e.SlackAppToken = "xapp-1 " + secret }, "SLACK_APP_TOKEN: must begin with xapp-"},
		{"app token twice", func(e *app.Env) { e.SlackAppTokenFile = secret }, "SLACK_APP_TOKEN: is set, and so is SLACK_APP_TOKEN_FILE"},
		{"app token's file is missing", func(e *app.Env) { e.SlackAppToken, e.SlackAppTokenFile = "", "/"+secret }, "SLACK_APP_TOKEN_FILE: cannot be read: no such file"},
		{"app token's file is empty", func(e *app.Env) { e.SlackAppToken, e.SlackAppTokenFile = "", empty }, "SLACK_APP_TOKEN_FILE: names an empty file"},
		{"no bot token", func(e *app.Env) { e.SlackBotToken = " " }, "SLACK_BOT_TOKEN: is required (or SLACK_BOT_TOKEN_FILE)"},
		{"app token as bot token", func(e *app.Env) { e.SlackBotToken = "xapp-" + secret }, "SLACK_BOT_TOKEN: must begin with xoxb-"},
		{"bot token twice", func(e *app.Env) { e.SlackBotTokenFile = secret }, "SLACK_BOT_TOKEN: is set, and so is SLACK_BOT_TOKEN_FILE"},
		{"bot token's file is a folder", func(e *app.Env) { e.SlackBotToken, e.SlackBotTokenFile = "", dir }, "SLACK_BOT_TOKEN_FILE: cannot be read: is a directory"},
		{"Slack elsewhere over http", func(e *app.Env) { e.SlackAPIURL = "http://slack.example/" }, "SLACK_API_URL: is plain http to another host"},
		{"Slack's address with a password", func(e *app.Env) { e.SlackAPIURL = "https://u:" + secret + "@slack.example/" }, "SLACK_API_URL: must be an https address"},
		{"no sockets", func(e *app.Env) { e.SlackConnections = "0" }, "SLACK_CONNECTIONS: must be a whole number from 1 to 10"},
		{"too many sockets", func(e *app.Env) { e.SlackConnections = "11" }, "SLACK_CONNECTIONS: must be a whole number from 1 to 10"},
		{"no Redis", func(e *app.Env) { e.RedisURL = "" }, "REDIS_URL: is required (or REDIS_URL_FILE)"},
		{"Redis twice", func(e *app.Env) { e.RedisURLFile = secret }, "REDIS_URL: is set, and so is REDIS_URL_FILE"},
		{"replicas", func(e *app.Env) { e.RedisWaitReplicas = "-1" }, "REDIS_WAIT_REPLICAS: must be a whole number from 0 to 10"},
		{"no tenant", func(e *app.Env) { e.TenantID = "" }, "AZURE_TENANT_ID: is required"},
		{"tenant with a path", func(e *app.Env) { e.TenantID = "t/" + secret }, "AZURE_TENANT_ID: must be an id (a GUID) or a domain of the tenant"},
		{"no client", func(e *app.Env) { e.ClientID = "" }, "AZURE_CLIENT_ID: is required"},
		{"client with a path", func(e *app.Env) { e.ClientID = "c/" + secret }, "AZURE_CLIENT_ID: must be a GUID"},
		{"no credential", func(e *app.Env) { e.ClientSecret = "" }, "AZURE_CLIENT_SECRET: is required, or one of AZURE_CLIENT_SECRET_FILE, AZURE_CLIENT_CERTIFICATE_PATH and AZURE_FEDERATED_TOKEN_FILE"},
		{"client secret twice", func(e *app.Env) { e.ClientSecretFile = secret }, "AZURE_CLIENT_SECRET: is set, and so is AZURE_CLIENT_SECRET_FILE"},
		{"no certificate there", func(e *app.Env) { e.ClientSecret, e.ClientCertificate = "", "/"+secret }, "AZURE_CLIENT_CERTIFICATE_PATH: it cannot be read: no such file"},
		{"a certificate that is none", func(e *app.Env) { e.ClientSecret, e.ClientCertificate = "", empty }, "AZURE_CLIENT_CERTIFICATE_PATH: it is not a PEM file"},
		{"an expired certificate", func(e *app.Env) { e.ClientSecret, e.ClientCertificate = "", expired }, "AZURE_CLIENT_CERTIFICATE_PATH: its certificate expired on "},
		{"an empty federated token", func(e *app.Env) { e.ClientSecret, e.FederatedTokenFile = "", empty }, "AZURE_FEDERATED_TOKEN_FILE: it is empty"},
		{"no federated token there", func(e *app.Env) { e.ClientSecret, e.FederatedTokenFile = "", "/"+secret }, "AZURE_FEDERATED_TOKEN_FILE: it cannot be read: no such file"},
		{"authority", func(e *app.Env) { e.AuthorityHost = secret }, "AZURE_AUTHORITY_HOST: must be an https address"},
		{"cloud", func(e *app.Env) { e.Cloud = secret }, "DEFENDER_CLOUD: must be global, us, eu, uk, au, swa, ina, aea, gcc, gcc-high or dod"},
		{"Defender with a query", func(e *app.Env) { e.DefenderAPIURL = "https://defender.example/?k=" + secret }, "DEFENDER_API_URL: must be an https address"},
		{"Defender over http", func(e *app.Env) { e.DefenderAPIURL = "http://defender.example" }, "DEFENDER_API_URL: is plain http to another host"},
		{"Defender with its path", func(e *app.Env) { e.DefenderAPIURL = "https://defender.example/api/" }, "DEFENDER_API_URL: must end before /api"},
		{"link without id", func(e *app.Env) { e.LinkInvestigation = "https://portal.example/" + secret }, "LINK_INVESTIGATION: must be an https address with {id} in it"},
		{"link without a host", func(e *app.Env) { e.LinkInvestigation = "https:///{id}" }, "LINK_INVESTIGATION: must be an https address with {id} in it"},
		{"link that Slack would cut", func(e *app.Env) { e.LinkInvestigation = "https://p.example/{id}|x>" }, "LINK_INVESTIGATION: must be an https address with {id} in it"},
		{"link too long", func(e *app.Env) { e.LinkInvestigation = "https://p.example/{id}" + strings.Repeat("x", 300) }, "LINK_INVESTIGATION: must have at most 300 characters"},
		{"link over http", func(e *app.Env) { e.LinkInvestigation = "http://portal.example/{id}" }, "LINK_INVESTIGATION: must be an https address with {id} in it"},
		{"no approvers", func(e *app.Env) { e.Approvers = "" }, "APPROVERS: is required"},
		{"approvers by name", func(e *app.Env) { e.Approvers = "U0GRACE," + secret }, "APPROVERS: takes user ids"},
		{"approvers that are nobody", func(e *app.Env) { e.Approvers = " , ," }, "APPROVERS: is a list with nothing in it"},
		{"requesters by name", func(e *app.Env) { e.Requesters = secret }, "REQUESTERS: takes user ids"},
		{"people to call in by name", func(e *app.Env) { e.EscalateTo = secret }, "ESCALATE_TO: takes user ids"},
		{"requesters that are nobody", func(e *app.Env) { e.Requesters = "," }, "REQUESTERS: is a list with nothing in it"},
		{"channels by name", func(e *app.Env) { e.Channels = "C0INCIDENT,#" + secret }, "CHANNELS: takes channel ids"},
		{"channels that are none", func(e *app.Env) { e.Channels = "," }, "CHANNELS: is a list with nothing in it"},
		{"no approval needed", func(e *app.Env) { e.ApprovalsRequired = "0" }, "APPROVALS_REQUIRED: must be a whole number from 1 to 10"},
		{"approvals by action, none", func(e *app.Env) { e.ApprovalsRequired = "collect=0" }, "APPROVALS_REQUIRED: must be a whole number from 1 to 10, also for one action (1,isolate=2)"},
		{"approvals twice", func(e *app.Env) { e.ApprovalsRequired = "2,1" }, "APPROVALS_REQUIRED: says the same thing twice"},
		{"approvals by action twice", func(e *app.Env) { e.ApprovalsRequired = "collect=2,collect=1" }, "APPROVALS_REQUIRED: says the same thing twice"},
		{"approvals of nothing", func(e *app.Env) { e.ApprovalsRequired = "," }, "APPROVALS_REQUIRED: is a list with nothing in it"},
		{"approval time", func(e *app.Env) { e.ApprovalTTL = "30" }, "APPROVAL_TTL: must be a time like 30m"},
		{"approval time of no use", func(e *app.Env) { e.ApprovalTTL = "1ms" }, "APPROVAL_TTL: must be a time like 30m"},
		{"execution time", func(e *app.Env) { e.ExecutionTTL = "-1h" }, "EXECUTION_TTL: must be a time like 30m"},
		{"retention", func(e *app.Env) { e.Retention = "90d" }, "RETENTION: must be a time like 30m"},
		{"devices", func(e *app.Env) { e.MaxDevices = "21" }, "MAX_DEVICES: must be a whole number from 1 to 20"},
		{"open requests", func(e *app.Env) { e.MaxOpenPerRequester = "many" }, "MAX_OPEN_PER_REQUESTER: must be a whole number from 0 to 100000"},
		{"shared channels", func(e *app.Env) { e.AllowSharedChannels = "yes" }, "ALLOW_SHARED_CHANNELS: must be one of: true, false"},
		{"plain http", func(e *app.Env) { e.AllowInsecureHTTP = "1" }, "ALLOW_INSECURE_HTTP: must be one of: true, false"},
		{"disk", func(e *app.Env) { e.RedisWaitAOF = "true" }, "REDIS_WAIT_AOF: must be one of: 0, 1"},
		{"durability", func(e *app.Env) { e.RedisDurability = "rdb" }, "REDIS_DURABILITY: must be one of: aof, provider"},
		{"volatile Redis", func(e *app.Env) { e.AllowVolatileRedis = "TRUE" }, "ALLOW_VOLATILE_REDIS: must be one of: true, false"},
		{"break-glass", func(e *app.Env) { e.BreakGlass = "perhaps" }, "BREAK_GLASS: must be one of: true, false"},
		{"devices an hour", func(e *app.Env) { e.DevicesPerHour = "-1" }, "DEVICES_PER_HOUR: must be a whole number"},
		{"alert channel by name", func(e *app.Env) { e.AlertChannel = "#alerts" }, "ALERT_CHANNEL: takes one channel id"},
		{"no signing key there", func(e *app.Env) { e.AuditSigningKeyFile = "/" + secret }, "AUDIT_SIGNING_KEY_FILE: cannot be read: no such file"},
		{"a signing key that is none", func(e *app.Env) { e.AuditSigningKeyFile = empty }, "AUDIT_SIGNING_KEY_FILE: has no key in PEM form"},
		{"a public key to sign with", func(e *app.Env) { e.AuditSigningKeyFile = public }, "AUDIT_SIGNING_KEY_FILE: has only public keys"},
		{"address without port", func(e *app.Env) { e.HTTPAddr = "localhost" }, "HTTP_ADDR: must be host:port or :port"},
		{"address with a port that is none", func(e *app.Env) { e.HTTPAddr = ":80800" }, "HTTP_ADDR: must be host:port or :port"},
		{"log level", func(e *app.Env) { e.LogLevel = "loud" }, "LOG_LEVEL: must be"},
		{"log format", func(e *app.Env) { e.LogFormat = "xml" }, "LOG_FORMAT: must be one of: json, text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := problems(t, changed(tt.change))
			if len(got) != 1 || !strings.HasPrefix(got[0], tt.want) {
				t.Errorf("problems %q, want one that begins with %q", got, tt.want)
			}
			if strings.Contains(strings.Join(got, "\n"), secret) {
				t.Errorf("problems %q show a value", got)
			}
		})
	}
}

// TestConfigAllErrors: one message has all that is wrong.
func TestConfigAllErrors(t *testing.T) {
	t.Parallel()
	_, err := app.Env{HTTPAddr: "x", Cloud: secret, MaxDevices: secret}.Config(defender.Actions(), time.Now())
	want := `the configuration is not usable:
  APPROVERS: is required
  AZURE_CLIENT_ID: is required
  AZURE_CLIENT_SECRET: is required, or one of AZURE_CLIENT_SECRET_FILE, AZURE_CLIENT_CERTIFICATE_PATH and AZURE_FEDERATED_TOKEN_FILE
  AZURE_TENANT_ID: is required
  DEFENDER_CLOUD: must be global, us, eu, uk, au, swa, ina, aea, gcc, gcc-high or dod
  HTTP_ADDR: must be host:port or :port
  MAX_DEVICES: must be a whole number from 1 to 20
  REDIS_URL: is required (or REDIS_URL_FILE)
  SLACK_APP_TOKEN: is required (or SLACK_APP_TOKEN_FILE)
  SLACK_BOT_TOKEN: is required (or SLACK_BOT_TOKEN_FILE)`
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
}

// TestConfigDefaults holds what the contract says about variables that are
// empty.
func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	got := config(t, changed(func(e *app.Env) { e.HTTPAddr = "" }))
	global, _ := defender.CloudNamed("global")
	want := app.Config{
		SlackAppToken: "xapp-1-A-1", SlackBotToken: "xoxb-1-1", SlackAPIURL: "https://slack.com/api/", SlackConnections: 2,
		Durability: app.ByAOF, Cloud: global, Tenant: "tenant", ClientID: client,
		Actions:    []string{"investigate", "collect", "scan", "scan-quick"},
		Approvers:  app.ByAction[app.People]{Default: app.People{Users: []string{"U0GRACE"}, Groups: []string{"S0ONCALL"}}},
		Requesters: app.ByAction[app.People]{}, Needed: app.ByAction[int]{Default: 1},
		ApprovalTTL: 30 * time.Minute, ExecutionTTL: 2 * time.Hour,
		Retention: 2160 * time.Hour, MaxDevices: 20, MaxOpen: 20, DevicesPerHour: 40, LogLevel: slog.LevelInfo, LogJSON: true,
	}
	got.Redis, got.Credential = nil, defender.Credential{} // TestRedisURL and TestCredentialOrder look at them
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(defender.Credential{}, audit.Key{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

func TestConfigTakes(t *testing.T) {
	t.Parallel()
	c := config(t, app.Env{
		SlackAppTokenFile: file(t, "xapp-file\n"), SlackBotTokenFile: file(t, " xoxb-file "), SlackAPIURL: "https://slack.example/api",
		SlackConnections: "10", RedisURLFile: file(t, "redis://h/0\n"), RedisWaitReplicas: "1", RedisWaitAOF: "1", RedisDurability: "provider", TenantID: "t", ClientID: "c",
		ClientSecretFile: file(t, "s\n"), Approvers: "@on.call, W0GRID ,U0ADA, isolate = S0SENIOR,isolate=U0CISO,isolate=@seniors", Requesters: "unisolate=U0ADA,S0SOC", EscalateTo: "@leads, U0CISO", Channels: "C0INCIDENT, G0OLD",
		ApprovalsRequired: "collect=3, 2,isolate = 4", Actions: "unisolate, collect,isolate,collect", ApprovalTTL: "90s", ExecutionTTL: "2h", Retention: "24h", MaxDevices: "1",
		MaxOpenPerRequester: "0", AllowSharedChannels: "true", AllowVolatileRedis: "true", HTTPAddr: "127.0.0.1:9090",
		LinkInvestigation: "https://portal.example/{id}", LogLevel: "debug", LogFormat: "text",
	})
	for _, tt := range []struct {
		what      string
		got, want any
	}{
		{"tokens", []string{c.SlackAppToken, c.SlackBotToken}, []string{"xapp-file", "xoxb-file"}},
		{"Slack", c.SlackAPIURL, "https://slack.example/api/"},
		{"sockets, replicas, devices, open", []int{c.SlackConnections, c.WaitReplicas, c.MaxDevices, c.MaxOpen}, []int{10, 1, 1, 0}},
		{"actions", c.Actions, []string{"collect", "isolate", "unisolate"}},
		{"approvers", c.Approvers, app.ByAction[app.People]{
			Default: app.People{Users: []string{"W0GRID", "U0ADA"}, Handles: []string{"on.call"}},
			Own:     map[string]app.People{"isolate": {Users: []string{"U0CISO"}, Groups: []string{"S0SENIOR"}, Handles: []string{"seniors"}}},
		}},
		{"requesters", c.Requesters, app.ByAction[app.People]{
			Default: app.People{Groups: []string{"S0SOC"}}, Own: map[string]app.People{"unisolate": {Users: []string{"U0ADA"}}},
		}},
		{"people to call in", c.EscalateTo, app.ByAction[app.People]{Default: app.People{Users: []string{"U0CISO"}, Handles: []string{"leads"}}, Own: map[string]app.People{}}},
		{"channels", c.Channels, []string{"C0INCIDENT", "G0OLD"}},
		{"approvals", c.Needed, app.ByAction[int]{Default: 2, Own: map[string]int{"collect": 3, "isolate": 4}}},
		{"times", []time.Duration{c.ApprovalTTL, c.ExecutionTTL, c.Retention}, []time.Duration{90 * time.Second, 2 * time.Hour, 24 * time.Hour}},
		{"disk and durability", []any{c.WaitAOF, c.Durability}, []any{true, app.ByProvider}},
		{"permissions", []bool{c.AllowShared, c.AllowVolatile}, []bool{true, true}},
		{"address", c.HTTPAddr, "127.0.0.1:9090"},
		{"link", c.LinkInvestigation, "https://portal.example/{id}"},
		{"log", []any{c.LogLevel, c.LogJSON}, []any{slog.LevelDebug, false}},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.what, diff)
		}
	}
}

// TestConfigEntries: which entry of a list is wrong is said by its place.
func TestConfigEntries(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*app.Env)
		want   []string // in each problem
	}{
		"approvers":      {func(e *app.Env) { e.Approvers = "U0GRACE,ada,,isolate=S0LEADS,isolate=bob" }, []string{"; entry 2 is none", "; entry 4 is none"}},
		"channels":       {func(e *app.Env) { e.Channels = "#general, C0INCIDENT, D0DM" }, []string{"; entry 1 is not one", "; entry 3 is not one"}},
		"actions":        {func(e *app.Env) { e.Actions = "collect,wipe" }, []string{"(entry 2)"}},
		"by action":      {func(e *app.Env) { e.Requesters = "U0ADA,wipe=U0ADA" }, []string{"(entry 2)"}},
		"approvals":      {func(e *app.Env) { e.ApprovalsRequired = "1,isolate=many" }, []string{"; entry 2 is not"}},
		"approval again": {func(e *app.Env) { e.ApprovalsRequired = "1,isolate=2,isolate=3" }, []string{"the second time in entry 3"}},
	} {
		got := problems(t, changed(tt.change))
		if !slices.EqualFunc(got, tt.want, strings.Contains) {
			t.Errorf("%s: problems %q, want %q in them", name, got, tt.want)
		}
	}
}
