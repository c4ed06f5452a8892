import { afterEach, beforeAll, expect, test } from 'vitest';
import { versionedWorld, type VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { JsonObject, KubeObject } from '@typekro/kit/core';

// The controller loads the generator of objects when it needs it. A world does not wait for files.
beforeAll(() => import('../../../../packages/engine/src/conversion/generator-library.ts'));

let world: VirtualWorld;
afterEach(() => world.close());

const definition: KubeObject = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'memo' },
  spec: {
    schema: {
      apiVersion: 'v2',
      kind: 'Memo',
      group: 'acme.test',
      spec: { text: 'string' },
      versions: [{ name: 'v1', spec: { text: 'string', color: 'string' }, lossy: ['spec.color'] }],
    },
    resources: [],
  },
};
const memo = (version: string, name: string, spec: JsonObject): KubeObject => ({
  apiVersion: `acme.test/${version}`,
  kind: 'Memo',
  metadata: { name, namespace: 'default' },
  spec,
});

// Server-side apply removes what a manager has applied before and no longer applies, unless another manager owns it.
test.each<[owner: string, others: readonly string[], after: JsonObject]>([
  ['its manager alone', [], { text: 'new' }],
  ['another manager, too', ['other'], { text: 'new', color: 'red' }],
])('an apply in a version that cannot hold a field, which %s has applied before', async (_owner, others, after) => {
  world = await versionedWorld();
  await world.apply(definition);
  await world.advance(2000);
  for (const fieldManager of ['own', ...others])
    await world.user.apply(memo('v1', 'a', { text: 'old', color: 'red' }), { fieldManager, force: true });
  await world.user.apply(memo('v2', 'a', { text: 'new' }), { fieldManager: 'own', force: true });
  const { spec } = await world.user.get({ apiVersion: 'acme.test/v1', kind: 'Memo', namespace: 'default', name: 'a' });
  expect(spec).toEqual(after);
});
