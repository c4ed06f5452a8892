/** The kinds of storage drivers: CSIDriver, CSINode, CSIStorageCapacity, VolumeAttachment and VolumeAttributesClass. */
import { type JsonObject, type KubeObject, grouped, jsonEquals } from '@typekro/kit/core';
import {
  dnsSubdomain,
  formatQuantity,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  qualifiedName,
  quantityOf,
  textAt,
} from '@typekro/kit/kubernetes';
import { type Problems, repeatedIndexes } from '../../errors/field-problems.ts';
import { ensureAt, fill, notNegative } from '../../types/parts.ts';
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
    spec['attachRequired'] ??= true;
    for (const key of ['podInfoOnMount', 'storageCapacity', 'requiresRepublish', 'seLinuxMount']) spec[key] ??= false;
    fill(spec, { fsGroupPolicy: 'ReadWriteOnceWithFSType' });
    if (listAt(spec, 'volumeLifecycleModes').length === 0) spec['volumeLifecycleModes'] = ['Persistent'];
  },
  prepareCreate: (object) => dropDisabled(object, undefined),
  prepareUpdate: (object, old) => dropDisabled(object, old),
  validate({ spec = {} }, problems, _context, old) {
    validateDriver(spec, problems);
    const before = (old ?? { spec }).spec ?? {};
    for (const [key, shown] of [
      ['attachRequired', 'attachedRequired'],
      ['volumeLifecycleModes', 'volumeLifecycleModes'],
    ] as const)
      if (!jsonEquals(spec[key], before[key])) problems.invalid(`spec.${shown}`, spec[key], IMMUTABLE);
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

function validateDriver(spec: JsonObject, problems: Problems) {
  const policy = textAt(spec, 'fsGroupPolicy');
  problems.requireOneOf('spec.fsGroupPolicy', policy, FS_GROUP_POLICIES);
  validateTokenRequests(objectsAt(spec, 'tokenRequests'), problems);
  for (const mode of listAt(spec, 'volumeLifecycleModes'))
    problems.requireOneOf('spec.volumeLifecycleModes', mode, LIFECYCLE_MODES);
  const period = numberAt(spec, 'nodeAllocatableUpdatePeriodSeconds');
  if (period !== undefined && period < MIN_UPDATE_SECONDS)
    problems.invalid('spec.nodeAllocatableUpdatePeriodSeconds', period, 'must be greater than or equal to 10 seconds');
  const inSecrets = spec['serviceAccountTokenInSecrets'];
  if (inSecrets !== undefined && objectsAt(spec, 'tokenRequests').length === 0)
    problems.invalid(
      'spec.serviceAccountTokenInSecrets',
      inSecrets,
      'serviceAccountTokenInSecrets is set but no tokenRequests are specified',
    );
}

function validateTokenRequests(requests: readonly JsonObject[], problems: Problems) {
  const audiences = new Set<string>();
  for (const [index, request] of requests.entries()) {
    const at = `spec.tokenRequests[${index}]`;
    const audience = textAt(request, 'audience');
    if (audiences.has(audience)) {
      problems.duplicate(`${at}.audience`, audience);
      continue;
    }
    audiences.add(audience);
    const seconds = numberAt(request, 'expirationSeconds');
    if (seconds === undefined) continue;
    const refuse = (text: string) => problems.invalid(`${at}.expirationSeconds`, seconds, text);
    if (seconds < MIN_TOKEN_SECONDS) refuse('may not specify a duration less than 10 minutes');
    if (seconds > MAX_TOKEN_SECONDS) refuse('may not specify a duration larger than 2^32 seconds');
  }
}

/** The strategy of CSINodes. */
export const csiNodeStrategy: Partial<Strategy> = {
  validate(object, problems, _context, old) {
    validateDrivers(driversOf(object), problems);
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

function validateDrivers(drivers: readonly JsonObject[], problems: Problems) {
  const names = new Set<string>();
  for (const [index, driver] of drivers.entries()) {
    const at = `spec.drivers[${index}]`;
    const [name, id] = [textAt(driver, 'name'), textAt(driver, 'nodeID')];
    checkDriverName(name, `${at}.name`, problems);
    if (id === '') problems.required(`${at}.nodeID`);
    if (Buffer.byteLength(id) > MAX_NODE_ID_BYTES)
      problems.invalid(`${at}.nodeID`, id, `must be ${MAX_NODE_ID_BYTES} characters or less`);
    notNegative(objectAt(driver, 'allocatable'), 'count', `${at}.allocatable`, problems);
    if (names.has(name)) problems.duplicate(`${at}.name`, name);
    names.add(name);
    validateTopologyKeys(listAt(driver, 'topologyKeys').map(String), at, problems);
  }
}

function validateTopologyKeys(keys: readonly string[], at: string, problems: Problems) {
  const repeated = repeatedIndexes(keys);
  for (const [index, key] of keys.entries()) {
    if (key === '') problems.required(at);
    if (repeated.has(index)) problems.duplicate(at, key);
    problems.invalidFor(at, key, qualifiedName(key));
  }
}

/**
 * The strategy of CSIStorageCapacities. The storage class and the node topology are immutable, because the capacity was
 * determined for this storage class and this topology.
 */
export const storageCapacityStrategy: Partial<Strategy> = {
  validate(object, problems, _context, old = object) {
    validateCapacity(object, problems);
    for (const key of ['nodeTopology', 'storageClassName']) {
      const value = object[key];
      if (!jsonEquals(value, old[key])) problems.invalid(key, value, IMMUTABLE);
    }
  },
};

function validateCapacity(object: JsonObject, problems: Problems) {
  validateSelector(objectAt(object, 'nodeTopology'), 'nodeTopology', problems);
  const name = textAt(object, 'storageClassName');
  problems.invalidFor('storageClassName', name, dnsSubdomain(name));
  const capacity = object['capacity'] === undefined ? undefined : quantityOf(object['capacity']);
  if (capacity !== undefined && capacity.unscaled < 0n)
    problems.invalid('capacity', formatQuantity(capacity), 'must be greater than or equal to 0');
}

/** The strategy of VolumeAttachments. The specification is immutable; the attacher writes the status. */
export const attachmentStrategy: Partial<Strategy> = {
  validate(object, problems, _context, old = object) {
    validateAttachment(object, problems);
    if (jsonEquals(object.spec, old.spec)) return;
    const shown = internalValue('storage.v1.VolumeAttachmentSpec', object.spec ?? {});
    problems.invalid('spec', shown, IMMUTABLE);
  },
  statusResets: ['labels', 'annotations', 'finalizers', 'ownerReferences'].map((key) => ['metadata', key]),
};

const ONE_SOURCE = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';

function validateAttachment({ spec = {}, status = {} }: KubeObject, problems: Problems) {
  checkDriverName(textAt(spec, 'attacher'), 'spec.attacher', problems);
  const source = objectAt(spec, 'source');
  const [inline, name] = [optionalAt(source, 'inlineVolumeSpec'), source['persistentVolumeName']];
  if (inline === undefined && name === undefined) problems.required('spec.source', ONE_SOURCE);
  else if (inline !== undefined && name !== undefined) problems.forbidden('spec.source', ONE_SOURCE);
  else if (inline !== undefined) validateInlineVolume(inline, 'spec.source.inlineVolumeSpec', problems);
  else if (name === '')
    problems.required('spec.source.persistentVolumeName', 'must specify non empty persistentVolumeName');
  const node = textAt(spec, 'nodeName');
  problems.invalidFor('spec.nodeName', node, dnsSubdomain(node));
  if (bytesOf(objectAt(status, 'attachmentMetadata')) > MAX_METADATA_BYTES)
    problems.tooLong('status.attachmentMetadata', MAX_METADATA_BYTES);
  for (const key of ['attachError', 'detachError']) validateError(objectAt(status, key), `status.${key}`, problems);
  if (typeof name === 'string') problems.invalidFor('spec.source.persistentVolumeName', name, dnsSubdomain(name));
}

function validateError(error: JsonObject, at: string, problems: Problems) {
  // The API server's message names the limit for the metadata instead of the limit for the error.
  if (Buffer.byteLength(textAt(error, 'message')) > MAX_ERROR_BYTES)
    problems.tooLong(`${at}.message`, MAX_METADATA_BYTES);
  const code = numberAt(error, 'errorCode');
  if (code !== undefined && code < 0)
    problems.invalid(`${at}.errorCode`, code, 'must be between 0 and 2147483647, inclusive');
}

/**
 * Checks the inline volume of an attachment. It must be a CSI volume. It may not have a claim, a capacity or a node
 * affinity. Its reclaim policy must be `Retain`.
 */
function validateInlineVolume(spec: JsonObject, at: string, problems: Problems) {
  const foreign = (key: string) =>
    problems.forbidden(`${at}.${key}`, 'may not be specified in the context of inline volumes');
  if (optionalAt(spec, 'claimRef') !== undefined) foreign('claimRef');
  if (Object.keys(objectAt(spec, 'capacity')).length > 0) foreign('capacity');
  const csi = optionalAt(spec, 'csi');
  if (csi === undefined) problems.required(`${at}.csi`, 'has to be specified in the context of inline volumes');
  validateAccessModes(spec, at, problems, '');
  const policy = textAt(spec, 'persistentVolumeReclaimPolicy');
  if (policy !== '' && policy !== 'Retain')
    problems.forbidden(`${at}.persistentVolumeReclaimPolicy`, 'may only be Retain in the context of inline volumes');
  if (optionalAt(spec, 'nodeAffinity') !== undefined) foreign('nodeAffinity');
  if (csi === undefined) return;
  checkDriverName(textAt(csi, 'driver'), `${at}.csi.driver`, problems);
  if (textAt(csi, 'volumeHandle') === '') problems.required(`${at}.csi.volumeHandle`);
}

/** The strategy of VolumeAttributesClasses. */
export const attributesClassStrategy: Partial<Strategy> = {
  admitMutating(object, context) {
    if (context.subresource === '') protectInUse(object, 'kubernetes.io/vac-protection');
  },
  validate(object, problems, _context, old = object) {
    for (const key of ['driverName', 'parameters'])
      if (!jsonEquals(object[key], old[key])) problems.forbidden(key, `updates to ${key} are forbidden.`);
    validateAttributesClass(object, problems);
  },
};

function validateAttributesClass(object: JsonObject, problems: Problems) {
  checkProvisioner(textAt(object, 'driverName'), 'driverName', problems);
  checkParameters(objectAt(object, 'parameters'), problems);
  if (Object.keys(objectAt(object, 'parameters')).length === 0)
    problems.required('parameters', 'must contain at least one key/value pair');
}
