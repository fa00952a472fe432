package charttest

import (
	"strings"

	"defenderbot/defender"
)

const (
	action   = `[a-z][a-z-]*`
	person   = `([UWS][A-Z0-9]{1,20}|@[^\s,=]+)`
	channel  = `[CG][A-Z0-9]{1,20}`
	ownEntry = `(` + action + `\s*=\s*)?`
)

// list is a comma list of what matches item.
func list(item string) string { return `^\s*` + item + `(\s*,\s*` + item + `)*\s*$` }

func pattern(p string) object { return object{"pattern": p} }

func oneOf(words ...string) object { return object{"enum": words} }

// form is what a variable of the bot looks like, as far as its form alone shows that the bot
// would not take it; the rest is for the bot to say. A variable that is not here takes
// any text. Which actions there are is not known here: the chart takes any name.
func form(name string) object {
	if strings.HasSuffix(name, "_FILE") || strings.HasSuffix(name, "_PATH") {
		return pattern(`^/`)
	}
	switch name {
	case "AZURE_TENANT_ID", "AZURE_CLIENT_ID":
		return pattern(`^[A-Za-z0-9][A-Za-z0-9.-]*$`)
	case "SLACK_API_URL", "AZURE_AUTHORITY_HOST", "DEFENDER_API_URL":
		return pattern(`^https?://[^/?#@]+(/[^?#]*)?$`)
	case "DEFENDER_SCOPE":
		return object{"minLength": 1}
	case "DEFENDER_CLOUD":
		var names []string
		for _, c := range defender.Clouds() {
			names = append(names, c.Name)
		}
		return oneOf(names...)
	case "LINK_INVESTIGATION":
		return object{"maxLength": 300, "pattern": `^https://[^/{}?#@ ]+/[^ ]*\{id\}`}
	case "REDIS_WAIT_REPLICAS":
		return pattern(`^([0-9]|10)$`)
	case "REDIS_WAIT_AOF":
		return oneOf("0", "1")
	case "REDIS_DURABILITY":
		return oneOf("aof", "provider")
	case "LOG_LEVEL":
		return oneOf("debug", "info", "warn", "error")
	case "LOG_FORMAT":
		return oneOf("json", "text")
	}
	return ruleForm(name)
}

// ruleForm is the form of the variables that say who may do what, and how much.
func ruleForm(name string) object {
	switch name {
	case "APPROVERS", "REQUESTERS", "ESCALATE_TO":
		return pattern(list(ownEntry + person))
	case "ACTIONS":
		return pattern(list(action))
	case "CHANNELS":
		return pattern(list(channel))
	case "ALERT_CHANNEL":
		return pattern(`^` + channel + `$`)
	case "APPROVALS_REQUIRED":
		return pattern(list(ownEntry + `([1-9]|10)`))
	case "APPROVAL_TTL", "EXECUTION_TTL", "RETENTION":
		return pattern(`^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$`)
	case "MAX_DEVICES":
		return pattern(`^([1-9]|1[0-9]|20)$`)
	case "MAX_OPEN_PER_REQUESTER", "DEVICES_PER_HOUR":
		return pattern(`^(0|[1-9][0-9]{0,4}|100000)$`)
	case "BREAK_GLASS", "ALLOW_SHARED_CHANNELS", "ALLOW_INSECURE_HTTP", "ALLOW_VOLATILE_REDIS":
		return oneOf("true", "false")
	}
	return object{}
}
