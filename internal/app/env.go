package app

import (
	"fmt"
	"reflect"
	"strings"
)

// Env is the configuration as text, one field for each variable. The package
// envconfig fills it from the environment; [Env.Config] makes sense of it.
type Env struct {
	SlackAppToken     string `envconfig:"SLACK_APP_TOKEN" default:"" need:"required" doc:"app-level token, xapp-…, with connections:write"`
	SlackAppTokenFile string `envconfig:"SLACK_APP_TOKEN_FILE" doc:"a file that holds it instead"`
	SlackBotToken     string `envconfig:"SLACK_BOT_TOKEN" need:"required" doc:"bot token, xoxb-…"`
	SlackBotTokenFile string `envconfig:"SLACK_BOT_TOKEN_FILE" doc:"a file that holds it instead"`
	SlackAPIURL       string `envconfig:"SLACK_API_URL" default:"https://slack.com/api/" doc:"where Slack's Web API is"`
	SlackConnections  string `envconfig:"SLACK_CONNECTIONS" default:"2" doc:"sockets of each process, 1 to 10; Slack allows 10 for all processes together"`

	RedisURL          string `envconfig:"REDIS_URL" need:"required" doc:"as go-redis reads it: with master_name a Sentinel, with addr a Cluster, else one server (redis, rediss, unix)"`
	RedisURLFile      string `envconfig:"REDIS_URL_FILE" doc:"a file that holds it instead"`
	RedisWaitReplicas string `envconfig:"REDIS_WAIT_REPLICAS" default:"0" doc:"how many replicas must confirm a change before it counts"`
	RedisWaitAOF      string `envconfig:"REDIS_WAIT_AOF" default:"0" doc:"1: a change counts when it is on Redis's disk; needs Redis 7.2 or Valkey, and appendfsync always to be fast"`
	RedisDurability   string `envconfig:"REDIS_DURABILITY" default:"aof" doc:"aof: the bot checks that appendonly is on; provider: you state that whoever runs this Redis keeps what it has confirmed, though it reports no appendonly"`

	TenantID            string `envconfig:"AZURE_TENANT_ID" need:"required" doc:"the tenant"`
	ClientID            string `envconfig:"AZURE_CLIENT_ID" need:"required" doc:"the application (client) id of the app registration"`
	ClientSecret        string `envconfig:"AZURE_CLIENT_SECRET" need:"one of three" doc:"its secret"`
	ClientSecretFile    string `envconfig:"AZURE_CLIENT_SECRET_FILE" doc:"a file that holds it instead"`
	ClientCertificate   string `envconfig:"AZURE_CLIENT_CERTIFICATE_PATH" need:"one of three" doc:"a PEM file with its certificate and key"`
	FederatedTokenFile  string `envconfig:"AZURE_FEDERATED_TOKEN_FILE" need:"one of three" doc:"a file with a workload identity's token"`
	AuthorityHost       string `envconfig:"AZURE_AUTHORITY_HOST" need:"by cloud" doc:"where tokens come from"`
	Cloud               string `envconfig:"DEFENDER_CLOUD" default:"global" doc:"global, us, eu, uk, au, swa, ina, aea, gcc, gcc-high or dod"`
	DefenderAPIURL      string `envconfig:"DEFENDER_API_URL" need:"by cloud" doc:"where Defender's API is"`
	DefenderScope       string `envconfig:"DEFENDER_SCOPE" need:"by cloud" doc:"OAuth scope of the token"`
	LinkInvestigation   string `envconfig:"LINK_INVESTIGATION" doc:"address of an investigation in the portal, with {id}"`
	Actions             string `envconfig:"ACTIONS" need:"investigate, collect, scan, scan-quick" doc:"what may be asked for, comma-separated; these are switched on by name: isolate, isolate-selective, unisolate, restrict, unrestrict"`
	Approvers           string `envconfig:"APPROVERS" need:"required" doc:"who decides: user ids (U…, W…), user group ids (S…), @handles of user groups; comma-separated. Entries with an action (isolate=S…) are the only approvers of that action, those without are the approvers of all others"`
	Requesters          string `envconfig:"REQUESTERS" need:"every full member" doc:"who may ask, in the same form; entries for some actions alone leave the others open to every full member"`
	EscalateTo          string `envconfig:"ESCALATE_TO" need:"nobody" doc:"whom to call in when two thirds of APPROVAL_TTL have passed without a decision: they are mentioned, and may decide from then on; in the form of APPROVERS"`
	Channels            string `envconfig:"CHANNELS" need:"wherever the bot is" doc:"ids of the channels where commands are taken"`
	ApprovalsRequired   string `envconfig:"APPROVALS_REQUIRED" default:"1" doc:"distinct approvers; also by action: 1,isolate=2"`
	ApprovalTTL         string `envconfig:"APPROVAL_TTL" default:"30m" doc:"how long a request waits for approval"`
	ExecutionTTL        string `envconfig:"EXECUTION_TTL" default:"2h" doc:"how long an approved call waits to be sent; Microsoft's longest window is an hour"`
	MaxDevices          string `envconfig:"MAX_DEVICES" default:"20" doc:"devices in one request, 1 to 20"`
	MaxOpenPerRequester string `envconfig:"MAX_OPEN_PER_REQUESTER" default:"20" doc:"undecided requests that one person may have; 0: no limit"`
	Retention           string `envconfig:"RETENTION" default:"2160h" doc:"how long records that have ended, and the audit trail, are kept"`
	DevicesPerHour      string `envconfig:"DEVICES_PER_HOUR" default:"40" doc:"devices that one requester's approved requests may reach in an hour; what goes beyond needs one more approval; 0: no limit"`
	AlertChannel        string `envconfig:"ALERT_CHANNEL" need:"none" doc:"id of the channel that is told of freezes, changed rules, break-glass and the daily seal of the audit trail"`
	BreakGlass          string `envconfig:"BREAK_GLASS" default:"false" doc:"let an approver of an action act alone, three times an hour at most; somebody else has to review it"`
	AllowSharedChannels string `envconfig:"ALLOW_SHARED_CHANNELS" default:"false" doc:"take commands in channels shared with other organisations; let members of your organisation's other workspaces act in channels shared with them"`
	AllowInsecureHTTP   string `envconfig:"ALLOW_INSECURE_HTTP" default:"false" doc:"allow plain http to hosts other than loopback"`
	AllowVolatileRedis  string `envconfig:"ALLOW_VOLATILE_REDIS" default:"false" doc:"start although Redis can lose or evict what it holds"`
	AuditSigningKeyFile string `envconfig:"AUDIT_SIGNING_KEY_FILE" need:"none" doc:"a PEM file with the Ed25519 key that signs the seals of the audit trail, as openssl genpkey -algorithm ed25519 writes it; earlier keys' public halves may follow it"`
	HTTPAddr            string `envconfig:"HTTP_ADDR" default:":8080" doc:"where /healthz, /readyz and /metrics are; empty switches them off"`
	LogLevel            string `envconfig:"LOG_LEVEL" default:"info" doc:"debug, info, warn or error"`
	LogFormat           string `envconfig:"LOG_FORMAT" default:"json" doc:"json or text, to stderr"`
}

// Table is the configuration as a Markdown table, for the README and -help.
func Table() string {
	var b strings.Builder
	b.WriteString("| variable | default | |\n|---|---|---|\n")
	for f := range reflect.TypeFor[Env]().Fields() {
		value := f.Tag.Get("need")
		if d := f.Tag.Get("default"); d != "" {
			value = "`" + d + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Tag.Get("envconfig"), value, f.Tag.Get("doc"))
	}
	return b.String()
}

// withDefaults fills in what is empty. An empty HTTP_ADDR stays: it says off.
func (e Env) withDefaults() Env {
	v := reflect.ValueOf(&e).Elem()
	for f, value := range v.Fields() {
		if value.String() == "" && f.Name != "HTTPAddr" {
			value.SetString(f.Tag.Get("default"))
		}
	}
	return e
}
