import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { claimStrategy } from '../cluster-kinds.ts';
import { volumeStrategy } from './storage-strategies.ts';
import type { MutableObject, Strategy, WriteContext } from '../strategy.ts';
import { Problems } from '../../errors/field-problems.ts';

// The rules of claims and volumes use no other member of the context.
const context = { subresource: '' } as WriteContext;
const CLASS = 'volume.beta.kubernetes.io/storage-class';

interface Parts {
  readonly spec?: JsonObject;
  readonly status?: JsonObject;
  readonly annotations?: Record<string, string>;
}

const claim = ({ spec = {}, status = {}, annotations = {} }: Parts): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'c', annotations },
  spec: { accessModes: ['ReadWriteOnce'], resources: requests('2Gi'), ...spec },
  status,
});
const requests = (storage: string, more: JsonObject = {}): JsonObject => ({ requests: { storage }, ...more });
const bound = (capacity: string): JsonObject => ({ phase: 'Bound', capacity: { storage: capacity } });

/** The first line of each problem that the strategy reports for an update. */
function problemsOf(strategy: Partial<Strategy>, next: KubeObject, old: KubeObject): string[] {
  const problems = new Problems();
  strategy.validateUpdate?.(next, old, problems, context);
  return problems.map(({ field, message }) => `${field}: ${message.split('\n')[0]}`);
}

const NO_CHANGE =
  'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
const TOO_SMALL = 'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity';

describe('an update of a claim', () => {
  test.each<[string, Parts, Parts, string[]]>([
    ['may enlarge a bound claim', { status: bound('2Gi') }, { spec: { resources: requests('3Gi') } }, []],
    [
      'may not shrink a bound claim below its capacity',
      { status: bound('2Gi') },
      { spec: { resources: requests('1Gi') } },
      [TOO_SMALL],
    ],
    [
      'may reduce the request after a failed expansion',
      { status: bound('1Gi') },
      { spec: { resources: requests('1500Mi') } },
      [],
    ],
    [
      'may not change the limits of a bound claim',
      { status: bound('2Gi') },
      { spec: { resources: requests('2Gi', { limits: { storage: '3Gi' } }) } },
      [NO_CHANGE],
    ],
    [
      'may change the VolumeAttributesClass of a bound claim',
      { status: bound('2Gi'), spec: { volumeAttributesClassName: 'a' } },
      { spec: { volumeAttributesClassName: 'b' } },
      [],
    ],
    [
      'may not remove the VolumeAttributesClass',
      { status: bound('2Gi'), spec: { volumeAttributesClassName: 'a' } },
      {},
      [NO_CHANGE, 'spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden'],
    ],
    [
      'may not change the VolumeAttributesClass of an unbound claim',
      {},
      { spec: { volumeAttributesClassName: 'a' } },
      [NO_CHANGE],
    ],
    ['may set a storage class', {}, { spec: { storageClassName: 'a' } }, []],
    [
      'may move the class from the annotation to the field',
      { annotations: { [CLASS]: 'a' } },
      { spec: { storageClassName: 'a' } },
      [],
    ],
    [
      'may not set a class that differs from the annotation',
      { annotations: { [CLASS]: 'a' } },
      { spec: { storageClassName: 'b' }, annotations: { [CLASS]: 'a' } },
      [NO_CHANGE],
    ],
    [
      'may not change the class annotation',
      { annotations: { [CLASS]: 'a' } },
      { annotations: { [CLASS]: 'b' } },
      [`metadata.annotations.${CLASS}: Invalid value: "b": field is immutable`],
    ],
  ])('%s', (_title, before, next, expected) => {
    const status = before.status ?? {};
    expect(problemsOf(claimStrategy, claim({ ...next, status }), claim({ ...before }))).toEqual(expected);
  });

  test('fills in dataSourceRef for a client that sends only dataSource', () => {
    const source = { apiGroup: 'a.b', kind: 'Foo', name: 'f' };
    const old = claim({ spec: { dataSource: source, dataSourceRef: source } });
    const next: MutableObject = structuredClone(claim({ spec: { dataSource: source } }));
    claimStrategy.prepareUpdate?.(next, old, context);
    expect(next.spec).toEqual(old.spec);
  });
});

describe('an update of a volume', () => {
  const volume = (more: JsonObject): KubeObject => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'v' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      csi: { driver: 'a.b', volumeHandle: 'h' },
      ...more,
    },
  });
  const on = (node: string): JsonObject => ({
    nodeAffinity: {
      required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'n', operator: 'In', values: [node] }] }] },
    },
  });
  const SECRET = { name: 's', namespace: 'n' };
  test.each<[string, JsonObject, JsonObject, string[]]>([
    ['may set its node affinity', {}, on('a'), []],
    [
      'may not change its node affinity',
      on('a'),
      on('b'),
      [
        'nodeAffinity: Invalid value: {"Required":{"NodeSelectorTerms":[{"MatchExpressions":[{"Key":"n","Operator":"In","Values":["b"]}],"MatchFields":null}]}}: field is immutable',
      ],
    ],
    [
      'may set the Secret for expansions',
      {},
      { csi: { driver: 'a.b', volumeHandle: 'h', controllerExpandSecretRef: SECRET } },
      [],
    ],
    [
      'may not remove the Secret for expansions',
      { csi: { driver: 'a.b', volumeHandle: 'h', controllerExpandSecretRef: SECRET } },
      {},
      ['spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation'],
    ],
    [
      'may not remove its VolumeAttributesClass',
      { volumeAttributesClassName: 'a' },
      {},
      ['spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden'],
    ],
  ])('%s', (_title, before, next, expected) => {
    expect(problemsOf(volumeStrategy, volume(next), volume(before))).toEqual(expected);
  });
});
