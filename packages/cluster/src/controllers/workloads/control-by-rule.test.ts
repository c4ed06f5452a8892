import { describe, expect, test } from 'vitest';
import { type ClusterStory, podTemplate, startClusterStory } from '../../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';

const labels = { app: 'o' };
const selector = { matchLabels: labels };
const template = podTemplate(labels);
const endless = {
  metadata: template['metadata'],
  spec: { ...(template['spec'] as JsonObject), restartPolicy: 'Never' },
};

const owner = (type: string, spec: JsonObject): KubeObject => {
  const [apiVersion = '', kind = ''] = type.split(' ');
  return { apiVersion, kind, metadata: { name: 'o' }, spec };
};

const job = owner('batch/v1 Job', {
  manualSelector: true,
  selector,
  parallelism: 1,
  completions: 5,
  template: { metadata: { labels, annotations: { 'typekro.dev/simulate-run-seconds': '1000' } }, spec: endless.spec },
});

/** Owners of pods, and whether the owner replaces a released pod. */
const OWNERS: readonly [string, KubeObject, boolean][] = [
  ['apps/v1 ReplicaSet', owner('apps/v1 ReplicaSet', { replicas: 1, selector, template }), true],
  ['v1 ReplicationController', owner('v1 ReplicationController', { replicas: 1, selector: labels, template }), true],
  ['apps/v1 DaemonSet', owner('apps/v1 DaemonSet', { selector, template }), true],
  ['batch/v1 Job', job, true],
  // A released pod keeps the name of the member, so no other pod replaces it.
  ['apps/v1 StatefulSet', owner('apps/v1 StatefulSet', { replicas: 1, serviceName: 'o', selector, template }), false],
];

const controllersOf = (pods: readonly KubeObject[]) =>
  pods.map(({ metadata }) => metadata.ownerReferences?.find(({ controller }) => controller === true)?.kind ?? 'none');

/** Returns the pods that are not being deleted. A surplus pod still exists until its grace period ends. */
async function living(story: ClusterStory): Promise<readonly KubeObject[]> {
  return (await story.list('v1 Pod')).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

describe.each(OWNERS)('a %s', (type, object, replaces) => {
  const kind = object.kind;

  test('releases a pod whose labels no longer match', async () => {
    await using story = await startClusterStory();
    await story.create(object);
    const [name = ''] = await story.names('v1 Pod');
    await story.patch('v1 Pod', name, { metadata: { labels: { app: 'other' } } });
    const released = await story.get('v1 Pod', name);
    expect(released.metadata.ownerReferences).toBeUndefined();
    expect(released.metadata.finalizers).toBeUndefined();
    const expected = replaces ? ['none', kind] : ['none'];
    expect(controllersOf(await story.list('v1 Pod')).toSorted()).toEqual(expected.toSorted());
  });

  test('adopts a pod whose labels match again', async () => {
    await using story = await startClusterStory();
    await story.create(object);
    const [name = ''] = await story.names('v1 Pod');
    await story.patch('v1 Pod', name, { metadata: { labels: { app: 'other' } } });
    await story.patch('v1 Pod', name, { metadata: { labels } });
    expect(controllersOf(await living(story))).toEqual([kind]);
    expect((await story.list('v1 Event')).some(({ reason }) => reason === 'FailedSync')).toBe(false);
  });

  test('adopts a pod that has lost its controller', async () => {
    await using story = await startClusterStory();
    await story.create(object);
    const [name = ''] = await story.names('v1 Pod');
    const before = await story.get('v1 Pod', name);
    await story.patch('v1 Pod', name, { metadata: { ownerReferences: null } });
    expect((await story.get('v1 Pod', name)).metadata).toMatchObject({
      uid: before.metadata.uid,
      ownerReferences: before.metadata.ownerReferences,
    });
    expect(await living(story)).toHaveLength(1);
  });

  test('adopts a pod that also has an owner of another kind, and turns an existing reference to itself into the controller reference', async () => {
    await using story = await startClusterStory();
    await story.create(object);
    const [name = ''] = await story.names('v1 Pod');
    const [own] = (await story.get('v1 Pod', name)).metadata.ownerReferences ?? [];
    const map = await story.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' } });
    const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'm', uid: map.metadata.uid };
    const adopted = async (ownerReferences: readonly object[]) => {
      await story.patch('v1 Pod', name, { metadata: { ownerReferences: [...ownerReferences] } } as JsonObject);
      const { ownerReferences: references = [] } = (await story.get('v1 Pod', name)).metadata;
      return references.map((reference) => `${reference.kind} ${reference.controller === true}`);
    };
    const [controller, owned] = [`${own?.kind} true`, 'ConfigMap false'];
    // The positions are those of a strategic merge patch, with which the controllers of Kubernetes adopt.
    expect(await adopted([other])).toEqual([controller, owned]);
    expect(await adopted([other, { ...own, controller: false }])).toEqual([owned, controller]);
  });

  test('that is being deleted adopts no pod', async () => {
    await using story = await startClusterStory();
    await story.create({ ...object, metadata: { ...object.metadata, finalizers: ['typekro.dev/test'] } });
    const [name = ''] = await story.names('v1 Pod');
    await story.remove(type, 'o', { propagationPolicy: 'Orphan' });
    await story.patch('v1 Pod', name, { metadata: { labels: { extra: 'x' } } });
    expect(controllersOf(await story.list('v1 Pod'))).toEqual(['none']);
  });
});

describe('a pod without a controller', () => {
  const bare = (podLabels: Record<string, string>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'bare', labels: podLabels },
    spec: endless.spec,
  });

  test('is adopted by an owner that is created later, and counts as one of its pods', async () => {
    await using story = await startClusterStory();
    await story.create(bare(labels));
    await story.create(owner('v1 ReplicationController', { replicas: 2, selector: labels, template }));
    const pods = await story.list('v1 Pod');
    expect(pods).toHaveLength(2);
    expect(controllersOf(pods)).toEqual(['ReplicationController', 'ReplicationController']);
  });

  test('is surplus when the owner that adopts it has all its pods', async () => {
    await using story = await startClusterStory();
    await story.create(owner('apps/v1 ReplicaSet', { replicas: 1, selector, template }));
    await story.create(bare(labels));
    expect(await living(story)).toHaveLength(1);
    expect(await story.reasons('o')).toContain('SuccessfulDelete');
  });

  test('is not adopted by a StatefulSet that has no member with this name', async () => {
    await using story = await startClusterStory();
    await story.create(bare(labels));
    await story.create(owner('apps/v1 StatefulSet', { replicas: 1, serviceName: 'o', selector, template }));
    expect(controllersOf(await story.list('v1 Pod'))).toEqual(['none', 'StatefulSet']);
  });

  test('gets the finalizer of the Job that adopts it', async () => {
    await using story = await startClusterStory();
    const running = bare(labels);
    await story.create({
      ...running,
      metadata: { ...running.metadata, annotations: { 'typekro.dev/simulate-run-seconds': '1000' } },
    });
    await story.create(job);
    expect(await story.list('v1 Pod')).toMatchObject([
      { metadata: { name: 'bare', finalizers: ['batch.kubernetes.io/job-tracking'] } },
    ]);
  });
});

test('a Deployment releases a ReplicaSet whose labels no longer match, and creates another one', async () => {
  await using story = await startClusterStory();
  await story.create(owner('apps/v1 Deployment', { replicas: 1, selector, template }));
  const [name = ''] = await story.names('apps/v1 ReplicaSet');
  await story.patch('apps/v1 ReplicaSet', name, { metadata: { labels: { app: 'other' } } });
  const sets = await story.list('apps/v1 ReplicaSet');
  expect(sets.find(({ metadata }) => metadata.name === name)?.metadata.ownerReferences).toBeUndefined();
  const other = sets.find(({ metadata }) => metadata.name !== name);
  expect(other?.metadata.ownerReferences).toMatchObject([{ kind: 'Deployment', name: 'o' }]);
  expect(other?.status).toMatchObject({ readyReplicas: 1 });
  expect(sets).toHaveLength(2);
  const released = await story.get('apps/v1 Deployment', 'o');
  expect(released.status).toMatchObject({ collisionCount: 1, updatedReplicas: 1, readyReplicas: 1 });
});

describe.each(['StatefulSet', 'DaemonSet'])('a %s', (kind) => {
  const type = `apps/v1 ${kind}`;
  const spec: JsonObject = kind === 'StatefulSet' ? { replicas: 1, serviceName: 'o' } : {};
  const object = owner(type, { ...spec, selector, template });
  const ready = { [kind === 'StatefulSet' ? 'readyReplicas' : 'numberReady']: 1 };
  const REVISION = 'apps/v1 ControllerRevision';

  test.each([{ app: 'other' }, null])(
    'keeps its revision when another client changes the labels of the revision to %j',
    async (changed) => {
      await using story = await startClusterStory();
      await story.create(object);
      const [revision = ''] = await story.names(REVISION);
      const [before = ''] = await story.names('v1 Pod');
      await story.patch(REVISION, revision, { metadata: { labels: changed } });
      await story.remove('v1 Pod', before);
      await story.advance(60);
      expect(await story.names(REVISION)).toEqual([revision]);
      expect((await living(story)).map(({ metadata }) => metadata.labels?.['controller-revision-hash'])).toEqual([
        kind === 'StatefulSet' ? revision : revision.replace('o-', ''),
      ]);
      expect((await story.get(type, 'o')).status).toMatchObject(ready);
    },
  );

  test('computes another hash for its revision when another object has the name of the revision', async () => {
    await using story = await startClusterStory();
    await story.create(object);
    const [name = ''] = await story.names(REVISION);
    await story.remove(type, 'o');
    await story.advance(60);
    const taken = { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata: { name }, revision: 1 };
    await story.create({ ...taken, data: { other: true } });
    await story.create(object);
    expect(await story.names(REVISION)).toHaveLength(2);
    expect((await story.get(type, 'o')).status).toMatchObject({ ...ready, collisionCount: 1 });
  });
});

test.each(['StatefulSet', 'DaemonSet'])('a %s adopts its revisions after an orphaning deletion', async (kind) => {
  await using story = await startClusterStory();
  const spec: JsonObject = kind === 'StatefulSet' ? { replicas: 1, serviceName: 'o' } : {};
  const object = owner(`apps/v1 ${kind}`, { ...spec, selector, template });
  await story.create(object);
  const revisions = await story.names('apps/v1 ControllerRevision');
  await story.remove(`apps/v1 ${kind}`, 'o', { propagationPolicy: 'Orphan' });
  const { metadata } = await story.create(object);
  const adopted = await story.list('apps/v1 ControllerRevision');
  expect(adopted.map((revision) => revision.metadata.name)).toEqual(revisions);
  expect(adopted.map((revision) => revision.metadata.ownerReferences?.[0]?.uid)).toEqual([metadata.uid]);
});
