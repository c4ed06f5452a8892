import { describe, expect, test } from 'vitest';
import { sendJson } from '../../test-support/send-json.ts';
import { startClusterStory } from '../../test-support/cluster-story.ts';
import { createEmbeddedCluster } from '../cluster.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';

test('a binding must name a node', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const post = async (path: string, object: object) => {
    const { status, body } = await sendJson(cluster, 'POST', `/api/v1/namespaces/default/pods${path}`, {
      body: object,
    });
    return { status, message: body['message'] };
  };
  const bind = (target: object) =>
    post('/p/binding', { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target });
  await post('', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });

  expect(await bind({ kind: 'Node' })).toEqual({ status: 500, message: 'target.name: Required value' });
  expect(await bind({ kind: 'X', name: '' })).toEqual({
    status: 500,
    message: '[target.kind: Unsupported value: "X": supported values: "Node", "<empty>", target.name: Required value]',
  });
  expect(await bind({ name: 'n' })).toEqual({ status: 201, message: undefined });
  expect((await bind({ kind: 'Node', name: 'm' })).status).toBe(409);
});

const ZONE = 'topology.kubernetes.io/zone';
const REGION = 'topology.kubernetes.io/region';

const pod = (spec: JsonObject = {}, metadata: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', ...metadata },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});
const node: KubeObject = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: 'n',
    labels: { [ZONE]: 'z', [REGION]: 'r', other: 'x' },
    annotations: { 'typekro.dev/simulated': 'true' },
  },
};
const binding = (metadata: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Binding',
  metadata: { name: 'p', namespace: 'default', ...metadata },
  target: { kind: 'Node', name: 'n' },
});

describe('a pod gets the topology labels of its node', () => {
  test('from a binding, and also the labels and annotations of the binding', async () => {
    await using story = await startClusterStory({ controllers: false });
    await story.client.create(node);
    await story.create(pod({}, { labels: { [ZONE]: 'old', own: 'a' } }));
    await story.client.create(binding({ labels: { b: 'c', own: 'b' }, annotations: { d: 'e' } }));
    expect((await story.get('v1 Pod', 'p')).metadata).toMatchObject({
      labels: { [ZONE]: 'z', [REGION]: 'r', own: 'b', b: 'c' },
      annotations: { d: 'e' },
    });
  });

  test('when it is created with a nodeName, if the node exists', async () => {
    await using story = await startClusterStory({ controllers: false });
    await story.client.create(node);
    expect((await story.create(pod({ nodeName: 'n' }))).metadata.labels).toEqual({ [ZONE]: 'z', [REGION]: 'r' });
    expect((await story.create(pod({ nodeName: 'm' }, { name: 'q' }))).metadata.labels).toBeUndefined();
  });

  test('from the scheduler', async () => {
    await using story = await startClusterStory();
    await story.client.create(node);
    await story.create(pod({ nodeSelector: { other: 'x' } }));
    const bound = await story.get('v1 Pod', 'p');
    expect([bound.spec?.['nodeName'], bound.metadata.labels]).toEqual(['n', { [ZONE]: 'z', [REGION]: 'r' }]);
  });
});

test.each<[string, JsonObject, boolean, string]>([
  ['that is being deleted', {}, true, 'pod p is being deleted, cannot be assigned to a host'],
  ['with scheduling gates', { schedulingGates: [{ name: 'g' }] }, false, 'pod p has non-empty .spec.schedulingGates'],
])('a pod %s is not bound', async (_title, spec, isDeleted, text) => {
  await using story = await startClusterStory({ controllers: false });
  await story.create(pod(spec, { finalizers: ['example.com/f'] }));
  if (isDeleted) await story.remove('v1 Pod', 'p');
  await expect(story.client.create(binding())).rejects.toThrow(text);
});

test.each([
  ['uid', '0e0e0e0e-0000-4000-8000-000000000000', 'UID in precondition: 0e0e0e0e-0000-4000-8000-000000000000'],
  ['resourceVersion', '1', 'ResourceVersion in precondition: 1'],
])('a pod whose %s differs from the precondition in its binding is not bound', async (member, value, text) => {
  await using story = await startClusterStory({ controllers: false });
  const { metadata } = await story.create(pod());
  await expect(story.client.create(binding({ [member]: value }))).rejects.toThrow(text);
  expect((await story.get('v1 Pod', 'p')).spec).not.toHaveProperty('nodeName');
  const { uid = '', resourceVersion = '' } = metadata;
  await story.client.create(binding({ uid, resourceVersion }));
  expect((await story.get('v1 Pod', 'p')).spec).toHaveProperty('nodeName', 'n');
});
