import type { JsonObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import {
  isWholeQuantity,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  quantityOf,
  textAt,
} from '@typekro/kit/kubernetes';

/**
 * Warnings about parts of a pod or pod template that are allowed but probably mistakes. `path` is the path of the
 * template, or `''` for a pod.
 */
export function podWarnings(template: JsonObject, path: string): string[] {
  const at = path === '' ? '' : `${path}.`;
  const spec = objectAt(template, 'spec');
  const warnings = [
    ...labelWarnings(spec, `${at}spec`),
    ...annotationWarnings(template, at),
    ...volumeWarnings(spec, `${at}spec`),
    ...repeated(objectsAt(spec, 'hostAliases'), 'ip', `${at}spec.hostAliases`),
    ...repeated(objectsAt(spec, 'imagePullSecrets'), 'name', `${at}spec.imagePullSecrets`),
  ];
  for (const [index, secret] of objectsAt(spec, 'imagePullSecrets').entries())
    if (textAt(secret, 'name') === '')
      warnings.push(`${at}spec.imagePullSecrets[${index}].name: invalid empty name ""`);
  for (const name of IN_BYTES) warnings.push(...fraction(objectAt(spec, 'overhead'), name, `${at}spec.overhead`));
  const containers = [...containersOf(spec, `${at}spec`)];
  for (const { container, place } of containers) warnings.push(...containerWarnings(container, place));
  warnings.push(...portWarnings(containers), ...portNameWarnings(containers));
  if ((numberAt(spec, 'terminationGracePeriodSeconds') ?? 0) < 0)
    warnings.push(
      `${at}spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
    );
  return [...warnings, ...affinityWarnings(spec, `${at}spec.affinity`)];
}

interface Placed {
  readonly container: JsonObject;
  readonly place: string;
}

function* containersOf(spec: JsonObject, path: string): Generator<Placed> {
  for (const key of ['initContainers', 'containers', 'ephemeralContainers'])
    for (const [index, container] of objectsAt(spec, key).entries())
      yield { container, place: `${path}.${key}[${index}]` };
}

const DEPRECATED_LABELS = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
]);

const NO_POD = 'a null labelSelector results in matching no pod';

/** Warnings about deprecated node labels, and about spread constraints without a selector. */
function labelWarnings(spec: JsonObject, path: string): string[] {
  const warnings: string[] = [];
  for (const key of Object.keys(objectAt(spec, 'nodeSelector'))) {
    const text = DEPRECATED_LABELS.get(key);
    if (text !== undefined) warnings.push(`${path}.nodeSelector[${key}]: ${text}`);
  }
  const affinity = objectAt(objectAt(spec, 'affinity'), 'nodeAffinity');
  const required = 'requiredDuringSchedulingIgnoredDuringExecution';
  for (const [index, term] of objectsAt(objectAt(affinity, required), 'nodeSelectorTerms').entries())
    warnings.push(...termWarnings(term, `${path}.affinity.nodeAffinity.${required}.nodeSelectorTerms[${index}]`));
  const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
  for (const [index, term] of objectsAt(affinity, preferred).entries())
    warnings.push(
      ...termWarnings(objectAt(term, 'preference'), `${path}.affinity.nodeAffinity.${preferred}[${index}].preference`),
    );
  for (const [index, constraint] of objectsAt(spec, 'topologySpreadConstraints').entries()) {
    const at = `${path}.topologySpreadConstraints[${index}]`;
    const key = textAt(constraint, 'topologyKey');
    const text = DEPRECATED_LABELS.get(key);
    if (text !== undefined) warnings.push(`${at}.topologyKey: ${key} is ${text}`);
    if (optionalAt(constraint, 'labelSelector') === undefined) warnings.push(`${at}.labelSelector: ${NO_POD}`);
  }
  return warnings;
}

function termWarnings(term: JsonObject, at: string): string[] {
  return objectsAt(term, 'matchExpressions').flatMap((expression, index) => {
    const key = textAt(expression, 'key');
    const text = DEPRECATED_LABELS.get(key);
    return text === undefined ? [] : [`${at}.matchExpressions[${index}].key: ${key} is ${text}`];
  });
}

const DEPRECATED_ANNOTATIONS = new Map([
  ['scheduler.alpha.kubernetes.io/critical-pod', 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ['security.alpha.kubernetes.io/sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
  ['security.alpha.kubernetes.io/unsafe-sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
]);

function annotationWarnings(template: JsonObject, at: string): string[] {
  const annotations = objectAt(objectAt(template, 'metadata'), 'annotations');
  return [...DEPRECATED_ANNOTATIONS].flatMap(([key, text]) =>
    Object.hasOwn(annotations, key) ? [`${at}metadata.annotations[${key}]: ${text}`] : [],
  );
}

const DEPRECATED_VOLUMES = new Map([
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
]);

function volumeWarnings(spec: JsonObject, path: string): string[] {
  return objectsAt(spec, 'volumes').flatMap((volume, index) =>
    [...DEPRECATED_VOLUMES].flatMap(([kind, text]) =>
      optionalAt(volume, kind) === undefined ? [] : [`${path}.volumes[${index}].${kind}: ${text}`],
    ),
  );
}

/** Warnings about elements with equal values of `key`. */
function repeated(list: readonly JsonObject[], key: string, path: string): string[] {
  const seen = new Set<string>();
  return list.flatMap((element, index) => {
    const value = textAt(element, key);
    const again = seen.has(value);
    seen.add(value);
    return again ? [`${path}[${index}].${key}: duplicate ${key} ${goQuote(value)}`] : [];
  });
}

const IN_BYTES = ['memory', 'ephemeral-storage'];

/** The warning about a byte amount that is not an integer. */
function fraction(amounts: JsonObject, name: string, path: string): string[] {
  const value = amounts[name];
  const quantity = quantityOf(value);
  if (value === undefined || quantity === undefined || isWholeQuantity(quantity)) return [];
  return [
    `${path}[${name}]: fractional byte value ${goQuote(typeof value === 'string' ? value : JSON.stringify(value))} is invalid, must be an integer`,
  ];
}

function containerWarnings(container: JsonObject, at: string): string[] {
  const resources = objectAt(container, 'resources');
  const warnings = IN_BYTES.flatMap((name) =>
    ['limits', 'requests'].flatMap((key) => fraction(objectAt(resources, key), name, `${at}.resources.${key}`)),
  );
  const names = new Set<string>();
  for (const [index, entry] of objectsAt(container, 'env').entries()) {
    const name = textAt(entry, 'name');
    // A variable may be defined again if its new value contains the old value, e.g. `X=$(X):more`.
    const reference = `$(${name})`;
    const value = textAt(entry, 'value');
    const extends_ = entry['valueFrom'] === undefined && value !== reference && value.includes(reference);
    if (names.has(name) && !extends_)
      warnings.push(
        `${at}.env[${index}]: hides previous definition of ${goQuote(name)}, which may be dropped when using apply`,
      );
    names.add(name);
  }
  return warnings;
}

/** The maximum number of warnings about equal or conflicting ports of a pod. */
const MAX_PORT_WARNINGS = 100;

interface PlacedPort {
  readonly port: JsonObject;
  /** The number of the pod's ports before this port. */
  readonly position: number;
  readonly place: string;
}

const hostPort = (port: JsonObject) => numberAt(port, 'hostPort') ?? 0;

/** Warnings about ports of the pod's containers that are equal or may conflict. */
function portWarnings(containers: readonly Placed[]): string[] {
  const warnings: string[] = [];
  // Two ports can conflict only if their `hostPort` is equal, or if one of them has no `hostPort`.
  const known = new Map<string, Map<number, PlacedPort[]>>();
  let position = 0;
  for (const { container, place: at } of containers) {
    for (const [index, port] of objectsAt(container, 'ports').entries()) {
      const place = `${at}.ports[${index}]`;
      if (textAt(port, 'hostIP') !== '' && hostPort(port) === 0)
        warnings.push(
          `${place}: hostIP set without hostPort: {Name:${textAt(port, 'name')} HostPort:0 ContainerPort:${String(port['containerPort'])} Protocol:${textAt(port, 'protocol')} HostIP:${textAt(port, 'hostIP')}}`,
        );
      const key = `${String(port['containerPort'])}/${textAt(port, 'protocol')}`;
      const groups = known.get(key) ?? new Map<number, PlacedPort[]>();
      const group = groups.get(hostPort(port)) ?? [];
      const others = hostPort(port) === 0 ? [...groups.values()].flat() : [...(groups.get(0) ?? []), ...group];
      for (const other of others.sort((a, b) => a.position - b.position)) {
        // A list of equal ports causes one warning per pair of ports. The number is limited, because each warning is
        // sent in a header of the response.
        if (warnings.length >= MAX_PORT_WARNINGS) return warnings;
        const text = overlap(port, other.port);
        if (text !== undefined) warnings.push(`${place}: ${text} with ${other.place}`);
      }
      group.push({ port, place, position });
      groups.set(hostPort(port), group);
      known.set(key, groups);
      position += 1;
    }
  }
  return warnings;
}

/** Warnings about repeated port names. A reference by name resolves to the first port with the name. */
function portNameWarnings(containers: readonly Placed[]): string[] {
  const first = new Map<string, string>();
  return containers.flatMap(({ container, place: at }) =>
    objectsAt(container, 'ports').flatMap((port, index) => {
      const name = textAt(port, 'name');
      const place = `${at}.ports[${index}]`;
      const other = first.get(name);
      if (name === '') return [];
      if (other === undefined) first.set(name, place);
      return other === undefined
        ? []
        : [
            `${place}: duplicate port name ${goQuote(name)} with ${other}, services and probes that select ports by name will use ${other}`,
          ];
    }),
  );
}

function overlap(port: JsonObject, other: JsonObject): string | undefined {
  const [ip, otherIp] = [textAt(port, 'hostIP'), textAt(other, 'hostIP')];
  if (ip === otherIp && hostPort(port) === hostPort(other)) return 'duplicate port definition';
  if (hostPort(port) === 0 || hostPort(other) === 0) return 'overlapping port definition';
  const oneAnywhere = (ip === '') !== (otherIp === '');
  return hostPort(port) === hostPort(other) && oneAnywhere ? 'dangerously ambiguous port definition' : undefined;
}

function affinityWarnings(spec: JsonObject, path: string): string[] {
  return ['podAffinity', 'podAntiAffinity'].flatMap((kind) => {
    const affinity = objectAt(objectAt(spec, 'affinity'), kind);
    const [required, preferred] = [
      'requiredDuringSchedulingIgnoredDuringExecution',
      'preferredDuringSchedulingIgnoredDuringExecution',
    ] as const;
    const without = (term: JsonObject) => optionalAt(term, 'labelSelector') === undefined;
    return [
      ...objectsAt(affinity, required).flatMap((term, index) =>
        without(term) ? [`${path}.${kind}.${required}[${index}].labelSelector: ${NO_POD}`] : [],
      ),
      ...objectsAt(affinity, preferred).flatMap((term, index) =>
        without(objectAt(term, 'podAffinityTerm'))
          ? [`${path}.${kind}.${preferred}[${index}].podAffinityTerm.labelSelector: ${NO_POD}`]
          : [],
      ),
    ];
  });
}
