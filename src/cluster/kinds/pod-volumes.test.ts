import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../core/index.ts';
import type { FieldError } from '../../kubernetes/index.ts';
import { validateVolumes } from './pod-volumes.ts';

function problemsOf(volume: JsonObject): string[] {
  const problems: FieldError[] = [];
  validateVolumes({ volumes: [{ name: 'v', ...volume }] }, 'volumes', problems);
  return problems.map(({ field, message }) => `${field.replace('volumes[0].', '')}: ${message}`);
}

const keys = (...paths: string[]): JsonObject => ({ name: 'x', items: paths.map((path) => ({ key: 'k', path })) });
const projected = (...sources: JsonObject[]): JsonObject => ({ projected: { sources } });
const labels = (path: string): JsonObject => ({
  downwardAPI: { items: [{ path, fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.labels' } }] },
});
const conflict = (name: string): string => `projected: Invalid value: "${name}": conflicting duplicate paths`;
const RESERVED = "must not start with '..'";

describe('a volume of a pod', () => {
  test.each<[string, JsonObject, string[]]>([
    [
      'has one source, and the others are not checked',
      { secret: { secretName: 's' }, hostPath: {}, csi: {} },
      [
        'hostPath.path: Required value',
        'secret: Forbidden: may not specify more than 1 volume type',
        'csi: Forbidden: may not specify more than 1 volume type',
      ],
    ],
    [
      'has one source, in the order of the server',
      { portworxVolume: { volumeID: 'v' }, emptyDir: {} },
      ['portworxVolume: Forbidden: may not specify more than 1 volume type'],
    ],
    [
      'does not write its own files',
      { configMap: keys('..data') },
      [`configMap.items[0].path: Invalid value: "..data": ${RESERVED}`],
    ],
    ['has files in folders', { configMap: keys('a/..b', 'a') }, []],
    [
      'reports a path above its folder once',
      { configMap: keys('../a') },
      [`configMap.items[0].path: Invalid value: "../a": must not contain '..'`],
    ],
    ['may have the same file twice', { configMap: keys('a', 'a') }, []],
    [
      'does not write its own files from fields',
      labels('..a'),
      [`downwardAPI.path: Invalid value: "..a": ${RESERVED}`],
    ],
    [
      'has a local path for its token',
      projected({ serviceAccountToken: { path: '/t' } }),
      ['projected.path: Invalid value: "/t": must be a relative path'],
    ],
    ['has its files once', projected({ secret: keys('a') }, { configMap: keys('b', 'a') }), [conflict('x')]],
    ['has its fields once', projected({ configMap: keys('a') }, labels('a')), [conflict('a')]],
    ['has different files', projected({ secret: keys('a') }, { configMap: keys('b') }, labels('c')), []],
    ['of OpenStack has a disk', { cinder: {} }, ['cinder.volumeID: Required value']],
    ['of vSphere has a path', { vsphereVolume: {} }, ['vsphereVolume.volumePath: Required value']],
    ['of Photon has a disk', { photonPersistentDisk: {} }, ['photonPersistentDisk.pdID: Required value']],
    ['of Portworx has a name', { portworxVolume: {} }, ['portworxVolume.volumeID: Required value']],
    [
      'of Azure has a disk',
      { azureDisk: { kind: 'Shared' } },
      ['azureDisk.diskName: Required value', 'azureDisk.diskURI: Required value'],
    ],
    [
      'of ScaleIO has a gateway',
      { scaleIO: {} },
      ['scaleIO.gateway: Required value', 'scaleIO.system: Required value', 'scaleIO.volumeName: Required value'],
    ],
  ])('%s', (_, volume, expected) => {
    expect(problemsOf(volume)).toEqual(expected);
  });
});
