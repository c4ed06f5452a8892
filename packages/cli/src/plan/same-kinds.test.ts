import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PlanWorld } from '../../test-support/plan-world.ts';
import { planWorld } from '../../test-support/plan-world.ts';
import { commandRunner } from '../../test-support/run-command.ts';
import { mapResource, pot, potDefinition } from '@typekro/testing/test-support/virtual-world';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { why } from '../commands/instance/why.ts';

/** Two groups have a kind with the same name, and both kinds have an instance with the same name. */
let place: PlanWorld;
beforeAll(async () => {
  place = await planWorld();
  await place.world.apply(definition('one'), definition('two'));
  await place.world.advance(3000);
  await place.world.apply(instance('one'), instance('two'));
  await place.world.advance(3000);
});
afterAll(() => place.close());

function definition(group: string): KubeObject {
  const { spec } = potDefinition([mapResource(`map${group}`, { a: 'b' })]);
  const schema = { ...(spec?.['schema'] as JsonObject), group: `${group}.test` };
  return { ...potDefinition([]), metadata: { name: `pots-${group}` }, spec: { ...spec, schema } };
}
const instance = (group: string): KubeObject => ({ ...pot('rose'), apiVersion: `${group}.test/v1` });

test('the remedy for an ambiguous name contains the group, and the name with the group finds the instance', async () => {
  const run = commandRunner([why], place.cwd);
  const { code, err } = await run('why default/rose --kubeconfig kubeconfig');
  expect({ code, err }).toEqual({
    code: 2,
    err: `error: "default/rose" means Pot.one.test default/rose and Pot.two.test default/rose [cli/ambiguous-instance]
  hint: write the kind before the name: pot.one.test/default/rose`,
  });
  expect((await run('why pot.one.test/default/rose --kubeconfig kubeconfig')).code).toBe(0);
});

test('an instance of a definition does not count as deleted when the files delete the instance of the other group', async () => {
  const { out } = await place.run('plan FILE --delete', definition('one'), definition('two'), instance('two'));
  const notes = out.split('\n').filter((line) => line.startsWith('  note'));
  expect(notes).toEqual([
    '  note    1 instance of Pot stays with its objects, and no controller manages it any longer',
    '  note    no instance of Pot is left; its CRD stays, unless the controller may delete CRDs',
  ]);
});
