{{- define "gatewatch.name" -}}
{{- if contains "gatewatch" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-gatewatch" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end -}}
{{- end -}}

{{- define "gatewatch.selector" -}}
app.kubernetes.io/name: gatewatch
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end -}}

{{- define "gatewatch.labels" -}}
{{ include "gatewatch.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "gatewatch.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end -}}

{{/* gatewatch.yaml: `config`, and what has values of its own. */}}
{{- define "gatewatch.config" -}}
{{- $kafka := dict "brokers" .Values.kafka.brokers "replication_factor" (int .Values.kafka.replicationFactor) "partitions" (int .Values.kafka.partitions) "compression" .Values.kafka.compression "create_topics" false -}}
{{- with .Values.kafka.topicPrefix }}{{ $_ := set $kafka "topic_prefix" . }}{{ end -}}
{{- if .Values.kafka.tls.enabled -}}
{{- $tls := dict -}}
{{- with .Values.kafka.tls -}}
{{- if .secret -}}
{{- $_ := set $tls "ca_file" (printf "/etc/gatewatch/secrets/kafka-tls/%s" .caKey) -}}
{{- if .certKey -}}
{{- $_ := set $tls "cert_file" (printf "/etc/gatewatch/secrets/kafka-tls/%s" .certKey) -}}
{{- $_ := set $tls "key_file" (printf "/etc/gatewatch/secrets/kafka-tls/%s" .keyKey) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $_ := set $kafka "ssl" $tls -}}
{{- else -}}
{{- $_ := set $kafka "ssl" false -}}
{{- end -}}
{{- with .Values.kafka.sasl -}}
{{- if .mechanism -}}
{{- $_ := set $kafka "sasl" (dict "mechanism" .mechanism "username" .username "password_file" (printf "/etc/gatewatch/secrets/kafka-sasl/%s" .passwordKey)) -}}
{{- end -}}
{{- end -}}
{{- $clickhouse := dict "url" .Values.clickhouse.url "username" .Values.clickhouse.username "database" .Values.clickhouse.database "password_file" (printf "/etc/gatewatch/secrets/clickhouse/%s" .Values.clickhouse.passwordKey) -}}
{{- with .Values.clickhouse.cluster }}{{ $_ := set $clickhouse "cluster" . }}{{ end -}}
{{- with .Values.clickhouse.tls -}}
{{- if .secret -}}
{{- $tls := dict "ca_file" (printf "/etc/gatewatch/secrets/clickhouse-tls/%s" .caKey) -}}
{{- if .certKey -}}
{{- $_ := set $tls "cert_file" (printf "/etc/gatewatch/secrets/clickhouse-tls/%s" .certKey) -}}
{{- $_ := set $tls "key_file" (printf "/etc/gatewatch/secrets/clickhouse-tls/%s" .keyKey) -}}
{{- end -}}
{{- $_ := set $clickhouse "ssl" $tls -}}
{{- end -}}
{{- end -}}
{{- $gateway := dict "policy_file" (printf "/etc/gatewatch/policies/%s" .Values.policy.file) -}}
{{- mergeOverwrite (dict "kafka" $kafka "clickhouse" $clickhouse "gateway" $gateway) (deepCopy .Values.config) | toYaml -}}
{{- end -}}

{{/* Whether a role speaks to the store; the others never see its password. */}}
{{- define "gatewatch.needsStore" -}}
{{- if has . (list "storage" "feedback" "verify" "migrate") }}yes{{ end -}}
{{- end -}}

{{/* Where the configuration and the secrets of the neighbours are mounted; takes `root` and `role`. */}}
{{- define "gatewatch.mounts" -}}
- { name: config, mountPath: /etc/gatewatch/config, readOnly: true }
{{- if include "gatewatch.needsStore" .role }}
- { name: clickhouse, mountPath: /etc/gatewatch/secrets/clickhouse, readOnly: true }
{{- if .root.Values.clickhouse.tls.secret }}
- { name: clickhouse-tls, mountPath: /etc/gatewatch/secrets/clickhouse-tls, readOnly: true }
{{- end }}
{{- end }}
{{- with .root.Values.kafka }}
{{- if and .tls.enabled .tls.secret }}
- { name: kafka-tls, mountPath: /etc/gatewatch/secrets/kafka-tls, readOnly: true }
{{- end }}
{{- if .sasl.mechanism }}
- { name: kafka-sasl, mountPath: /etc/gatewatch/secrets/kafka-sasl, readOnly: true }
{{- end }}
{{- end }}
- { name: data, mountPath: /var/lib/gatewatch }
- { name: tmp, mountPath: /tmp }
{{- end -}}

{{- define "gatewatch.volumes" -}}
{{- if include "gatewatch.needsStore" .role -}}
- name: clickhouse
  secret: { secretName: {{ .root.Values.clickhouse.secret | quote }}, defaultMode: 0440 }
{{ with .root.Values.clickhouse.tls.secret -}}
- name: clickhouse-tls
  secret: { secretName: {{ . | quote }}, defaultMode: 0440 }
{{ end -}}
{{ end -}}
{{- with .root.Values.kafka -}}
{{- if and .tls.enabled .tls.secret -}}
- name: kafka-tls
  secret: { secretName: {{ .tls.secret | quote }}, defaultMode: 0440 }
{{ end -}}
{{- if .sasl.mechanism -}}
- name: kafka-sasl
  secret: { secretName: {{ required "kafka.sasl.secret names the secret with the password" .sasl.secret | quote }}, defaultMode: 0440 }
{{ end -}}
{{- end -}}
- name: tmp
  emptyDir: { sizeLimit: 64Mi }
{{- end -}}

{{- define "gatewatch.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "gatewatch.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* Beyond loopback, so that the kubelet and Prometheus reach it. */}}
{{- define "gatewatch.env" -}}
- { name: GATEWATCH_CONFIG, value: /etc/gatewatch/config/gatewatch.yaml }
- { name: GATEWATCH_DATA_DIR, value: /var/lib/gatewatch }
- { name: GATEWATCH_ADMIN__HOST, value: {{ .Values.listenHost | quote }} }
{{- end -}}

{{/* Ports of what is reached, as the configuration has them. */}}
{{- define "gatewatch.kafkaPorts" -}}
{{- $ports := list -}}
{{- range .Values.kafka.brokers }}{{ $ports = append $ports (splitList ":" . | last) }}{{ end -}}
{{- range $ports | uniq }}
- { port: {{ . }}, protocol: TCP }
{{- end }}
{{- end -}}

{{- define "gatewatch.clickhousePort" -}}
{{- $url := urlParse .Values.clickhouse.url -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
- { port: {{ $port | default (eq $url.scheme "https" | ternary "443" "80") }}, protocol: TCP }
{{- end -}}

{{/* The pod of a role: `root`, `role`, `values` of the role. */}}
{{- define "gatewatch.pod" -}}
{{- $root := .root -}}
{{- $gateway := eq .role "gateway" -}}
{{- $serves := or $gateway (has .role (list "feedback" "collector")) -}}
serviceAccountName: {{ include "gatewatch.name" $root }}
automountServiceAccountToken: false
# Otherwise Kubernetes adds variables that begin with GATEWATCH_ for every service, and no setting has those names.
enableServiceLinks: false
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
securityContext: {{ include "gatewatch.podSecurity" $root | nindent 2 }}
# A role finishes what it has in hand within 10 s of the signal, which comes after the pause below.
terminationGracePeriodSeconds: 30
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: { matchLabels: {{ include "gatewatch.selector" $ | fromYaml | toJson }} }
  {{- end }}
{{- with .values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- if $gateway }}
initContainers:
  # Every replica has the same keys. Copied, since a gateway writes keys of its own beside them.
  - name: keys
    image: {{ include "gatewatch.image" $root }}
    imagePullPolicy: {{ $root.Values.image.pullPolicy }}
    command: [sh, -ec]
    args: ['umask 077; mkdir -p /var/lib/gatewatch/secrets; cp /etc/gatewatch/secrets/gateway/gateway-* /var/lib/gatewatch/secrets/']
    securityContext: {{ include "gatewatch.containerSecurity" $root | nindent 6 }}
    resources: { requests: { cpu: 10m, memory: 16Mi }, limits: { memory: 32Mi } }
    volumeMounts:
      - { name: data, mountPath: /var/lib/gatewatch }
      - { name: gateway, mountPath: /etc/gatewatch/secrets/gateway, readOnly: true }
{{- end }}
containers:
  - name: {{ .role }}
    image: {{ include "gatewatch.image" $root }}
    imagePullPolicy: {{ $root.Values.image.pullPolicy }}
    args: [run, {{ .role }}]
    env: {{ include "gatewatch.env" $root | nindent 6 }}
      {{- if $gateway }}
      # The name of the pod is the name of the enforcement point: it stays when the pod is replaced.
      - name: GATEWATCH_GATEWAY__PEP_ID
        valueFrom: { fieldRef: { fieldPath: metadata.name } }
      - { name: GATEWATCH_GATEWAY__LISTEN__HOST, value: {{ $root.Values.listenHost | quote }} }
      - { name: GATEWATCH_GATEWAY__DECISION_POINT__HOST, value: {{ $root.Values.listenHost | quote }} }
      {{- if $root.Values.gateway.tlsSecret }}
      {{- range list "LISTEN" "DECISION_POINT" }}
      - { name: GATEWATCH_GATEWAY__{{ . }}__TLS__CERT_FILE, value: /etc/gatewatch/secrets/tls/tls.crt }
      - { name: GATEWATCH_GATEWAY__{{ . }}__TLS__KEY_FILE, value: /etc/gatewatch/secrets/tls/tls.key }
      {{- end }}
      {{- end }}
      {{- end }}
      {{- if eq .role "feedback" }}
      - { name: GATEWATCH_FEEDBACK__HOST, value: {{ $root.Values.listenHost | quote }} }
      {{- if $root.Values.feedbackTlsSecret }}
      - { name: GATEWATCH_FEEDBACK__TLS__CERT_FILE, value: /etc/gatewatch/secrets/tls/tls.crt }
      - { name: GATEWATCH_FEEDBACK__TLS__KEY_FILE, value: /etc/gatewatch/secrets/tls/tls.key }
      {{- end }}
      {{- end }}
      {{- if eq .role "collector" }}
      - { name: GATEWATCH_COLLECTOR__HTTP__HOST, value: {{ $root.Values.listenHost | quote }} }
      {{- end }}
    ports:
      - { name: admin, containerPort: 9090 }
      {{- if $gateway }}
      - { name: proxy, containerPort: 8080 }
      - { name: decisions, containerPort: 8081 }
      {{- end }}
      {{- if eq .role "feedback" }}
      - { name: console, containerPort: 8090 }
      {{- end }}
      {{- if eq .role "collector" }}
      - { name: push, containerPort: 8070 }
      {{- end }}
    # State may have to be read from the log first.
    startupProbe:
      httpGet: { path: /health/ready, port: admin }
      periodSeconds: 2
      timeoutSeconds: 2
      failureThreshold: 300
    # Live and not ready: a role whose neighbour is away waits, and a restart would not bring the neighbour back.
    livenessProbe:
      httpGet: { path: /health/live, port: admin }
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 3
    readinessProbe:
      httpGet: { path: /health/ready, port: admin }
      periodSeconds: 5
      timeoutSeconds: 2
      failureThreshold: 2
    {{- if $serves }}
    # Until nobody sends requests here any more.
    lifecycle: { preStop: { sleep: { seconds: 5 } } }
    {{- end }}
    securityContext: {{ include "gatewatch.containerSecurity" $root | nindent 6 }}
    resources: {{ toYaml .values.resources | nindent 6 }}
    volumeMounts: {{ include "gatewatch.mounts" . | nindent 6 }}
      {{- if $gateway }}
      - { name: policy, mountPath: /etc/gatewatch/policies, readOnly: true }
      {{- end }}
      {{- if and $serves $root.Values.tokens.secret }}
      - { name: tokens, mountPath: /var/lib/gatewatch/tokens, readOnly: true }
      {{- end }}
      {{- if or (and $gateway $root.Values.gateway.tlsSecret) (and (eq .role "feedback") $root.Values.feedbackTlsSecret) }}
      - { name: tls, mountPath: /etc/gatewatch/secrets/tls, readOnly: true }
      {{- end }}
      {{- range .values.extraSecrets }}
      - { name: {{ .name }}, mountPath: {{ .mountPath }}, readOnly: true }
      {{- end }}
volumes: {{ include "gatewatch.volumes" . | nindent 2 }}
  - name: config
    configMap: { name: {{ include "gatewatch.name" $root }}-config }
  {{- if $gateway }}
  - name: policy
    configMap: { name: {{ $root.Values.policy.configMap | quote }} }
  - name: gateway
    secret: { secretName: {{ $root.Values.gateway.secret | quote }}, defaultMode: 0440 }
  {{- else }}
  - name: data
    {{- if .values.volume }}
    persistentVolumeClaim: { claimName: {{ include "gatewatch.name" $root }}-{{ .role }} }
    {{- else }}
    # Nothing of value is local: what a worker knows comes back from the log.
    emptyDir: { sizeLimit: 2Gi }
    {{- end }}
  {{- end }}
  {{- if and $serves $root.Values.tokens.secret }}
  - name: tokens
    secret: { secretName: {{ $root.Values.tokens.secret | quote }}, defaultMode: 0440 }
  {{- end }}
  {{- if and $gateway $root.Values.gateway.tlsSecret }}
  - name: tls
    secret: { secretName: {{ $root.Values.gateway.tlsSecret | quote }}, defaultMode: 0440 }
  {{- end }}
  {{- if and (eq .role "feedback") $root.Values.feedbackTlsSecret }}
  - name: tls
    secret: { secretName: {{ $root.Values.feedbackTlsSecret | quote }}, defaultMode: 0440 }
  {{- end }}
  {{- range .values.extraSecrets }}
  - name: {{ .name }}
    secret: { secretName: {{ .name | quote }}, defaultMode: 0440 }
  {{- end }}
{{- end -}}
