{{/* Names are cut at 53 characters, so that what is added to them stays under Kubernetes' 63. */}}
{{- define "defenderbot.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 53 | trimSuffix "-" -}}
{{- end }}

{{- define "defenderbot.fullname" -}}
{{- $name := include "defenderbot.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 53 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 53 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* A StatefulSet adds a hash of ten to its name and makes a label of it. */}}
{{- define "defenderbot.redis" -}}
{{- printf "%s-redis" (include "defenderbot.fullname" . | trunc 46 | trimSuffix "-") -}}
{{- end }}

{{/*
What selects the pods of one kind; it must never change for a release. The bundled
Redis and the doctor have names of their own, so that no Service and no budget of the
bot takes them in.
*/}}
{{- define "defenderbot.selector" -}}
app.kubernetes.io/name: {{ include "defenderbot.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "defenderbot.redis.selector" -}}
app.kubernetes.io/name: {{ include "defenderbot.name" . }}-redis
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "defenderbot.doctor.selector" -}}
app.kubernetes.io/name: {{ include "defenderbot.name" . }}-doctor
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* A tag may hold what a label may not. */}}
{{- define "defenderbot.chartlabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimAll "-_." }}
app.kubernetes.io/part-of: {{ include "defenderbot.name" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "defenderbot.labels" -}}
{{ include "defenderbot.chartlabels" . }}
{{ include "defenderbot.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | trunc 63 | trimAll "-_." | quote }}
{{- end }}

{{- define "defenderbot.redis.labels" -}}
{{ include "defenderbot.chartlabels" . }}
{{ include "defenderbot.redis.selector" . }}
app.kubernetes.io/version: {{ .Values.redis.image.tag | trunc 63 | trimAll "-_." | quote }}
{{- end }}

{{/* The digest is what is run; a reference with both would be two truths. */}}
{{- define "defenderbot.image" -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag }}
{{- end -}}
{{- end }}

{{- define "defenderbot.bot.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- include "defenderbot.image" (dict "repository" .Values.image.repository "digest" .Values.image.digest "tag" $tag) -}}
{{- end }}

{{- define "defenderbot.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "defenderbot.fullname" .) -}}
{{- end }}

{{/* The environment of the bot and of its doctor. */}}
{{- define "defenderbot.env" -}}
env:
  - name: HTTP_ADDR
    value: ":8080"
  - name: SLACK_CONNECTIONS
    value: {{ .Values.slackConnections | quote }}
  {{- if not (hasKey .Values.env "REDIS_WAIT_REPLICAS") }}
  - name: REDIS_WAIT_REPLICAS
    value: {{ ternary "0" "1" .Values.redis.enabled | quote }}
  {{- end }}
  {{- range $name, $value := .Values.env }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
  {{- if .Values.redis.enabled }}
  - name: REDIS_URL
    valueFrom:
      secretKeyRef:
        name: {{ include "defenderbot.redis" . }}
        key: url
  {{- end }}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $secret := ternary (include "defenderbot.fullname" .) .Values.existingSecret (not .Values.existingSecret) }}
{{- if or .Values.existingSecret .Values.secret }}
envFrom:
  - secretRef:
      name: {{ $secret }}
{{- end }}
{{- end }}

{{/* What the pods of all three kinds have in common. */}}
{{- define "defenderbot.pod" -}}
# Nothing here ever calls Kubernetes. The token of workload identity is a volume
# of its own that the webhook adds.
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
