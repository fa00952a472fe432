#!/usr/bin/env bash
# Lints the chart, renders it in the ways it is used, and sees that it refuses
# what would not work. HELM is the helm to use.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

chart=charts/defenderbot
values=example # which of ci/*-values.yaml the checks below start from
helm=${HELM:-helm}
failures=0

fail() {
	echo "FAIL: $*" >&2
	failures=$((failures + 1))
}

render() { "$helm" template r "$chart" -f "$chart/ci/$values-values.yaml" "$@" 2>&1; }

# has NAME PATTERN [helm arguments]: the rendering succeeds and has the line.
has() {
	local name=$1 pattern=$2 out
	shift 2
	if ! out=$(render "$@"); then
		fail "$name: $out"
	elif ! grep -qE -- "$pattern" <<<"$out"; then
		fail "$name: no line matches $pattern"
	fi
}

# hasnt NAME PATTERN [helm arguments]: the rendering succeeds without the line.
hasnt() {
	local name=$1 pattern=$2 out
	shift 2
	if ! out=$(render "$@"); then
		fail "$name: $out"
	elif grep -qE -- "$pattern" <<<"$out"; then
		fail "$name: a line matches $pattern"
	fi
}

# refuses NAME PATTERN [helm arguments]: the rendering fails, for that reason.
refuses() {
	local name=$1 pattern=$2 out
	shift 2
	if out=$(render "$@"); then
		fail "$name: was accepted"
	elif ! grep -qE -- "$pattern" <<<"$out"; then
		fail "$name: refused, but not with $pattern: $out"
	fi
}

for file in "$chart"/ci/*-values.yaml; do
	"$helm" lint --strict --quiet "$chart" -f "$file"
done

has 'waits for a replica of Redis' 'REDIS_WAIT_REPLICAS'
has 'two replicas' '^  replicas: 2$'
has 'not root' 'runAsNonRoot: true'
has 'read-only' 'readOnlyRootFilesystem: true'
has 'no capabilities' 'drop: \[ALL\]'
has 'no token of Kubernetes' 'automountServiceAccountToken: false'
has 'time to finish' 'terminationGracePeriodSeconds: 40'
has 'its own secret' '^kind: Secret$'
has 'secret is read' 'name: r-defenderbot$'
has 'connections' 'value: "3"' --set slackConnections=3
has 'ten connections' '^  replicas: 4$' --set replicas=4
has 'variable' 'name: DEFENDER_CLOUD' --set env.DEFENDER_CLOUD=gcc-high
# Which actions there are is for the bot to say: the schema knows only their form.
has 'approvals by action' 'value: "1,isolate=2"' --set-string 'env.APPROVALS_REQUIRED=1\,isolate=2'
has 'approvals of one action alone' 'value: "?isolate=2, 1' --set-string 'env.APPROVALS_REQUIRED=isolate=2\, 1'
has 'approvers by action' 'value: "?S0LEADS, isolate=S0SENIOR,isolate=@seniors' --set-string 'env.APPROVERS=S0LEADS\, isolate=S0SENIOR\,isolate=@seniors'
has 'people to call in' 'value: "?S0LEADS,isolate=U0CISO' --set-string 'env.ESCALATE_TO=S0LEADS\,isolate=U0CISO'
has 'requesters by action' 'value: "?isolate-selective=U0CISO' --set-string 'env.REQUESTERS=isolate-selective=U0CISO'
has 'actions' 'value: "?collect, scan-quick' --set-string 'env.ACTIONS=collect\, scan-quick'
refuses 'more than ten connections' 'Slack allows an app 10 connections' --set slackConnections=4
refuses 'two places for secrets' 'not both' --set existingSecret=yours
refuses 'file and value' 'not both' --set env.REDIS_URL_FILE=/redis/url
refuses 'no approvers' 'APPROVERS' --set env.APPROVERS=
refuses 'approvers by display name' 'APPROVERS' --set env.APPROVERS=anna
refuses 'approvers of an action by display name' 'APPROVERS' --set-string 'env.APPROVERS=S0LEADS\,isolate=anna'
refuses 'approvers of an action, nobody' 'APPROVERS' --set-string 'env.APPROVERS=S0LEADS\,isolate='
refuses 'people to call in who are none' 'ESCALATE_TO' --set-string 'env.ESCALATE_TO=the leads'
refuses 'requesters of an action that none can be' 'REQUESTERS' --set-string 'env.REQUESTERS=Isolate=U0CISO'
refuses 'actions that none can be' 'ACTIONS' --set-string 'env.ACTIONS=Collect'
refuses 'unknown variable' 'APROVERS' --set env.APROVERS=U1
refuses 'a cloud that is not there' 'DEFENDER_CLOUD' --set env.DEFENDER_CLOUD=mars
refuses 'a duration without unit' 'APPROVAL_TTL' --set-string env.APPROVAL_TTL=30
refuses 'more approvals than the bot takes' 'APPROVALS_REQUIRED' --set-string env.APPROVALS_REQUIRED=11
refuses 'an action by a name that none can have' 'APPROVALS_REQUIRED' --set-string 'env.APPROVALS_REQUIRED=1\,Isolate=2'
refuses 'a tenant that is no id' 'AZURE_TENANT_ID' --set env.AZURE_TENANT_ID=a/b
refuses 'an address with a user name' 'SLACK_API_URL' --set env.SLACK_API_URL=https://u:p@slack.example/
has 'alarms' 'value: "?C0ALERTS' --set env.ALERT_CHANNEL=C0ALERTS
has 'break-glass' 'name: BREAK_GLASS' --set-string env.BREAK_GLASS=true
has 'devices an hour' 'name: DEVICES_PER_HOUR' --set-string env.DEVICES_PER_HOUR=0
refuses 'a channel for alarms by name' 'ALERT_CHANNEL' --set-string 'env.ALERT_CHANNEL=#alerts'
refuses 'devices an hour that are no number' 'DEVICES_PER_HOUR' --set-string env.DEVICES_PER_HOUR=many
refuses 'a switch that is not text' 'BREAK_GLASS' --set env.BREAK_GLASS=true
refuses 'tokens swapped' 'SLACK_BOT_TOKEN' --set secret.SLACK_BOT_TOKEN=xapp-1
refuses 'secret among the variables' 'AZURE_CLIENT_SECRET' --set env.AZURE_CLIENT_SECRET=x
refuses 'no replicas' 'replicas' --set replicas=0
refuses 'unknown value' 'replicaCount' --set replicaCount=3
refuses 'writable mount' 'readOnly' --set-json 'volumeMounts=[{"name":"cert","mountPath":"/cert"}]'

values=workload-identity
has 'workload identity' 'azure.workload.identity/use: "true"'
has 'whose identity' 'azure.workload.identity/client-id: "00000000-'
has 'mounted certificate' 'mountPath: /cert' --set workloadIdentity.enabled=false --set env.AZURE_CLIENT_CERTIFICATE_PATH=/cert/tls.pem \
	--set-json 'volumes=[{"name":"cert","secret":{"secretName":"cert"}}]' \
	--set-json 'volumeMounts=[{"name":"cert","mountPath":"/cert","readOnly":true}]'
refuses 'no proof for Entra' 'Entra wants a proof' --set workloadIdentity.enabled=false

values=existing-secret
has 'your secret' 'name: yours$'
hasnt 'no secret beside yours' '^kind: Secret$'
refuses 'no token' 'set existingSecret or secret.SLACK_APP_TOKEN' --set existingSecret=

if ((failures > 0)); then
	echo "$failures checks of the chart failed" >&2
	exit 1
fi
echo "the chart renders what it should and refuses what it must"
