import { expect, test } from 'vitest';
import { startClusterStory } from '../../test-support/cluster-story.ts';
import { crdOf } from '@typekro/kit/test-support/crd';
import type { JsonValue } from '@typekro/kit/core';

test.each<[string, JsonValue, string]>([
  ['null', null, '<nil> is of the type <nil>, expected int64'],
  ['a text', 'many', 'many is of the type string, expected int64'],
  ['a list', [1], '[1] is of the type []interface {}, expected int64'],
  ['a negative number', -1, 'should be a non-negative integer'],
  ['a large number', 2 ** 31, 'should be less than or equal to 2147483647'],
])('a custom resource whose replicas field is %s is refused', async (_, size, message) => {
  await using story = await startClusterStory({ controllers: false });
  const scale = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' };
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const schema = { properties: { spec: anything, status: anything } };
  await story.client.create(crdOf('Herd', schema, { fields: { subresources: { status: {}, scale } } }));
  await story.cluster.idle();
  const herd = (spec: { size?: JsonValue }) =>
    story.create({ apiVersion: 'example.com/v1', kind: 'Herd', metadata: { name: 'a' }, spec });
  await expect(herd({ size })).rejects.toThrow(message);
  await herd({});
});
