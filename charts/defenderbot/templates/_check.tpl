{{/* Pods that a rolling update may add. */}}
{{- define "defenderbot.surge" -}}1{{- end }}

{{/* What the schema cannot say: rules over several values. */}}
{{- define "defenderbot.check" -}}
{{- include "defenderbot.check.sockets" . -}}
{{- include "defenderbot.check.redis" . -}}
{{- include "defenderbot.check.twice" . -}}
{{- include "defenderbot.check.missing" . -}}
{{- include "defenderbot.check.account" . -}}
{{- end }}

{{- define "defenderbot.check.sockets" -}}
{{- $pods := add .Values.replicas (include "defenderbot.surge" . | int) -}}
{{- $sockets := mul $pods .Values.slackConnections -}}
{{- if gt (int $sockets) 10 -}}
{{- fail (printf "slackConnections (%d) times pods (%d replicas and %s more in a rolling update) is %d; Slack allows an app 10 connections"
  (int .Values.slackConnections) (int .Values.replicas) (include "defenderbot.surge" .) (int $sockets)) -}}
{{- end -}}
{{- end }}

{{- define "defenderbot.check.redis" -}}
{{- if .Values.redis.enabled -}}
{{- if not .Values.redis.password -}}
{{- fail "redis.enabled needs redis.password: openssl rand -hex 24 prints one" -}}
{{- end -}}
{{- if or .Values.secret.REDIS_URL .Values.env.REDIS_URL_FILE -}}
{{- fail "set redis.enabled or an address of Redis (secret.REDIS_URL, env.REDIS_URL_FILE), not both" -}}
{{- end -}}
{{- if ne (.Values.env.REDIS_WAIT_REPLICAS | default "0") "0" -}}
{{- fail "the bundled Redis has no replica that env.REDIS_WAIT_REPLICAS could wait for: leave it out" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "defenderbot.check.account" -}}
{{- if not .Values.serviceAccount.create -}}
{{- if not .Values.serviceAccount.name -}}
{{- fail "serviceAccount.create=false needs serviceAccount.name: which one is the bot's?" -}}
{{- end -}}
{{- if .Values.serviceAccount.annotations -}}
{{- fail "serviceAccount.annotations are for the one that the chart makes; with create=false, annotate yours" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Nothing is said in two places: Kubernetes takes the last and tells nobody. */}}
{{- define "defenderbot.check.twice" -}}
{{- if and .Values.existingSecret .Values.secret -}}
{{- fail "set existingSecret or the values under secret, not both" -}}
{{- end -}}
{{- range $name, $value := .Values.secret -}}
{{- if index $.Values.env (printf "%s_FILE" $name) -}}
{{- fail (printf "set secret.%s or env.%s_FILE, not both" $name $name) -}}
{{- end -}}
{{- end -}}
{{- $seen := dict "HTTP_ADDR" "the chart" "SLACK_CONNECTIONS" "slackConnections" -}}
{{- range $name, $value := .Values.env -}}{{- $_ := set $seen $name "env" -}}{{- end -}}
{{- range $name, $value := .Values.secret -}}{{- $_ := set $seen $name "secret" -}}{{- end -}}
{{- if .Values.redis.enabled -}}{{- $_ := set $seen "REDIS_URL" "redis.enabled" -}}{{- end -}}
{{- range .Values.extraEnv -}}
{{- $name := .name -}}
{{- with index $seen $name -}}
{{- fail (printf "extraEnv sets %s, which %s sets too" $name .) -}}
{{- end -}}
{{- $_ := set $seen .name "another entry of extraEnv" -}}
{{- end -}}
{{- end }}

{{- define "defenderbot.check.missing" -}}
{{- if not .Values.existingSecret -}}
{{- $given := dict -}}
{{- range $name, $value := .Values.env -}}{{- $_ := set $given (trimSuffix "_FILE" $name) true -}}{{- end -}}
{{- range $name, $value := .Values.secret -}}{{- $_ := set $given $name true -}}{{- end -}}
{{- range .Values.extraEnv -}}{{- $_ := set $given (trimSuffix "_FILE" .name) true -}}{{- end -}}
{{- if .Values.redis.enabled -}}{{- $_ := set $given "REDIS_URL" true -}}{{- end -}}
{{- range $name := list "SLACK_APP_TOKEN" "SLACK_BOT_TOKEN" "REDIS_URL" -}}
{{- if not (hasKey $given $name) -}}
{{- fail (printf "set existingSecret or secret.%s%s" $name (ternary ", or redis.enabled" "" (eq $name "REDIS_URL"))) -}}
{{- end -}}
{{- end -}}
{{- $proof := or .Values.workloadIdentity.enabled (hasKey $given "AZURE_CLIENT_SECRET")
  (hasKey $given "AZURE_CLIENT_CERTIFICATE_PATH") (hasKey $given "AZURE_FEDERATED_TOKEN") -}}
{{- if not $proof -}}
{{- fail "there is no credential for Entra: set secret.AZURE_CLIENT_SECRET, env.AZURE_CLIENT_CERTIFICATE_PATH or workloadIdentity.enabled" -}}
{{- end -}}
{{- end -}}
{{- end }}
