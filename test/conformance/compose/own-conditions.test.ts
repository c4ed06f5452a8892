import { type } from 'arktype';
import { expect, test } from 'vitest';
import { Cel, kubernetesComposition } from '@typekro/sdk';
import { Deployment } from '../../../packages/sdk/src/factories/simple/index.ts';

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
