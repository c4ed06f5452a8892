import { describe, expect, test } from 'vitest';
import { podTemplate, startClusterStory } from '../../../test-support/cluster-story.ts';
import type { KubeObject } from '@typekro/kit/core';
import { conditionOf } from '@typekro/kit/kubernetes';
import { Store, storeKey } from '../../store/store.ts';
import type { ControllerClient, ResourceName } from '../controller-client.ts';
import { NODE_NAME } from '../nodes/simulated-node.ts';
import { podCollector, surplusPods } from './pod-collector.ts';

const ended = (name: string, second: number, reason?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, creationTimestamp: `2026-01-01T00:00:0${second}Z` },
  status: { phase: 'Failed', ...(reason === undefined ? {} : { reason }) },
});

describe('the collector of pods', () => {
  test.each([
    ['none while the maximum is not exceeded', 4, []],
    ['evicted pods first', 3, ['evicted']],
    ['evicted pods, and then the oldest', 2, ['evicted', 'old']],
    ['evicted pods, then the oldest, and pods of equal age by name', 1, ['evicted', 'old', 'a']],
  ])('surplusPods returns the ended pods above the maximum: %s', (_title, maximum, names) => {
    const pods = [ended('b', 5), ended('a', 5), ended('old', 1), ended('evicted', 9, 'Evicted')];
    expect(surplusPods(pods, maximum).map(({ metadata }) => metadata.name)).toEqual(names);
  });

  test('removes the oldest ended pod each time when one more pod ends than the maximum allows', () => {
    const store = new Store();
    const pods = store.collection('', 'pods');
    const removed: string[] = [];
    const client = {
      at: (_resource: ResourceName, key: string) => pods.get(key)?.object,
      remove(pod: KubeObject) {
        removed.push(pod.metadata.name ?? '');
        pods.remove(storeKey('n', pod.metadata.name ?? ''));
      },
    } as ControllerClient;
    const collector = podCollector(2);
    const due: string[] = [];
    store.subscribe((event) => void due.push(...collector.keysOf(event, client)));
    const put = (name: string, second: number, phase: string) => {
      const pod = ended(name, second);
      pods.put(storeKey('n', name), { ...pod, metadata: { ...pod.metadata, namespace: 'n' }, status: { phase } });
      for (const key of due.splice(0)) collector.reconcile(key, client);
    };
    put('a', 1, 'Succeeded');
    put('b', 2, 'Failed');
    put('c', 0, 'Running');
    expect(removed).toEqual([]);
    put('d', 4, 'Failed');
    expect(removed).toEqual(['a']);
    put('c', 0, 'Succeeded');
    expect(removed).toEqual(['a', 'c']);
  });

  test('removes the pods of a node that has been gone for 40 seconds, and their owner replaces them', async () => {
    await using story = await startClusterStory();
    const labels = { app: 'r' };
    await story.create({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'r' },
      spec: { replicas: 1, selector: { matchLabels: labels }, template: podTemplate(labels) },
    });
    const [name = ''] = await story.names('v1 Pod');
    await story.patch('v1 Pod', name, { metadata: { finalizers: ['test.dev/keep'] } });
    await story.remove('v1 Node', NODE_NAME);
    await story.advance(39);
    expect((await story.get('v1 Pod', name)).status?.['phase']).toBe('Running');
    await story.advance(1);
    const pod = await story.get('v1 Pod', name);
    expect(pod.metadata.deletionTimestamp).toBeDefined();
    expect(pod.status?.['phase']).toBe('Failed');
    expect(conditionOf(pod, 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'DeletionByPodGC',
      message: 'PodGC: node no longer exists',
    });
    await story.patch('v1 Pod', name, { metadata: { finalizers: null } });
    const left = await story.names('v1 Pod');
    expect(left).toHaveLength(1);
    expect(left).not.toContain(name);
  });

  test('keeps the pods of a missing node that is created within 40 seconds', async () => {
    await using story = await startClusterStory();
    await story.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { nodeName: 'late', containers: [{ name: 'c', image: 'a' }] },
    });
    await story.advance(30);
    await story.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'late' } });
    await story.advance(60);
    expect(await story.names('v1 Pod')).toEqual(['p']);
    await story.remove('v1 Node', 'late');
    await story.advance(39);
    expect(await story.names('v1 Pod')).toEqual(['p']);
    await story.advance(1);
    expect(await story.names('v1 Pod')).toEqual([]);
  });

  test('sets a deleted pod to Failed when it never had a node and a finalizer keeps it', async () => {
    await using story = await startClusterStory();
    await story.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', finalizers: ['test.dev/keep'] },
      spec: { nodeSelector: { no: 'node' }, containers: [{ name: 'c', image: 'a' }] },
    });
    await story.remove('v1 Pod', 'p');
    await story.advance(19);
    expect((await story.get('v1 Pod', 'p')).status?.['phase']).toBe('Pending');
    await story.advance(1);
    expect((await story.get('v1 Pod', 'p')).status?.['phase']).toBe('Failed');
  });
});
