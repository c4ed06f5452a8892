import type { JsonObject } from '../../core/index.ts';
import {
  configMapKey,
  dnsSubdomain,
  envVarName,
  objectAt,
  objectsAt,
  optionalAt,
  qualifiedName,
  textAt,
} from '../../kubernetes/index.ts';
import { addInvalid, fieldInvalid, fieldNotSupported, fieldRequired } from '../errors/field-problems.ts';
import type { FieldError } from '../../kubernetes/index.ts';

const REFERENCES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'];

/** Checks the environment of a container at `place`. */
export function validateEnv(container: JsonObject, place: string, problems: FieldError[]): void {
  validateEnvFrom(container, `${place}.envFrom`, problems);
  const path = `${place}.env`;
  for (const [index, entry] of objectsAt(container, 'env').entries()) {
    const at = `${path}[${index}]`;
    const name = textAt(entry, 'name');
    if (name === '') problems.push(fieldRequired(`${at}.name`));
    else addInvalid(problems, `${at}.name`, name, envVarName(name));
    const from = optionalAt(entry, 'valueFrom');
    if (from === undefined) continue;
    const count = REFERENCES.filter((key) => from[key] !== undefined).length;
    if (count === 0) {
      problems.push(
        fieldInvalid(
          `${at}.valueFrom`,
          '',
          'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
        ),
      );
    } else if (textAt(entry, 'value') !== '')
      problems.push(fieldInvalid(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty'));
    if (count > 1)
      problems.push(fieldInvalid(`${at}.valueFrom`, '', 'may not have more than one field specified at a time'));
    const source = `${at}.valueFrom`;
    for (const reference of ['configMapKeyRef', 'secretKeyRef']) {
      const value = optionalAt(from, reference);
      if (value !== undefined) validateKeyReference(value, `${source}.${reference}`, problems);
    }
    const field = optionalAt(from, 'fieldRef');
    if (field !== undefined) validateFieldReference(field, `${source}.fieldRef`, problems);
    const resource = optionalAt(from, 'resourceFieldRef');
    if (resource !== undefined) validateResourceReference(resource, `${source}.resourceFieldRef`, problems);
  }
}

function validateKeyReference(reference: JsonObject, at: string, problems: FieldError[]) {
  const [name, key] = [textAt(reference, 'name'), textAt(reference, 'key')];
  addInvalid(problems, `${at}.name`, name, dnsSubdomain(name));
  if (key === '') problems.push(fieldRequired(`${at}.key`));
  else addInvalid(problems, `${at}.key`, key, configMapKey(key));
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
/** Field labels of pods that environment variables cannot use. */
const OTHER_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
];

function validateFieldReference(reference: JsonObject, at: string, problems: FieldError[]) {
  const [version, path] = [textAt(reference, 'apiVersion'), textAt(reference, 'fieldPath')];
  const refuse = (text: string) =>
    problems.push(fieldInvalid(`${at}.fieldPath`, path, `error converting fieldPath: ${text}`));
  if (path === '') {
    problems.push(fieldRequired(`${at}.fieldPath`));
    return;
  }
  const subscript = /^(metadata\.(?:labels|annotations))\['(.*)'\]$/.exec(path);
  if (subscript !== null) {
    const key = subscript[2] ?? '';
    addInvalid(problems, at, key, qualifiedName(key));
  } else if (version !== 'v1') refuse(`unsupported pod version: ${version}`);
  else if (OTHER_FIELDS.includes(path)) problems.push(fieldNotSupported(`${at}.fieldPath`, path, FIELDS));
  else if (!FIELDS.includes(path)) refuse(`field label not supported: ${path}`);
}

const RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];

function validateResourceReference(reference: JsonObject, at: string, problems: FieldError[]) {
  const resource = textAt(reference, 'resource');
  if (resource === '') problems.push(fieldRequired(`${at}.resource`));
  else if (!RESOURCES.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource))
    problems.push(fieldNotSupported(`${at}.resource`, resource, RESOURCES));
  const divisor = String(reference['divisor'] ?? '0');
  if (resource.endsWith('.cpu') && !['0', '1', '1m'].includes(divisor))
    problems.push(
      fieldInvalid(`${at}.divisor`, resource, "only divisor's values 1m and 1 are supported with the cpu resource"),
    );
}

function validateEnvFrom(container: JsonObject, path: string, problems: FieldError[]) {
  for (const [index, entry] of objectsAt(container, 'envFrom').entries()) {
    const prefix = textAt(entry, 'prefix');
    if (prefix !== '') addInvalid(problems, `${path}[${index}].prefix`, prefix, envVarName(prefix));
    const given = ['configMapRef', 'secretRef'].filter((key) => entry[key] !== undefined);
    if (given.length === 0) problems.push(fieldInvalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    if (given.length > 1) problems.push(fieldInvalid(path, '', 'may not have more than one field specified at a time'));
    for (const key of given) {
      const name = textAt(objectAt(entry, key), 'name');
      const at = `${path}[${index}].${key}.name`;
      if (name === '') problems.push(fieldRequired(at));
      else addInvalid(problems, at, name, dnsSubdomain(name));
    }
  }
}
