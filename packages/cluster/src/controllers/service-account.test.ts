import { expect, test } from 'vitest';
import { startClusterStory } from '../../test-support/cluster-story.ts';

const MAP = 'v1 ConfigMap';
const ROOT_CA = 'kube-root-ca.crt';

test.each([
  ['changed', { data: { 'ca.crt': 'mine' } }],
  ['extended', { data: { more: 'x' } }],
  ['emptied', { data: null }],
  ['removed the description of', { metadata: { annotations: null } }],
])('the ConfigMap with the certificate authority is restored when a client has %s it', async (_, change) => {
  await using story = await startClusterStory();
  const before = await story.get(MAP, ROOT_CA);
  await story.patch(MAP, ROOT_CA, change);
  const after = await story.get(MAP, ROOT_CA);
  expect(after['data']).toEqual(before['data']);
  expect(after.metadata.annotations).toEqual(before.metadata.annotations);
  expect(after.metadata.uid).toBe(before.metadata.uid);
});

test('as in Kubernetes, only the data and the description of the ConfigMap with the certificate authority are restored', async () => {
  await using story = await startClusterStory();
  const before = await story.get(MAP, ROOT_CA);
  const own = { annotations: { 'kubernetes.io/description': 'mine', own: 'x' } };
  await story.patch(MAP, ROOT_CA, { metadata: own, binaryData: { more: 'AAE=' } });
  expect(await story.get(MAP, ROOT_CA)).toMatchObject({ metadata: own, binaryData: { more: 'AAE=' } });
  await story.patch(MAP, ROOT_CA, { data: { 'ca.crt': 'mine', extra: 'x' } });
  const after = await story.get(MAP, ROOT_CA);
  expect([after['data'], after['binaryData']]).toEqual([before['data'], { more: 'AAE=' }]);
  // Each write by the controller also sets the description.
  expect(after.metadata.annotations).toEqual({ ...before.metadata.annotations, own: 'x' });
});

test('labels of the ConfigMap with the certificate authority are kept, and a deleted ConfigMap or ServiceAccount is created again', async () => {
  await using story = await startClusterStory();
  await story.patch(MAP, ROOT_CA, { metadata: { labels: { a: 'b' } } });
  expect((await story.get(MAP, ROOT_CA)).metadata.labels).toEqual({ a: 'b' });
  await story.remove(MAP, ROOT_CA);
  await story.remove('v1 ServiceAccount', 'default');
  expect((await story.get(MAP, ROOT_CA)).metadata.labels).toBeUndefined();
  expect(await story.find('v1 ServiceAccount', 'default')).toBeDefined();
});
