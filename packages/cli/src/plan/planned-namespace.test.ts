import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PlanWorld } from '../../test-support/plan-world.ts';
import { planWorld } from '../../test-support/plan-world.ts';
import { mapResource, potDefinition } from '@typekro/testing/test-support/virtual-world';

let place: PlanWorld;
beforeAll(async () => {
  place = await planWorld();
});
afterAll(() => place.close());

const definition = potDefinition([mapResource('map', { text: '${schema.spec.text}' })]);

test('a namespace that does not exist is refused', async () => {
  expect(await place.run('plan FILE -n team-x', definition)).toMatchInlineSnapshot(`
    {
      "code": 2,
      "err": "error: --namespace names team-x, which is neither in the cluster nor in the files [cli/usage]
      hint: did you mean team-a?",
      "out": "",
    }
  `);
  expect((await place.run('plan FILE -n elsewhere', definition)).err).toContain('kubectl create namespace elsewhere');
});

test('a namespace that is only in the files is accepted', async () => {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-x' } };
  expect(await place.run('plan FILE -n team-x', definition, namespace)).toMatchObject({ code: 0 });
});
