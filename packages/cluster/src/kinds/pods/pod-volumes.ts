import { dnsLabel, quantityOf } from '@typekro/kit/kubernetes';
import type { Field } from '../../errors/field-problems.ts';
import { validateClaimSpec } from '../storage/claims.ts';
import { checkDownward, checkKeys, checkProjected } from './mounted-files.ts';
import { checkNoBacksteps } from './pod-env.ts';

/** Checks the volumes of a pod's specification. Returns the names of the well-formed volumes. */
export function validateVolumes(spec: Field): Set<string> {
  const names = new Set<string>();
  for (const volume of spec.objects('volumes')) {
    const name = volume.text('name');
    const before = spec.problems.length;
    const [source, ...more] = Object.keys(volume.value)
      .filter((key) => key !== 'name')
      .sort((a, b) => SOURCE_ORDER.indexOf(a) - SOURCE_ORDER.indexOf(b));
    if (source !== undefined) checkVolumeSource(source, volume);
    for (const key of more) volume.member(key).forbidden('may not specify more than 1 volume type');
    name.name(dnsLabel);
    if (name.value !== '' && names.has(name.value)) name.duplicate();
    if (spec.problems.length === before) names.add(name.value);
  }
  return names;
}

/** Checks one volume source of the volume of a pod, or of a PersistentVolume. */
export function checkVolumeSource(kind: string, volume: Field): void {
  // The name of this source in error paths is not that of the member.
  const source = volume.object(kind);
  sourceChecks.get(kind)?.(kind === 'gcePersistentDisk' ? source.at(`${volume.path}.persistentDisk`) : source);
}

/**
 * The order in which the API server checks volume sources. It accepts the first source of a volume and refuses all
 * additional sources.
 */
const SOURCE_ORDER =
  `emptyDir hostPath gitRepo gcePersistentDisk awsElasticBlockStore secret nfs iscsi glusterfs flocker rbd
cinder cephfs quobyte downwardAPI fc flexVolume configMap azureFile vsphereVolume photonPersistentDisk
portworxVolume azureDisk storageos persistentVolumeClaim projected scaleIO csi ephemeral image`.split(/\s/);

/** The pull policies of an image. */
export const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];

type Check = (source: Field) => void;

/** Returns a check that requires each of these members to be present and not empty. */
const requireMembers =
  (...members: readonly string[]): Check =>
  (source) => {
    for (const key of members) {
      const member = source.member(key);
      const { value } = member;
      if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) member.required();
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
    (source) => {
      requireMembers('reference')(source);
      source.text('pullPolicy').oneOfIfSet(PULL_POLICIES);
    },
  ],
  ['persistentVolumeClaim', requireMembers('claimName')],
  ['photonPersistentDisk', requireMembers('pdID')],
  ['portworxVolume', requireMembers('volumeID')],
  ['rbd', requireMembers('monitors', 'image')],
  ['scaleIO', requireMembers('gateway', 'system', 'volumeName')],
  ['vsphereVolume', requireMembers('volumePath')],
  ['configMap', (source) => checkKeys(source, 'name')],
  ['secret', (source) => checkKeys(source, 'secretName')],
  ['downwardAPI', checkDownward],
  [
    'emptyDir',
    (source) => {
      const limit = source.member('sizeLimit');
      if (limit.value !== undefined && (quantityOf(limit.value)?.unscaled ?? 0n) < 0n)
        limit.forbidden('SizeLimit field must be a valid resource quantity');
    },
  ],
  [
    'ephemeral',
    (source) => {
      const template = source.optional('volumeClaimTemplate');
      if (template === undefined) source.member('volumeClaimTemplate').required();
      else validateClaimSpec(template.object('spec'));
    },
  ],
  [
    'fc',
    (source) => {
      const [targets, wwids] = [source.list('targetWWNs'), source.list('wwids')];
      if ((targets.value.length === 0) === (wwids.value.length === 0))
        targets.required('must specify either targetWWNs or wwids, but not both');
    },
  ],
  [
    'gcePersistentDisk',
    (source) => {
      requireMembers('pdName')(source);
      source.number('partition').between(0, 255, 'must be between 1 and 255, inclusive');
    },
  ],
  [
    'hostPath',
    (source) => {
      checkNoBacksteps(source.text('path'));
      source.text('type').oneOf(HOST_PATH_TYPES);
    },
  ],
  [
    'iscsi',
    (source) => {
      requireMembers('targetPortal', 'iqn')(source);
      const iqn = source.text('iqn');
      if (iqn.value !== '' && !/^(iqn|eui|naa)/.test(iqn.value))
        iqn.invalid('must be valid format starting with iqn, eui, or naa');
      source.number('lun').between(0, 255, 'must be between 0 and 255, inclusive');
    },
  ],
  [
    'nfs',
    (source) => {
      requireMembers('server', 'path')(source);
      const path = source.text('path');
      if (path.value !== '' && !path.value.startsWith('/')) path.invalid('must be an absolute path');
    },
  ],
  ['projected', checkProjected],
]);
