import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusingClient } from '@typekro/cluster/test-support/refusing-client';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { mapResource, potDefinition, potsRef, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { KubeObject } from '@typekro/kit/core';
import { readDefinitionRights } from './read-definition-rights.ts';

let world: VirtualWorld;
let definition: KubeObject;
beforeAll(async () => {
  world = await virtualWorld();
  await world.apply(potDefinition([mapResource('map', { text: 'a' })]));
  await world.advance(2000);
  await world.apply(potDefinition([mapResource('map', { text: '${none.data.text}' })]));
  await world.advance(2000);
  definition = await world.user.get(potsRef);
});
afterAll(() => world.close());

const NEVER = new AbortController().signal;

test('when the present spec does not compile, the newest revision that compiles determines the rights', async () => {
  const read = await readDefinitionRights(world.user, [definition], NEVER);
  expect('value' in read ? read.value.map(({ graph }) => [...graph.nodes.keys()]) : read).toEqual([['map']]);
});

test('the result has the reason when the revisions cannot be read', async () => {
  const { client } = refusingClient(world.cluster, { refuses: /GET .*\/graphrevisions/, clock: world.clock });
  expect(await readDefinitionRights(client, [definition], NEVER)).toEqual({
    unread: expect.stringMatching(/^the revisions of pots: graphrevisions.internal.kro.run is forbidden/) as string,
  });
});

test('the result has the reason when the API server fails to list the Deployments', async () => {
  const fault = world.cluster.faults.add(
    { method: 'GET', resource: 'deployments' },
    { kind: 'error', status: 500, reason: 'InternalError', message: 'no storage' },
    { times: Number.POSITIVE_INFINITY },
  );
  const read = readDefinitionRights(world.user, [definition], NEVER);
  await world.advance(60_000);
  expect(await read).toEqual({
    unread: expect.stringMatching(/^the settings of the controller: .*no storage/) as string,
  });
  fault.remove();
});
