import { configMapKey, dnsLabel, dnsSubdomain, envVarName, qualifiedName } from '@typekro/kit/kubernetes';
import type { Field } from '../../errors/field-problems.ts';

const REFERENCES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'];

/** Checks the environment of a container. */
export function validateEnv(container: Field): void {
  validateEnvFrom(container);
  for (const entry of container.objects('env')) {
    entry.text('name').name(envVarName);
    const from = entry.optional('valueFrom');
    if (from === undefined) continue;
    const count = REFERENCES.filter((key) => from.value[key] !== undefined).length;
    if (count === 0) {
      const text =
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
      from.invalid(text, '');
    } else if (entry.text('value').value !== '') from.invalid('may not be specified when `value` is not empty', '');
    else if (count > 1) from.invalid('may not have more than one field specified at a time', '');
    for (const reference of [from.optional('configMapKeyRef'), from.optional('secretKeyRef')]) {
      reference?.text('name').matches(dnsSubdomain);
      reference?.text('key').name(configMapKey);
    }
    const field = from.optional('fieldRef');
    if (field !== undefined) validateFieldReference(field, FIELDS);
    const resource = from.optional('resourceFieldRef');
    if (resource !== undefined) validateResourceReference(resource);
    const file = from.optional('fileKeyRef');
    file?.text('key').name(envVarName);
    file?.text('volumeName').name(dnsLabel);
    if (file !== undefined) checkNoBacksteps(file.text('path'));
  }
}

/** Checks a path that is required and must not have a segment `..`. */
export function checkNoBacksteps(path: Field<string>): void {
  path.notEmpty();
  if (path.value.split('/').includes('..')) path.invalid("must not contain '..'");
}

/** Checks that variables read files only of volumes that exist and are of the type `emptyDir`. */
export function validateFileVolumes(spec: Field): void {
  const volumes = new Map(spec.objects('volumes').map((volume) => [volume.text('name').value, volume]));
  const lists = ['initContainers', 'containers', 'ephemeralContainers'];
  for (const container of lists.flatMap((list) => spec.objects(list))) {
    for (const entry of container.objects('env')) {
      const name = entry.object('valueFrom').optional('fileKeyRef')?.text('volumeName');
      if (name === undefined) continue;
      const volume = volumes.get(name.value);
      if (volume === undefined) name.notFound();
      else if (volume.optional('emptyDir') === undefined) name.invalid('referenced volume must be of type emptyDir');
    }
  }
}

const FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
/** The former name of `spec.nodeName`, which references still accept. */
const FORMER_NODE_NAME = 'spec.host';

/**
 * The paths of pod fields that the API knows, without subscripts. Each place accepts only some of them: environment
 * variables accept `FIELDS`.
 */
const FIELD_LABELS = [
  ...FIELDS,
  'metadata.annotations',
  'metadata.labels',
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
];

/** Checks the reference to a field of a pod. `fields` are the fields that may be named here. */
export function validateFieldReference(reference: Field, fields: readonly string[]): void {
  const [version, field] = [reference.text('apiVersion').value, reference.text('fieldPath')];
  const path = field.value;
  const refuse = (text: string) => field.invalid(`error converting fieldPath: ${text}`);
  if (path === '') {
    field.required();
    return;
  }
  const [, owner, subscript = ''] = /^(.+?)\['(.*)'\]$/s.exec(path) ?? [];
  if (version !== 'v1') refuse(`unsupported pod version: ${version}`);
  else if (owner !== undefined && owner !== 'metadata.labels' && owner !== 'metadata.annotations')
    refuse(`field label does not support subscript: ${path}`);
  else if (owner !== undefined) {
    const key = owner === 'metadata.annotations' ? subscript.toLowerCase() : subscript;
    reference.problems.invalidFor(reference.path, key, qualifiedName(key));
  } else if (path !== FORMER_NODE_NAME && !FIELD_LABELS.includes(path)) refuse(`field label not supported: ${path}`);
  else reference.problems.requireOneOf(field.path, path === FORMER_NODE_NAME ? 'spec.nodeName' : path, fields);
}

const RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];

/** The divisors that a reference to an amount of bytes may have. */
const BYTE_DIVISORS = '1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei'.split(', ');

/**
 * The resources to which a reference may refer. A row has the pattern of the resource name, the name in messages, the
 * allowed divisors, and their list in messages.
 */
const DIVISORS: readonly (readonly [pattern: RegExp, word: string, divisors: readonly string[], shown: string])[] = [
  [/\.cpu$/, 'cpu', ['1m', '1'], '1m and 1'],
  [/\.memory$/, 'memory', BYTE_DIVISORS, BYTE_DIVISORS.join(', ')],
  [/\.ephemeral-storage$/, 'local ephemeral storage', BYTE_DIVISORS, BYTE_DIVISORS.join(', ')],
  [/\.hugepages-/, 'hugepages', BYTE_DIVISORS, BYTE_DIVISORS.join(', ')],
];

/** Checks the reference to a resource of a container. In a volume, the reference must also name the container. */
export function validateResourceReference(reference: Field, isInVolume = false): void {
  const [container, resource] = [reference.text('containerName'), reference.text('resource')];
  if (isInVolume && container.value === '') container.required();
  else if (resource.value === '') resource.required();
  else if (!/^(?:limits|requests)\.hugepages-/.test(resource.value)) resource.oneOf(RESOURCES);
  const divisor = String(reference.value['divisor'] ?? '0');
  const [, word, divisors, shown] = DIVISORS.find(([pattern]) => pattern.test(resource.value)) ?? [];
  if (divisors === undefined || divisor === '0' || divisors.includes(divisor)) return;
  const text = `only divisor's values ${shown} are supported with the ${word} resource`;
  reference.member('divisor').invalid(text, resource.value);
}

function validateEnvFrom(container: Field) {
  const list = container.list('envFrom');
  for (const entry of container.objects('envFrom')) {
    entry.text('prefix').matchesIfSet(envVarName);
    const given = ['configMapRef', 'secretRef'].filter((key) => entry.value[key] !== undefined);
    if (given.length === 0) list.invalid('must specify one of: `configMapRef` or `secretRef`', '');
    if (given.length > 1) list.invalid('may not have more than one field specified at a time', '');
    for (const key of given) entry.object(key).text('name').name(dnsSubdomain);
  }
}
