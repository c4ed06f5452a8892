import { expect, test, vi } from 'vitest';
import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { compile, revisionHash } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import type { ApplyAction } from '@typekro/engine/runtime';
import { objectsAt, valueAt } from '@typekro/kit/kubernetes';
import { hashedValue } from './masked-values.ts';
import { type SecretInputs, secretInputs } from './mask-inputs.ts';
import { isSameBehindHashes, parseSnapshot, revealedBy, snapshotFile, snapshotText } from './snapshot-file.ts';
import { snapshotTarget } from './snapshot-target.ts';

const LONG = 'correct-horse-battery';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const secretOf = (data: JsonObject): JsonObject => ({
  id: 'secret',
  template: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x', labels: { app: 'x' } }, ...data },
});
const deployment: JsonObject = {
  id: 'deployment',
  template: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'webapps', namespace: 'default' } },
};
const definition = (...resources: JsonObject[]): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'webapps', labels: { 'kro.run/owned': 'true' } },
  spec: { schema: { apiVersion: 'v1alpha1', kind: 'WebApp', spec: { image: 'string' } }, resources },
});
const revision = (number: number, { spec, metadata }: KubeObject): KubeObject => ({
  apiVersion: 'internal.kro.run/v1alpha1',
  kind: 'GraphRevision',
  metadata: { name: `webapps-r0000${number}` },
  spec: { revision: number, snapshot: { name: metadata.name, spec } },
});
const liveSecret = (values: Record<string, string>, metadata: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'shop', namespace: 'default', ...metadata },
  data: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, base64(value)])),
});
const takenWith = (inputs: readonly SecretInputs[], ...objects: KubeObject[]) =>
  snapshotFile(
    {
      source: { kind: 'cluster', name: 'prod', readAt: '2026-11-22T00:00:00Z' },
      namespace: 'default',
      limits: [],
      kinds: [{ type: { group: '', version: 'v1', kind: 'Any', plural: 'any', namespaced: true }, objects }],
    },
    inputs,
  );
const taken = (...objects: KubeObject[]) => takenWith([], ...objects);
const objectsOf = (...objects: KubeObject[]) => taken(...objects).kinds[0]?.objects ?? [];

/**
 * Places at which objects can contain a Secret value or its base64 form. Each place has a function that returns objects
 * with a value at this place.
 */
const HOLDERS: readonly (readonly [where: string, objects: (value: string) => KubeObject[]])[] = [
  ['stringData of a template', (value) => [definition(secretOf({ stringData: { password: value } }))]],
  ['data of a template', (value) => [definition(secretOf({ data: { password: base64(value) } }))]],
  [
    'an older revision, while the live value has changed',
    (value) => [
      revision(1, definition(secretOf({ stringData: { password: value } }))),
      revision(2, definition(secretOf({ stringData: { password: 'other' } }))),
      liveSecret({ password: 'other' }),
    ],
  ],
  [
    'text around an expression',
    (value) => [definition(secretOf({ stringData: { u: `${value}:\${schema.spec.image}` } }))],
  ],
  [
    'a literal of an expression',
    (value) => [definition(secretOf({ stringData: { u: `\${"${value}" + schema.spec.image}` } }))],
  ],
  ['a raw literal', (value) => [definition(secretOf({ stringData: { u: `\${r'\\' + r"${value}"}` } }))]],
  ['a literal with three quotes', (value) => [definition(secretOf({ stringData: { u: `\${'''a'${value}'''}` } }))]],
  ['an unclosed literal', (value) => [definition(secretOf({ stringData: { u: `\${'${value}}` } }))]],
  [
    'a comment of an expression',
    (value) => [definition(secretOf({ stringData: { u: `\${schema.spec.image // ${value}\n}` } }))],
  ],
  [
    'an encoded literal of an expression',
    (value) => [definition(secretOf({ data: { u: `\${base64.encode(bytes("${value}"))}` } }))],
  ],
  ['stringData that is one expression', (value) => [definition(secretOf({ stringData: `\${{"a": "${value}"}}` }))]],
  [
    'a definition inside a definition',
    (value) => [definition({ id: 'inner', template: { ...definition(secretOf({ stringData: { a: value } })) } })],
  ],
  [
    "kubectl's copy of a definition",
    (value) => [
      {
        ...definition(),
        metadata: {
          name: 'webapps',
          annotations: {
            'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(
              definition(secretOf({ stringData: { password: value } })),
            ),
          },
        },
      },
    ],
  ],
  ['a Secret', (value) => [liveSecret({ password: value })]],
  [
    'the copy of a Secret that another tool keeps in an annotation',
    (value) => {
      const secret = liveSecret({ password: value });
      const annotations = { 'kapp.k14s.io/original': JSON.stringify(secret), 'a.b/list': JSON.stringify([[secret]]) };
      return [{ ...secret, metadata: { ...secret.metadata, annotations } }];
    },
  ],
];

const VALUES = ['zq1', 'zq11', 'hunter2', LONG, 'two\nlines of a key'];

test.each(HOLDERS.flatMap(([where, objects]) => VALUES.map((value) => [where, value, objects] as const)))(
  'a snapshot masks a Secret value at this place: %s (the value is %j)',
  (_where, value, objects) => {
    const text = snapshotText(taken(...objects(value)));
    const written = JSON.stringify(value).slice(1, -1);
    for (const each of [value, written, base64(value)]) expect(text).not.toContain(each);
  },
);

test('a long number of an expression is masked', () => {
  const text = snapshotText(taken(definition(secretOf({ stringData: { pin: '${string(918273)}' } }))));
  expect(text).not.toContain('918273');
});

test.each([
  ['a literal', { stringData: { password: LONG } }],
  ['a short literal', { stringData: { password: 'one' } }],
  ['an encoded literal', { data: { password: base64('one') } }],
  ['an empty literal', { stringData: { password: '' } }],
  ['an expression', { stringData: { url: 'a://${schema.spec.image + "-one"}:${string(918273)}@${x.data["key"]}' } }],
  ['an encoded expression', { data: { url: '${base64.encode(bytes("one"))}' } }],
  ['a number', { stringData: { pin: 12345 } }],
])(
  'replacing the masks of a revision with the values of the file restores the hash of a definition with %s',
  (_what, data: JsonObject) => {
    const url = { name: 'URL', value: `https://me:${LONG}@host` };
    const other = { ...deployment, template: { ...(deployment['template'] as JsonObject), spec: { env: [url] } } };
    const file = definition(secretOf(data), other);
    const snapshot = taken(revision(1, file), liveSecret({ password: LONG }));
    const masked = (snapshot.kinds[0]?.objects ?? [])[0] as KubeObject;
    const plain = (spec: JsonValue) => ({ ...file, spec: { snapshot: { spec } } }) as KubeObject;
    const specOf = (object: KubeObject) => valueAt(object.spec, 'snapshot', 'spec');
    const hashBy = (spec: JsonValue) => revisionHash(specOf(revealedBy(snapshot.salt, plain(spec))(masked)));
    const reordered = { ...file.spec, resources: [other, secretOf(data)] };
    expect(specOf(masked)).not.toEqual(file.spec);
    expect(hashBy(file.spec as JsonObject)).toBe(revisionHash(file.spec));
    expect(hashBy(reordered)).toBe(revisionHash(reordered));
    const changed = definition(secretOf({ stringData: { password: 'two' } }), other).spec as JsonObject;
    expect(hashBy(changed)).not.toBe(revisionHash(changed));
  },
);

test.each([
  ['string', 'pw1', 'string | default="pw1"', 'pw1'],
  ['a text without quotes', 'pw1', 'string | maxLength=9 default=pw1', 'pw1'],
  ['a value with escapes', 'p"w\\1', 'string | default="p\\\\\\"w\\\\\\\\1"', 'p\\\\\\"w'],
  ['a field of a map', { user: 'joe', key: 'pw1' }, 'map[string]string | default={"user":"joe","key":"pw1"}', '"pw1'],
  ['a quoted map', { key: 'pw1' }, 'map[string]string | default="{\\"key\\":\\"pw1\\"}"', '"pw1'],
  ['a list', ['pw1'], '[]string | default=["pw1"]', 'pw1'],
])('a snapshot masks an input of a Secret that no Secret has yet: %s', (_what, value, line, secret) => {
  const whole = typeof value === 'string' ? '${schema.spec.pw}' : '${json.marshal(schema.spec.pw)}';
  const object = definition(secretOf({ stringData: { password: whole } }));
  const spec = {
    ...object.spec,
    schema: { apiVersion: 'v1alpha1', kind: 'WebApp', spec: { image: 'string', pw: line } },
  };
  const file = { ...object, spec };
  const { graph, diagnostics } = compile(file, { sources: [builtinSource()], target: 'typekro' });
  if (graph === undefined) throw new Error(JSON.stringify(diagnostics));
  const instance = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'WebApp',
    metadata: { name: 'x' },
    spec: { image: 'pw1', pw: value },
  };
  const inputs = [secretInputs('webapps', graph.instance, graph)];
  const objects = [instance, graph.instance.crd, file, revision(1, file)];
  const snapshot = takenWith(inputs, ...objects);
  const masked = snapshot.kinds[0]?.objects ?? [];
  expect(masked[0]?.spec?.['image']).toBe('pw1');
  const visible = JSON.stringify([masked[0]?.spec?.['pw'], masked.slice(1)]);
  expect(visible).not.toContain(JSON.stringify(secret).slice(1, -1));
  // The plan restores each object that is unchanged, and the masked definition compiles.
  masked.forEach((each, at) => expect(revealedBy(snapshot.salt, objects[at] as KubeObject)(each)).toEqual(objects[at]));
  expect(compile(masked[2] as KubeObject, { sources: [builtinSource()], target: 'typekro' }).graph).toBeDefined();
});

test('a value that a schema lists is not masked, because the masked list would refuse each instance', () => {
  const object = definition(secretOf({ stringData: { password: '${schema.spec.pw}' } }));
  const line = `string | enum="${LONG},other" default="${LONG}"`;
  const file = {
    ...object,
    spec: { ...object.spec, schema: { apiVersion: 'v1', kind: 'WebApp', spec: { pw: line } } },
  };
  const { graph } = compile(file, { sources: [builtinSource()], target: 'typekro' });
  if (graph === undefined) throw new Error('it does not compile');
  const instance = { apiVersion: 'kro.run/v1', kind: 'WebApp', metadata: { name: 'x' }, spec: { pw: LONG } };
  const objects = [instance, graph.instance.crd, file];
  const { kinds } = takenWith(
    [secretInputs('webapps', graph.instance, graph)],
    ...objects,
    liveSecret({ password: LONG }),
  );
  expect(kinds.flatMap((each) => each.objects).slice(0, 3)).toEqual(objects);
});

test('names, namespaces, labels, kinds and selectors are never masked, even if a Secret has equal values', () => {
  const metadata = { name: 'webapps', namespace: 'default', labels: { app: 'correct-horse-battery' }, uid: LONG };
  const child: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...metadata, labels: { ...metadata.labels, 'applyset.kubernetes.io/part-of': 'x' } },
    spec: {
      selector: { matchLabels: { app: LONG } },
      template: {
        metadata: { labels: { app: LONG } },
        spec: { serviceAccountName: 'webapps', volumes: [{ secret: { secretName: LONG } }] },
      },
    },
  };
  const graph = definition(
    secretOf({ stringData: { a: 'one', b: 'webapps', c: 'default', d: 'Deployment' } }),
    deployment,
  );
  const secret = liveSecret(
    { a: 'default', b: 'webapps', c: LONG, d: 'Deployment', e: 'kro.run/v1alpha1' },
    { labels: { app: 'webapps' } },
  );
  const [first, second, third] = objectsOf(graph, child, secret);
  expect(second).toEqual(child);
  expect(third?.metadata).toEqual(secret.metadata);
  const templates = objectsAt(first, 'spec', 'resources').map((each) => each['template'] as JsonObject);
  expect({ ...templates[0], stringData: 0 }).toEqual({ ...(secretOf({ stringData: 0 })['template'] as JsonObject) });
  expect(templates[1]).toEqual(deployment['template']);
  expect({ ...first, spec: { ...first?.spec, resources: 0 } }).toEqual({
    ...graph,
    spec: { ...graph.spec, resources: 0 },
  });
});

const object = (spec: JsonObject, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'example.dev/v1',
  kind: 'Any',
  metadata: { name: 'x', labels },
  spec,
});
const part = { 'applyset.kubernetes.io/part-of': 'x' };

test.each([
  ['a long value anywhere', object({ url: `a://${LONG}@b` }), false],
  ['a long encoded value anywhere', object({ url: base64(LONG) }), false],
  ['a short value as a whole field of an object that no instance owns', object({ mode: 'hunter2' }), true],
  ['a short value as a whole field of an owned object', object({ mode: 'hunter2' }, part), false],
  ['a short value inside a longer string', object({ mode: 'x-hunter2-y' }, part), true],
  ['an entry of a ConfigMap', { ...object({}), data: { key: LONG, name: `a ${LONG}` } }, false],
  ['an annotation', { ...object({}), metadata: { name: 'x', annotations: { note: `a ${LONG}` } } }, false],
])('a Secret value in another object is masked or kept as expected: %s', (_what, given, isKept) => {
  const [masked] = objectsOf(given, liveSecret({ a: 'hunter2', b: LONG }));
  if (isKept) expect(masked).toEqual(given);
  else for (const each of ['hunter2', LONG, base64(LONG)]) expect(JSON.stringify(masked)).not.toContain(each);
});

test('the namespace in a token Secret is not masked in other objects', () => {
  const given = object({ mode: 'team-namespace' }, part);
  const token = { ...liveSecret({ namespace: 'team-namespace' }), type: 'kubernetes.io/service-account-token' };
  expect(objectsOf(given, token)[0]).toEqual(given);
});

test('integers beyond 2^53 are written and read without rounding', () => {
  const given = object({ maximum: 9223372036854775807n, minimum: -9007199254740993n });
  const text = snapshotText(taken(given));
  expect(text).toContain('"maximum":9223372036854775807');
  expect(parseSnapshot(text, 'x.json').kinds[0]?.objects).toEqual([given]);
});

test.each([
  ['an equal value', 'data.password', base64(LONG), 'hashed', true],
  ['another value', 'data.password', base64('other'), 'hashed', false],
  ['a missing value', 'data.password', base64(LONG), undefined, false],
  ['a value of an expression with masked literals', 'data.url', base64('x'), 'any', true],
  ['a value of an expression without literals', 'data.image', base64('x'), 'any', false],
  ['a label', 'metadata.labels.app', 'a', 'b', false],
])('with %s (%s: wanted %s, found %s), a Secret counts as unchanged: %s', (_what, path, wanted, found, isSame) => {
  const data = { password: LONG, url: `a-${LONG}-\${schema.spec.image}`, image: '${schema.spec.image}' };
  const snapshot = taken(definition(secretOf({ stringData: data })));
  const text = snapshot.kinds[0]?.objects[0] as unknown as JsonObject;
  const { graph, diagnostics } = compile(text, { sources: [builtinSource()], target: 'typekro' });
  if (graph === undefined) throw new Error(JSON.stringify(diagnostics));
  const stored = found === 'hashed' ? hashedValue(snapshot.salt, base64(LONG)) : found;
  const action = {
    nodeId: 'secret',
    target: { type: { group: '' } },
    desired: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } },
  } as unknown as ApplyAction;
  const difference = { path, wanted, ...(stored === undefined ? {} : { found: stored }) };
  expect(isSameBehindHashes(graph, snapshot.salt)(action, difference)).toBe(isSame);
});

const whole = {
  schemaVersion: 1,
  kind: 'TypeKroSnapshot',
  source: { kind: 'cluster', name: 'dev', readAt: '2026-01-01T00:00:00Z' },
  namespace: 'default',
  salt: 'x',
  kinds: [],
  limits: [],
};
const maps = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

test.each<[string, JsonObject]>([
  ['without kinds', { ...whole, kinds: null }],
  ['with a kind without a type', { ...whole, kinds: [{ objects: [] }] }],
  ['with values that are not objects', { ...whole, kinds: [{ type: maps, objects: [1] }] }],
  [
    'with an object without metadata',
    { ...whole, kinds: [{ type: maps, objects: [{ apiVersion: 'v1', kind: 'ConfigMap' }] }] },
  ],
  ['with limits that are not strings', { ...whole, limits: [{}] }],
  ['with an unknown level', { ...whole, controller: { kroCompatibility: '2', from: '' } }],
  ['without a salt', { ...whole, salt: null }],
])('a snapshot %s is refused with an error message', (_what, value) => {
  expect(() => parseSnapshot(JSON.stringify(value), 'x.json')).toThrow('x.json is damaged');
  expect(() => parseSnapshot(JSON.stringify(whole), 'x.json')).not.toThrow();
});

/** The text of a snapshot of a CRD whose `spec` has this schema, and of one object of its kind. */
function snapshotOf(schema: unknown): string {
  const type = { group: 'acme.test', version: 'v1', kind: 'Thing', plural: 'things', namespaced: true };
  const crds = {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    namespaced: false,
  };
  const openAPIV3Schema = { type: 'object', properties: { spec: { type: 'object', properties: { a: schema } } } };
  const names = { kind: 'Thing', plural: 'things', singular: 'thing', listKind: 'ThingList' };
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.acme.test', uid: 'u', resourceVersion: '5' },
    spec: {
      group: 'acme.test',
      names,
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
    status: {
      acceptedNames: names,
      storedVersions: ['v1'],
      conditions: ['NamesAccepted', 'Established'].map((each) => ({ type: each, status: 'True' })),
    },
  };
  const metadata = { name: 't', namespace: 'default', uid: 'v', resourceVersion: '6' };
  const thing = { apiVersion: 'acme.test/v1', kind: 'Thing', metadata, spec: { a: 'x' } };
  return JSON.stringify({
    schemaVersion: 1,
    kind: 'TypeKroSnapshot',
    source: { kind: 'cluster', name: 'dev', readAt: '2026-01-01T00:00:00Z' },
    namespace: 'default',
    salt: 'x',
    kinds: [
      { type: crds, objects: [crd] },
      { type, objects: [thing] },
      { type: { ...type, group: 'metrics.test' }, objects: [] },
    ],
    limits: [],
  });
}

test('a snapshot whose CRD is damaged is refused, and a kind that the server does not have is not', async () => {
  const open = (schema: unknown) => snapshotTarget(snapshotOf(schema), 'x.json');
  await (await open({ type: 'string', default: 'a' }))[Symbol.asyncDispose]();
  const printed = vi.spyOn(console, 'error');
  for (const schema of ['x', null, 1]) {
    const message = expect.stringMatching(/objects of Thing\.acme\.test|CustomResourceDefinition/) as string;
    await expect(open(schema)).rejects.toMatchObject({ code: 'snapshot/unreadable', message });
  }
  expect(printed).not.toHaveBeenCalled();
});
