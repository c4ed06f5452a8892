import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { controllerCrds } from '@typekro/engine/graph';
import type { ParsedFlags } from '../flags.ts';
import { optionsFromFlags } from '../options-from-flags.ts';
import { AGGREGATION_LABEL } from './definition-roles.ts';
import { type RoleRule, ruleObjects, RuleSet } from './rule-set.ts';

/**
 * `/healthz` responds as soon as the process has loaded its modules, which takes half a second of processor time. On a
 * full node, a pod with the smallest CPU request of the sizing table (50m) needs ten seconds to get this much processor
 * time. The startup probe allows a minute.
 */
const STARTUP_TIMES: JsonObject = { periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 10 };

/**
 * The process yields to probes while it fills its caches. The startup probe cannot cover that time: a replica that
 * waits for the Lease has started, and fills its caches much later. The longest measured delay in a restart with 10,000
 * instances is 0.4 s. The longest garbage collection, on two cores with 60 runnable processes, took 1.3 s. A response
 * may therefore take ten seconds; the default of Kubernetes is one second.
 */
const LIVENESS_TIMES: JsonObject = { periodSeconds: 10, failureThreshold: 3, timeoutSeconds: 10 };

/** The first readiness probe needs no delay, because it comes after the success of the startup probe. */
const READINESS_TIMES: JsonObject = { periodSeconds: 10, timeoutSeconds: 10 };

/** The options of an installation of the controller. */
export interface ManifestOptions {
  /** Image of the controller with its tag. */
  readonly image: string;
  /** The name of the Deployment, and the prefix of the names of its roles and bindings. Default: `typekro`. */
  readonly name?: string;
  /** The namespace of the controller. Default: `kro-system`. */
  readonly namespace?: string;
  /**
   * The controller's rights. `aggregation` (default): the rights on its own objects, and the rules of all ClusterRoles
   * with the label `rbac.kro.run/aggregate-to-controller: "true"`. `unrestricted`: all rights.
   */
  readonly rbac?: 'aggregation' | 'unrestricted';
}

const METRICS_PORT = 8078;
const PROBES_PORT = 8079;

/**
 * The objects that run the controller in a cluster, in the order in which they are applied: the CRDs of kro, the
 * namespace, the account with its rights, the roles for users, the NetworkPolicy, and the Deployment. The chart renders
 * the same objects with its default values.
 */
export function controllerManifests(options: ManifestOptions): KubeObject[] {
  const { name = 'typekro', namespace = 'kro-system', rbac = 'aggregation', image } = options;
  const account = { kind: 'ServiceAccount', name, namespace };
  const role = `${name}:controller`;
  return [
    ...controllerCrds(),
    // The API server sets this label itself. The manifest sets it too, because the server records no manager for an
    // apply without fields. The next apply would then add the manager `before-first-apply`, and change the object.
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: { 'kubernetes.io/metadata.name': namespace } },
    },
    // No other pod gets the token of the account. The controller's pod requests the token.
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace }, automountServiceAccountToken: false },
    ...(rbac === 'aggregation' ? aggregatedRoles(name, role) : [unrestrictedRole(role)]),
    binding('ClusterRoleBinding', { name: role }, { kind: 'ClusterRole', name: role }, account),
    { ...rbacObject('Role', { name: `${name}:leader-election`, namespace }), rules: ruleObjects(leaseRules()) },
    binding(
      'RoleBinding',
      { name: `${name}:leader-election`, namespace },
      { kind: 'Role', name: `${name}:leader-election` },
      account,
    ),
    ...userRoles(name),
    networkPolicy(name, namespace),
    deployment(name, namespace, image),
  ];
}

/** The flags with which a controller needs additional rights. */
export interface FlagRights {
  /** The feature gate GraphKind. A Graph is applied as the ServiceAccount that it names. */
  readonly graphKind?: boolean;
  /** `--allow-crd-deletion`. */
  readonly allowCrdDeletion?: boolean;
  /** The feature gate APIVersions. After a migration, the former version leaves the stored versions of the CRD. */
  readonly versions?: boolean;
}

/** Selects the flags of a controller that require additional rights. */
export function rightsOfFlags(flags: ParsedFlags): FlagRights {
  const { allowCrdDeletion = false, features } = optionsFromFlags(flags);
  return { graphKind: features?.graphKind === true, allowCrdDeletion, versions: features?.versions === true };
}

/**
 * The rights on the controller's own objects, and the rights that the controller's flags require. They do not depend on
 * definitions or Graphs, and suffice while there are no instances and no Graphs.
 */
export function controllerRules(flags: FlagRights = {}): RoleRule[] {
  const rules = new RuleSet();
  rules.add('kro.run', 'resourcegraphdefinitions', ['get', 'list', 'watch', 'patch']);
  rules.add('kro.run', 'resourcegraphdefinitions/status', ['get', 'patch']);
  rules.add('kro.run', 'resourcegraphdefinitions/finalizers', ['update']);
  rules.add('kro.run', 'graphs', ['get', 'list', 'watch', 'patch']);
  rules.add('kro.run', 'graphs/status', ['get', 'patch']);
  rules.add('kro.run', 'graphs/finalizers', ['update']);
  rules.add('internal.kro.run', 'graphrevisions', ['get', 'list', 'watch', 'create', 'patch', 'delete']);
  rules.add('internal.kro.run', 'graphrevisions/status', ['get', 'patch']);
  rules.add('internal.kro.run', 'graphrevisions/finalizers', ['update']);
  rules.add('apiextensions.k8s.io', 'customresourcedefinitions', ['get', 'list', 'watch', 'create', 'patch']);
  rules.add('', 'events', ['create', 'patch']);
  // The controller watches namespaces, so that it writes a child as soon as the child's namespace exists.
  rules.add('', 'namespaces', ['get', 'list', 'watch']);
  return [...rules.rules(), ...rulesOfFlags(flags)];
}

function rulesOfFlags({ graphKind = false, allowCrdDeletion = false, versions = false }: FlagRights): RoleRule[] {
  const rules = new RuleSet();
  if (graphKind) rules.add('', 'serviceaccounts', ['impersonate']);
  // Without this flag the controller deletes no CRD, so it does not get this right, which covers all CRDs of the
  // cluster, including those of other projects.
  if (allowCrdDeletion) rules.add('apiextensions.k8s.io', 'customresourcedefinitions', ['delete']);
  if (versions) rules.add('apiextensions.k8s.io', 'customresourcedefinitions/status', ['patch']);
  return rules.rules();
}

/** The rights of an election, in the controller's namespace only. */
function leaseRules(): RoleRule[] {
  const rules = new RuleSet();
  rules.add('coordination.k8s.io', 'leases', ['get', 'create', 'update']);
  return rules.rules();
}

function aggregatedRoles(name: string, role: string): KubeObject[] {
  return [
    {
      ...rbacObject('ClusterRole', { name: role }),
      // The cluster fills in the rules. An empty list in the manifest would remove them at every apply.
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [AGGREGATION_LABEL]: 'true' } }] },
    },
    {
      ...rbacObject('ClusterRole', { name: `${name}:controller-own`, labels: { [AGGREGATION_LABEL]: 'true' } }),
      rules: ruleObjects(controllerRules()),
    },
  ];
}

/**
 * Adds the rights that the flags require to the role with the controller's own rights. Returns any other object
 * unchanged.
 */
export function withFlagRights(object: KubeObject, flags: FlagRights): KubeObject {
  const { kind, metadata, rules } = object;
  const isOwn = kind === 'ClusterRole' && metadata.labels?.[AGGREGATION_LABEL] === 'true' && Array.isArray(rules);
  if (!isOwn) return object;
  return { ...object, rules: [...rules, ...ruleObjects(rulesOfFlags(flags))] };
}

function unrestrictedRole(name: string): KubeObject {
  const all = ['*'];
  return {
    ...rbacObject('ClusterRole', { name }),
    rules: [
      { apiGroups: all, resources: all, verbs: all },
      { nonResourceURLs: all, verbs: all },
    ],
  };
}

/**
 * Roles that administrators may grant to users. `edit` and `view` are rights on definitions. `graph-edit` is a separate
 * role, because an author of Graphs has the rights of all ServiceAccounts of the namespace.
 */
function userRoles(name: string): KubeObject[] {
  const role = (suffix: string, resources: readonly string[], verbs: readonly string[]): KubeObject => ({
    ...rbacObject('ClusterRole', { name: `${name}-${suffix}` }),
    rules: [{ apiGroups: ['kro.run'], resources: [...resources], verbs: [...verbs] }],
  });
  const definitions = ['resourcegraphdefinitions', 'resourcegraphdefinitions/status'];
  const view = ['get', 'list', 'watch'];
  const edit = [...view, 'create', 'update', 'patch', 'delete', 'deletecollection'];
  return [role('edit', definitions, edit), role('graph-edit', ['graphs'], edit), role('view', definitions, view)];
}

/** The labels of the controller's pods. */
export const podLabelsOf = (name: string) => ({
  'app.kubernetes.io/name': 'typekro',
  'app.kubernetes.io/instance': name,
});

/** Allows connections to the controller's pods only at the ports for metrics and probes. */
function networkPolicy(name: string, namespace: string): KubeObject {
  const open = (port: number): JsonObject => ({ ports: [{ port, protocol: 'TCP' }] });
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec: {
      podSelector: { matchLabels: podLabelsOf(name) },
      policyTypes: ['Ingress'],
      ingress: [open(METRICS_PORT), open(PROBES_PORT)],
    },
  };
}

function deployment(name: string, namespace: string, image: string): KubeObject {
  const selector = podLabelsOf(name);
  const probe = (path: string, times: JsonObject): JsonObject => ({ httpGet: { path, port: PROBES_PORT }, ...times });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels: { ...selector } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { ...selector } },
      template: {
        metadata: { labels: { ...selector } },
        spec: {
          serviceAccountName: name,
          automountServiceAccountToken: true,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 70,
          securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          containers: [
            {
              name: 'controller',
              image,
              imagePullPolicy: 'IfNotPresent',
              args: [
                'controller',
                `--metrics-bind-address=:${METRICS_PORT}`,
                `--health-probe-bind-address=:${PROBES_PORT}`,
                '--leader-elect=true',
                '--allow-crd-deletion=false',
                '--graceful-shutdown-timeout=60s',
                `--controller-namespace=${namespace}`,
                `--controller-service-account=${name}`,
                '--zap-log-level=info',
              ],
              env: [{ name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }],
              ports: [
                { name: 'metrics', containerPort: METRICS_PORT, protocol: 'TCP' },
                { name: 'probes', containerPort: PROBES_PORT, protocol: 'TCP' },
              ],
              startupProbe: probe('/healthz', STARTUP_TIMES),
              livenessProbe: probe('/healthz', LIVENESS_TIMES),
              readinessProbe: probe('/readyz', READINESS_TIMES),
              resources: { requests: { cpu: '256m', memory: '128Mi' }, limits: { cpu: '1000m', memory: '1024Mi' } },
              securityContext: {
                allowPrivilegeEscalation: false,
                capabilities: { drop: ['ALL'] },
                readOnlyRootFilesystem: true,
                runAsNonRoot: true,
                runAsUser: 1000,
              },
            },
          ],
        },
      },
    },
  };
}

/** An object of the API group of roles. */
export function rbacObject(kind: string, metadata: KubeObject['metadata']): KubeObject {
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata };
}

/** A binding of a role to a subject. */
export function binding(
  kind: string,
  metadata: KubeObject['metadata'],
  role: { readonly kind: string; readonly name: string },
  subject: JsonObject,
): KubeObject {
  return {
    ...rbacObject(kind, metadata),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', ...role },
    subjects: [subject],
  };
}
