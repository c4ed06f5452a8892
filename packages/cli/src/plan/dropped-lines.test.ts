import { afterAll, beforeAll, expect, test } from 'vitest';
import { graphOf } from '@typekro/engine/test-support/compile-graph';
import type { PlanWorld } from '../../test-support/plan-world.ts';
import { planWorld } from '../../test-support/plan-world.ts';
import { mapResource, pot, potDefinition } from '@typekro/testing/test-support/virtual-world';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { Plan } from '@typekro/controller/inspect';
import { droppedLines } from './dropped-lines.ts';

let place: PlanWorld;
beforeAll(async () => {
  place = await planWorld();
});
afterAll(() => place.close());

/** Returns a definition whose spec has a map and a list of parts with these fields. */
function definition(part: JsonObject): KubeObject {
  const made = potDefinition([mapResource('map', { a: 'b' })], { 'kro.run/allow-breaking-changes': 'true' });
  const schema = made.spec?.['schema'] as JsonObject;
  const spec = { byName: 'map[string]Part', parts: '[]Part' };
  return { ...made, spec: { ...made.spec, schema: { ...schema, spec, types: { Part: part } } } };
}

test('values that a new schema drops are shown, even below keys that contain dots', async () => {
  await place.world.apply(definition({ kept: 'string', old: 'string' }));
  await place.world.advance(3000);
  const part = (old: string): JsonObject => ({ kept: 'k', old });
  await place.world.apply(
    pot('rose', { byName: { 'acme.test/a': part('in a map'), acme: part('first') }, parts: [part('in a list')] }),
  );
  await place.world.advance(3000);
  const { out } = await place.run('plan FILE -o json', definition({ kept: 'string' }));
  expect((JSON.parse(out) as Plan).instances[0]?.fields).toEqual([
    { path: 'spec.byName.acme.old', from: 'first' },
    { path: 'spec.byName.acme.test/a.old', from: 'in a map' },
    { path: 'spec.parts[0].old', from: 'in a list' },
  ]);
});

test.each<[string, JsonObject, string[]]>([
  ['a field', { old: 'x' }, ['spec.old']],
  ['a field in a value of a map', { byName: { 'a.b': { old: 'x' } } }, ['spec.byName.a.b.old']],
  ['a field in an item of a list', { parts: [{ old: 'x' }] }, ['spec.parts[0].old']],
])('%s with its former default is not shown', (_what, spec, dropped) => {
  const old = 'string | default="x"';
  const schema = { spec: { byName: 'map[string]Part', parts: '[]Part', old }, types: { Part: { old } } };
  const { instance } = graphOf(JSON.stringify({ schema, resources: [mapResource('map', { a: 'b' })] }));
  expect(droppedLines(pot('rose', spec), dropped, instance.crd)).toEqual([]);
});
