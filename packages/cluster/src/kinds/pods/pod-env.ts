import type { JsonObject } from '@typekro/kit/core';
import {
  configMapKey,
  dnsLabel,
  dnsSubdomain,
  envVarName,
  objectAt,
  objectsAt,
  optionalAt,
  qualifiedName,
  textAt,
} from '@typekro/kit/kubernetes';
import type { Problems } from '../../errors/field-problems.ts';

const REFERENCES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'];

/** Checks the environment of a container at `place`. */
export function validateEnv(container: JsonObject, place: string, problems: Problems): void {
  validateEnvFrom(container, `${place}.envFrom`, problems);
  const path = `${place}.env`;
  for (const [index, entry] of objectsAt(container, 'env').entries()) {
    const at = `${path}[${index}]`;
    const name = textAt(entry, 'name');
    problems.requireName(`${at}.name`, name, envVarName);
    const from = optionalAt(entry, 'valueFrom');
    if (from === undefined) continue;
    const count = REFERENCES.filter((key) => from[key] !== undefined).length;
    if (count === 0) {
      problems.invalid(
        `${at}.valueFrom`,
        '',
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      );
    } else if (textAt(entry, 'value') !== '')
      problems.invalid(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty');
    else if (count > 1) problems.invalid(`${at}.valueFrom`, '', 'may not have more than one field specified at a time');
    const source = `${at}.valueFrom`;
    for (const reference of ['configMapKeyRef', 'secretKeyRef']) {
      const value = optionalAt(from, reference);
      if (value !== undefined) validateKeyReference(value, `${source}.${reference}`, problems);
    }
    const field = optionalAt(from, 'fieldRef');
    if (field !== undefined) validateFieldReference(field, FIELDS, `${source}.fieldRef`, problems);
    const resource = optionalAt(from, 'resourceFieldRef');
    if (resource !== undefined) validateResourceReference(resource, `${source}.resourceFieldRef`, problems);
    const file = optionalAt(from, 'fileKeyRef');
    if (file !== undefined) validateFileReference(file, `${source}.fileKeyRef`, problems);
  }
}

/** Checks that variables read files only of volumes that exist and are of the type `emptyDir`. */
export function validateFileVolumes(spec: JsonObject, path: string, problems: Problems): void {
  const volumes = new Map(objectsAt(spec, 'volumes').map((volume) => [textAt(volume, 'name'), volume]));
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    for (const [index, container] of objectsAt(spec, list).entries()) {
      for (const [position, entry] of objectsAt(container, 'env').entries()) {
        const file = optionalAt(objectAt(entry, 'valueFrom'), 'fileKeyRef');
        if (file === undefined) continue;
        const name = textAt(file, 'volumeName');
        const at = `${path}.${list}[${index}].env[${position}].valueFrom.fileKeyRef.volumeName`;
        const volume = volumes.get(name);
        if (volume === undefined) problems.notFound(at, name);
        else if (optionalAt(volume, 'emptyDir') === undefined)
          problems.invalid(at, name, 'referenced volume must be of type emptyDir');
      }
    }
  }
}

function validateFileReference(reference: JsonObject, at: string, problems: Problems) {
  const [key, volume] = [textAt(reference, 'key'), textAt(reference, 'volumeName')];
  const path = textAt(reference, 'path');
  problems.requireName(`${at}.key`, key, envVarName);
  problems.requireName(`${at}.volumeName`, volume, dnsLabel);
  if (path === '') problems.required(`${at}.path`);
  else if (path.split('/').includes('..')) problems.invalid(`${at}.path`, path, "must not contain '..'");
}

function validateKeyReference(reference: JsonObject, at: string, problems: Problems) {
  const [name, key] = [textAt(reference, 'name'), textAt(reference, 'key')];
  problems.invalidFor(`${at}.name`, name, dnsSubdomain(name));
  problems.requireName(`${at}.key`, key, configMapKey);
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
export function validateFieldReference(
  reference: JsonObject,
  fields: readonly string[],
  at: string,
  problems: Problems,
): void {
  const [version, path] = [textAt(reference, 'apiVersion'), textAt(reference, 'fieldPath')];
  const refuse = (text: string) => problems.invalid(`${at}.fieldPath`, path, `error converting fieldPath: ${text}`);
  if (path === '') {
    problems.required(`${at}.fieldPath`);
    return;
  }
  const [, owner, subscript = ''] = /^(.+?)\['(.*)'\]$/s.exec(path) ?? [];
  if (version !== 'v1') refuse(`unsupported pod version: ${version}`);
  else if (owner !== undefined && owner !== 'metadata.labels' && owner !== 'metadata.annotations')
    refuse(`field label does not support subscript: ${path}`);
  else if (owner !== undefined) {
    const key = owner === 'metadata.annotations' ? subscript.toLowerCase() : subscript;
    problems.invalidFor(at, key, qualifiedName(key));
  } else if (path !== FORMER_NODE_NAME && !FIELD_LABELS.includes(path)) refuse(`field label not supported: ${path}`);
  else {
    const field = path === FORMER_NODE_NAME ? 'spec.nodeName' : path;
    problems.requireOneOf(`${at}.fieldPath`, field, fields);
  }
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
export function validateResourceReference(
  reference: JsonObject,
  at: string,
  problems: Problems,
  isInVolume = false,
): void {
  const resource = textAt(reference, 'resource');
  if (isInVolume && textAt(reference, 'containerName') === '') problems.required(`${at}.containerName`);
  else if (resource === '') problems.required(`${at}.resource`);
  else if (!RESOURCES.includes(resource) && !/^(?:limits|requests)\.hugepages-/.test(resource))
    problems.notSupported(`${at}.resource`, resource, RESOURCES);
  const divisor = String(reference['divisor'] ?? '0');
  const [, word, divisors, shown] = DIVISORS.find(([pattern]) => pattern.test(resource)) ?? [];
  if (divisors === undefined || divisor === '0' || divisors.includes(divisor)) return;
  const text = `only divisor's values ${shown} are supported with the ${word} resource`;
  problems.invalid(`${at}.divisor`, resource, text);
}

function validateEnvFrom(container: JsonObject, path: string, problems: Problems) {
  for (const [index, entry] of objectsAt(container, 'envFrom').entries()) {
    const prefix = textAt(entry, 'prefix');
    if (prefix !== '') problems.invalidFor(`${path}[${index}].prefix`, prefix, envVarName(prefix));
    const given = ['configMapRef', 'secretRef'].filter((key) => entry[key] !== undefined);
    if (given.length === 0) problems.invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`');
    if (given.length > 1) problems.invalid(path, '', 'may not have more than one field specified at a time');
    for (const key of given) {
      const name = textAt(objectAt(entry, key), 'name');
      const at = `${path}[${index}].${key}.name`;
      problems.requireName(at, name, dnsSubdomain);
    }
  }
}
