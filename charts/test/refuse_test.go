package charttest_test

import (
	"regexp"
	"strings"
	"testing"
)

// TestRefuses: what cannot work is refused before anything is installed, with the reason.
func TestRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, set, because string
		args               []string
	}{
		{"more than ten sockets", "example", "10 connections", []string{"--set", "slackConnections=4"}},
		{"more than ten sockets during an update", "example", "4 replicas and 1 more .* is 15; Slack allows an app 10", []string{"--set", "replicas=4,slackConnections=3"}},
		{"no replicas", "example", "replicas", []string{"--set", "replicas=0"}},
		{"replicas taken away", "example", "replicas", []string{"--set", "replicas=null"}},
		{"unknown value", "example", "replicaCount", []string{"--set", "replicaCount=3"}},
		{"a digest in the tag", "example", "image/tag", []string{"--set", "image.tag=1.0@sha256:00"}},
		{"a digest that is none", "example", "image/digest", []string{"--set", "image.digest=sha256:00"}},
		{"a tag in the repository's place", "example", "image/repository", []string{"--set", "image.repository=defenderbot@sha256:00"}},

		{"two places for secrets", "example", "not both", []string{"--set", "existingSecret=yours"}},
		{"file and value", "example", "not both", []string{"--set", "env.REDIS_URL_FILE=/redis/url"}},
		{"a secret among the variables", "example", "AZURE_CLIENT_SECRET", []string{"--set", "env.AZURE_CLIENT_SECRET=x"}},
		{"tokens swapped", "example", "SLACK_BOT_TOKEN", []string{"--set", "secret.SLACK_BOT_TOKEN=xapp-1"}},
		{"no token", "existing-secret", `(?m)set existingSecret or secret.SLACK_APP_TOKEN$`, []string{"--set", "existingSecret="}},
		{"no Redis", "start", "secret.REDIS_URL, or redis.enabled", []string{"--set", "redis.enabled=false"}},
		{"no service account of any kind", "example", "needs serviceAccount.name", []string{"--set", "serviceAccount.create=false"}},
		{"annotations of a service account that is not the chart's", "example", "annotate yours", []string{"--set", "serviceAccount.create=false,serviceAccount.name=yours,serviceAccount.annotations.a=b"}},
		{"no proof for Entra", "workload-identity", "there is no credential for Entra", []string{"--set", "workloadIdentity.enabled=false"}},
		{"what the chart sets", "example", "extraEnv sets HTTP_ADDR, which the chart sets too", []string{"--set", "extraEnv[0].name=HTTP_ADDR"}},
		{"a variable twice", "example", "extraEnv sets APPROVERS, which env sets too", []string{"--set", "extraEnv[0].name=APPROVERS"}},
		{"a secret twice", "example", "extraEnv sets REDIS_URL, which secret sets too", []string{"--set", "extraEnv[0].name=REDIS_URL"}},
		{"the bundled Redis and another", "start", "extraEnv sets REDIS_URL, which redis.enabled sets too", []string{"--set", "extraEnv[0].name=REDIS_URL"}},
		{"an extra variable twice", "example", "another entry of extraEnv", []string{"--set", "extraEnv[0].name=A,extraEnv[1].name=A"}},
		{"an extra variable with a slip", "example", "extraEnv/0", []string{"--set", "extraEnv[0].name=A,extraEnv[0].vale=1"}},

		{"the bundled Redis without password", "start", "needs redis.password", []string{"--set", "redis.password="}},
		{"a password that an address would have to escape", "start", "redis/password", []string{"--set", "redis.password=only/An:Example@1234"}},
		{"two kinds of Redis", "start", "not both", []string{"--set", "secret.REDIS_URL=redis://redis:6379"}},
		{"a replica that is not there", "start", "has no replica", []string{"--set-string", "env.REDIS_WAIT_REPLICAS=1"}},
		{"writable mount", "proxy", "extraVolumeMounts/0", []string{"--set", "extraVolumeMounts[0].readOnly=false"}},
		{"a network without ports", "proxy", "networkPolicy/https.*ports", []string{"--set", "networkPolicy.https.ports=null"}},
		{"a network that is none", "proxy", "networkPolicy/https/cidrs", []string{"--set", "networkPolicy.https.cidrs[0]=proxy.example"}},

		{"no approvers", "example", "APPROVERS", []string{"--set", "env.APPROVERS="}},
		{"approvers by display name", "example", "APPROVERS", []string{"--set", "env.APPROVERS=anna"}},
		{"approvers of an action by display name", "example", "APPROVERS", []string{"--set-string", `env.APPROVERS=S0LEADS\,isolate=anna`}},
		{"approvers of an action, nobody", "example", "APPROVERS", []string{"--set-string", `env.APPROVERS=S0LEADS\,isolate=`}},
		{"people to call in who are none", "example", "ESCALATE_TO", []string{"--set-string", "env.ESCALATE_TO=the leads"}},
		{"requesters of an action that none can be", "example", "REQUESTERS", []string{"--set-string", "env.REQUESTERS=Isolate=U0CISO"}},
		{"actions that none can be", "example", "ACTIONS", []string{"--set-string", "env.ACTIONS=Collect"}},
		{"unknown variable", "example", "APROVERS", []string{"--set", "env.APROVERS=U1"}},
		{"a cloud that is not there", "example", "DEFENDER_CLOUD", []string{"--set", "env.DEFENDER_CLOUD=mars"}},
		{"a duration without unit", "example", "APPROVAL_TTL", []string{"--set-string", "env.APPROVAL_TTL=30"}},
		{"more approvals than the bot takes", "example", "APPROVALS_REQUIRED", []string{"--set-string", "env.APPROVALS_REQUIRED=11"}},
		{"an action by a name that none can have", "example", "APPROVALS_REQUIRED", []string{"--set-string", `env.APPROVALS_REQUIRED=1\,Isolate=2`}},
		{"a tenant that is no id", "example", "AZURE_TENANT_ID", []string{"--set", "env.AZURE_TENANT_ID=a/b"}},
		{"an address with a user name", "example", "SLACK_API_URL", []string{"--set", "env.SLACK_API_URL=https://u:p@slack.example/"}},
		{"a channel for alarms by name", "example", "ALERT_CHANNEL", []string{"--set-string", "env.ALERT_CHANNEL=#alerts"}},
		{"devices an hour that are no number", "example", "DEVICES_PER_HOUR", []string{"--set-string", "env.DEVICES_PER_HOUR=many"}},
		{"a durability that is none", "example", "REDIS_DURABILITY", []string{"--set", "env.REDIS_DURABILITY=rdb"}},
		{"a switch that is not text", "example", "BREAK_GLASS", []string{"--set", "env.BREAK_GLASS=true"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, said, err := helm(t, templating(tt.set, tt.args...)...)
			if err == nil || !regexp.MustCompile(tt.because).MatchString(strings.TrimSpace(said)) {
				t.Errorf("%v: %q, want a refusal that matches %q; %d bytes came of it", err, said, tt.because, len(out))
			}
		})
	}
}

// TestTakes: what the schema must not refuse, because the bot takes it.
func TestTakes(t *testing.T) {
	for _, tt := range []struct{ name, value string }{
		{"APPROVALS_REQUIRED", "1,isolate=2"},
		{"APPROVALS_REQUIRED", "isolate=2, 1"},
		{"APPROVERS", "S0LEADS, isolate=S0SENIOR,isolate=@seniors"},
		{"ESCALATE_TO", "S0LEADS,isolate=U0CISO"},
		{"REQUESTERS", "isolate-selective=U0CISO"},
		{"ACTIONS", "collect, scan-quick"},
		{"DEFENDER_CLOUD", "gcc-high"},
		{"CHANNELS", "C0INCIDENTS, G0WARROOM"},
		{"ALERT_CHANNEL", "C0ALERTS"},
		{"BREAK_GLASS", "true"},
		{"DEVICES_PER_HOUR", "0"},
		{"RETENTION", "720h30m"},
		{"REDIS_DURABILITY", "provider"},
		{"REDIS_WAIT_AOF", "1"},
		{"LINK_INVESTIGATION", "https://security.microsoft.com/mtp-investigation/{id}"},
	} {
		t.Run(tt.name+" "+tt.value, func(t *testing.T) {
			all := decode(t, render(t, "example", "--set-string", "env."+tt.name+"="+strings.ReplaceAll(tt.value, ",", `\,`)))
			env := newCluster(t, all).environ(t, pods(all)["bot"])
			if env[tt.name] != tt.value {
				t.Errorf("the container gets %q, want %q", env[tt.name], tt.value)
			}
			understood(t, env)
		})
	}
}
