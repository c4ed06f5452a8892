import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { putInstance, settle } from '@typekro/engine/test-support/direct-loop';
import { FakeCluster } from '@typekro/engine/test-support/fake-cluster';
import { type } from 'arktype';
import { Cel, kubernetesComposition } from '@typekro/sdk';
import { compiled, composeConditional } from '../../property/compose/conditional.ts';
import { Deployment } from '../../../packages/sdk/src/factories/simple/index.ts';

const given: JsonObject = { name: 'n', a: false, b: true, c: false, env: 'dev', tags: [] };

/** Programs, each with the status that clients read from an instance whose spec has no field `opt`. */
const PROGRAMS: readonly (readonly [string, JsonObject])[] = [
  ['(s) => ({ o: { v: s.opt } })', {}],
  ['(s) => ({ n: s.name, o: { deep: { v: s.opt } } })', { n: 'n' }],
  ['(s) => ({ o: { v: s.opt, n: s.name } })', { o: { n: 'n' } }],
  ['(s) => ({ list: [{ v: s.opt }, { v: s.name }] })', {}],
  ['(s) => ({ n: s.name, list: [{ v: s.opt }] })', { n: 'n' }],
  ['(s) => { const o = {}; if (s.a) o.v = s.name; return { n: s.name, o }; }', { n: 'n' }],
  ['(s) => ({ n: s.name, r: s.name.length / s.tags.length })', { n: 'n' }],
  ['(s) => ({ n: s.name, r: [1, s.tags.length / s.tags.length] })', { n: 'n' }],
  ["(s) => { const it = s.a ? ConfigMap({ id: 'it', name: 'it', data: { v: 'x' } }) : undefined; return { n: s.name, o: { v: it?.data.v } }; }", { n: 'n' }],
];

test.each(PROGRAMS)('evaluate() returns the status that an instance gets: %s', (source, wanted) => {
  const composition = composeConditional(source);
  expect(composition.evaluate(given).status).toEqual(wanted);
  const graph = compiled(composition.toDefinition({ target: 'typekro' }), 'typekro');
  const cluster = new FakeCluster();
  const key = putInstance(graph, cluster, 'x', {});
  cluster.edit(key, (object) => void (object.spec = given));
  const { state: _state, conditions: _conditions, ...status } = settle(graph, key, cluster).instance?.status ?? {};
  expect(status).toEqual(wanted);
});

const conditionsOf = (composition: { toDefinition(): unknown }) =>
  (composition.toDefinition() as { spec: { schema: { status: { conditions?: unknown } } } }).spec.schema.status
    .conditions;

test('the conditions of a status become calls of runtime.newCondition, next to the declared fields', () => {
  const shop = kubernetesComposition(
    { name: 'shop', spec: type({ name: 'string' }), status: type({ ready: 'number.integer' }) },
    (spec) => {
      const web = Deployment({ id: 'web', name: spec.name, image: 'nginx:1.27', replicas: 1 });
      const isOpen = web.status.readyReplicas > 0;
      return {
        ready: web.status.readyReplicas,
        conditions: [
          { type: 'Open', status: isOpen ? 'True' : 'False', reason: 'Pods', message: `of ${spec.name}` },
          { type: 'Fixed', status: 'True' },
          Cel.expr('runtime.newCondition({type: "ByHand", status: "Unknown"})'),
        ],
      };
    },
  );
  expect(conditionsOf(shop)).toEqual([
    '${runtime.newCondition({type: "Open", status: web.status.?readyReplicas.orValue(0) > 0 ? "True" : "False", reason: "Pods", message: "of " + schema.spec.name})}',
    '${runtime.newCondition({type: "Fixed", status: "True"})}',
    '${runtime.newCondition({type: "ByHand", status: "Unknown"})}',
  ]);
  expect(shop.diagnostics).toEqual([]);
});

test.each([
  ['a value of conditions that is not a list', 'ready', 'the conditions of a status are not a list'],
  ['a condition that is a string', ['Ready'], 'a condition of the status is not an object'],
  ['a condition with a misspelt member', [{ type: 'A', status: 'True', mesage: 'm' }], 'a condition has no "mesage"'],
  ['a condition without a status', [{ type: 'A' }], 'a condition needs a status'],
  ['a status other than True, False and Unknown', [{ type: 'A', status: 'yes' }], '"yes" is not a status of a condition'],
  ['a status that is a boolean', [{ type: 'A', status: true }], 'the status of a condition is not a string'],
])('%s is refused', (_name, conditions, message) => {
  const make = () =>
    kubernetesComposition({ name: 'shop', spec: type({ name: 'string' }) }, () => ({ conditions })).toDefinition();
  expect(make).toThrow(message);
});

test.each([
  ['before its members', (extra: object) => ({ ...extra, type: 'A', status: 'True' })],
  ['after its members', (extra: object) => ({ type: 'A', status: 'True', ...extra })],
])('a condition with a spread map %s is refused', (_name, condition) => {
  const make = () =>
    kubernetesComposition({ name: 'shop', spec: type({ extra: { '[string]': 'string' } }) }, (spec) => ({
      conditions: [condition(spec.extra)],
    })).toDefinition();
  expect(make).toThrow('the members of a condition of the status are known only when the graph runs');
});

test('a condition that may be absent is refused', () => {
  const make = () =>
    kubernetesComposition({ name: 'shop', spec: type({ tls: 'boolean' }) }, (spec) => ({
      conditions: [{ type: 'Open', status: 'True' }, ...(spec.tls ? [{ type: 'Secure', status: 'True' }] : [])],
    })).toDefinition();
  expect(make).toThrow(/condition/);
});
