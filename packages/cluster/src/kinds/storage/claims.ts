import { type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';
import {
  compareQuantities,
  dnsLabel,
  dnsSubdomain,
  objectAt,
  optionalAt,
  quantityOf,
  quantityOfInteger,
  textAt,
} from '@typekro/kit/kubernetes';
import type { Field, Problems } from '../../errors/field-problems.ts';
import { describeDifference } from '../describe-difference.ts';
import { validateSelector } from '../validate-selector.ts';

const ZERO = quantityOfInteger(0n);

/** The access modes of volumes. */
const ACCESS_MODES: readonly string[] = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

/** Checks the access modes of a claim or a volume. `whenEmpty` is the message for an empty list of modes. */
export function validateAccessModes(spec: Field, whenEmpty: string): void {
  const list = spec.list('accessModes');
  list.notEmpty(whenEmpty);
  for (const mode of spec.texts('accessModes')) mode.at(list.path).oneOf(ACCESS_MODES);
  if (list.value.includes('ReadWriteOncePod') && list.value.length > 1)
    list.forbidden('may not use ReadWriteOncePod with other access modes');
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
export function validateClaimSpec(spec: Field): void {
  validateAccessModes(spec, 'at least 1 access mode is required');
  const storage = spec.object('resources').object('requests').member('storage').at(`${spec.path}.resources[storage]`);
  if (storage.value === undefined) storage.required();
  else if ((quantityOf(storage.value)?.unscaled ?? 0n) <= 0n) storage.invalid('must be greater than zero');
  validateSelector(spec.object('selector'));
  for (const key of ['storageClassName', 'volumeAttributesClassName']) spec.text(key).matchesIfSet(dnsSubdomain);
  validateSources(spec);
  spec.text('volumeMode').oneOfIfSet(['Block', 'Filesystem']);
}

/** Checks `dataSource` and `dataSourceRef`, which name the object from which a claim gets its content. */
function validateSources(spec: Field) {
  const [source, reference] = [spec.optional('dataSource'), spec.optional('dataSourceRef')];
  if (source !== undefined) validateSource(source);
  if (reference !== undefined) validateSource(reference);
  if (source === undefined || reference === undefined) return;
  const isForeign = reference.text('namespace').value !== '';
  const isEqual = ['apiGroup', 'kind', 'name'].every(
    (key) => (source.value[key] ?? null) === (reference.value[key] ?? null),
  );
  const text = isForeign
    ? 'may not be specified when dataSourceRef.namespace is specified'
    : 'must match dataSourceRef';
  // The API server passes the field path as the value of the error, and this value prints as an empty object.
  if (isForeign || !isEqual) spec.invalid(text, {});
}

function validateSource(source: Field) {
  for (const key of ['name', 'kind']) source.text(key).notEmpty();
  const [group, kind] = [source.text('apiGroup'), source.text('kind').value];
  group.matchesIfSet(dnsSubdomain);
  if (group.value === '' && kind !== 'PersistentVolumeClaim')
    source.invalid("must be 'PersistentVolumeClaim' when referencing the default apiGroup", kind);
  source.text('namespace').matchesIfSet(dnsLabel);
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
