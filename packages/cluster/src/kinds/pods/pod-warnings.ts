import type { JsonObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { isWholeQuantity, numberAt, quantityOf, textAt } from '@typekro/kit/kubernetes';
import { type Field, Problems, repeatedFields } from '../../errors/field-problems.ts';

/**
 * Warnings about parts of a pod or pod template that are allowed but probably mistakes. `path` is the path of the
 * template, or `''` for a pod.
 */
export function podWarnings(template: JsonObject, path: string): string[] {
  const root = new Problems().field(path, template);
  const spec = root.object('spec');
  const secrets = spec.objects('imagePullSecrets');
  const warnings = [
    ...labelWarnings(spec),
    ...annotationWarnings(root.object('metadata').object('annotations')),
    ...volumeWarnings(spec),
    ...repeated(spec.objects('hostAliases'), 'ip'),
    ...repeated(secrets, 'name'),
  ];
  for (const name of secrets.map((secret) => secret.text('name')))
    if (name.value === '') warnings.push(`${name.path}: invalid empty name ""`);
  for (const name of IN_BYTES) warnings.push(...fraction(spec.object('overhead'), name));
  const containers = ['initContainers', 'containers', 'ephemeralContainers'].flatMap((key) => spec.objects(key));
  const ports = containers.flatMap((container) => container.objects('ports'));
  for (const container of containers) warnings.push(...containerWarnings(container));
  warnings.push(...portWarnings(ports), ...portNameWarnings(ports));
  const grace = spec.count('terminationGracePeriodSeconds');
  if (grace.value < 0)
    warnings.push(`${grace.path}: must be >= 0; negative values are invalid and will be treated as 1`);
  return [...warnings, ...affinityWarnings(spec.object('affinity'))];
}

const DEPRECATED_LABELS = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
]);

const NO_POD = 'a null labelSelector results in matching no pod';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

/** Warnings about deprecated node labels, and about spread constraints without a selector. */
function labelWarnings(spec: Field): string[] {
  const nodes = spec.object('nodeSelector');
  const affinity = spec.object('affinity').object('nodeAffinity');
  const terms = [
    ...affinity.object(REQUIRED).objects('nodeSelectorTerms'),
    ...affinity.objects(PREFERRED).map((term) => term.object('preference')),
  ];
  return [
    ...Object.keys(nodes.value).flatMap((key) => {
      const text = DEPRECATED_LABELS.get(key);
      return text === undefined ? [] : [`${nodes.path}[${key}]: ${text}`];
    }),
    ...terms
      .flatMap((term) => term.objects('matchExpressions'))
      .flatMap((expression) => deprecatedLabel(expression.text('key'))),
    ...spec
      .objects('topologySpreadConstraints')
      .flatMap((constraint) => [...deprecatedLabel(constraint.text('topologyKey')), ...withoutSelector(constraint)]),
  ];
}

function deprecatedLabel({ value, path }: Field<string>): string[] {
  const text = DEPRECATED_LABELS.get(value);
  return text === undefined ? [] : [`${path}: ${value} is ${text}`];
}

const withoutSelector = (term: Field): string[] =>
  term.optional('labelSelector') === undefined ? [`${term.member('labelSelector').path}: ${NO_POD}`] : [];

const DEPRECATED_ANNOTATIONS = new Map([
  ['scheduler.alpha.kubernetes.io/critical-pod', 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ['security.alpha.kubernetes.io/sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
  ['security.alpha.kubernetes.io/unsafe-sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
]);

const annotationWarnings = ({ value, path }: Field): string[] =>
  [...DEPRECATED_ANNOTATIONS].flatMap(([key, text]) => (Object.hasOwn(value, key) ? [`${path}[${key}]: ${text}`] : []));

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

const volumeWarnings = (spec: Field): string[] =>
  spec
    .objects('volumes')
    .flatMap((volume) =>
      [...DEPRECATED_VOLUMES].flatMap(([kind, text]) =>
        volume.optional(kind) === undefined ? [] : [`${volume.path}.${kind}: ${text}`],
      ),
    );

/** Warnings about elements with equal values of `key`. */
const repeated = (list: readonly Field[], key: string): string[] =>
  [...repeatedFields(list.map((element) => element.text(key))).values()].map(
    ({ path, value }) => `${path}: duplicate ${key} ${goQuote(value)}`,
  );

const IN_BYTES = ['memory', 'ephemeral-storage'];

/** The warning about a byte amount that is not an integer. */
function fraction({ value: amounts, path }: Field, name: string): string[] {
  const value = amounts[name];
  const quantity = quantityOf(value);
  if (value === undefined || quantity === undefined || isWholeQuantity(quantity)) return [];
  return [
    `${path}[${name}]: fractional byte value ${goQuote(typeof value === 'string' ? value : JSON.stringify(value))} is invalid, must be an integer`,
  ];
}

function containerWarnings(container: Field): string[] {
  const resources = container.object('resources');
  const amounts = [resources.object('limits'), resources.object('requests')];
  const variables = container.objects('env');
  const repeatedNames = repeatedFields(variables.map((entry) => entry.text('name')));
  return [
    ...IN_BYTES.flatMap((name) => amounts.flatMap((each) => fraction(each, name))),
    ...variables.flatMap((entry) => {
      const [name, value] = [entry.text('name'), entry.text('value').value];
      // A variable may be defined again if its new value contains the old value, e.g. `X=$(X):more`.
      const reference = `$(${name.value})`;
      const isExtended = entry.value['valueFrom'] === undefined && value !== reference && value.includes(reference);
      return repeatedNames.has(name.path) && !isExtended
        ? [`${entry.path}: hides previous definition of ${goQuote(name.value)}, which may be dropped when using apply`]
        : [];
    }),
  ];
}

/** The maximum number of warnings about equal or conflicting ports of a pod. */
const MAX_PORT_WARNINGS = 100;

const hostPort = (port: JsonObject) => numberAt(port, 'hostPort') ?? 0;

/** Warnings about ports of the pod's containers that are equal or may conflict. */
function portWarnings(ports: readonly Field[]): string[] {
  const warnings: string[] = [];
  // Two ports can conflict only if their `hostPort` is equal, or if one of them has no `hostPort`.
  const known = new Map<string, Map<number, (readonly [position: number, Field])[]>>();
  for (const [position, placed] of ports.entries()) {
    const { value: port, path: place } = placed;
    if (textAt(port, 'hostIP') !== '' && hostPort(port) === 0)
      warnings.push(
        `${place}: hostIP set without hostPort: {Name:${textAt(port, 'name')} HostPort:0 ContainerPort:${String(port['containerPort'])} Protocol:${textAt(port, 'protocol')} HostIP:${textAt(port, 'hostIP')}}`,
      );
    const key = `${String(port['containerPort'])}/${textAt(port, 'protocol')}`;
    const groups = known.get(key) ?? new Map<number, (readonly [number, Field])[]>();
    const group = groups.get(hostPort(port)) ?? [];
    const others = hostPort(port) === 0 ? [...groups.values()].flat() : [...(groups.get(0) ?? []), ...group];
    for (const [, other] of others.sort(([a], [b]) => a - b)) {
      // A list of equal ports causes one warning per pair of ports. The number is limited, because each warning is sent
      // in a header of the response.
      if (warnings.length >= MAX_PORT_WARNINGS) return warnings;
      const text = overlap(port, other.value);
      if (text !== undefined) warnings.push(`${place}: ${text} with ${other.path}`);
    }
    group.push([position, placed]);
    groups.set(hostPort(port), group);
    known.set(key, groups);
  }
  return warnings;
}

/** Warnings about repeated port names. A reference by name resolves to the first port with the name. */
function portNameWarnings(ports: readonly Field[]): string[] {
  const first = new Map<string, string>();
  return ports.flatMap((port) => {
    const name = port.text('name').value;
    const other = first.get(name);
    if (name === '') return [];
    if (other === undefined) first.set(name, port.path);
    return other === undefined
      ? []
      : [
          `${port.path}: duplicate port name ${goQuote(name)} with ${other}, services and probes that select ports by name will use ${other}`,
        ];
  });
}

function overlap(port: JsonObject, other: JsonObject): string | undefined {
  const [ip, otherIp] = [textAt(port, 'hostIP'), textAt(other, 'hostIP')];
  if (ip === otherIp && hostPort(port) === hostPort(other)) return 'duplicate port definition';
  if (hostPort(port) === 0 || hostPort(other) === 0) return 'overlapping port definition';
  const oneAnywhere = (ip === '') !== (otherIp === '');
  return hostPort(port) === hostPort(other) && oneAnywhere ? 'dangerously ambiguous port definition' : undefined;
}

const affinityWarnings = (affinity: Field): string[] =>
  [affinity.object('podAffinity'), affinity.object('podAntiAffinity')]
    .flatMap((rules) => [
      ...rules.objects(REQUIRED),
      ...rules.objects(PREFERRED).map((weighted) => weighted.object('podAffinityTerm')),
    ])
    .flatMap(withoutSelector);
