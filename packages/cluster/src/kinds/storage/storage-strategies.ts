import {
  dnsSubdomain,
  listAt,
  objectAt,
  objectsAt,
  optionalAt,
  qualifiedName,
  textAt,
  formatQuantity,
  quantityOf,
} from '@typekro/kit/kubernetes';
import { type JsonObject, jsonEquals } from '@typekro/kit/core';
import { type Problems, repeatedIndexes } from '../../errors/field-problems.ts';
import type { Strategy } from '../strategy.ts';
import { validateAccessModes } from './claims.ts';
import { describeDifference, internalValue } from '../describe-difference.ts';
import { ensureAt, fill } from '../../types/parts.ts';
import { defaultVolumeSource } from '../pods/pod-defaults.ts';
import { checkVolumeSource } from '../pods/pod-volumes.ts';
import { protectInUse } from './storage-admission.ts';
import { checkLabelName, validateNodeSelector } from '../validate-selector.ts';

const IMMUTABLE = 'field is immutable';

const MAX_DRIVER_BYTES = 63;
const MAX_PARAMETERS = 512;
const MAX_PARAMETERS_BYTES = 256 * 1024;

/** Checks that a value is absent, empty or in `known`. */
function checkChoice(parent: JsonObject, key: string, known: readonly string[], at: string, problems: Problems) {
  const value = textAt(parent, key);
  if (value !== '' && !known.includes(value)) problems.notSupported(`${at}${key}`, value, known);
}

/** The volume sources, in the order in which the API server checks them. */
const SOURCES =
  `hostPath gcePersistentDisk awsElasticBlockStore glusterfs flocker nfs rbd quobyte cephfs iscsi cinder fc
flexVolume azureFile vsphereVolume photonPersistentDisk portworxVolume azureDisk scaleIO local storageos
csi`.split(/\s/);

const sourcesOf = (spec: JsonObject): JsonObject =>
  Object.fromEntries(SOURCES.flatMap((key) => (spec[key] === undefined ? [] : [[key, spec[key]]])));

/** The strategy of PersistentVolumes. */
export const volumeStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = ensureAt(object, 'spec');
    fill(spec, { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' });
    defaultVolumeSource(spec);
  },
  admitMutating(object, context) {
    if (context.subresource === '') protectInUse(object, 'kubernetes.io/pv-protection');
  },
  prepareCreate(object) {
    object.status = { phase: 'Pending', lastPhaseTransitionTime: object.metadata.creationTimestamp ?? null };
  },
  validate: (object, problems) => validateVolume(object.spec ?? {}, problems),
  validateUpdate(object, old, problems, context) {
    if (context.subresource !== '') return;
    const [spec, before] = [object.spec ?? {}, old.spec ?? {}];
    validateVolume(spec, problems);
    const [next, live] = [withoutNewSecret(sourcesOf(spec), before), sourcesOf(before)];
    if (!jsonEquals(next, live)) {
      const difference = describeDifference('core.v1.PersistentVolumeSource', live, next);
      problems.forbidden(
        'spec.persistentvolumesource',
        `spec.persistentvolumesource is immutable after creation\n${difference}`,
      );
    }
    if (spec['volumeMode'] !== before['volumeMode']) problems.invalid('volumeMode', spec['volumeMode'], IMMUTABLE);
    const [affinity, known] = [optionalAt(spec, 'nodeAffinity'), optionalAt(before, 'nodeAffinity')];
    if (known !== undefined && !jsonEquals(affinity, known)) {
      const shown = affinity === undefined ? null : internalValue('core.v1.VolumeNodeAffinity', affinity);
      problems.invalid('nodeAffinity', shown, IMMUTABLE);
    }
    if (before['volumeAttributesClassName'] !== undefined && spec['volumeAttributesClassName'] === undefined)
      problems.forbidden('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden');
  },
  warnings: (object) =>
    object.spec?.['persistentVolumeReclaimPolicy'] === 'Recycle'
      ? [
          'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
        ]
      : [],
};

/**
 * The volume sources of an update, without the CSI field `controllerExpandSecretRef` if the update adds it. An update
 * may add this field, but not change it.
 */
function withoutNewSecret(sources: JsonObject, before: JsonObject): JsonObject {
  const [csi, known] = [optionalAt(sources, 'csi'), optionalAt(before, 'csi')];
  if (csi === undefined || known === undefined || known['controllerExpandSecretRef'] !== undefined) return sources;
  const { controllerExpandSecretRef: _added, ...rest } = csi;
  return { ...sources, csi: rest };
}

function validateVolume(spec: JsonObject, problems: Problems) {
  validateAccessModes(spec, 'spec', problems, '');
  validateCapacity(objectAt(spec, 'capacity'), problems);
  checkChoice(spec, 'persistentVolumeReclaimPolicy', ['Delete', 'Recycle', 'Retain'], 'spec.', problems);
  const affinity = optionalAt(spec, 'nodeAffinity');
  const required = optionalAt(affinity, 'required');
  if (affinity !== undefined && required === undefined)
    problems.required('spec.nodeAffinity.required', 'must specify required node constraints');
  if (required !== undefined) validateNodeSelector(required, 'spec.nodeAffinity.required', problems);
  validateSources(spec, problems);
  if (spec['local'] !== undefined && affinity === undefined)
    problems.required('spec.nodeAffinity', 'Local volume requires node affinity');
  if (objectAt(spec, 'hostPath')['path'] === '/' && spec['persistentVolumeReclaimPolicy'] === 'Recycle')
    problems.forbidden('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'");
  const name = textAt(spec, 'storageClassName');
  if (name !== '') problems.invalidFor('spec.storageClassName', name, dnsSubdomain(name));
  checkChoice(spec, 'volumeMode', ['Block', 'Filesystem'], 'spec.', problems);
}

function validateSources(spec: JsonObject, problems: Problems) {
  const [first, ...more] = SOURCES.filter((key) => spec[key] !== undefined);
  if (first === undefined) problems.required('spec', 'must specify a volume type');
  else validateSource(first, objectAt(spec, first), problems);
  for (const key of more) problems.forbidden(`spec.${key}`, 'may not specify more than 1 volume type');
}

function validateSource(kind: string, source: JsonObject, problems: Problems) {
  if (kind === 'csi') {
    checkDriverName(textAt(source, 'driver'), 'spec.csi.driver', problems);
    if (textAt(source, 'volumeHandle') === '') problems.required('spec.csi.volumeHandle');
  } else if (kind === 'local') {
    const path = textAt(source, 'path');
    if (path === '') problems.required('spec.local.path');
    else if (path.split('/').includes('..')) problems.invalid('spec.local.path', path, "must not contain '..'");
  } else checkVolumeSource(kind, source, 'spec', problems);
}

function validateCapacity(capacity: JsonObject, problems: Problems) {
  const names = Object.keys(capacity);
  if (names.length === 0) problems.required('spec.capacity');
  if (names.length !== 1 || names[0] !== 'storage') problems.notSupported('spec.capacity', capacity, ['storage']);
  for (const [name, value] of Object.entries(capacity)) {
    const amount = quantityOf(value);
    if (amount !== undefined && amount.unscaled <= 0n)
      problems.invalid(`spec.capacity[${name}]`, formatQuantity(amount), 'must be greater than zero');
  }
}

/** The strategy of StorageClasses. */
export const storageClassStrategy: Partial<Strategy> = {
  defaults: (object) => fill(object, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  validate(object, problems, _context, old = object) {
    validateStorageClass(object, problems);
    for (const key of ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode']) {
      if (!jsonEquals(object[key], old[key])) problems.invalid(key, object[key], IMMUTABLE);
    }
  },
};

function validateStorageClass(object: JsonObject, problems: Problems) {
  checkProvisioner(textAt(object, 'provisioner'), 'provisioner', problems);
  checkParameters(objectAt(object, 'parameters'), problems);
  checkChoice(object, 'reclaimPolicy', ['Delete', 'Retain'], '', problems);
  checkChoice(object, 'volumeBindingMode', ['Immediate', 'WaitForFirstConsumer'], '', problems);
  for (const [index, term] of objectsAt(object, 'allowedTopologies').entries())
    validateTopology(term, `allowedTopologies[${index}]`, problems);
}

/** Checks the name of a CSI driver. */
export function checkDriverName(name: string, at: string, problems: Problems): void {
  if (name === '') {
    problems.required(at);
    return;
  }
  if (Buffer.byteLength(name) > MAX_DRIVER_BYTES) problems.tooLong(at, MAX_DRIVER_BYTES);
  problems.invalidFor(at, name, dnsSubdomain(name.toLowerCase()));
}

/** Checks the driver name of a StorageClass or a VolumeAttributesClass. */
export function checkProvisioner(name: string, path: string, problems: Problems): void {
  const lower = name.toLowerCase();
  problems.requireName(path, lower, qualifiedName);
}

/** The size of the keys and values of a string map, in UTF-8 bytes. */
export const bytesOf = (map: JsonObject): number =>
  Object.entries(map).reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0);

/** Checks the parameters of a class. */
export function checkParameters(parameters: JsonObject, problems: Problems): void {
  if (Object.keys(parameters).length > MAX_PARAMETERS) {
    problems.tooLong('parameters', MAX_PARAMETERS);
    return;
  }
  if (Object.hasOwn(parameters, '')) problems.invalid('parameters', '', 'field can not be empty.');
  if (bytesOf(parameters) > MAX_PARAMETERS_BYTES) problems.tooLong('parameters', MAX_PARAMETERS_BYTES);
}

function validateTopology(term: JsonObject, at: string, problems: Problems) {
  const expressions = objectsAt(term, 'matchLabelExpressions');
  const repeated = repeatedIndexes(expressions.map((expression) => textAt(expression, 'key')));
  for (const [index, expression] of expressions.entries()) {
    const place = `${at}.matchLabelExpressions[${index}]`;
    const values = listAt(expression, 'values');
    if (values.length === 0) problems.required(`${place}.values`);
    for (const position of repeatedIndexes(values))
      problems.duplicate(`${place}.values[${position}]`, values[position]);
    checkLabelName(textAt(expression, 'key'), `${place}.key`, problems);
    if (repeated.has(index)) problems.duplicate(`${place}.key`, textAt(expression, 'key'));
  }
}
