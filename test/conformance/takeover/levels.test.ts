import { afterEach, expect, test } from 'vitest';
import { controllerCrds } from '@typekro/controller/controller';
import type { KubeObject } from '@typekro/kit/core';
import { type VirtualWorld, virtualWorld, writesOf } from '@typekro/testing/test-support/virtual-world';
import { objectsOf, restoreState, stateOfKro } from './state-of-kro.ts';

/**
 * The world that restores the recorded state of kro 0.9. A controller takes the state over at each level of
 * `--kro-compatibility`.
 */
let world: VirtualWorld;
afterEach(() => world.close());

type Level = '0.9' | '0.10';

/** Restarts the controller at a level. Returns its writes during the next minute. */
async function writesAt(level: Level): Promise<string[]> {
  world.requests.length = 0;
  await world.restart({ kroCompatibility: level });
  await world.advance(60_000);
  return writesOf(world.requests);
}

const state = (): ReadonlyMap<string, KubeObject> => objectsOf(world.cluster.snapshot());

/**
 * The annotations that differ between the levels: two that only kro 0.10 writes, and the apply order, because kro 0.10
 * numbers the waves differently.
 */
const OF_ENGINE = /^internal\.kro\.run\/(?:node-path|apply-order|patch-contributions)$/;

/**
 * The objects without the parts that differ between the levels: the annotations of `OF_ENGINE`, statuses, field
 * managers and versions.
 */
function content(objects: ReadonlyMap<string, KubeObject>): ReadonlyMap<string, unknown> {
  const contents = [...objects].map(([key, { metadata, status: _status, ...object }]) => {
    // A change of annotations increases the generation of a Deployment.
    const { resourceVersion: _version, managedFields: _fields, generation: _generation, annotations = {}, ...kept } = metadata;
    const common = Object.entries(annotations).filter(([name]) => !OF_ENGINE.test(name));
    return [key, { ...object, metadata: { ...kept, annotations: Object.fromEntries(common) } }] as const;
  });
  return new Map(contents);
}

test('the default level takes over the objects of kro 0.9, and level 0.9 takes them back', async () => {
  world = await virtualWorld({ controller: { kroCompatibility: '0.9' } });
  await world.controller.stop();
  // The recorded state contains kro's CRDs, so the controller's own CRDs are deleted first.
  for (const { apiVersion, kind, metadata } of controllerCrds()) {
    await world.user.delete({ apiVersion, kind, name: metadata.name ?? '' });
  }
  await world.advance(1000);
  await restoreState(world.cluster, stateOfKro());
  await writesAt('0.9');
  const before = state();
  const children = [...before.values()].filter(({ metadata }) => metadata.labels?.['kro.run/node-id'] !== undefined);
  const engine = await writesAt('0.10');
  const isOfInstance = (path: string) => path.includes('/takeover.test/') && !path.endsWith('/inners/doll-inner');
  const ofChildren = engine.filter((path) => !isOfInstance(path));
  // One instance is also a child of another instance. The controller writes it twice, once in each role.
  expect(new Set(engine).size).toBe(engine.length - 1);
  expect(ofChildren.length).toBeLessThanOrEqual(children.length);
  expect(engine.filter(isOfInstance)).toMatchInlineSnapshot(`
    [
      "PATCH /apis/takeover.test/v1/namespaces/takeover/clients/reader",
      "PATCH /apis/takeover.test/v1/namespaces/takeover/fleets/empty",
      "PATCH /apis/takeover.test/v1/namespaces/takeover/fleets/north",
      "PATCH /apis/takeover.test/v1/namespaces/takeover/webs/blog",
      "PATCH /apis/takeover.test/v1/namespaces/takeover/outers/doll",
      "PATCH /apis/takeover.test/v1/namespaces/takeover/webs/shop",
      "PATCH /apis/takeover.test/v1/namespaces/takeover/pairs/waiting/status",
    ]
  `);
  expect(content(state())).toEqual(content(before));
  expect(await writesAt('0.10')).toEqual([]);
  const back = await writesAt('0.9');
  expect(back.filter(isOfInstance)).toMatchInlineSnapshot(`
    [
      "PATCH /apis/takeover.test/v1/namespaces/takeover/pairs/waiting/status",
    ]
  `);
  expect(content(state())).toEqual(content(before));
  expect(await writesAt('0.9')).toEqual([]);
});
