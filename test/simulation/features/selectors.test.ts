import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import * as sim from '@typekro/testing/test-support/virtual-world';

let world: sim.VirtualWorld;
beforeEach(async () => {
  world = await sim.virtualWorld();
});
afterEach(() => world.close());

async function define(selector: JsonValue, spec: JsonObject = { selector: 'object' }): Promise<void> {
  const definition = sim.potDefinition([
    { id: 'maps', externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { selector } } },
  ]);
  const status = { names: '${maps.map(m, m.metadata.name)}' };
  const schema = { apiVersion: 'v1', kind: 'Pot', group: 'acme.test', spec, status };
  await world.apply({ ...definition, spec: { ...definition.spec, schema } });
  await world.advance(5000);
}

async function makeMaps(): Promise<void> {
  for (const [name, app] of [
    ['one', 'web'],
    ['two', 'web'],
    ['three', 'db'],
  ] as const) {
    const metadata = { name, namespace: 'default', labels: { app } };
    await world.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
  }
}
const namesOf = async () => (await world.user.get(sim.potRef('p'))).status?.['names'];

describe('the selector of an external reference', () => {
  it('can be an expression whose value follows the instance', async () => {
    await define('${schema.spec.selector}');
    await makeMaps();
    await world.apply(sim.pot('p', { selector: { matchLabels: { app: 'web' } } }));
    await world.settle();
    expect(await namesOf()).toEqual(['one', 'two']);
    await world.apply(
      sim.pot('p', { selector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] } }),
    );
    await world.settle();
    expect(await namesOf()).toContain('three');
    expect(await namesOf()).not.toContain('one');
    await world.user.patch(sim.potRef('p'), { spec: { selector: { matchExpressions: null, app: 'web' } } });
    await world.settle();
    const instance = await world.user.get(sim.potRef('p'));
    expect(instance.status).not.toHaveProperty('names');
    expect(sim.conditionText(instance, 'Ready')).toMatch(/^False .*metadata\.selector: app: unknown field/);
  });

  it.each<[string, JsonValue, JsonObject, string]>([
    [
      'labels of a wrong type',
      { matchLabels: 'team=a' },
      {},
      'expected object type for path metadata.selector.matchLabels',
    ],
    ['an unknown field', { bogusField: 'x' }, {}, 'schema not found for field bogusField'],
    ['an unknown operator', { matchExpressions: [{ key: 'a', operator: 'Near' }] }, {}, 'invalid label selector'],
    ['an unterminated marker', { matchLabels: '${schema.spec.x' }, {}, 'unterminated expression starting at offset 0'],
    [
      'an escaped marker',
      { matchLabels: '\\${schema.spec.x}' },
      { x: 'object' },
      'expected object type for path metadata.selector.matchLabels, got string',
    ],
    ['labels from a string', { matchLabels: '${schema.spec.x}' }, { x: 'string' }, 'type mismatch'],
    ['requirements from a string', { matchExpressions: '${schema.spec.x}' }, { x: 'string' }, 'type mismatch'],
    ['the whole selector as a string', '${schema.spec.x}', { x: 'string' }, 'type mismatch'],
    [
      'a label that reads an unknown field',
      { matchLabels: { a: '${schema.spec.y}' } },
      { x: 'string' },
      "undefined field 'y'",
    ],
  ])('makes the definition Inactive: %s', async (_what, selector, spec, text) => {
    await define(selector, spec);
    const definition = await world.user.get(sim.potsRef);
    expect(definition.status?.['state']).toBe('Inactive');
    expect(sim.conditionText(definition, 'Ready')).toContain(text);
  });
});
