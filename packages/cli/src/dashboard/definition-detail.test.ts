import { describe, expect, it, test } from 'vitest';
import type { JsonValue, KubeObject } from '@typekro/kit/core';
import type { CurrentValue, RolloutState } from '@typekro/controller/inspect';
import { graphOf } from '@typekro/engine/test-support/compile-graph';
import { type KubernetesApi, KubeError } from '@typekro/kube';
import { PlacedExpression, Secrets } from '@typekro/engine/runtime';
import { compile } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { rolloutState, versionsOf } from './definition-detail.ts';
import { CurrentValues, readObject } from './current-values.ts';
import { maskedObject } from './masked-object.ts';

const definition = (canary: string | undefined, status?: string, message?: string): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'boats', ...(canary && { annotations: { 'typekro.dev/canary': canary } }) },
  status: { conditions: status === undefined ? [] : [{ type: 'RolledOut', status, ...(message && { message }) }] },
});
const revision = (record?: string) => ({
  number: 4,
  spec: {},
  object: {
    apiVersion: 'internal.kro.run/v1alpha1',
    kind: 'GraphRevision',
    metadata: {
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...(record !== undefined && { annotations: { 'typekro.dev/rollout': record } }),
    },
  },
});
const INSTANCES = ['c', 'a', 'b'].map((name): KubeObject => ({
  apiVersion: 'acme.test/v1',
  kind: 'Boat',
  metadata: { name, namespace: 'n', uid: name },
}));

test.each<[string, KubeObject, Partial<RolloutState> | undefined]>([
  ['without a canary', definition(undefined, 'Unknown'), undefined],
  ['before the controller has written a condition', definition('2'), undefined],
  ['after all instances got the revision', definition('2', 'True'), undefined],
  ['with a canary of all instances', definition('3', 'Unknown'), undefined],
  [
    'while the first instances are not ready',
    definition('2', 'Unknown', 'wait'),
    { phase: 'waiting', message: 'wait' },
  ],
  [
    'after one of the first instances failed',
    definition('2', 'False', 'n/a failed'),
    { phase: 'held', message: 'n/a failed' },
  ],
])('a rollout is reported only while its first instances wait or one has failed: %s', (_title, of, expected) => {
  const found = rolloutState(of, revision('2'), INSTANCES);
  if (expected === undefined) return expect(found).toBeUndefined();
  expect(found).toEqual({ revision: 4, of: 3, first: found?.first, ...expected });
  expect(found?.first).toHaveLength(2);
  expect(found?.first).toEqual([...(found?.first ?? [])].sort());
});

test('a canary given as a percentage has at least one instance, and none of its instances is pinned', () => {
  const [first, ...others] = INSTANCES as [KubeObject, ...KubeObject[]];
  const pinned = { ...first, metadata: { ...first.metadata, annotations: { 'typekro.dev/revision': '1' } } };
  const found = rolloutState(definition('10%', 'Unknown'), revision('0'), [pinned, ...others]);
  expect(found?.of).toBe(3);
  expect(found?.first).toHaveLength(1);
  expect(found?.first).not.toContain('n/c');
});

test.each([
  ['a revision that went to all instances', 'done', undefined],
  ['a revision without the annotation', undefined, undefined],
  ['a canary that is lowered while it runs', '2', ['n/b', 'n/c']],
])('the first instances of %s (rollout annotation: %s) are %j', (_title, record, expected) => {
  expect(rolloutState(definition('1', 'Unknown'), revision(record), INSTANCES)?.first).toEqual(expected);
});

test('an instance that is younger than the revision is not one of the first instances', () => {
  const [first] = rolloutState(definition('1', 'Unknown'), revision('1'), INSTANCES)?.first ?? [];
  const younger = INSTANCES.map((each) =>
    `n/${each.metadata.name ?? ''}` === first
      ? { ...each, metadata: { ...each.metadata, creationTimestamp: '2026-01-01T00:00:01Z' } }
      : each,
  );
  const found = rolloutState(definition('1', 'Unknown'), revision('1'), younger)?.first;
  expect(found).toHaveLength(1);
  expect(found).not.toContain(first);
});

const MAP = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'a' };
const error = new KubeError('configmaps "a" is forbidden', { status: 403, reason: 'Forbidden' });
const api = { find: () => Promise.reject(error) } as unknown as KubernetesApi;

test('for an object that the caller may not read, the result has the reason', async () => {
  expect(await readObject(api, MAP, new AbortController().signal)).toEqual({ failure: error.message });
});

test('a read fails when the caller has disconnected, and the object is not reported as unreadable', async () => {
  await expect(readObject(api, MAP, AbortSignal.abort())).rejects.toBe(error);
});

describe('the expressions of a collection', () => {
  const graph = graphOf(`
schema: { kind: Shop, spec: { zones: '[]string', ports: '[]integer' } }
resources:
  - id: creds
    template: { apiVersion: v1, kind: Secret, metadata: { name: creds }, stringData: { list: a, word: b } }
  - id: maps
    forEach: [{ zone: '\${schema.spec.zones}' }, { port: '\${schema.spec.ports}' }]
    includeWhen: ['\${size(schema.spec.zones) > 1}']
    readyWhen: ['\${each.data.port == "81"}']
    template:
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: '\${zone}-\${string(port)}' }
      data: { port: '\${string(port)}', all: '\${schema.spec.zones.join(",")}', key: '\${zone + string(creds.data.word)}' }
  - id: keys
    forEach: [{ part: '\${string(creds.data.list).split(",")}' }]
    template: { apiVersion: v1, kind: ConfigMap, metadata: { name: 'key-\${part}' }, data: { a: x } }
`);
  const mapOf = (name: string, data: object) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'n' },
    data,
  });
  const variables = new Map<string, unknown>([
    ['schema', { metadata: { name: 's', namespace: 'n' }, spec: { zones: ['x', 'y'], ports: [80, 81] } }],
    ['creds', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'creds' }, data: { list: 'YSxi', word: 'Yg==' } }],
    ['maps', [mapOf('x-80', { port: '80' }), mapOf('y-81', { port: '81' })]],
  ]);
  const values = new CurrentValues(graph, variables, 0, Secrets.liveNodes([]));
  const known = (value: JsonValue): CurrentValue => ({ is: 'known', value });
  const unknown = (message: string): CurrentValue => ({ is: 'unknown', message });
  const each = unknown('it has a value for each object of the collection');
  const none = unknown('no element of the forEach lists makes ConfigMap n/z-80');

  test.each<[string, string, string | undefined, CurrentValue]>([
    ['maps', 'metadata.name', undefined, each],
    ['maps', 'metadata.name', 'x-80', known('x-80')],
    ['maps', 'metadata.name', 'y-81', known('y-81')],
    ['maps', 'metadata.name', 'x-81', known('x-81')],
    ['maps', 'metadata.name', 'z-80', none],
    ['maps', 'data.port', 'y-80', known('80')],
    ['maps', 'data.all', 'z-80', known('x,y')],
    ['maps', 'data.all', undefined, known('x,y')],
    ['maps', 'data.key', 'x-80', { is: 'secret' }],
    ['maps', 'includeWhen[0]', 'x-80', known(true)],
    ['maps', 'forEach.port', 'x-80', known([80, 81])],
    ['maps', 'readyWhen[0]', undefined, each],
    ['maps', 'readyWhen[0]', 'x-80', known(false)],
    ['maps', 'readyWhen[0]', 'y-81', known(true)],
    ['maps', 'readyWhen[0]', 'x-81', unknown('ConfigMap n/x-81 does not exist')],
    ['keys', 'metadata.name', 'key-a', { is: 'secret' }],
  ])('%s: %s has for the object %s the value %j', (id, place, name, expected) => {
    const node = graph.nodes.get(id);
    const placed = node === undefined ? [] : PlacedExpression.of(node).filter((each) => each.place === place);
    const object = name === undefined ? undefined : { ...MAP, namespace: 'n', name };
    expect(node && values.ofPlaced(node, placed, object)).toEqual([expected]);
  });
});

const GRAPH = compile(
  {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'shops' },
    spec: {
      schema: { apiVersion: 'v1', kind: 'Shop', group: 'acme.test', spec: { theme: 'string' } },
      resources: [
        {
          id: 'creds',
          template: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { password: 'hunter2' } },
        },
        {
          id: 'pod',
          template: {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: 'p' },
            spec: {
              containers: [
                {
                  name: 'c',
                  image: 'i',
                  env: [
                    { name: 'THEME', value: '${schema.spec.theme}' },
                    { name: 'PASSWORD', value: '${base64.encode(creds.data.password)}' },
                  ],
                },
              ],
            },
          },
        },
      ],
    },
  },
  { sources: builtinSource(), target: 'typekro' },
).graph;

const hides = Secrets.liveFieldsOf(GRAPH);
const copy = '{"kind":"Secret","data":{"password":"aHVudGVyMg=="}}';

const secret: KubeObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: 's',
    uid: 'u',
    labels: { app: 'a' },
    annotations: {
      'kubectl.kubernetes.io/last-applied-configuration': copy,
      'kapp.k14s.io/original': copy,
      'example.com/note': 'hunter2',
      'kro.run/reconcile': 'suspended',
    },
    managedFields: [{ manager: 'm' }],
  },
  data: { password: 'aHVudGVyMg==', ['__proto__']: 'aHVudGVyMg==' },
  type: 'Opaque',
};

it('masks the values of a Secret and of its annotations, and removes annotations that contain a copy of the object', () => {
  const { object, masked } = maskedObject(secret, (path) => hides('creds', path));
  const text = JSON.stringify(object);
  expect(text).not.toContain('hunter2');
  expect(text).not.toContain('aHVudGVyMg');
  expect(object.metadata).toEqual({
    name: 's',
    uid: 'u',
    labels: { app: 'a' },
    annotations: { 'example.com/note': '(secret)', 'kro.run/reconcile': 'suspended' },
  });
  expect(object).toMatchObject({ type: 'Opaque', data: { password: '(secret)' } });
  expect(masked).toContain('data.password');
});

it('masks the data of a Secret even if the graph hides none of its fields', () => {
  expect(maskedObject(secret, () => false).object).toMatchObject({ data: { password: '(secret)' } });
});

it('masks a label with a value from another Secret, but not annotations of the controller', () => {
  const { object } = maskedObject(secret, (path) => path === 'metadata.labels.app' || path.includes('reconcile'));
  expect(object.metadata).toMatchObject({
    labels: { app: '(secret)' },
    annotations: { 'kro.run/reconcile': 'suspended' },
  });
});

it('masks values that an expression computes from a Secret, even if another client inserts elements before them', () => {
  const env = [
    { name: 'ADDED', value: 'by an injector' },
    { name: 'THEME', value: 'dark' },
    { name: 'PASSWORD', value: 'YUhWdWRHVnlNZz09' },
  ];
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c', env }] } };
  const { object } = maskedObject(pod, (path) => hides('pod', path));
  expect(JSON.stringify(object)).not.toContain('YUhWdWRHVnlNZz09');
  expect(object).toMatchObject({ spec: { containers: [{ name: 'c', env: [{ name: 'ADDED' }, {}, {}] }] } });
});

it('without a known graph, masks every field except those that a server writes', () => {
  const unknown = Secrets.liveFieldsOf(undefined);
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data: { k: 'v' } };
  const { object } = maskedObject({ ...map, status: { phase: 'Ready' } }, (path) => unknown('x', path));
  expect(object).toMatchObject({ metadata: { name: 'm' }, data: { k: '(secret)' }, status: { phase: 'Ready' } });
});

describe('the versions of a definition', () => {
  const { crd } = graphOf(
    `schema:
  kind: Site
  spec: { hostname: string }
  versions:
    - name: v1alpha1
      deprecated: true
      deprecationWarning: use v1
      spec: { host: string }
      convertTo: { spec.hostname: "\${self.spec.host}" }
      convertFrom: { spec.host: "\${self.spec.hostname}" }
resources:
  - id: settings
    template: { apiVersion: v1, kind: ConfigMap, metadata: { name: a } }
`,
  ).instance;
  const live = { ...crd, status: { storedVersions: ['v1', 'v1alpha1'] } };
  const withStatus = (status: string): KubeObject => ({
    ...definition(undefined),
    status: {
      conditions: [{ type: 'StorageMigrated', status, message: '3 of 7' }],
      migration: { to: 'v1', migrated: 3, total: 7 },
    },
  });

  test('have the warning, the schemas and the conversions, and what the live CRD has stored', () => {
    const found = versionsOf(withStatus('Unknown'), crd, live);
    expect(found?.rows).toMatchObject([
      { name: 'v1', hub: true, served: true, stored: true },
      { name: 'v1alpha1', hub: false, served: true, stored: true, deprecated: 'use v1' },
    ]);
    expect(found?.rows.map(({ schema }) => Object.keys(schema['properties'] ?? {}))).toEqual([['hostname'], ['host']]);
    expect(found?.conversions).toHaveLength(2);
    expect(found?.migration).toEqual({ status: 'Unknown', message: '3 of 7', migrated: 3, total: 7 });
  });

  test.each([
    ['a finished migration', withStatus('True')],
    ['no migration', definition(undefined)],
  ])('%s has no progress', (_title, of) => {
    expect(versionsOf(of, crd, live)?.migration).toBeUndefined();
  });

  test.each([
    ['of the definition without a live CRD', crd, undefined, 2],
    ['of the live CRD while the definition has problems', undefined, live, 2],
    ['of neither', undefined, undefined, undefined],
    ['of an API of one version', { ...crd, spec: { ...crd.spec, versions: [] } }, live, undefined],
  ])('are those %s', (_title, compiled, found, count) => {
    expect(versionsOf(definition(undefined), compiled, found)?.rows.length).toBe(count);
  });
});
