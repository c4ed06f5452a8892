import { expect, test } from 'vitest';
import { startClusterStory } from '../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { defaultPriorityClass } from './pods/pod-admission.ts';

const priorityClass = (name: string, value: number, globalDefault: boolean): KubeObject & JsonObject => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value,
  globalDefault,
});

test('only one priority class is the default', async () => {
  await using story = await startClusterStory({ controllers: false });
  const { client } = story;
  await client.create(priorityClass('first', 10, true));
  await client.create(priorityClass('second', 20, false));
  const problem = 'PriorityClass first is already marked as default. Only one default can exist';
  await expect(client.create(priorityClass('third', 1, true))).rejects.toThrow(
    `priorityclasses.scheduling.k8s.io "third" is forbidden: ${problem}`,
  );
  const ref = (name: string) => ({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', name });
  await expect(client.patch(ref('second'), { globalDefault: true })).rejects.toThrow(problem);
  await expect(client.patch(ref('first'), { description: 'd' })).resolves.toMatchObject({ globalDefault: true });
});

test('of several default classes, pods get the class with the lowest value', () => {
  const classes = [priorityClass('a', 3, true), priorityClass('b', 1, true), priorityClass('c', 0, false)];
  const items = classes.map((object) => ({ key: object.metadata.name ?? '', object }));
  const store = { collection: () => ({ size: 3, get: () => undefined, all: () => items, inNamespace: () => items }) };
  expect(defaultPriorityClass(store)?.metadata.name).toBe('b');
});
