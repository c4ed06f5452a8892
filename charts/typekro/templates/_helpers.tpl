{{- define "typekro.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "typekro.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := include "typekro.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "typekro.selectorLabels" -}}
app.kubernetes.io/name: {{ include "typekro.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "typekro.labels" -}}
{{ include "typekro.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- if .Values.metadata.includeHelmChart }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- if .Values.metadata.includeManagedBy }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
{{- with .Values.additionalLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "typekro.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "typekro.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Not empty when the gate GraphKind is on, by the rules of the controller: a named gate overrides its group. */}}
{{- define "typekro.graphKind" -}}
{{- $gates := .Values.config.featureGates -}}
{{- $group := get $gates "AllAlpha" | toString -}}
{{- $on := hasKey $gates "GraphKind" | ternary (get $gates "GraphKind" | toString) $group -}}
{{- if has $on (list "1" "t" "T" "true" "TRUE" "True") }}true{{ end -}}
{{- end }}

{{/* The Service of conversions between versions, as namespace/name; empty without the gate APIVersions. */}}
{{- define "typekro.conversions" -}}
{{- if has (get .Values.config.featureGates "APIVersions" | toString) (list "1" "t" "T" "true" "TRUE" "True") -}}
{{ .Release.Namespace }}/{{ include "typekro.fullname" . }}-conversions
{{- end -}}
{{- end }}

{{/* The public keys without their first and last lines. */}}
{{- define "typekro.publisherKeys" -}}
{{- $keys := list -}}
{{- range .Values.config.publisherKeys }}{{ $keys = append $keys (regexReplaceAll "-----[A-Z ]+-----|\\s" . "") }}{{ end -}}
{{- join "," $keys -}}
{{- end }}

{{/* The flag of each value below config; what is null or empty is left out. */}}
{{- define "typekro.args" -}}
{{- $c := .Values.config -}}
{{- $gates := list -}}
{{- range $gate, $on := $c.featureGates }}{{ $gates = append $gates (printf "%s=%v" $gate $on) }}{{ end -}}
{{- if eq (toString $c.kroCompatibility) "0.1" }}{{ fail "config.kroCompatibility is the number 0.1: write it in quotes, as \"0.10\"" }}{{ end -}}
{{- $flags := list
  (list "metrics-bind-address" $c.metricsBindAddress)
  (list "health-probe-bind-address" $c.healthProbeBindAddress)
  (list "leader-elect" $c.enableLeaderElection)
  (list "leader-election-namespace" $c.leaderElectionNamespace)
  (list "leader-election-lease-duration" $c.leaderElectionLeaseDuration)
  (list "leader-election-renew-deadline" $c.leaderElectionRenewDeadline)
  (list "leader-election-retry-period" $c.leaderElectionRetryPeriod)
  (list "enable-controller-warmup" $c.enableControllerWarmup)
  (list "allow-crd-deletion" $c.allowCRDDeletion)
  (list "graceful-shutdown-timeout" $c.gracefulShutdownTimeout)
  (list "resource-graph-definition-concurrent-reconciles" $c.resourceGraphDefinitionConcurrentReconciles)
  (list "graph-revision-concurrent-reconciles" $c.graphRevisionConcurrentReconciles)
  (list "dynamic-controller-concurrent-reconciles" $c.dynamicControllerConcurrentReconciles)
  (list "dynamic-controller-rate-limiter-min-delay" $c.dynamicControllerRateLimiterMinDelay)
  (list "dynamic-controller-rate-limiter-max-delay" $c.dynamicControllerRateLimiterMaxDelay)
  (list "dynamic-controller-rate-limiter-rate-limit" $c.dynamicControllerRateLimiterRateLimit)
  (list "dynamic-controller-rate-limiter-burst-limit" $c.dynamicControllerRateLimiterBurstLimit)
  (list "dynamic-controller-default-resync-period" $c.dynamicControllerDefaultResyncPeriod)
  (list "dynamic-controller-default-queue-max-retries" $c.dynamicControllerDefaultQueueMaxRetries)
  (list "instance-requeue-interval" $c.instance.requeueInterval)
  (list "rgd-progress-requeue-delay" $c.resourceGraphDefinitionProgressRequeueDelay)
  (list "rgd-max-collection-size" $c.rgd.maxCollectionSize)
  (list "rgd-max-collection-dimension-size" $c.rgd.maxCollectionDimensionSize)
  (list "rgd-max-graph-revisions" $c.rgd.maxGraphRevisions)
  (list "graph-concurrent-reconciles" $c.graphConcurrentReconciles)
  (list "apply-concurrency" $c.applyConcurrency)
  (list "cel-cost-limit" $c.celCostLimit)
  (list "controller-namespace" .Release.Namespace)
  (list "controller-service-account" (include "typekro.serviceAccountName" .))
  (list "watch-sync-timeout" $c.watchSyncTimeout)
  (list "client-qps" $c.clientQps)
  (list "client-burst" $c.clientBurst)
  (list "feature-gates" (join "," $gates))
  (list "zap-log-level" $c.logLevel)
  (list "zap-encoder" $c.logEncoder)
  (list "zap-devel" $c.development)
  (list "kro-compatibility" $c.kroCompatibility)
  (list "version-label" $c.versionLabel)
  (list "instance-service-account" $c.instanceServiceAccount)
  (list "template-namespaces" $c.templateNamespaces)
  (list "shards" $c.shards)
  (list "inspect-bind-address" $c.inspectBindAddress)
  (list "dashboard-bind-address" $c.dashboardBindAddress)
  (list "dashboard-hosts" $c.dashboardHosts)
  (list "opentelemetry-traces" $c.opentelemetryTraces)
  (list "conversion-service" (include "typekro.conversions" .))
  (list "conversion-bind-address" (ternary $c.conversionBindAddress "" (ne (include "typekro.conversions" .) "")))
  (list "migration-qps" $c.migrationQps)
  (list "publisher-keys" (include "typekro.publisherKeys" .))
-}}
{{- $args := list "controller" -}}
{{- range $flags -}}
{{- $value := index . 1 -}}
{{- /* Numbers of values are floating-point ones, which print as 2e+06. */ -}}
{{- if and (kindIs "float64" $value) (eq (floor $value) $value) }}{{ $value = int64 $value }}{{ end -}}
{{- if not (or (kindIs "invalid" $value) (eq (toString $value) "")) }}{{ $args = append $args (printf "--%s=%v" (index . 0) $value) }}{{ end -}}
{{- end -}}
{{- toYaml $args -}}
{{- end }}
