import type { JsonObject, JsonValue } from '../../core/index.ts';
import { dnsLabel, listAt, numberAt, objectAt, objectsAt, optionalAt, textAt } from '../../kubernetes/index.ts';
import { quantityOf } from '../../kubernetes/index.ts';
import {
  addInvalid,
  fieldDuplicate,
  fieldForbidden,
  fieldInvalid,
  fieldNotSupported,
  fieldRequired,
} from '../errors/field-problems.ts';
import type { FieldError } from '../../kubernetes/index.ts';
import { validateClaimSpec } from './claims.ts';
import { checkLocalPath } from './pod-security.ts';

const NON_SOURCE_MEMBERS = new Set(['name']);

/** Checks the volumes of a pod's specification. Returns the names of the well-formed volumes. */
export function validateVolumes(spec: JsonObject, path: string, problems: FieldError[]): Set<string> {
  const names = new Set<string>();
  const volumes = objectsAt(spec, 'volumes');
  for (const [index, volume] of volumes.entries()) {
    const at = `${path}[${index}]`;
    const name = textAt(volume, 'name');
    const before = problems.length;
    const sources = Object.keys(volume).filter((key) => !NON_SOURCE_MEMBERS.has(key));
    for (const [position, source] of sources.entries()) {
      if (position > 0)
        problems.push(fieldForbidden(`${at}.${secondSource(sources)}`, 'may not specify more than 1 volume type'));
      checkVolumeSource(source, objectAt(volume, source), at, problems);
    }
    if (name === '') problems.push(fieldRequired(`${at}.name`));
    else {
      addInvalid(problems, `${at}.name`, name, dnsLabel(name));
      if (names.has(name)) problems.push(fieldDuplicate(`${at}.name`, name));
    }
    if (problems.length === before) names.add(name);
  }
  return names;
}

/** Checks one volume source of a pod or of a PersistentVolume. `at` is the field path above the source. */
export function checkVolumeSource(kind: string, source: JsonObject, at: string, problems: FieldError[]): void {
  sourceChecks.get(kind)?.(source, `${at}.${PATH_NAMES.get(kind) ?? kind}`, problems);
}

/**
 * The order in which the API server checks volume sources. It accepts the first source of a volume and refuses further
 * ones.
 */
const SOURCE_ORDER = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'rbd',
  'cinder',
  'cephfs',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'persistentVolumeClaim',
  'projected',
  'csi',
  'ephemeral',
  'image',
];

function secondSource(sources: readonly string[]): string {
  return [...sources].sort((a, b) => SOURCE_ORDER.indexOf(a) - SOURCE_ORDER.indexOf(b))[1] ?? '';
}

/** The sources whose name in error paths differs from that of the member. */
const PATH_NAMES = new Map([['gcePersistentDisk', 'persistentDisk']]);

type Check = (source: JsonObject, at: string, problems: FieldError[]) => void;

/** Makes a check that each of these members is present and not empty. */
const requireMembers =
  (...members: readonly string[]): Check =>
  (source, at, problems) => {
    for (const member of members) {
      const value = source[member];
      if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0))
        problems.push(fieldRequired(`${at}.${member}`));
    }
  };

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

const sourceChecks = new Map<string, Check>([
  ['awsElasticBlockStore', requireMembers('volumeID')],
  ['azureFile', requireMembers('secretName', 'shareName')],
  ['cephfs', requireMembers('monitors')],
  ['csi', requireMembers('driver')],
  ['flexVolume', requireMembers('driver')],
  ['gitRepo', requireMembers('repository')],
  ['glusterfs', requireMembers('endpoints', 'path')],
  ['image', requireMembers('reference')],
  ['persistentVolumeClaim', requireMembers('claimName')],
  ['rbd', requireMembers('monitors', 'image')],
  ['configMap', (source, at, problems) => checkKeys(source, at, problems, 'name')],
  ['secret', (source, at, problems) => checkKeys(source, at, problems, 'secretName')],
  [
    'downwardAPI',
    (source, at, problems) => {
      checkMode(source['defaultMode'], `${at}.defaultMode`, problems);
      for (const item of objectsAt(source, 'items')) checkDownward(item, at, problems);
    },
  ],
  [
    'emptyDir',
    (source, at, problems) => {
      const limit = source['sizeLimit'];
      if (limit !== undefined && (quantityOf(limit)?.unscaled ?? 0n) < 0n)
        problems.push(fieldForbidden(`${at}.sizeLimit`, 'SizeLimit field must be a valid resource quantity'));
    },
  ],
  [
    'ephemeral',
    (source, at, problems) => {
      const template = optionalAt(source, 'volumeClaimTemplate');
      if (template === undefined) problems.push(fieldRequired(`${at}.volumeClaimTemplate`));
      else validateClaimSpec(objectAt(template, 'spec'), `${at}.volumeClaimTemplate.spec`, problems);
    },
  ],
  [
    'fc',
    (source, at, problems) => {
      if ((listAt(source, 'targetWWNs').length === 0) === (listAt(source, 'wwids').length === 0))
        problems.push(fieldRequired(`${at}.targetWWNs`, 'must specify either targetWWNs or wwids, but not both'));
    },
  ],
  [
    'gcePersistentDisk',
    (source, at, problems) => {
      requireMembers('pdName')(source, at, problems);
      const partition = numberAt(source, 'partition') ?? 0;
      if (partition < 0 || partition > 255)
        problems.push(fieldInvalid(`${at}.partition`, partition, 'must be between 1 and 255, inclusive'));
    },
  ],
  [
    'hostPath',
    (source, at, problems) => {
      const path = textAt(source, 'path');
      if (path === '') problems.push(fieldRequired(`${at}.path`));
      else if (path.split('/').includes('..')) problems.push(fieldInvalid(`${at}.path`, path, "must not contain '..'"));
      const type = textAt(source, 'type');
      if (!HOST_PATH_TYPES.includes(type)) problems.push(fieldNotSupported(`${at}.type`, type, HOST_PATH_TYPES));
    },
  ],
  [
    'iscsi',
    (source, at, problems) => {
      requireMembers('targetPortal', 'iqn')(source, at, problems);
      const iqn = textAt(source, 'iqn');
      if (iqn !== '' && !/^(iqn|eui|naa)/.test(iqn))
        problems.push(fieldInvalid(`${at}.iqn`, iqn, 'must be valid format starting with iqn, eui, or naa'));
      const lun = numberAt(source, 'lun') ?? 0;
      if (lun < 0 || lun > 255) problems.push(fieldInvalid(`${at}.lun`, lun, 'must be between 0 and 255, inclusive'));
    },
  ],
  [
    'nfs',
    (source, at, problems) => {
      requireMembers('server', 'path')(source, at, problems);
      const path = textAt(source, 'path');
      if (path !== '' && !path.startsWith('/'))
        problems.push(fieldInvalid(`${at}.path`, path, 'must be an absolute path'));
    },
  ],
  ['projected', checkProjected],
]);

function checkMode(mode: JsonValue | undefined, path: string, problems: FieldError[]) {
  if (typeof mode === 'number' && (mode < 0 || mode > 0o777))
    problems.push(fieldInvalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive'));
}

/**
 * Checks a source that mounts the keys of a ConfigMap or Secret. `name` is the member with the name of the ConfigMap or
 * Secret.
 */
function checkKeys(source: JsonObject, at: string, problems: FieldError[], name: string) {
  if (textAt(source, name) === '') problems.push(fieldRequired(`${at}.${name}`));
  checkMode(source['defaultMode'], `${at}.defaultMode`, problems);
  for (const [index, item] of objectsAt(source, 'items').entries()) {
    const place = `${at}.items[${index}]`;
    if (textAt(item, 'key') === '') problems.push(fieldRequired(`${place}.key`));
    const path = textAt(item, 'path');
    if (path === '') problems.push(fieldRequired(`${place}.path`));
    checkLocalPath(path, `${place}.path`, problems);
    checkMode(item['mode'], `${place}.mode`, problems);
  }
}

const DOWNWARD = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];

function checkDownward(item: JsonObject, at: string, problems: FieldError[]) {
  const path = textAt(item, 'path');
  if (path === '') problems.push(fieldRequired(`${at}.path`));
  checkLocalPath(path, `${at}.path`, problems);
  const [field, resource] = [optionalAt(item, 'fieldRef'), optionalAt(item, 'resourceFieldRef')];
  const name = textAt(field, 'fieldPath');
  if (field !== undefined) {
    if (name === '') problems.push(fieldRequired(`${at}.fieldRef.fieldPath`));
    else if (!DOWNWARD.includes(name.replace(/\[.*$/, '')))
      problems.push(fieldNotSupported(`${at}.fieldRef.fieldPath`, name, DOWNWARD));
    if (resource !== undefined)
      problems.push(fieldInvalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
  } else if (resource !== undefined) {
    if (textAt(resource, 'containerName') === '') problems.push(fieldRequired(`${at}.resourceFieldRef.containerName`));
  } else problems.push(fieldRequired(at, 'one of fieldRef and resourceFieldRef is required'));
  checkMode(item['mode'], `${at}.mode`, problems);
}

function checkProjected(source: JsonObject, at: string, problems: FieldError[]) {
  checkMode(source['defaultMode'], `${at}.defaultMode`, problems);
  for (const [index, entry] of objectsAt(source, 'sources').entries()) {
    const place = `${at}.sources[${index}]`;
    if (Object.keys(entry).length > 1)
      problems.push(fieldForbidden(place, 'may not specify more than 1 volume type per source'));
    for (const kind of ['secret', 'configMap']) {
      const keys = optionalAt(entry, kind);
      if (keys !== undefined) checkKeys(keys, `${place}.${kind}`, problems, 'name');
    }
    for (const item of objectsAt(objectAt(entry, 'downwardAPI'), 'items'))
      checkDownward(item, `${place}.downwardAPI`, problems);
    const token = optionalAt(entry, 'serviceAccountToken');
    if (token !== undefined) checkToken(token, at, `${place}.serviceAccountToken`, problems);
  }
}

function checkToken(token: JsonObject, volume: string, at: string, problems: FieldError[]) {
  const seconds = numberAt(token, 'expirationSeconds') ?? 3600;
  if (seconds < 600)
    problems.push(fieldInvalid(`${at}.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes'));
  if (seconds > 2 ** 32)
    problems.push(
      fieldInvalid(`${at}.expirationSeconds`, seconds, 'may not specify a duration larger than 2^32 seconds'),
    );
  if (textAt(token, 'path') === '') problems.push(fieldRequired(`${volume}.path`));
}
