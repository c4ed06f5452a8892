import type { JsonObject } from '@typekro/kit/core';
import {
  dnsLabel,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  textAt,
  quantityOf,
} from '@typekro/kit/kubernetes';
import type { Problems } from '../../errors/field-problems.ts';
import { validateClaimSpec } from '../storage/claims.ts';
import { checkDownward, checkKeys, checkProjected } from './mounted-files.ts';

/** Checks the volumes of a pod's specification. Returns the names of the well-formed volumes. */
export function validateVolumes(spec: JsonObject, path: string, problems: Problems): Set<string> {
  const names = new Set<string>();
  const volumes = objectsAt(spec, 'volumes');
  for (const [index, volume] of volumes.entries()) {
    const at = `${path}[${index}]`;
    const name = textAt(volume, 'name');
    const before = problems.length;
    const [source, ...more] = Object.keys(volume)
      .filter((key) => key !== 'name')
      .sort((a, b) => SOURCE_ORDER.indexOf(a) - SOURCE_ORDER.indexOf(b));
    if (source !== undefined) checkVolumeSource(source, objectAt(volume, source), at, problems);
    for (const key of more) problems.forbidden(`${at}.${key}`, 'may not specify more than 1 volume type');
    if (name === '') problems.required(`${at}.name`);
    else {
      problems.invalidFor(`${at}.name`, name, dnsLabel(name));
      if (names.has(name)) problems.duplicate(`${at}.name`, name);
    }
    if (problems.length === before) names.add(name);
  }
  return names;
}

/** Checks one volume source of a pod or of a PersistentVolume. `at` is the field path above the source. */
export function checkVolumeSource(kind: string, source: JsonObject, at: string, problems: Problems): void {
  sourceChecks.get(kind)?.(source, `${at}.${PATH_NAMES.get(kind) ?? kind}`, problems);
}

/**
 * The order in which the API server checks volume sources. It accepts the first source of a volume and refuses all
 * additional sources.
 */
const SOURCE_ORDER =
  `emptyDir hostPath gitRepo gcePersistentDisk awsElasticBlockStore secret nfs iscsi glusterfs flocker rbd
cinder cephfs quobyte downwardAPI fc flexVolume configMap azureFile vsphereVolume photonPersistentDisk
portworxVolume azureDisk storageos persistentVolumeClaim projected scaleIO csi ephemeral image`.split(/\s/);

/** Maps the member name of a source to its name in error paths, if the names differ. */
const PATH_NAMES = new Map([['gcePersistentDisk', 'persistentDisk']]);

/** The pull policies of an image. */
export const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];

type Check = (source: JsonObject, at: string, problems: Problems) => void;

/** Returns a check that requires each of these members to be present and not empty. */
const requireMembers =
  (...members: readonly string[]): Check =>
  (source, at, problems) => {
    for (const member of members) {
      const value = source[member];
      if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0))
        problems.required(`${at}.${member}`);
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
  ['azureDisk', requireMembers('diskName', 'diskURI')],
  ['azureFile', requireMembers('secretName', 'shareName')],
  ['cephfs', requireMembers('monitors')],
  ['cinder', requireMembers('volumeID')],
  ['csi', requireMembers('driver')],
  ['flexVolume', requireMembers('driver')],
  ['gitRepo', requireMembers('repository')],
  ['glusterfs', requireMembers('endpoints', 'path')],
  [
    'image',
    (source, at, problems) => {
      requireMembers('reference')(source, at, problems);
      const policy = textAt(source, 'pullPolicy');
      if (policy !== '' && !PULL_POLICIES.includes(policy))
        problems.notSupported(`${at}.pullPolicy`, policy, PULL_POLICIES);
    },
  ],
  ['persistentVolumeClaim', requireMembers('claimName')],
  ['photonPersistentDisk', requireMembers('pdID')],
  ['portworxVolume', requireMembers('volumeID')],
  ['rbd', requireMembers('monitors', 'image')],
  ['scaleIO', requireMembers('gateway', 'system', 'volumeName')],
  ['vsphereVolume', requireMembers('volumePath')],
  ['configMap', (source, at, problems) => checkKeys(source, at, problems, 'name')],
  ['secret', (source, at, problems) => checkKeys(source, at, problems, 'secretName')],
  ['downwardAPI', checkDownward],
  [
    'emptyDir',
    (source, at, problems) => {
      const limit = source['sizeLimit'];
      if (limit !== undefined && (quantityOf(limit)?.unscaled ?? 0n) < 0n)
        problems.forbidden(`${at}.sizeLimit`, 'SizeLimit field must be a valid resource quantity');
    },
  ],
  [
    'ephemeral',
    (source, at, problems) => {
      const template = optionalAt(source, 'volumeClaimTemplate');
      if (template === undefined) problems.required(`${at}.volumeClaimTemplate`);
      else validateClaimSpec(objectAt(template, 'spec'), `${at}.volumeClaimTemplate.spec`, problems);
    },
  ],
  [
    'fc',
    (source, at, problems) => {
      if ((listAt(source, 'targetWWNs').length === 0) === (listAt(source, 'wwids').length === 0))
        problems.required(`${at}.targetWWNs`, 'must specify either targetWWNs or wwids, but not both');
    },
  ],
  [
    'gcePersistentDisk',
    (source, at, problems) => {
      requireMembers('pdName')(source, at, problems);
      const partition = numberAt(source, 'partition') ?? 0;
      if (partition < 0 || partition > 255)
        problems.invalid(`${at}.partition`, partition, 'must be between 1 and 255, inclusive');
    },
  ],
  [
    'hostPath',
    (source, at, problems) => {
      const path = textAt(source, 'path');
      if (path === '') problems.required(`${at}.path`);
      else if (path.split('/').includes('..')) problems.invalid(`${at}.path`, path, "must not contain '..'");
      const type = textAt(source, 'type');
      problems.requireOneOf(`${at}.type`, type, HOST_PATH_TYPES);
    },
  ],
  [
    'iscsi',
    (source, at, problems) => {
      requireMembers('targetPortal', 'iqn')(source, at, problems);
      const iqn = textAt(source, 'iqn');
      if (iqn !== '' && !/^(iqn|eui|naa)/.test(iqn))
        problems.invalid(`${at}.iqn`, iqn, 'must be valid format starting with iqn, eui, or naa');
      const lun = numberAt(source, 'lun') ?? 0;
      if (lun < 0 || lun > 255) problems.invalid(`${at}.lun`, lun, 'must be between 0 and 255, inclusive');
    },
  ],
  [
    'nfs',
    (source, at, problems) => {
      requireMembers('server', 'path')(source, at, problems);
      const path = textAt(source, 'path');
      if (path !== '' && !path.startsWith('/')) problems.invalid(`${at}.path`, path, 'must be an absolute path');
    },
  ],
  ['projected', checkProjected],
]);
