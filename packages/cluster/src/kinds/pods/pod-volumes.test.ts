import { describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { validateVolumes } from './pod-volumes.ts';
import { Problems } from '../../errors/field-problems.ts';

function problemsOf(volume: JsonObject): string[] {
  const problems = new Problems();
  validateVolumes(problems.field('', { volumes: [{ name: 'v', ...volume }] }));
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
      'may have only one source, and additional sources are refused without further checks',
      { secret: { secretName: 's' }, hostPath: {}, csi: {} },
      [
        'hostPath.path: Required value',
        'secret: Forbidden: may not specify more than 1 volume type',
        'csi: Forbidden: may not specify more than 1 volume type',
      ],
    ],
    [
      'with two sources is refused for the later one in the order of the API server',
      { portworxVolume: { volumeID: 'v' }, emptyDir: {} },
      ['portworxVolume: Forbidden: may not specify more than 1 volume type'],
    ],
    [
      'must not contain files that the kubelet reserves',
      { configMap: keys('..data') },
      [`configMap.items[0].path: Invalid value: "..data": ${RESERVED}`],
    ],
    ['may have files in folders', { configMap: keys('a/..b', 'a') }, []],
    [
      'with a path above its folder has one error',
      { configMap: keys('../a') },
      [`configMap.items[0].path: Invalid value: "../a": must not contain '..'`],
    ],
    ['may have the same file twice', { configMap: keys('a', 'a') }, []],
    [
      'must not contain reserved files from pod fields',
      labels('..a'),
      [`downwardAPI.path: Invalid value: "..a": ${RESERVED}`],
    ],
    [
      'must have a relative path for its token',
      projected({ serviceAccountToken: { path: '/t' } }),
      ['projected.path: Invalid value: "/t": must be a relative path'],
    ],
    [
      'must not have the same file from two sources',
      projected({ secret: keys('a') }, { configMap: keys('b', 'a') }),
      [conflict('x')],
    ],
    [
      'must not have a field and a file at the same path',
      projected({ configMap: keys('a') }, labels('a')),
      [conflict('a')],
    ],
    [
      'may have different files from several sources',
      projected({ secret: keys('a') }, { configMap: keys('b') }, labels('c')),
      [],
    ],
    ['of the type cinder must have a disk', { cinder: {} }, ['cinder.volumeID: Required value']],
    ['of the type vsphereVolume must have a path', { vsphereVolume: {} }, ['vsphereVolume.volumePath: Required value']],
    [
      'of the type photonPersistentDisk must have a disk',
      { photonPersistentDisk: {} },
      ['photonPersistentDisk.pdID: Required value'],
    ],
    [
      'of the type portworxVolume must have a volume ID',
      { portworxVolume: {} },
      ['portworxVolume.volumeID: Required value'],
    ],
    [
      'of the type azureDisk must have a disk name and URI',
      { azureDisk: { kind: 'Shared' } },
      ['azureDisk.diskName: Required value', 'azureDisk.diskURI: Required value'],
    ],
    [
      'of the type scaleIO must have a gateway, a system and a name',
      { scaleIO: {} },
      ['scaleIO.gateway: Required value', 'scaleIO.system: Required value', 'scaleIO.volumeName: Required value'],
    ],
  ])('%s', (_, volume, expected) => {
    expect(problemsOf(volume)).toEqual(expected);
  });
});
