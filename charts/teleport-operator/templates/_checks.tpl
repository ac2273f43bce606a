{{/* What values can't be told of by values.schema.json: what is missing, and values that contradict one another. */}}

{{/* The address. Teleport's own chart demands the same three. */}}
{{- define "operator.address" -}}
{{- $address := .Values.teleportAddress | default .Values.proxyServer | default "" -}}
{{- if not $address -}}
{{- fail "teleportAddress: is needed; the host:port of Teleport's Proxy Service (example.teleport.sh:443) or Auth Service (teleport-auth.teleport.svc.cluster.local:3025)" -}}
{{- end -}}
{{- if and (eq (.Values.joinMethod | default "kubernetes") "kubernetes") (not .Values.teleportClusterName) (not (hasSuffix ":3025" $address)) -}}
{{- fail "teleportClusterName: is needed for joinMethod kubernetes unless teleportAddress is an Auth Service on port 3025; it is cluster_name in the answer of https://<proxy>/webapi/find" -}}
{{- end -}}
{{- $address -}}
{{- end }}

{{/* The token's name. Teleport's own chart renders an empty one, with which no operator can join. */}}
{{- define "operator.token" -}}
{{- if not .Values.token -}}
{{- fail "token: is needed; the name of a join token in Teleport that lets the operator's bot in" -}}
{{- end -}}
{{- .Values.token -}}
{{- end }}

{{/* The image with its tag. */}}
{{- define "operator.image" -}}
{{- $image := .Values.image | default "" -}}
{{- if not $image -}}
{{- fail "image: is needed; none is published yet. Build it from the Dockerfile, push it, and set image to its repository" -}}
{{- end -}}
{{- if hasSuffix "gravitational/teleport-operator" $image -}}
{{- fail "image: is the Go operator's, which Teleport's own chart runs. Set image to this operator's; where it came with --reuse-values, upgrade with --reset-then-reuse-values" -}}
{{- end -}}
{{- $last := splitList "/" $image | last -}}
{{- if or (contains ":" $last) (contains "@" $last) -}}
{{- $image -}}
{{- else -}}
{{- $major := regexFind "^v?[0-9]+" (.Values.teleportVersionOverride | default "") | trimPrefix "v" -}}
{{- $own := regexFind "^[0-9]+" .Chart.AppVersion -}}
{{- if and $major (ge (int $major) 15) (lt (int $own) 15) -}}
{{- fail (printf "teleportVersionOverride: %s is a version of Teleport; here it is the tag of this operator's image, %s when left out. Remove it, or give image a tag" .Values.teleportVersionOverride .Chart.AppVersion) -}}
{{- end -}}
{{- printf "%s:%s" $image (include "operator.version" .) -}}
{{- end -}}
{{- end }}

{{/* More than one replica needs a way to join that works more than once. The schema says so too; --skip-schema-validation exists. */}}
{{- define "operator.replicas" -}}
{{- $count := (.Values.highAvailability).replicaCount -}}
{{- if kindIs "invalid" $count -}}{{- $count = 1 -}}{{- end -}}
{{- if gt (int $count) 1 -}}
{{- if eq (.Values.joinMethod | default "") "token" -}}
{{- fail "highAvailability.replicaCount: at most 1 with joinMethod token, since such a token joins once; use joinMethod kubernetes for more" -}}
{{- else if eq (.Values.joinMethod | default "") "bound_keypair" -}}
{{- fail "highAvailability.replicaCount: at most 1 with joinMethod bound_keypair, whose join state tells copies of the key; use joinMethod kubernetes for more" -}}
{{- end -}}
{{- end -}}
{{- $count -}}
{{- end }}
