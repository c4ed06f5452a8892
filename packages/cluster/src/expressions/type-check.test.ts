import { expect, test } from 'vitest';
import { policyTypeWarnings } from './type-check.ts';
import { crdOf } from '@typekro/kit/test-support/crd';

const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' };
const job = { group: 'batch', version: 'v1', kind: 'Job' };

const warnings = (spec: object, kinds = [deployment]) => policyTypeWarnings({ ...spec }, kinds, []);
const validations = (...expressions: readonly string[]) => ({
  validations: expressions.map((expression) => ({ expression })),
});

test.each<[string, object]>([
  ['fields', validations('object.spec.replicas > 1', "object.metadata.labels['a'] == 'b'")],
  [
    'the new and the old object',
    validations('object == oldObject', 'oldObject == null || object.spec.replicas >= oldObject.spec.replicas'),
  ],
  ['variables', { ...validations('variables.n > 1'), variables: [{ name: 'n', expression: 'object.spec.replicas' }] }],
  ['parameters', { ...validations("params.data['a'] == 'b'"), paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } }],
  [
    'an expression over parameters of an unknown kind',
    { ...validations('params.x.y == 1'), paramKind: { apiVersion: 'x.y/v1', kind: 'Z' } },
  ],
  ['the authorizer', validations("authorizer.group('').resource('pods').check('get').allowed()")],
])('correct expressions cause no warning: %s', (_, spec) => {
  expect(warnings(spec)).toEqual([]);
});

test.each<[string, object, string, string]>([
  [
    'a missing field',
    validations('true', 'object.replicas > 1'),
    'spec.validations[1].expression',
    "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^\n",
  ],
  [
    'a comparison of different types',
    validations("object.spec.replicas > '1'"),
    'spec.validations[0].expression',
    "found no matching overload for '_>_' applied to '(int, string)'",
  ],
  [
    'a missing field in a messageExpression',
    { validations: [{ expression: 'true', messageExpression: 'object.nope' }] },
    'spec.validations[0].messageExpression',
    "undefined field 'nope'",
  ],
  [
    'a missing field of a parameter',
    { ...validations('params.nope == 1'), paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } },
    'spec.validations[0].expression',
    "undefined field 'nope'",
  ],
  [
    'a comparison of a variable with a value of another type',
    { ...validations("variables.n == 'a'"), variables: [{ name: 'n', expression: 'object.spec.replicas' }] },
    'spec.validations[0].expression',
    "found no matching overload for '_==_'",
  ],
])('a wrong expression causes a warning: %s', (_, spec, fieldRef, warning) => {
  expect(warnings(spec)).toEqual([{ fieldRef, warning: expect.stringContaining(warning) as string }]);
});

test('a warning lists the errors of each kind that has a schema', () => {
  const unknown = { group: 'x.y', version: 'v1', kind: 'Z' };
  const [found] = warnings(validations('object.nope'), [deployment, job, unknown]);
  expect(found?.warning.match(/^\S+, Kind=\w+/gm)).toEqual(['apps/v1, Kind=Deployment', 'batch/v1, Kind=Job']);
});

test('the types of custom resources come from their CustomResourceDefinitions', () => {
  const crd = crdOf('widgets', {
    type: 'object',
    properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
  });
  const { group } = crd.spec as { group: string };
  const { kind } = (crd.spec as { names: { kind: string } }).names;
  const found = policyTypeWarnings(
    validations('object.spec.size > 1', 'object.spec.color == 1'),
    [{ group, version: 'v1', kind }],
    [crd],
  );
  expect(found.map(({ fieldRef }) => fieldRef)).toEqual(['spec.validations[1].expression']);
});
