import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PlanWorld } from '../../test-support/plan-world.ts';
import { planWorld } from '../../test-support/plan-world.ts';
import { refusingClient } from '@typekro/cluster/test-support/refusing-client';
import { mapResource, pot, potDefinition } from '@typekro/testing/test-support/virtual-world';
import type { KubeObject } from '@typekro/kit/core';
import { stringifyJson } from '@typekro/kit/core';
import type { Plan } from '@typekro/controller/inspect';
import { loadFiles } from './check-files.ts';
import { planOfFiles } from './plan-of-files.ts';

const CANARY = { 'typekro.dev/canary': '1' };
const definition = (text: string): KubeObject => potDefinition([mapResource('map', { text })], CANARY);

let place: PlanWorld;
beforeAll(async () => {
  place = await planWorld();
  await place.world.apply(definition('one'));
  await place.world.advance(3000);
  for (const namespace of ['default', 'team-a']) {
    for (const name of ['a', 'b']) await place.world.apply({ ...pot(name), metadata: { name, namespace } });
  }
  await place.world.advance(3000);
});
afterAll(() => place.close());

/** Returns the instances of a plan that get the revision first. */
const firstOf = ({ instances }: Plan): string[] =>
  instances.flatMap(({ instance, rollout }) => (rollout === 'first' ? `${instance.namespace}/${instance.name}` : []));

async function planIn(namespace?: string): Promise<Plan> {
  const only = namespace === undefined ? '' : ` -n ${namespace}`;
  return JSON.parse((await place.run(`plan FILE${only} -o json`, definition('two'))).out) as Plan;
}

test('a canary selects from the instances of all namespaces, even when only one namespace is planned', async () => {
  const all = await planIn();
  const parts = await Promise.all([planIn('default'), planIn('team-a')]);
  expect(firstOf(all)).toHaveLength(1);
  expect(parts.flatMap(firstOf)).toEqual(firstOf(all));
  expect(parts.map(({ instances }) => instances.map(({ instance }) => instance.namespace))).toEqual([
    ['default', 'default'],
    ['team-a', 'team-a'],
  ]);
  for (const { definitions } of parts) expect(definitions[0]?.canary).toEqual(all.definitions[0]?.canary);
});

test('the plan reports that the selection is unknown when the user may list only one namespace', async () => {
  const { client } = refusingClient(place.world.cluster, { refuses: /^GET \/apis\/acme\.test\/v1\/pots/ });
  const context = {
    cwd: place.cwd,
    env: {},
    print: () => undefined,
    printError: () => undefined,
    readInput: () => Promise.resolve(''),
    signal: new AbortController().signal,
  };
  writeFileSync(join(place.cwd, 'two.json'), stringifyJson(definition('two')));
  const target = {
    api: client,
    source: { kind: 'cluster', name: 'test' },
    namespace: 'team-a',
    checkedBy: 'server',
  } as const;
  const input = { positionals: ['two.json'], options: { namespace: 'team-a' } };
  const made = await planOfFiles(context, input, await loadFiles(context, ['two.json']), target);
  expect(made?.plan.limits[0]).toMatch(
    /^the instances of pots that get its revision first are unknown, because the instances in other namespaces could not be read: /,
  );
});
