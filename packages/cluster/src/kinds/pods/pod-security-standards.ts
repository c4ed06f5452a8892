import { type JsonObject, nounFor } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { listAt, numberAt, objectAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';

/** The parts of a pod or of a pod template that the checks read. */
export interface CheckedPod {
  readonly spec: JsonObject;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The reason and the detail of a violated check. */
export type Violation = readonly [reason: string, detail: string];

interface Check {
  readonly level: 'baseline' | 'restricted';
  /** The first minor version of Kubernetes 1.x that has this check. */
  readonly since: number;
  /** The name of the baseline check that this check replaces. */
  readonly replaces?: string;
  readonly check: (pod: CheckedPod, minor: number) => Violation | undefined;
}

const CAPABILITIES = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);

/** The groups of allowed sysctls, each with the minor version that first allows the group. */
const SYSCTLS: readonly (readonly [since: number, names: readonly string[]])[] = [
  [
    0,
    [
      'kernel.shm_rmid_forced',
      'net.ipv4.ip_local_port_range',
      'net.ipv4.tcp_syncookies',
      'net.ipv4.ping_group_range',
      'net.ipv4.ip_unprivileged_port_start',
    ],
  ],
  [27, ['net.ipv4.ip_local_reserved_ports']],
  [
    29,
    [
      'net.ipv4.tcp_keepalive_time',
      'net.ipv4.tcp_fin_timeout',
      'net.ipv4.tcp_keepalive_intvl',
      'net.ipv4.tcp_keepalive_probes',
    ],
  ],
  [32, ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']],
];

const SAFE_VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

const quoteAll = (names: Iterable<string>): string => [...names].map((name) => `"${name}"`).join(', ');
const sorted = (names: Iterable<string>): string[] => [...new Set(names)].toSorted();
const namesOf = (things: readonly JsonObject[]): string[] => things.map((thing) => textAt(thing, 'name'));
const named = (noun: string, things: readonly JsonObject[]): string =>
  `${nounFor(things.length, noun)} ${quoteAll(namesOf(things))}`;

const containersOf = ({ spec }: CheckedPod): JsonObject[] =>
  ['initContainers', 'containers', 'ephemeralContainers'].flatMap((key) => objectsAt(spec, key));
const contextOf = (owner: JsonObject): JsonObject => objectAt(owner, 'securityContext');
const isWindows = ({ spec }: CheckedPod): boolean => textAt(objectAt(spec, 'os'), 'name') === 'windows';
/** Does the pod have its own user namespace? In this case, root in the pod is not root on the node. */
const hasOwnUsers = ({ spec }: CheckedPod): boolean => spec['hostUsers'] === false;

/** Describes which security contexts break a rule: the pod's, its containers', or both. `undefined` when none does. */
function setters(pod: CheckedPod, breaks: (context: JsonObject) => boolean): string | undefined {
  const containers = containersOf(pod).filter((container) => breaks(contextOf(container)));
  const parts = [
    ...(breaks(contextOf(pod.spec)) ? ['pod'] : []),
    ...(containers.length > 0 ? [named('container', containers)] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(' and ');
}

/** The forbidden values of a setting in the pod and its containers. */
function badValues(
  pod: CheckedPod,
  valueOf: (context: JsonObject) => string | undefined,
  allowed: readonly string[],
): string[] {
  const contexts = [pod.spec, ...containersOf(pod)].map(contextOf);
  const values = contexts.map(valueOf).filter((value) => value !== undefined);
  return sorted(values.filter((value) => !allowed.includes(value)));
}

const profileType = (field: string) => (context: JsonObject) => {
  const profile = optionalAt(context, field);
  return profile === undefined ? undefined : textAt(profile, 'type');
};

const PROFILES = ['RuntimeDefault', 'Localhost'];

function appArmor(pod: CheckedPod): Violation | undefined {
  const typeOf = profileType('appArmorProfile');
  const isBad = (context: JsonObject) => !PROFILES.includes(typeOf(context) ?? 'Localhost');
  const annotations = Object.entries(pod.annotations).filter(
    ([key, value]) =>
      key.startsWith('container.apparmor.security.beta.kubernetes.io/') &&
      value !== '' &&
      value !== 'runtime/default' &&
      !value.startsWith('localhost/'),
  );
  const owners = setters(pod, isBad);
  const values = [
    ...badValues(pod, typeOf, PROFILES),
    ...annotations.map(([key, value]) => `${key}=${goQuote(value)}`).toSorted(),
  ];
  const parts = [
    ...(owners === undefined ? [] : [owners]),
    ...(annotations.length === 0 ? [] : [nounFor(annotations.length, 'annotation')]),
  ];
  if (parts.length === 0) return undefined;
  return [
    nounFor(values.length, 'forbidden AppArmor profile'),
    `${parts.join(' and ')} must not set AppArmor profile type to ${quoteAll(values)}`,
  ];
}

const addedTo = (container: JsonObject): string[] =>
  listAt(objectAt(contextOf(container), 'capabilities'), 'add').map(String);

/** The detail of the violation by containers that add forbidden capabilities; `undefined` if no container does. */
function addedCapabilities(pod: CheckedPod, isAllowed: (name: string) => boolean): string | undefined {
  const bad = containersOf(pod).filter((container) => addedTo(container).some((name) => !isAllowed(name)));
  if (bad.length === 0) return undefined;
  const names = sorted(bad.flatMap(addedTo).filter((name) => !isAllowed(name)));
  return `${named('container', bad)} must not include ${quoteAll(names)} in securityContext.capabilities.add`;
}

function restrictedCapabilities(pod: CheckedPod, minor: number): Violation | undefined {
  if (minor >= 25 && isWindows(pod)) return undefined;
  const missing = containersOf(pod).filter(
    (container) => !listAt(objectAt(contextOf(container), 'capabilities'), 'drop').includes('ALL'),
  );
  const added = addedCapabilities(pod, (name) => name === 'NET_BIND_SERVICE');
  const details = [
    ...(missing.length === 0
      ? []
      : [`${named('container', missing)} must set securityContext.capabilities.drop=["ALL"]`]),
    ...(added === undefined ? [] : [added]),
  ];
  return details.length === 0 ? undefined : ['unrestricted capabilities', details.join('; ')];
}

function hostNamespaces({ spec }: CheckedPod): Violation | undefined {
  const set = ['hostNetwork', 'hostPID', 'hostIPC'].filter((key) => spec[key] === true);
  return set.length === 0 ? undefined : ['host namespaces', set.map((key) => `${key}=true`).join(', ')];
}

function hostPaths({ spec }: CheckedPod): Violation | undefined {
  const volumes = objectsAt(spec, 'volumes').filter((volume) => optionalAt(volume, 'hostPath') !== undefined);
  return volumes.length === 0 ? undefined : ['hostPath volumes', named('volume', volumes)];
}

function hostPorts(pod: CheckedPod): Violation | undefined {
  const portsOf = (container: JsonObject) =>
    objectsAt(container, 'ports')
      .map((port) => numberAt(port, 'hostPort') ?? 0)
      .filter((port) => port !== 0)
      .map(String);
  const bad = containersOf(pod).filter((container) => portsOf(container).length > 0);
  const ports = sorted(bad.flatMap(portsOf));
  if (bad.length === 0) return undefined;
  const verb = nounFor(bad.length, 'uses', 'use');
  return ['hostPort', `${named('container', bad)} ${verb} ${nounFor(ports.length, 'hostPort')} ${ports.join(', ')}`];
}

function hostsOf(container: JsonObject): string[] {
  const lifecycle = objectAt(container, 'lifecycle');
  const handlers = [
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].map((key) => objectAt(container, key)),
    ...['postStart', 'preStop'].map((key) => objectAt(lifecycle, key)),
  ];
  return handlers
    .flatMap((handler) => [
      textAt(objectAt(handler, 'httpGet'), 'host'),
      textAt(objectAt(handler, 'tcpSocket'), 'host'),
    ])
    .filter((host) => host !== '');
}

function hostProbes(pod: CheckedPod): Violation | undefined {
  const bad = containersOf(pod).filter((container) => hostsOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const hosts = sorted(bad.flatMap(hostsOf));
  const containers = sorted(namesOf(bad));
  const verb = nounFor(containers.length, 'uses', 'use');
  const what = nounFor(hosts.length, 'probe or lifecycle host');
  return [
    'probe or lifecycle host',
    `${nounFor(containers.length, 'container')} ${quoteAll(containers)} ${verb} ${what} ${quoteAll(hosts)}`,
  ];
}

function privileged(pod: CheckedPod): Violation | undefined {
  const bad = containersOf(pod).filter((container) => contextOf(container)['privileged'] === true);
  if (bad.length === 0) return undefined;
  return ['privileged', `${named('container', bad)} must not set securityContext.privileged=true`];
}

function procMount(pod: CheckedPod): Violation | undefined {
  const mountOf = (container: JsonObject) => textAt(contextOf(container), 'procMount') || 'Default';
  const bad = containersOf(pod).filter((container) => mountOf(container) !== 'Default');
  if (bad.length === 0) return undefined;
  const values = quoteAll(sorted(bad.map(mountOf)));
  return ['procMount', `${named('container', bad)} must not set securityContext.procMount to ${values}`];
}

function seLinux(pod: CheckedPod, minor: number): Violation | undefined {
  const types = [
    '',
    'container_t',
    'container_init_t',
    'container_kvm_t',
    ...(minor >= 31 ? ['container_engine_t'] : []),
  ];
  const optionsOf = (context: JsonObject) => objectAt(context, 'seLinuxOptions');
  const owners = setters(pod, (context) => {
    const options = optionsOf(context);
    return !types.includes(textAt(options, 'type')) || textAt(options, 'user') !== '' || textAt(options, 'role') !== '';
  });
  if (owners === undefined) return undefined;
  const bad = badValues(pod, (context) => textAt(optionsOf(context), 'type'), types);
  const sets = (key: string) => badValues(pod, (context) => textAt(optionsOf(context), key), ['']).length > 0;
  const details = [
    ...(bad.length === 0 ? [] : [`${nounFor(bad.length, 'type')} ${quoteAll(bad)}`]),
    ...(sets('user') ? ['user may not be set'] : []),
    ...(sets('role') ? ['role may not be set'] : []),
  ];
  return ['seLinuxOptions', `${owners} set forbidden securityContext.seLinuxOptions: ${details.join('; ')}`];
}

const seccompType = profileType('seccompProfile');

function seccomp(pod: CheckedPod, minor: number): Violation | undefined {
  if (minor < 19) return seccompAnnotations(pod);
  const owners = setters(pod, (context) => !PROFILES.includes(seccompType(context) ?? 'Localhost'));
  if (owners === undefined) return undefined;
  const values = quoteAll(badValues(pod, seccompType, PROFILES));
  return ['seccompProfile', `${owners} must not set securityContext.seccompProfile.type to ${values}`];
}

/** The prefix of the annotation that sets a container's seccomp profile. The container's name follows the prefix. */
export const SECCOMP_ANNOTATION = 'container.seccomp.security.alpha.kubernetes.io/';

/** Checks the annotations that set seccomp profiles before version 1.19. */
function seccompAnnotations(pod: CheckedPod): Violation | undefined {
  const keys = [
    'seccomp.security.alpha.kubernetes.io/pod',
    ...namesOf(containersOf(pod)).map((name) => `${SECCOMP_ANNOTATION}${name}`),
  ];
  const bad = keys.filter((key) => {
    const value = pod.annotations[key];
    return value !== undefined && !/^(?:runtime\/default$|docker\/default$|localhost\/)/.test(value);
  });
  if (bad.length === 0) return undefined;
  const texts = sorted(bad.map((key) => `${key}=${goQuote(pod.annotations[key] ?? '')}`));
  return ['seccompProfile', `forbidden ${nounFor(texts.length, 'annotation')} ${texts.join(', ')}`];
}

function restrictedSeccomp(pod: CheckedPod, minor: number): Violation | undefined {
  if (minor >= 25 && isWindows(pod)) return undefined;
  const bad = seccomp(pod, minor);
  if (bad !== undefined) return bad;
  if (seccompType(contextOf(pod.spec)) !== undefined) return undefined;
  const missing = containersOf(pod).filter((container) => seccompType(contextOf(container)) === undefined);
  if (missing.length === 0) return undefined;
  const rule = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"';
  return ['seccompProfile', `pod or ${named('container', missing)} ${rule}`];
}

function sysctls({ spec }: CheckedPod, minor: number): Violation | undefined {
  const allowed = SYSCTLS.filter(([since]) => minor >= since).flatMap(([, names]) => names);
  const bad = namesOf(objectsAt(contextOf(spec), 'sysctls')).filter((name) => !allowed.includes(name));
  return bad.length === 0 ? undefined : ['forbidden sysctls', bad.join(', ')];
}

function hostProcess(pod: CheckedPod): Violation | undefined {
  const owners = setters(pod, (context) => objectAt(context, 'windowsOptions')['hostProcess'] === true);
  if (owners === undefined) return undefined;
  return ['hostProcess', `${owners} must not set securityContext.windowsOptions.hostProcess=true`];
}

function escalation(pod: CheckedPod, minor: number): Violation | undefined {
  if (minor >= 25 && isWindows(pod)) return undefined;
  const bad = containersOf(pod).filter((container) => contextOf(container)['allowPrivilegeEscalation'] !== false);
  if (bad.length === 0) return undefined;
  return [
    'allowPrivilegeEscalation != false',
    `${named('container', bad)} must set securityContext.allowPrivilegeEscalation=false`,
  ];
}

function restrictedVolumes({ spec }: CheckedPod): Violation | undefined {
  const bad = objectsAt(spec, 'volumes').filter((volume) => SAFE_VOLUMES.every((type) => volume[type] === undefined));
  if (bad.length === 0) return undefined;
  const typeOf = (volume: JsonObject) => Object.keys(volume).find((key) => key !== 'name') ?? 'unknown';
  const types = sorted(bad.map(typeOf));
  const verb = nounFor(bad.length, 'uses', 'use');
  return [
    'restricted volume types',
    `${named('volume', bad)} ${verb} ${nounFor(types.length, 'restricted volume type')} ${quoteAll(types)}`,
  ];
}

function nonRoot(pod: CheckedPod, minor: number): Violation | undefined {
  if (minor >= 35 && hasOwnUsers(pod)) return undefined;
  const owners = setters(pod, (context) => context['runAsNonRoot'] === false);
  if (owners !== undefined) {
    return ['runAsNonRoot != true', `${owners} must not set securityContext.runAsNonRoot=false`];
  }
  if (contextOf(pod.spec)['runAsNonRoot'] === true) return undefined;
  const missing = containersOf(pod).filter((container) => contextOf(container)['runAsNonRoot'] === undefined);
  if (missing.length === 0) return undefined;
  return ['runAsNonRoot != true', `pod or ${named('container', missing)} must set securityContext.runAsNonRoot=true`];
}

function user(pod: CheckedPod, minor: number): Violation | undefined {
  if (minor >= 35 && hasOwnUsers(pod)) return undefined;
  const owners = setters(pod, (context) => context['runAsUser'] === 0);
  return owners === undefined ? undefined : ['runAsUser=0', `${owners} must not set runAsUser=0`];
}

/**
 * The checks, keyed by name, in the order of the API server's messages: first the baseline checks, then the restricted
 * checks.
 */
const CHECKS: Readonly<Record<string, Check>> = {
  appArmorProfile: { level: 'baseline', since: 0, check: appArmor },
  capabilities_baseline: {
    level: 'baseline',
    since: 0,
    check(pod) {
      const detail = addedCapabilities(pod, (name) => CAPABILITIES.has(name));
      return detail === undefined ? undefined : ['non-default capabilities', detail];
    },
  },
  hostNamespaces: { level: 'baseline', since: 0, check: hostNamespaces },
  hostPathVolumes: { level: 'baseline', since: 0, check: hostPaths },
  hostPorts: { level: 'baseline', since: 0, check: hostPorts },
  hostProbesAndHostLifecycle: { level: 'baseline', since: 34, check: hostProbes },
  privileged: { level: 'baseline', since: 0, check: privileged },
  procMount: {
    level: 'baseline',
    since: 0,
    check: (pod, minor) => (minor >= 35 && hasOwnUsers(pod) ? undefined : procMount(pod)),
  },
  seLinuxOptions: { level: 'baseline', since: 0, check: seLinux },
  seccompProfile_baseline: { level: 'baseline', since: 0, check: seccomp },
  sysctls: { level: 'baseline', since: 0, check: sysctls },
  windowsHostProcess: { level: 'baseline', since: 0, check: hostProcess },
  allowPrivilegeEscalation: { level: 'restricted', since: 8, check: escalation },
  capabilities_restricted: {
    level: 'restricted',
    since: 22,
    replaces: 'capabilities_baseline',
    check: restrictedCapabilities,
  },
  procMount_restricted: { level: 'restricted', since: 35, replaces: 'procMount', check: procMount },
  restrictedVolumes: { level: 'restricted', since: 0, replaces: 'hostPathVolumes', check: restrictedVolumes },
  runAsNonRoot: { level: 'restricted', since: 0, check: nonRoot },
  runAsUser: { level: 'restricted', since: 23, check: user },
  seccompProfile_restricted: {
    level: 'restricted',
    since: 19,
    replaces: 'seccompProfile_baseline',
    check: restrictedSeccomp,
  },
};

/** Returns a pod's violations of a level of the Pod Security Standards, as Kubernetes 1.`minor` defines the level. */
export function violationsOf(pod: CheckedPod, level: 'baseline' | 'restricted', minor: number): Violation[] {
  const checks = Object.entries(CHECKS).filter(
    ([, check]) => minor >= check.since && (level === 'restricted' || check.level === 'baseline'),
  );
  const replaced = new Set(checks.map(([, check]) => check.replaces));
  return checks.flatMap(([name, { check }]) => {
    const violation = replaced.has(name) ? undefined : check(pod, minor);
    return violation === undefined ? [] : [violation];
  });
}
