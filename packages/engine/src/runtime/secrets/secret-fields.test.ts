import { describe, expect, test } from 'vitest';
import { graphOf } from '../../../test-support/compile-graph.ts';
import type { ObjectRef } from '@typekro/kit/core';
import { compileGraphObject } from '../../graph/index.ts';
import { builtinSource } from '../../schema/index.ts';
import { Secrets } from '../index.ts';

const map = (id: string, value: string) =>
  `  - {id: ${id}, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: ${id}}, data: {v: '${value}'}}}`;
const graph = graphOf(`
resources:
  - {id: login, template: {apiVersion: v1, kind: Secret, metadata: {name: login}, stringData: {key: hush}}}
${map('direct', '${string(login.data.key)}')}
${map('deferred', '${defer(string(login.data.key))}')}
${map('through', '${deferred.data.v}')}
${map('plain', '${plainer.metadata.name}')}
${map('plainer', 'x')}
  - {id: keyed, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: k, labels: {a: b}}, data: {"\${plainer.data.v}": "\${string(login.data.key)}"}}}
`);

test.each([
  ['login', 'data.key', true],
  ['login', 'metadata.name', false],
  ['direct', 'data.v', true],
  ['direct', 'metadata.name', false],
  ['deferred', 'data.v', true],
  ['through', 'data.v', true],
  ['plain', 'data.v', false],
  // The key of the field is computed, so every member of `data` can have the value.
  ['keyed', 'data.x', true],
  ['keyed', 'metadata.labels.a', false],
  ['gone', 'data.v', true],
])('node %s: the field %s can contain a value of a Secret: %s', (node, path, hides) => {
  expect(Secrets.fieldsOf(graph)(node, path)).toBe(hides);
});

const refTo = (kind: string, name: string, apiVersion = 'v1'): ObjectRef => ({ apiVersion, kind, name });

describe('an object of two nodes', () => {
  const shared = graphOf(`
resources:
  - {id: login, template: {apiVersion: v1, kind: Secret, metadata: {name: login}, stringData: {key: hush}}}
${map('web', '${string(login.data.key)}')}
${map('other', 'x')}
  - {id: all, externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {selector: {matchLabels: {app: x}}}}}
${map('copy', '${all[0].data.v}')}
`);
  const apart = [['web', refTo('ConfigMap', 'web')] as const, ['other', refTo('ConfigMap', 'other')] as const];

  test.each<[string, readonly (readonly [string, ObjectRef])[], string, boolean]>([
    ['a selected object of a node that reads a Secret', [...apart, ['all', refTo('ConfigMap', 'web')]], 'copy', true],
    [
      'a selected object of a retired node',
      [...apart, ['all', refTo('ConfigMap', 'x')], ['old', refTo('ConfigMap', 'x')]],
      'copy',
      true,
    ],
    [
      'a selected object of a node that reads no Secret',
      [...apart, ['all', refTo('ConfigMap', 'other')]],
      'copy',
      false,
    ],
    ['no selected object', apart, 'copy', false],
    [
      'a node that reads no Secret, although a selector selects its object and a secret object',
      [...apart, ['all', refTo('ConfigMap', 'web')], ['all', refTo('ConfigMap', 'other')]],
      'other',
      false,
    ],
  ])('the live objects decide whether a field can contain a value of a Secret: %s', (_title, known, node, expected) => {
    const live = Secrets.liveNodes(known);
    expect(Secrets.liveFieldsOf(shared, live)(node, 'data.v')).toBe(expected);
    const [hole] = shared.nodes.get('copy')!.template.holes;
    expect(Secrets.expressionsOf(shared, live)(shared.nodes.get('copy'), hole!.expression)).toBe(
      node === 'copy' ? expected : true,
    );
  });

  test('nodes with the same object are found although they use different versions of its kind', () => {
    const live = Secrets.liveNodes([
      ['a', refTo('Deployment', 'x', 'apps/v1')],
      ['b', refTo('Deployment', 'x', 'apps/v1beta1')],
      ['c', refTo('Deployment', 'x', 'other/v1')],
    ]);
    expect([live.sharing('a'), live.sharing('b'), live.sharing('c')]).toEqual([['b'], ['a'], []]);
  });
});

describe('a node with a computed kind', () => {
  const { graph: computed, diagnostics } = compileGraphObject(
    {
      apiVersion: 'kro.run/v1alpha1',
      kind: 'Graph',
      metadata: { name: 'g', namespace: 'n' },
      spec: {
        nodes: [
          { id: 'env', def: { kind: 'Secret', text: 'x' } },
          { id: 'dyn', template: { apiVersion: 'v1', kind: '${env.kind}', metadata: { name: 'd' }, data: { v: 'x' } } },
          {
            id: 'copy',
            template: {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              metadata: { name: 'c' },
              data: { v: '${dyn.data.v}', w: '${env.text}' },
            },
          },
        ],
      },
    },
    { sources: builtinSource() },
  );
  if (computed === undefined) throw new Error(JSON.stringify(diagnostics));

  test.each<[string, readonly (readonly [string, ObjectRef])[], readonly [boolean, boolean, boolean]]>([
    ['is secret while its object is unknown', [], [true, true, false]],
    ['is secret when its object is a Secret', [['dyn', refTo('Secret', 'd')]], [true, true, false]],
    ['is not secret when its object has another kind', [['dyn', refTo('ConfigMap', 'd')]], [false, false, false]],
    [
      'is not secret when its object is called Secret in another group',
      [['dyn', refTo('Secret', 'd', 'x/v1')]],
      [false, false, false],
    ],
  ])('%s', (_title, known, expected) => {
    const live = Secrets.liveNodes(known);
    for (const hides of [Secrets.liveFieldsOf(computed, live), Secrets.fieldsOf(computed, live)]) {
      expect([hides('dyn', 'data.v'), hides('copy', 'data.v'), hides('copy', 'data.w')]).toEqual(expected);
    }
  });
});

describe('only values from the data of a Secret are secret', () => {
  const fed = graphOf(`
schema:
  kind: Shop
  spec: { password: string, host: string, users: '[]User', size: integer | default=1 }
  types: { User: { name: string, password: string } }
  status: { count: '\${size(copies)}', url: '\${db.status.address}', ready: '\${db.status.running}' }
resources:
  - id: login
    template:
      apiVersion: v1
      kind: Secret
      metadata: { name: login, labels: { v: '\${string(other.data.key)}' } }
      stringData: { key: '\${schema.spec.password}', url: '\${schema.spec.host}/\${schema.metadata.name}' }
  - {id: other, template: {apiVersion: v1, kind: Secret, metadata: {name: other}, stringData: {key: hush}}}
  - id: web
    readyWhen: ['\${web.status.availableReplicas == web.spec.replicas}']
    template:
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: web, annotations: { host: '\${schema.spec.host}' } }
      spec:
        replicas: 2
        selector: { matchLabels: { app: web } }
        template:
          metadata: { labels: { app: web } }
          spec: { containers: [{ name: web, image: nginx, env: [{ name: P, value: '\${string(login.data.key)}' }] }] }
  - id: copies
    forEach: [{ index: '\${lists.range(schema.spec.size)}' }]
    template: { apiVersion: v1, kind: ConfigMap, metadata: { name: 'c-\${string(index)}' }, data: { v: '\${string(login.data.key)}' } }
  - id: db
    readyWhen: ['\${db.status.running}']
    template:
      apiVersion: parts.test/v1
      kind: Pump
      metadata: { name: db }
      spec: { feed: '\${string(login.data.key)}' }
  - id: logins
    forEach: [{ user: '\${schema.spec.users}' }]
    template: { apiVersion: v1, kind: Secret, metadata: { name: '\${user.name}' }, stringData: { key: '\${user.password}' } }
${map('replicas', '${string(web.status.availableReplicas)}')}
${map('image', '${web.spec.template.spec.containers.map(c, c.image).join(",")}')}
${map('name', '${login.metadata.name}${login.metadata.resourceVersion}${string(login.type)}')}
${map('label', '${login.metadata.labels.v}')}
${map('keys', '${string(size(login.data))}')}
${map('hasKey', '${string(has(login.data.key) && "key" in login.data && login.data.size() > 0)}')}
${map('length', '${string(size(login.data.key))}')}
${map('compared', '${string(string(login.data.key) == "prod")}')}
${map('both', '${string(size(login.data)) + string(login.data.key)}')}
${map('longName', '${string(size(login.data)) + string(login2.data.key)}')}
  - {id: login2, template: {apiVersion: v1, kind: Secret, metadata: {name: l2}, stringData: {key: hush}}}
${map('number', '${string(size(copies))}')}
${map('whole', '${login.metadata.annotations.v}')}
${map('echo', '${string(db.status.address)}')}
${map('bool', '${string(db.status.running)}')}
`);
  const node = (id: string) => fed.nodes.get(id)!;
  const hides = Secrets.expressionsOf(fed);

  test.each([
    ['replicas', 'the replica count of an object that has a value of a Secret', false],
    ['number', 'the number of objects that have a value of a Secret', false],
    ['name', 'the name, the version and the type of a Secret', false],
    ['label', 'a label of a Secret whose value comes from another Secret', true],
    ['keys', 'the number of the keys of a Secret', false],
    ['hasKey', 'whether a Secret has a key', false],
    ['length', 'the length of a value of a Secret', true],
    ['compared', 'whether a value of a Secret equals a literal of the expression', true],
    ['both', 'the number of the keys of a Secret, and a value', true],
    ['longName', 'a value of another Secret, whose id begins with the id of the first', true],
    ['whole', 'an annotation of a Secret, which can contain a copy of the Secret', true],
    ['image', 'a list with a value of a Secret in one item', true],
    ['echo', 'a string in the status of a custom resource that has a value of a Secret', true],
    ['web', 'a value of a Secret', true],
  ])('node %s reads %s: the result is secret: %s', (id, _what, expected) => {
    const holes = node(id).template.holes.filter(({ pathText }) => !pathText.startsWith('metadata'));
    expect(holes.map(({ expression }) => hides(node(id), expression))).toEqual([expected]);
  });

  test.each([
    ['web', 0, false],
    ['db', 0, false],
  ])('readyWhen of %s is not secret, because its value is only a boolean', (id, index, expected) => {
    expect(hides(node(id), node(id).readyWhen[index]!)).toBe(expected);
  });

  test('the rules for expressions of nodes also apply to expressions of the status', () => {
    const shown = fed.status.holes.map(({ pathText, expression }) => [pathText, hides(undefined, expression)]);
    expect(Object.fromEntries(shown)).toEqual({ count: false, url: true, ready: false });
  });

  test.each([
    ['web', 'metadata.annotations.host', undefined, false],
    ['web', 'spec.replicas', 2, false],
    ['web', 'status.availableReplicas', 2, false],
    ['web', 'spec.template.spec.containers[0].env[0].value', 'x', true],
    ['login', 'metadata.labels.v', 'x', true],
    ['login', 'metadata.labels.other', 'x', false],
    ['login', 'metadata.resourceVersion', '1', false],
    ['login', 'metadata.annotations.x', 'x', true],
    ['login', 'data.key', 'x', true],
    ['db', 'status.address', 'x', true],
    ['db', 'status.running', true, false],
    ['db', 'status.level', 3, false],
    ['db', 'status.conditions[0].reason', 'x', false],
    ['db', 'status.conditions[0].message', 'x', true],
    ['replicas', 'data.v', 'x', false],
    ['echo', 'data.v', 'x', true],
  ])('node %s: the field %s with the value %s is secret: %s', (id, path, value, expected) => {
    expect(Secrets.liveFieldsOf(fed)(id, path, value)).toBe(expected);
  });

  test.each([
    ['login', 'field', 'stringData.key', true],
    ['login', 'field', 'stringData.url', true],
    ['login', 'field', 'metadata.labels.v', false],
    ['logins', 'forEach', 'forEach.user', true],
    ['copies', 'forEach', 'forEach.index', false],
    ['web', 'readyWhen', 'readyWhen[0]', false],
  ] as const)('node %s: the %s expression at %s is written into a Secret: %s', (id, purpose, place, expected) => {
    expect(Secrets.expressionsInto(fed)(node(id), { purpose, place })).toBe(expected);
  });

  test.each([
    ['spec.password', true],
    ['spec.users', false],
    ['spec.users[2].password', true],
    ['spec.users[2].name', false],
    // The Deployment reads the same field.
    ['spec.host', false],
    ['spec.size', false],
    ['spec.passwords', false],
    ['metadata.name', false],
  ])('the field %s of the instance is written only into Secrets: %s', (path, expected) => {
    expect(Secrets.specOf(fed).hides(path)).toBe(expected);
  });
});

test.each(['**', 'a(b', 'a)', 'a+', String.raw`a\\b`])(
  'the key %s of a map of the instance is matched literally',
  (key) => {
    const graph = graphOf(`
schema: { spec: { words: "map[string]string" } }
resources:
  - id: login
    template: { apiVersion: v1, kind: Secret, metadata: { name: s }, stringData: { a: '\${schema.spec.words["${key}"]}' } }
`);
    expect(Secrets.specOf(graph).hides('spec.words.other')).toBe(false);
  },
);

test('a value that is written into a Secret through defs is secret in each def', () => {
  const nodes = [
    { id: 'input', def: { password: '${"x" + "y"}', open: '${"z"}', pin: '7', shown: '8' } },
    { id: 'login', def: { url: '${"u:" + input.password + input.pin}' } },
    {
      id: 'creds',
      template: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { url: '${login.url}' } },
    },
    {
      id: 'copy',
      template: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'c' },
        data: { a: '${input.password}', b: '${input.open}' },
      },
    },
  ];
  const { graph: defs, diagnostics } = compileGraphObject(
    { apiVersion: 'kro.run/v1alpha1', kind: 'Graph', metadata: { name: 'g', namespace: 'n' }, spec: { nodes } },
    { sources: builtinSource() },
  );
  if (defs === undefined) throw new Error(JSON.stringify(diagnostics));
  const isInto = Secrets.expressionsInto(defs);
  const into = (id: string, place: string) => isInto(defs.nodes.get(id), { purpose: 'field', place });
  expect([into('input', 'pin'), into('input', 'shown')]).toEqual([true, false]);
  expect([into('input', 'password'), into('input', 'open'), into('login', 'url'), into('copy', 'data.a')]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  const hides = Secrets.liveFieldsOf(defs);
  expect([hides('copy', 'data.a'), hides('copy', 'data.b')]).toEqual([true, false]);
});
