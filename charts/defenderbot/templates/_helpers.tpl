{{/* Names are cut at 63 characters, as Kubernetes wants them. */}}
{{- define "defenderbot.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "defenderbot.fullname" -}}
{{- $name := include "defenderbot.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* What selects the pods; it must never change for a release. */}}
{{- define "defenderbot.selector" -}}
app.kubernetes.io/name: {{ include "defenderbot.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "defenderbot.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{ include "defenderbot.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "defenderbot.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "defenderbot.fullname" .) -}}
{{- end }}

{{- define "defenderbot.secret" -}}
{{- .Values.existingSecret | default (include "defenderbot.fullname" .) -}}
{{- end }}

{{/* Pods that a rolling update may add. */}}
{{- define "defenderbot.surge" -}}1{{- end }}

{{/* What the schema cannot say: rules over several values. */}}
{{- define "defenderbot.check" -}}
{{- $pods := add .Values.replicas (include "defenderbot.surge" . | int) -}}
{{- $sockets := mul $pods .Values.slackConnections -}}
{{- if gt (int $sockets) 10 -}}
{{- fail (printf "slackConnections (%d) times pods (%d replicas and %s more in a rolling update) is %d; Slack allows an app 10 connections"
  (int .Values.slackConnections) (int .Values.replicas) (include "defenderbot.surge" .) (int $sockets)) -}}
{{- end -}}
{{- if and .Values.existingSecret .Values.secret -}}
{{- fail "set existingSecret or the values under secret, not both" -}}
{{- end -}}
{{- if not .Values.existingSecret -}}
{{- range $name := list "SLACK_APP_TOKEN" "SLACK_BOT_TOKEN" "REDIS_URL" -}}
{{- $file := index $.Values.env (printf "%s_FILE" $name) -}}
{{- if not (or (index $.Values.secret $name) $file) -}}
{{- fail (printf "set existingSecret or secret.%s" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := .Values.secret -}}
{{- if index $.Values.env (printf "%s_FILE" $name) -}}
{{- fail (printf "set secret.%s or env.%s_FILE, not both" $name $name) -}}
{{- end -}}
{{- end -}}
{{- $proof := or .Values.existingSecret .Values.secret.AZURE_CLIENT_SECRET .Values.env.AZURE_CLIENT_SECRET_FILE
  .Values.env.AZURE_CLIENT_CERTIFICATE_PATH .Values.env.AZURE_FEDERATED_TOKEN_FILE .Values.workloadIdentity.enabled -}}
{{- if not $proof -}}
{{- fail "Entra wants a proof: set secret.AZURE_CLIENT_SECRET, env.AZURE_CLIENT_CERTIFICATE_PATH or workloadIdentity.enabled" -}}
{{- end -}}
{{- end }}
