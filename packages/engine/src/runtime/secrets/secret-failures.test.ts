import { expect, test } from 'vitest';
import { graphOf } from '../../../test-support/compile-graph.ts';
import { expressionsOf } from '../placed-expressions.ts';
import { maskedLiterals, maskedReason, secretUseOf } from './secret-failures.ts';

test.each([
  ['no such key: password', 'schema.spec.password', 'no such key: password'],
  ['no such key: hunter2', 'config.data[string(login.data.key)]', 'no such key: (secret)'],
  ['no such key: b', 'login.data["b"]', 'no such key: b'],
  ["type conversion error from 'string' to 'int'", 'int(x)', "type conversion error from 'string' to 'int'"],
  ['invalid RFC 3339 timestamp "hunter2"', 'timestamp(x)', 'invalid RFC 3339 timestamp: (secret)'],
  ['unknown time zone hunter2', 'x', 'unknown time zone: (secret)'],
  ['error parsing regexp: missing closing ): `hunter2(`', 'x', 'error parsing regexp: (secret)'],
  ['unsupported type: google.protobuf.Any', 'x', 'unsupported type: google.protobuf.Any'],
  ['unsupported type: uint value 4711 overflows int64', 'x', '(secret)'],
  ['a key must be a string, got float64', 'x', 'a key must be a string, got float64'],
  ['a reason of a later function with hunter2', 'x', '(secret)'],
])('the reason %j of %j is shown as %j', (reason, cel, shown) => {
  expect(maskedReason(reason, cel)).toBe(shown);
});

test('literals of an expression whose value is written into a Secret are masked, but keys are not', () => {
  expect(maskedLiterals('"hunter2" + login.data["key"] + string(471108) + r\'a\'')).toBe(
    '"(secret)" + login.data["key"] + string("(secret)") + "(secret)"',
  );
});

test('an expression uses values of Secrets if it reads them, or if its own value is written into a Secret', () => {
  const graph = graphOf(`
schema: { kind: Shop, spec: { password: string, name: string } }
resources:
  - id: login
    template:
      { apiVersion: v1, kind: Secret, metadata: { name: '\${schema.spec.name}' }, stringData: { key: '\${schema.spec.password}' } }
  - id: map
    template:
      { apiVersion: v1, kind: ConfigMap, metadata: { name: m }, data: { a: '\${string(login.data.key)}', b: '\${schema.spec.name}' } }
`);
  const uses = [...graph.nodes.values()].flatMap((node) =>
    expressionsOf(node).map(({ place, expression }) => `${node.id} ${place} ${secretUseOf(graph, expression)}`),
  );
  expect(uses).toEqual([
    'login metadata.name undefined',
    'login stringData.key writes',
    'map data.a reads',
    'map data.b undefined',
  ]);
});
