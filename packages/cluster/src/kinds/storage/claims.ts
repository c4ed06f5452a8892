import { type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';
import {
  compareQuantities,
  dnsLabel,
  dnsSubdomain,
  listAt,
  objectAt,
  optionalAt,
  quantityOf,
  quantityOfInteger,
  textAt,
} from '@typekro/kit/kubernetes';
import type { Problems } from '../../errors/field-problems.ts';
import { describeDifference } from '../describe-difference.ts';
import { validateSelector } from '../validate-selector.ts';

const ZERO = quantityOfInteger(0n);

/** The access modes of volumes. */
const ACCESS_MODES: readonly string[] = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

/** Checks the access modes of a claim or a volume. `whenEmpty` is the message for an empty list of modes. */
export function validateAccessModes(spec: JsonObject, path: string, problems: Problems, whenEmpty: string): void {
  const modes = listAt(spec, 'accessModes');
  if (modes.length === 0) problems.required(`${path}.accessModes`, whenEmpty);
  for (const mode of modes) problems.requireOneOf(`${path}.accessModes`, mode, ACCESS_MODES);
  if (modes.includes('ReadWriteOncePod') && modes.length > 1)
    problems.forbidden(`${path}.accessModes`, 'may not use ReadWriteOncePod with other access modes');
}

/** The annotation with the class of a claim. The annotation takes precedence over the field `storageClassName`. */
export const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

/**
 * Copies `dataSource` of a claim to a missing `dataSourceRef`, or the other way round, unless `dataSourceRef` has a
 * namespace. The older field, `dataSource`, allows only claims and snapshots. Without `dataSourceRef`, a `dataSource`
 * that has another kind or no name is dropped. Such a `dataSource` is kept when the stored specification `before` has a
 * source.
 */
export function alignSources(spec: JsonObject, before: JsonObject = {}): void {
  const reference = optionalAt(spec, 'dataSourceRef');
  const source = optionalAt(spec, 'dataSource');
  const hadSource = ['dataSource', 'dataSourceRef'].some((key) => optionalAt(before, key) !== undefined);
  if (reference === undefined && source !== undefined) {
    if (hadSource || isClaimSource(source)) {
      source['apiGroup'] ??= null;
      spec['dataSourceRef'] = { ...source };
    } else delete spec['dataSource'];
  } else if (reference !== undefined && source === undefined && textAt(reference, 'namespace') === '') {
    reference['apiGroup'] ??= null;
    spec['dataSource'] = { ...reference };
  }
}

function isClaimSource(source: JsonObject): boolean {
  const [group, kind] = [textAt(source, 'apiGroup'), textAt(source, 'kind')];
  if (textAt(source, 'name') === '') return false;
  return group === ''
    ? kind === 'PersistentVolumeClaim'
    : group === 'snapshot.storage.k8s.io' && kind === 'VolumeSnapshot';
}

/** Checks the specification of a claim. */
export function validateClaimSpec(spec: JsonObject, path: string, problems: Problems): void {
  validateAccessModes(spec, path, problems, 'at least 1 access mode is required');
  const storage = objectAt(objectAt(spec, 'resources'), 'requests')['storage'];
  if (storage === undefined) problems.required(`${path}.resources[storage]`);
  else if ((quantityOf(storage)?.unscaled ?? 0n) <= 0n)
    problems.invalid(`${path}.resources[storage]`, storage, 'must be greater than zero');
  validateSelector(objectAt(spec, 'selector'), `${path}.selector`, problems);
  for (const key of ['storageClassName', 'volumeAttributesClassName']) {
    const name = textAt(spec, key);
    if (name !== '') problems.invalidFor(`${path}.${key}`, name, dnsSubdomain(name));
  }
  validateSources(spec, path, problems);
  const mode = textAt(spec, 'volumeMode');
  if (mode !== '' && !['Block', 'Filesystem'].includes(mode))
    problems.notSupported(`${path}.volumeMode`, mode, ['Block', 'Filesystem']);
}

/** Checks `dataSource` and `dataSourceRef`, which name the object from which a claim gets its content. */
function validateSources(spec: JsonObject, path: string, problems: Problems) {
  const [source, reference] = [optionalAt(spec, 'dataSource'), optionalAt(spec, 'dataSourceRef')];
  if (source !== undefined) validateSource(source, `${path}.dataSource`, problems);
  if (reference !== undefined) validateSource(reference, `${path}.dataSourceRef`, problems);
  if (source === undefined || reference === undefined) return;
  const isForeign = textAt(reference, 'namespace') !== '';
  const isEqual = ['apiGroup', 'kind', 'name'].every((key) => (source[key] ?? null) === (reference[key] ?? null));
  const text = isForeign
    ? 'may not be specified when dataSourceRef.namespace is specified'
    : 'must match dataSourceRef';
  // The API server passes the field path as the value of the error, and this value prints as an empty object.
  if (isForeign || !isEqual) problems.invalid(path, {}, text);
}

function validateSource(source: JsonObject, path: string, problems: Problems) {
  for (const key of ['name', 'kind']) if (textAt(source, key) === '') problems.required(`${path}.${key}`);
  const [group, kind] = [textAt(source, 'apiGroup'), textAt(source, 'kind')];
  if (group !== '') problems.invalidFor(`${path}.apiGroup`, group, dnsSubdomain(group));
  else if (kind !== 'PersistentVolumeClaim') {
    const text = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
    problems.invalid(path, kind, text);
  }
  const namespace = textAt(source, 'namespace');
  if (namespace !== '') problems.invalidFor(`${path}.namespace`, namespace, dnsLabel(namespace));
}

/**
 * Checks an update of a claim. Of a bound claim, only the size and the VolumeAttributesClass may change. Any claim may
 * get a volume name and a storage class once.
 */
export function validateClaimUpdate(claim: KubeObject, old: KubeObject, problems: Problems): void {
  const [next, before] = [claim.spec ?? {}, old.spec ?? {}];
  if (next['volumeMode'] !== before['volumeMode'])
    problems.invalid('volumeMode', next['volumeMode'], 'field is immutable');
  const kept = { ...before };
  const take = (key: string) => {
    if (next[key] === undefined) delete kept[key];
    else kept[key] = next[key];
  };
  // An update may set these fields once, when a claim gets a volume or a storage class.
  if (before['volumeName'] === undefined) take('volumeName');
  if (getsClass(claim, old, problems)) take('storageClassName');
  if (textAt(claim.status, 'phase') === 'Bound') {
    const { storage } = objectAt(next, 'resources', 'requests');
    const resources = objectAt(before, 'resources');
    if (storage !== undefined)
      kept['resources'] = { ...resources, requests: { ...objectAt(resources, 'requests'), storage } };
    if (next['volumeAttributesClassName'] !== undefined) take('volumeAttributesClassName');
  }
  if (!jsonEquals(next, kept)) {
    const text =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    const difference = describeDifference('core.v1.PersistentVolumeClaimSpec', kept, next);
    problems.forbidden('spec', `${text}\n${difference}`);
  }
  checkShrinking(next, old, problems);
  const attributes = next['volumeAttributesClassName'];
  if (before['volumeAttributesClassName'] !== undefined && (attributes === undefined || attributes === '')) {
    const what = attributes === undefined ? 'nil' : 'an empty string';
    const text = `update from non-nil value to ${what} is forbidden`;
    problems.forbidden('spec.volumeAttributesClassName', text);
  }
}

/**
 * Does the update set the class of a claim without a class? The class annotation is immutable, but an update may move
 * it to the field. The new class must equal the annotation.
 */
function getsClass(claim: KubeObject, old: KubeObject, problems: Problems): boolean {
  const [next, before] = [claim.metadata.annotations?.[CLASS_ANNOTATION], old.metadata.annotations?.[CLASS_ANNOTATION]];
  const [name, known] = [claim.spec?.['storageClassName'], old.spec?.['storageClassName']];
  const isNew = name !== undefined && known === undefined;
  // An update may move the class from the annotation to the field.
  const replaces = isNew && before === name && next === undefined;
  if (!replaces && (next ?? '') !== (before ?? ''))
    problems.invalid(`metadata.annotations.${CLASS_ANNOTATION}`, next ?? '', 'field is immutable');
  return isNew && (before === undefined || before === name);
}

/** Checks a reduced storage request. The new request must still be greater than the claim's capacity. */
function checkShrinking(next: JsonObject, old: KubeObject, problems: Problems) {
  const sizeOf = (amounts: JsonObject) => quantityOf(amounts['storage'] ?? '0') ?? ZERO;
  const size = sizeOf(objectAt(next, 'resources', 'requests'));
  if (compareQuantities(size, sizeOf(objectAt(old.spec, 'resources', 'requests'))) >= 0) return;
  if (compareQuantities(size, sizeOf(objectAt(old.status, 'capacity'))) > 0) return;
  problems.forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity');
}
