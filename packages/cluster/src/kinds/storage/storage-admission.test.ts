import { describe, expect, test } from 'vitest';
import { type ClusterStory, startClusterStory } from '../../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';

const DEFAULT = 'storageclass.kubernetes.io/is-default-class';
const BETA_DEFAULT = 'storageclass.beta.kubernetes.io/is-default-class';
const CLAIM = 'v1 PersistentVolumeClaim';

const claim = (spec: JsonObject = {}, annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'c', annotations },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});

/** Creates a StorageClass whose provisioner is not simulated. */
async function addClass(
  story: ClusterStory,
  name: string,
  annotations: Record<string, string>,
  more: JsonObject = {},
): Promise<void> {
  const kind = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' };
  await story.client.create({ ...kind, metadata: { name, annotations }, provisioner: 'example.com/p', ...more });
}

describe('the class of a claim', () => {
  test.each<
    [string, readonly (readonly [name: string, second: number, annotation: Record<string, string>])[], unknown]
  >([
    ['is absent without a default class', [['a', 0, {}]], undefined],
    ['is absent when the annotation of the only class is false', [['a', 0, { [DEFAULT]: 'false' }]], undefined],
    [
      'is the default class',
      [
        ['a', 0, {}],
        ['b', 0, { [DEFAULT]: 'true' }],
      ],
      'b',
    ],
    ['is the class with the beta annotation', [['a', 0, { [BETA_DEFAULT]: 'true' }]], 'a'],
    [
      'is the newest of several default classes',
      [
        ['a', 0, { [DEFAULT]: 'true' }],
        ['b', 1, { [DEFAULT]: 'true' }],
      ],
      'b',
    ],
    [
      'is the newest default class, whatever its name is',
      [
        ['b', 0, { [DEFAULT]: 'true' }],
        ['a', 1, { [DEFAULT]: 'true' }],
      ],
      'a',
    ],
    [
      'is the first by name of equally old default classes',
      [
        ['b', 0, { [DEFAULT]: 'true' }],
        ['a', 0, { [DEFAULT]: 'true' }],
      ],
      'a',
    ],
  ])('that names no class %s', async (_title, classes, expected) => {
    await using story = await startClusterStory({ controllers: false });
    let now = 0;
    for (const [name, second, annotations] of classes) {
      await story.advance(second - now);
      now = second;
      await addClass(story, name, annotations);
    }
    expect((await story.create(claim())).spec?.['storageClassName']).toBe(expected);
  });

  test.each<[string, JsonObject, Record<string, string>, unknown]>([
    ['an empty class name', { storageClassName: '' }, {}, ''],
    ['another class name', { storageClassName: 'x' }, {}, 'x'],
    ['a class in an annotation', {}, { 'volume.beta.kubernetes.io/storage-class': 'x' }, undefined],
  ])('with %s is not the default class', async (_title, spec, annotations, expected) => {
    await using story = await startClusterStory({ controllers: false });
    await addClass(story, 'a', { [DEFAULT]: 'true' });
    expect((await story.create(claim(spec, annotations))).spec?.['storageClassName']).toBe(expected);
  });
});

test('policies see the default class and the finalizers of claims and volumes', async () => {
  await using story = await startClusterStory({ controllers: false });
  await addClass(story, 'a', { [DEFAULT]: 'true' });
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const seen = 'object.metadata.finalizers.join() + " " + object.spec.?storageClassName.orValue("none")';
  await story.client.create({
    apiVersion,
    kind: 'MutatingAdmissionPolicy',
    metadata: { name: 'p' },
    spec: {
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: [''],
            apiVersions: ['*'],
            operations: ['CREATE'],
            resources: ['persistentvolumeclaims', 'persistentvolumes'],
          },
        ],
      },
      reinvocationPolicy: 'Never',
      mutations: [
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: { expression: `Object{metadata: Object.metadata{annotations: {"seen": ${seen}}}}` },
        },
      ],
    },
  });
  const binding = { apiVersion, kind: 'MutatingAdmissionPolicyBinding', metadata: { name: 'p' } };
  await story.client.create({ ...binding, spec: { policyName: 'p' } });
  const volume: KubeObject = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'v', finalizers: ['kubernetes.io/pv-protection'] },
    spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/x' } },
  };
  const annotations = [await story.create(claim()), await story.client.create(volume)].map(
    ({ metadata }) => metadata.annotations?.['seen'],
  );
  expect(annotations).toEqual(['kubernetes.io/pvc-protection a', 'kubernetes.io/pv-protection none']);
});

describe('an update that enlarges a claim', () => {
  const NO_EXPANSION =
    'persistentvolumeclaims "c" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';

  test.each<[string, string, JsonObject, string | undefined]>([
    ['is accepted for a bound claim whose class permits it', 'Bound', { allowVolumeExpansion: true }, undefined],
    ['is refused when the class forbids it', 'Bound', { allowVolumeExpansion: false }, NO_EXPANSION],
    ['is refused when the class has no allowVolumeExpansion', 'Bound', {}, NO_EXPANSION],
  ])('%s', async (_title, phase, more, refusal) => {
    await using story = await startClusterStory({ controllers: false });
    await addClass(story, 'a', {}, more);
    await story.create(claim({ storageClassName: 'a' }));
    const ref = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'c', namespace: 'default' };
    await story.client.patch(ref, { status: { phase } }, { subresource: 'status' });
    const grown = story.patch(CLAIM, 'c', { spec: { resources: { requests: { storage: '2Gi' } } } });
    if (refusal === undefined) await expect(grown).resolves.toMatchObject({ kind: 'PersistentVolumeClaim' });
    else await expect(grown).rejects.toThrow(refusal);
  });

  test('is refused for a claim without a class', async () => {
    await using story = await startClusterStory({ controllers: false });
    await story.create(claim());
    const ref = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'c', namespace: 'default' };
    await story.client.patch(ref, { status: { phase: 'Bound' } }, { subresource: 'status' });
    const grown = story.patch(CLAIM, 'c', { spec: { resources: { requests: { storage: '2Gi' } } } });
    await expect(grown).rejects.toThrow(NO_EXPANSION);
  });

  test('is refused by the validation of claims if the claim is not bound', async () => {
    await using story = await startClusterStory({ controllers: false });
    await story.create(claim());
    const grown = story.patch(CLAIM, 'c', { spec: { resources: { requests: { storage: '2Gi' } } } });
    await expect(grown).rejects.toThrow('spec is immutable after creation except resources.requests');
  });
});
