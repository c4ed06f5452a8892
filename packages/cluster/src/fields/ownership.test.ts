import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { builtinType } from '../types/builtin.ts';
import type { FieldContext } from './ownership.ts';
import { applyWithOwnership } from './ownership.ts';
import { emptyTree } from './tree.ts';

const context: FieldContext = {
  apiVersion: 'apps/v1',
  node: builtinType('apps.v1.Deployment'),
  builtin: true,
  subresource: '',
  resetFields: emptyTree,
  time: '2020-01-01T00:00:00Z',
  inVersion: () => undefined,
};

const text = fc.constantFrom('a', 'b');
const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 3 });
const containers = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('one', 'two', 'three'),
    image: some(text),
    args: some(fc.array(text, { maxLength: 2 })),
    env: some(fc.uniqueArray(fc.record({ name: text, value: text }), { selector: ({ name }) => name })),
    resources: some(fc.constant({})),
  }),
  { selector: ({ name }) => name, maxLength: 3 },
);
const configs = fc
  .record({
    labels: some(fc.dictionary(text, text)),
    replicas: some(fc.integer({ min: 0, max: 2 })),
    containers: some(containers),
  })
  .map(({ labels, replicas, containers: list }) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', labels },
    spec: { replicas, template: { metadata: { labels }, spec: { containers: list } } },
  }));

/** The configuration as a parsed request body, without members that are `undefined`. */
const sent = (config: object) => JSON.parse(JSON.stringify(config)) as JsonObject;

test('an apply has the same result with and without cached configurations', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('left', 'right'), configs), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(steps, (list) => {
      let live: KubeObject | undefined;
      for (const [manager, config] of list) {
        // A copy of the object creates new trees, for which no data is cached.
        const forgotten = live === undefined ? undefined : structuredClone(live);
        const expected = applyWithOwnership(forgotten, {}, sent(config), manager, true, context);
        const actual = applyWithOwnership(live, {}, sent(config), manager, true, context);
        expect(actual).toEqual(expected);
        live = actual.object;
      }
    }),
    { numRuns: 300 },
  );
});
