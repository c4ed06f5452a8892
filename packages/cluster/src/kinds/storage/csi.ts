/** The kinds of storage drivers: CSIDriver, CSINode, CSIStorageCapacity, VolumeAttachment and VolumeAttributesClass. */
import { type JsonObject, type KubeObject, grouped, jsonEquals } from '@typekro/kit/core';
import {
  dnsSubdomain,
  formatQuantity,
  listAt,
  objectAt,
  objectsAt,
  qualifiedName,
  quantityOf,
  textAt,
} from '@typekro/kit/kubernetes';
import { type Field, repeatedFields } from '../../errors/field-problems.ts';
import { ensureAt, fill } from '../../types/parts.ts';
import { validateAccessModes } from './claims.ts';
import { internalValue } from '../describe-difference.ts';
import { validateSelector } from '../validate-selector.ts';
import { bytesOf, checkDriverName, checkParameters, checkProvisioner } from './storage-strategies.ts';
import { protectInUse } from './storage-admission.ts';
import type { MutableObject, Strategy } from '../strategy.ts';

const IMMUTABLE = 'field is immutable';

const MAX_NODE_ID_BYTES = 256;
const MAX_ERROR_BYTES = 1024;
const MAX_METADATA_BYTES = 256 * 1024;
const MIN_TOKEN_SECONDS = 600;
const MAX_TOKEN_SECONDS = 2 ** 32;
const MIN_UPDATE_SECONDS = 10;

const FS_GROUP_POLICIES = ['File', 'None', 'ReadWriteOnceWithFSType'];
const LIFECYCLE_MODES = ['Persistent', 'Ephemeral'];

const TOKENS_IN_ATTRIBUTES =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes';

/** The strategy of CSIDrivers. */
export const driverStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = ensureAt(object, 'spec');
    fill(spec, {
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      requiresRepublish: false,
      seLinuxMount: false,
      fsGroupPolicy: 'ReadWriteOnceWithFSType',
    });
    if (listAt(spec, 'volumeLifecycleModes').length === 0) spec['volumeLifecycleModes'] = ['Persistent'];
  },
  prepareCreate: (object) => dropDisabled(object, undefined),
  prepareUpdate: (object, old) => dropDisabled(object, old),
  validate(object, problems, _context, old = object) {
    const spec = problems.field('spec', object.spec);
    validateDriver(spec);
    spec.member('attachRequired').at('spec.attachedRequired').immutable(old.spec?.['attachRequired']);
    spec.member('volumeLifecycleModes').immutable(old.spec?.['volumeLifecycleModes']);
  },
  warnings(object, old) {
    const [tokens, spec] = [objectsAt(object.spec, 'tokenRequests'), object.spec ?? {}];
    const isUnchanged = old !== undefined && jsonEquals(spec['tokenRequests'], old.spec?.['tokenRequests']);
    const isSafe = spec['serviceAccountTokenInSecrets'] !== undefined;
    return tokens.length === 0 || isUnchanged || isSafe ? [] : [TOKENS_IN_ATTRIBUTES];
  },
};

/**
 * Removes a field that belongs to a feature which is disabled by default. An object that was stored with the field
 * keeps the field.
 */
function dropDisabled({ spec }: MutableObject, old: KubeObject | undefined) {
  if (spec !== undefined && old?.spec?.['preventPodSchedulingIfMissing'] === undefined)
    delete spec['preventPodSchedulingIfMissing'];
}

function validateDriver(spec: Field) {
  spec.text('fsGroupPolicy').oneOf(FS_GROUP_POLICIES);
  validateTokenRequests(spec.objects('tokenRequests'));
  for (const mode of spec.texts('volumeLifecycleModes')) mode.at('spec.volumeLifecycleModes').oneOf(LIFECYCLE_MODES);
  const period = spec.number('nodeAllocatableUpdatePeriodSeconds');
  period.atLeast(MIN_UPDATE_SECONDS, 'must be greater than or equal to 10 seconds');
  const inSecrets = spec.member('serviceAccountTokenInSecrets');
  if (inSecrets.value !== undefined && spec.objects('tokenRequests').length === 0)
    inSecrets.invalid('serviceAccountTokenInSecrets is set but no tokenRequests are specified');
}

function validateTokenRequests(requests: readonly Field[]) {
  const repeated = repeatedFields(requests.map((request) => request.text('audience')));
  for (const request of requests) {
    const [audience, seconds] = [request.text('audience'), request.number('expirationSeconds')];
    if (repeated.has(audience.path)) audience.duplicate();
    else {
      seconds.atLeast(MIN_TOKEN_SECONDS, 'may not specify a duration less than 10 minutes');
      seconds.atMost(MAX_TOKEN_SECONDS, 'may not specify a duration larger than 2^32 seconds');
    }
  }
}

/** The strategy of CSINodes. */
export const csiNodeStrategy: Partial<Strategy> = {
  validate(object, problems, _context, old) {
    validateDrivers(problems.field('spec', object.spec).objects('drivers'));
    const kept = ({ allocatable: _allocatable, ...driver }: JsonObject) =>
      internalValue('storage.v1.CSINodeDriver', driver);
    const named = grouped(driversOf(object), (driver) => textAt(driver, 'name'));
    for (const before of old === undefined ? [] : driversOf(old)) {
      for (const driver of named.get(textAt(before, 'name')) ?? []) {
        if (!jsonEquals(kept(driver), kept(before))) problems.invalid('spec.drivers', kept(driver), IMMUTABLE);
      }
    }
  },
};

const driversOf = (node: KubeObject): readonly JsonObject[] => objectsAt(node.spec, 'drivers');

function validateDrivers(drivers: readonly Field[]) {
  const repeated = repeatedFields(drivers.map((driver) => driver.text('name')));
  for (const driver of drivers) {
    const [name, id] = [driver.text('name'), driver.text('nodeID')];
    checkDriverName(name);
    id.notEmpty();
    if (Buffer.byteLength(id.value) > MAX_NODE_ID_BYTES) id.invalid(`must be ${MAX_NODE_ID_BYTES} characters or less`);
    driver.object('allocatable').number('count').notNegative();
    if (repeated.has(name.path)) name.duplicate();
    validateTopologyKeys(driver);
  }
}

function validateTopologyKeys(driver: Field) {
  const keys = driver.texts('topologyKeys');
  const repeated = repeatedFields(keys);
  for (const entry of keys) {
    const key = entry.at(driver.path);
    key.notEmpty();
    if (repeated.has(entry.path)) key.duplicate();
    key.matches(qualifiedName);
  }
}

/**
 * The strategy of CSIStorageCapacities. The storage class and the node topology are immutable, because the capacity was
 * determined for this storage class and this topology.
 */
export const storageCapacityStrategy: Partial<Strategy> = {
  validate(object, problems, _context, old = object) {
    const root = problems.field('', object);
    validateCapacity(root);
    for (const key of ['nodeTopology', 'storageClassName']) root.member(key).immutable(old[key]);
  },
};

function validateCapacity(object: Field) {
  validateSelector(object.object('nodeTopology'));
  object.text('storageClassName').matches(dnsSubdomain);
  const capacity = object.member('capacity');
  const amount = capacity.value === undefined ? undefined : quantityOf(capacity.value);
  if (amount !== undefined && amount.unscaled < 0n)
    capacity.invalid('must be greater than or equal to 0', formatQuantity(amount));
}

/** The strategy of VolumeAttachments. The specification is immutable; the attacher writes the status. */
export const attachmentStrategy: Partial<Strategy> = {
  validate(object, problems, _context, old = object) {
    validateAttachment(problems.field('', object));
    if (jsonEquals(object.spec, old.spec)) return;
    const shown = internalValue('storage.v1.VolumeAttachmentSpec', object.spec ?? {});
    problems.invalid('spec', shown, IMMUTABLE);
  },
  statusResets: ['labels', 'annotations', 'finalizers', 'ownerReferences'].map((key) => ['metadata', key]),
};

const ONE_SOURCE = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';

function validateAttachment(object: Field) {
  const [spec, status] = [object.object('spec'), object.object('status')];
  checkDriverName(spec.text('attacher'));
  const source = spec.object('source');
  const [inline, name] = [source.optional('inlineVolumeSpec'), source.member('persistentVolumeName')];
  if (inline === undefined && name.value === undefined) source.required(ONE_SOURCE);
  else if (inline !== undefined && name.value !== undefined) source.forbidden(ONE_SOURCE);
  else if (inline !== undefined) validateInlineVolume(inline);
  else if (name.value === '') name.required('must specify non empty persistentVolumeName');
  spec.text('nodeName').matches(dnsSubdomain);
  const metadata = status.object('attachmentMetadata');
  if (bytesOf(metadata.value) > MAX_METADATA_BYTES) metadata.tooLong(MAX_METADATA_BYTES);
  for (const error of ['attachError', 'detachError'].map((key) => status.object(key))) {
    // The API server's message names the limit for the metadata instead of the limit for the error.
    const message = error.text('message');
    if (Buffer.byteLength(message.value) > MAX_ERROR_BYTES) message.tooLong(MAX_METADATA_BYTES);
    error.number('errorCode').atLeast(0, 'must be between 0 and 2147483647, inclusive');
  }
  if (typeof name.value === 'string') source.text('persistentVolumeName').matches(dnsSubdomain);
}

/**
 * Checks the inline volume of an attachment. It must be a CSI volume. It may not have a claim, a capacity or a node
 * affinity. Its reclaim policy must be `Retain`.
 */
function validateInlineVolume(spec: Field) {
  const foreign = (key: string) => spec.member(key).forbidden('may not be specified in the context of inline volumes');
  if (spec.optional('claimRef') !== undefined) foreign('claimRef');
  if (Object.keys(spec.object('capacity').value).length > 0) foreign('capacity');
  const csi = spec.optional('csi');
  if (csi === undefined) spec.member('csi').required('has to be specified in the context of inline volumes');
  validateAccessModes(spec, '');
  const policy = spec.text('persistentVolumeReclaimPolicy');
  if (policy.value !== '' && policy.value !== 'Retain')
    policy.forbidden('may only be Retain in the context of inline volumes');
  if (spec.optional('nodeAffinity') !== undefined) foreign('nodeAffinity');
  if (csi === undefined) return;
  checkDriverName(csi.text('driver'));
  csi.text('volumeHandle').notEmpty();
}

/** The strategy of VolumeAttributesClasses. */
export const attributesClassStrategy: Partial<Strategy> = {
  admitMutating(object, context) {
    if (context.subresource === '') protectInUse(object, 'kubernetes.io/vac-protection');
  },
  validate(object, problems, _context, old = object) {
    for (const key of ['driverName', 'parameters'])
      if (!jsonEquals(object[key], old[key])) problems.forbidden(key, `updates to ${key} are forbidden.`);
    checkProvisioner(problems.field('', object).text('driverName'));
    const parameters = problems.field('parameters', objectAt(object, 'parameters'));
    checkParameters(parameters);
    if (Object.keys(parameters.value).length === 0) parameters.required('must contain at least one key/value pair');
  },
};
