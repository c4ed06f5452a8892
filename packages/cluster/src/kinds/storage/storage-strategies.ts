import { dnsSubdomain, formatQuantity, optionalAt, qualifiedName, quantityOf } from '@typekro/kit/kubernetes';
import { type JsonObject, jsonEquals } from '@typekro/kit/core';
import { type Field, repeatedFields } from '../../errors/field-problems.ts';
import type { Strategy } from '../strategy.ts';
import { validateAccessModes } from './claims.ts';
import { describeDifference, internalValue } from '../describe-difference.ts';
import { ensureAt, fill } from '../../types/parts.ts';
import { defaultVolumeSource } from '../pods/pod-defaults.ts';
import { checkNoBacksteps } from '../pods/pod-env.ts';
import { checkVolumeSource } from '../pods/pod-volumes.ts';
import { protectInUse } from './storage-admission.ts';
import { validateNodeSelector } from '../validate-selector.ts';

const IMMUTABLE = 'field is immutable';

const MAX_DRIVER_BYTES = 63;
const MAX_PARAMETERS = 512;
const MAX_PARAMETERS_BYTES = 256 * 1024;

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
  validate: (object, problems) => validateVolume(problems.field('spec', object.spec)),
  validateUpdate(object, old, problems, context) {
    if (context.subresource !== '') return;
    const [spec, before] = [object.spec ?? {}, old.spec ?? {}];
    validateVolume(problems.field('spec', spec));
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

function validateVolume(spec: Field) {
  validateAccessModes(spec, '');
  validateCapacity(spec.object('capacity'));
  const policy = spec.text('persistentVolumeReclaimPolicy');
  policy.oneOfIfSet(['Delete', 'Recycle', 'Retain']);
  const affinity = spec.optional('nodeAffinity');
  const required = affinity?.optional('required');
  if (required !== undefined) validateNodeSelector(required);
  else affinity?.member('required').required('must specify required node constraints');
  validateSources(spec);
  if (spec.value['local'] !== undefined && affinity === undefined)
    spec.member('nodeAffinity').required('Local volume requires node affinity');
  if (spec.object('hostPath').value['path'] === '/' && policy.value === 'Recycle')
    policy.forbidden("may not be 'recycle' for a hostPath mount of '/'");
  spec.text('storageClassName').matchesIfSet(dnsSubdomain);
  spec.text('volumeMode').oneOfIfSet(['Block', 'Filesystem']);
}

function validateSources(spec: Field) {
  const [first, ...more] = SOURCES.filter((key) => spec.value[key] !== undefined);
  if (first === undefined) spec.required('must specify a volume type');
  else validateSource(first, spec);
  for (const key of more) spec.member(key).forbidden('may not specify more than 1 volume type');
}

function validateSource(kind: string, spec: Field) {
  const source = spec.object(kind);
  if (kind === 'csi') {
    checkDriverName(source.text('driver'));
    source.text('volumeHandle').notEmpty();
  } else if (kind === 'local') checkNoBacksteps(source.text('path'));
  else checkVolumeSource(kind, spec);
}

function validateCapacity(capacity: Field) {
  const names = Object.keys(capacity.value);
  if (names.length === 0) capacity.required();
  if (names.length !== 1 || names[0] !== 'storage') capacity.notSupported(['storage']);
  for (const name of names) {
    const amount = quantityOf(capacity.value[name]);
    if (amount !== undefined && amount.unscaled <= 0n)
      capacity.at(`spec.capacity[${name}]`).invalid('must be greater than zero', formatQuantity(amount));
  }
}

/** The strategy of StorageClasses. */
export const storageClassStrategy: Partial<Strategy> = {
  defaults: (object) => fill(object, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  validate(object, problems, _context, old = object) {
    const root = problems.field('', object);
    validateStorageClass(root);
    for (const key of ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'])
      root.member(key).immutable(old[key]);
  },
};

function validateStorageClass(object: Field) {
  checkProvisioner(object.text('provisioner'));
  checkParameters(object.object('parameters'));
  object.text('reclaimPolicy').oneOfIfSet(['Delete', 'Retain']);
  object.text('volumeBindingMode').oneOfIfSet(['Immediate', 'WaitForFirstConsumer']);
  object.objects('allowedTopologies').forEach(validateTopology);
}

/** Checks the name of a CSI driver. */
export function checkDriverName(name: Field<string>): void {
  if (Buffer.byteLength(name.value) > MAX_DRIVER_BYTES) name.tooLong(MAX_DRIVER_BYTES);
  name.name((text) => dnsSubdomain(text.toLowerCase()));
}

/** Checks the driver name of a StorageClass or a VolumeAttributesClass. */
export function checkProvisioner({ value, path, problems }: Field<string>): void {
  problems.requireName(path, value.toLowerCase(), qualifiedName);
}

/** The size of the keys and values of a string map, in UTF-8 bytes. */
export const bytesOf = (map: JsonObject): number =>
  Object.entries(map).reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0);

/** Checks the parameters of a class. */
export function checkParameters(parameters: Field): void {
  const { value } = parameters;
  if (Object.keys(value).length > MAX_PARAMETERS) {
    parameters.tooLong(MAX_PARAMETERS);
    return;
  }
  if (Object.hasOwn(value, '')) parameters.invalid('field can not be empty.', '');
  if (bytesOf(value) > MAX_PARAMETERS_BYTES) parameters.tooLong(MAX_PARAMETERS_BYTES);
}

function validateTopology(term: Field) {
  const expressions = term.objects('matchLabelExpressions');
  const repeated = repeatedFields(expressions.map((expression) => expression.text('key')));
  for (const expression of expressions) {
    const key = expression.text('key');
    expression.list('values').notEmpty();
    for (const value of repeatedFields(expression.texts('values')).values()) value.duplicate();
    key.matches(qualifiedName);
    if (repeated.has(key.path)) key.duplicate();
  }
}
