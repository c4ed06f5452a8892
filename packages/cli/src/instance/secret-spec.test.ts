import { expect, test } from 'vitest';
import { graphOf } from '@typekro/engine/test-support/compile-graph';
import { CurrentValues } from '../dashboard/current-values.ts';
import { withoutSecretInputs } from '@typekro/app/plan';
import { PlacedExpression, Secrets } from '@typekro/engine/runtime';

const SCHEMA = `
schema:
  kind: Shop
  spec: { users: '[]User', database: Database, port: integer, note: string, token: string, parts: '[]string' }
  types:
    User: { name: string, password: string }
    Database: { host: string, password: string }
resources:
`;
const map = (id: string, v: string) =>
  `  - {id: ${id}, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: ${id}}, data: {v: '${v}'}}}\n`;
const secret = (id: string, v: string) =>
  `  - {id: ${id}, template: {apiVersion: v1, kind: Secret, metadata: {name: ${id}}, stringData: {v: '${v}'}}}\n`;
const logins = `
  - id: logins
    forEach: [{ user: '\${schema.spec.users}' }]
    template: { apiVersion: v1, kind: Secret, metadata: { name: '\${user.name}' }, stringData: { key: '\${user.password}' } }
`;
const copies = `
  - id: copies
    forEach: [{ user: '\${schema.spec.users}' }]
    includeWhen: ['\${has(schema.spec.database)}', '\${"debug" in schema.metadata.annotations}']
    template: { apiVersion: v1, kind: ConfigMap, metadata: { name: '\${user.name}' }, data: { host: '\${schema.spec.database.host}' } }
`;
const whole = secret('pairs', '${schema.spec.users.map(u, u.name + ":" + u.password).join(",")}');
const service = (port: string) =>
  `  - {id: web, template: {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: '${port}'}]}}}\n`;

test.each([
  [
    'in a list whose size is a field of another object',
    logins + service('${size(schema.spec.users)}'),
    'spec.users[1].password',
    true,
  ],
  [
    'in a list whose size is part of a string',
    logins + map('n', '${string(schema.spec.users.size())} users'),
    'spec.users[1].password',
    true,
  ],
  [
    'in a list that another object reads as a whole',
    logins + map('n', '${json.marshal(schema.spec.users)}'),
    'spec.users[1].password',
    false,
  ],
  ['next to a member that another object reads', whole + copies, 'spec.users[1].password', true],
  ['that another object reads, too', whole + copies, 'spec.users[1].name', false],
  [
    'whose presence another object tests',
    secret('s', '${schema.spec.token}') + map('n', '${has(schema.spec.token) ? "a" : "b"}'),
    'spec.token',
    true,
  ],
  [
    'whose length another object reads',
    secret('s', '${schema.spec.token}') + service('${size(schema.spec.token)}'),
    'spec.token',
    true,
  ],
  [
    'that a Secret reads as a string and another object as a number',
    secret('s', '${string(schema.spec.port)}') + service('${schema.spec.port}'),
    'spec.port',
    false,
  ],
  [
    'that a Secret reads from one item',
    secret('s', '${schema.spec.users[0].password}') + map('n', '${schema.spec.users[0].name}'),
    'spec.users[0].password',
    true,
  ],
  [
    'that another object reads from the same item',
    secret('s', '${schema.spec.users[0].password}') + map('n', '${schema.spec.users[0].name}'),
    'spec.users[0].name',
    false,
  ],
  [
    'whose path another object has only in a string literal',
    secret('s', '${schema.spec.token}') + map('n', '${"schema.spec.token" + schema.spec.note}'),
    'spec.token',
    true,
  ],
])('secretSpec decides whether to hide a field of the spec %s', (_title, resources, path, expected) => {
  expect(Secrets.specOf(graphOf(SCHEMA + resources)).hides(path)).toBe(expected);
});

test.each([
  ['schema.spec.users[0].name', false],
  ['schema.spec.users[0].name + dyn(schema.spec).users[0].password', true],
  ['schema.spec.users[0].name + schema.spec.users[size(schema.spec.parts)].password', true],
  ['size(schema.spec.users) > 1 ? schema.spec.?users[?0].?password.orValue("") : ""', true],
  ['cel.bind(s, schema.spec, s.users[0].password + schema.spec.users[0].name)', true],
  ['schema.spec.users.map(u, u.name).join(",")', false],
  ['schema.spec.users.map(u, cel.bind(v, u, v.name)).join(",")', true],
  ['json.marshal(schema.metadata)', true],
  ['schema.metadata.name', false],
])('%s can reveal a field that only Secrets use: %s', (cel, expected) => {
  const read = graphOf(`${SCHEMA}${logins}  - id: copy
    template: { apiVersion: v1, kind: ConfigMap, metadata: { name: copy } }
    includeWhen: ['\${(${cel}) != ""}']
`).nodes.get('copy')?.includeWhen[0];
  if (read === undefined) throw new Error('no condition');
  const { isRepeatedBy } = Secrets.specOf(graphOf(SCHEMA + logins));
  expect(isRepeatedBy({ ...read, type: 'string' })).toBe(expected);
  expect(isRepeatedBy(read)).toBe(false);
});

const graph = graphOf(
  SCHEMA +
    logins +
    copies +
    secret('db', '${schema.spec.database.password}') +
    map('names', '${schema.spec.users.map(u, u.name).join(",")}'),
);
const applied = 'kubectl.kubernetes.io/last-applied-configuration';
const instance = {
  metadata: { name: 'shop', annotations: { [applied]: '{"kind":"Shop","spec":"hush"}', debug: 'x' } },
  spec: {
    users: [{ name: 'ann', password: 'hush' }],
    database: { host: 'db', password: 'hush' },
    port: 1,
    note: '',
    token: 'hush',
    parts: [],
  },
};
const values = new CurrentValues(graph, new Map([['schema', instance]]), 0, Secrets.liveNodes([]));

/**
 * Returns the current values of a node's expressions at a field path, and the values that each expression reads from
 * the instance.
 */
function valuesAt(id: string, place: string) {
  const node = graph.nodes.get(id);
  const placed = (node === undefined ? [] : PlacedExpression.of(node)).filter((each) => each.place === place);
  return placed.map((each) => ({
    value: node === undefined ? undefined : values.ofPlaced(node, [each])[0],
    reads: each.expression.reads.map((read) => values.ofRead(read, node, each)),
  }));
}

const known = (value: unknown) => ({ is: 'known', value });

test('a list or map that is read as a whole is shown with its secret members masked', () => {
  expect(valuesAt('copies', 'forEach.user')).toEqual([
    { value: { is: 'secret' }, reads: [known([{ name: 'ann', password: '(secret)' }])] },
  ]);
  expect(valuesAt('copies', 'includeWhen[0]')).toEqual([
    { value: known(true), reads: [known({ host: 'db', password: '(secret)' })] },
  ]);
  expect(valuesAt('names', 'data.v')).toEqual([
    { value: known('ann'), reads: [known([{ name: 'ann', password: '(secret)' }])] },
  ]);
  expect(valuesAt('copies', 'data.host')).toEqual([{ value: known('db'), reads: [known('db')] }]);
});

test('annotations that are read as a whole are shown with the last-applied annotation masked', () => {
  const shown = known({ [applied]: '(secret)', debug: 'x' });
  expect(valuesAt('copies', 'includeWhen[1]')).toEqual([{ value: known(true), reads: [shown] }]);
});

test('a plan shows a list or map that changes as a whole with its secret members masked', () => {
  const { users } = instance.spec;
  const fields = [
    { path: 'spec.users', from: users, to: [...users, { name: 'bob', password: 'hush' }] },
    { path: 'spec.database', to: instance.spec.database },
    { path: 'spec.users[0].password', from: 'hush', to: 'hush2' },
    { path: 'spec.port', from: 1, to: 2 },
  ];
  const masked = [{ name: 'ann', password: '(secret)' }];
  expect(withoutSecretInputs({ fields }, graph).fields).toEqual([
    { path: 'spec.users', from: masked, to: [...masked, { name: 'bob', password: '(secret)' }] },
    { path: 'spec.database', to: { host: 'db', password: '(secret)' } },
    { path: 'spec.users[0].password', from: '(secret)', to: '(secret)', secret: true },
    { path: 'spec.port', from: 1, to: 2 },
  ]);
});
