{{/* Names and labels. They are what Teleport's chart makes: a release that is switched keeps its objects, and a Deployment's selector can't change. */}}

{{- define "operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "operator.fullname" -}}
{{- $name := printf "%s-%s" .Release.Name .Chart.Name -}}
{{- if contains .Chart.Name .Release.Name -}}{{- $name = .Release.Name -}}{{- end -}}
{{- if .Values.nameOverride -}}{{- $name = printf "%s-%s" .Release.Name .Values.nameOverride -}}{{- end -}}
{{- if .Values.fullnameOverride -}}{{- $name = .Values.fullnameOverride -}}{{- end -}}
{{- $name | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "operator.serviceAccountName" -}}
{{- (.Values.serviceAccount).name | default (include "operator.fullname" .) -}}
{{- end }}

{{/* The tag of the image. */}}
{{- define "operator.version" -}}
{{- default .Chart.AppVersion .Values.teleportVersionOverride -}}
{{- end }}

{{/* A release's name is unique in its namespace only; CRDs have none. */}}
{{- define "operator.namespacedRelease" -}}
{{- printf "%s_%s" .Release.Namespace .Release.Name -}}
{{- end }}

{{- define "operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "operator.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "operator.labels" -}}
{{ include "operator.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/version: {{ include "operator.version" . | trunc 63 | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | quote }}
teleport.dev/majorVersion: {{ regexFind "^v?[0-9]+" (include "operator.version" .) | trimPrefix "v" | quote }}
teleport.dev/release: {{ include "operator.namespacedRelease" . | quote }}
{{- end }}
