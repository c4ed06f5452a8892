import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusingClient } from '../../../test/support/refusing-client.ts';
import type { VirtualWorld } from '../../../test/support/virtual-world.ts';
import { mapResource, pot, potDefinition, virtualWorld } from '../../../test/support/virtual-world.ts';
import { openPlanning } from '../plan/plan-of-files.ts';
import { handBackFindings } from './hand-back-findings.ts';

let world: VirtualWorld;
beforeAll(async () => {
  world = await virtualWorld();
  await world.apply(potDefinition([mapResource('map', { text: 'a' })]));
  await world.advance(2000);
  await world.apply(pot('shop'));
  await world.advance(2000);
});
afterAll(() => world.close());

/** The findings for a user. The server refuses the requests that match `refuses`. */
async function findings(refuses?: RegExp) {
  const { client } = refusingClient(world.cluster, { refuses, clock: world.clock });
  const { signal } = new AbortController();
  const context = {
    cwd: '.',
    env: {},
    print: () => undefined,
    printError: () => undefined,
    readInput: () => Promise.resolve(''),
    signal,
  };
  const planning = await openPlanning(
    context,
    { positionals: [], options: {} },
    {
      api: client,
      source: { kind: 'cluster', name: 'test' },
      namespace: 'default',
      checkedBy: 'server',
      close: () => Promise.resolve(),
    },
  );
  try {
    return await handBackFindings(planning.planned, '0.9');
  } finally {
    await planning.close();
  }
}

test('a user with all rights gets no findings', async () => {
  expect(await findings()).toEqual([]);
});

test.each([
  ['definitions', /GET .*\/resourcegraphdefinitions/, 'resourcegraphdefinitions.kro.run could not be read: '],
  ['instances', /GET .*\/pots/, 'pots.acme.test in the whole cluster could not be read: '],
])('without the right to list %s the search fails', async (_what, refuses, text) => {
  await expect(findings(refuses)).rejects.toMatchObject({
    code: 'upgrade/not-read',
    message: expect.stringContaining(text) as string,
  });
});

test('another kind that could not be read is a finding', async () => {
  expect(await findings(/GET .*\/graphrevisions/)).toMatchInlineSnapshot(`
    [
      {
        "effect": "findings may be missing",
        "problem": "graphrevisions.internal.kro.run could not be read, and so numbers of revisions are not known: graphrevisions.internal.kro.run is forbidden: User "dev" cannot list resource "graphrevisions" in API group "internal.kro.run" at the cluster scope",
      },
    ]
  `);
});
