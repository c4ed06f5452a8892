import { describe, expect, test, vi } from 'vitest';
import { type InputObject } from '@typekro/app/plan';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { ALLOW_BREAKING_CHANGES, compile, TYPEKRO_FEATURES } from '@typekro/engine/graph';
import { type ComparedFacets, builtinSource } from '@typekro/engine/schema';
import type { LoadedInputs } from '../inputs/load-inputs.ts';
import { parseManifest } from '../inputs/read-manifest.ts';
import { checkInputs } from './check-inputs.ts';
import { breakingChanges } from './breaking-changes.ts';

/** Parses YAML documents as inputs. */
function inputsOf(file: string, text: string): Pick<LoadedInputs, 'diagnostics'> & { objects: InputObject[] } {
  const { objects, diagnostics } = parseManifest(text, file);
  return { objects: objects.map((entry) => ({ ...entry, file })), diagnostics };
}

/** Returns the errors in the contents of several files, as `file:line code`. */
async function errorsIn(...files: readonly (readonly [file: string, text: string])[]): Promise<string[]> {
  const loaded = files.map(([file, text]) => inputsOf(file, text));
  const { diagnostics } = await checkInputs({
    objects: loaded.flatMap(({ objects }) => objects),
    diagnostics: loaded.flatMap((each) => each.diagnostics),
    texts: new Map(),
  });
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ code, source }) => `${source?.file ?? '?'}:${source?.line ?? '?'} ${code}`)
    .toSorted();
}

const definition = (kind: string, { spec = 'name: string', id = 'map', extra = '', name = '${schema.spec.name}' }) => `\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: ${kind.toLowerCase()}}
spec:
  schema:
    apiVersion: v1alpha1
    kind: ${kind}
    spec: {${spec}}
  resources:
    - id: ${id}
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${name}"}}
${extra}`;

async function keysListed(text: string): Promise<number> {
  const lists = [vi.spyOn(Object, 'keys'), vi.spyOn(Object, 'entries')];
  await checkInputs({ ...inputsOf('a.yaml', text), texts: new Map() });
  const listed = lists.flatMap(({ mock }) => mock.results.map(({ value }) => (value as unknown[]).length));
  vi.restoreAllMocks();
  return listed.reduce((sum, each) => sum + each, 0);
}

const times = (n: number, piece: string) => Array.from({ length: n }, (_, i) => piece.replaceAll('@', `${i}`)).join('');
const readers = (n: number) => `"}, data: {${times(n, 'k@: "${schema.spec.g@}",')}z: "`;
const instance = (spec: string) => `---\n{apiVersion: kro.run/v1alpha1, kind: A, metadata: {name: a}, spec: {${spec}}}`;

test.each<readonly [string, (n: number) => string]>([
  ['types', (n) => definition('A', { spec: `${times(n, 'f@: U@, ')}}\n    types: {${times(n, 'T@: {a: string}, ')}` })],
  ['fields', (n) => definition('A', { spec: times(n, 'f@: string,'), name: readers(n) })],
  ['members of a template', (n) => definition('A', { name: `a"}, ${times(n, 'z@: x, ')}z: {z: "z` })],
  ['members', (n) => definition('A', { spec: times(n, 'f@: string, ') }) + instance(times(n, 'g@: x, '))],
])('the work for unknown %s grows as their number', async (_what, textOf) => {
  expect(await keysListed(textOf(400))).toBeLessThan(3 * (await keysListed(textOf(200))));
});

test('a chain of definitions that use each other is compiled once, in each order of the files', async () => {
  const link = (i: number) => `---
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: d${i}}
spec:
  schema: {apiVersion: v1, kind: D${i}, spec: {x: string}}
  resources:
    - id: next
      template: {apiVersion: ${i === 0 ? 'v1, kind: ConfigMap' : `kro.run/v1, kind: D${i - 1}`}, metadata: {name: a}${i === 0 ? '' : ', spec: {x: "${schema.spec.x}"}'}}
`;
  const links = Array.from({ length: 600 }, (_, i) => link(i));
  for (const text of [links.join(''), links.toReversed().join('')])
    expect(await errorsIn(['a.yaml', text])).toEqual([]);
});

const unknownName = (kind: string) => definition(kind, { name: '${nothing.metadata.name}' });

/** Contents with a problem that hides other problems of the same definition. */
const HIDING: readonly (readonly [title: string, text: string])[] = [
  ['an invalid id', definition('Hiding', { id: 'Not-An-Id' })],
  ['an id that is used twice', definition('Hiding', { extra: '    - {id: map, externalRef: {}}\n' })],
  ['a field next to the template', definition('Hiding', { extra: '      spec: {}\n' })],
  ['a resource without an object', definition('Hiding', { extra: '    - id: other\n' })],
  ['types at the wrong path', definition('Hiding', { extra: '  types: {Port: {number: integer}}\n' })],
  ['an expression in place of a type', definition('Hiding', { spec: 'name: string, size: "${schema.spec.x}"' })],
  [
    'a field outside of the spec',
    `${definition('Hiding', {})}---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, replicas: 1}\n`,
  ],
];

/** Contents with a problem that another problem of the same definition could hide. */
const HIDDEN: readonly (readonly [title: string, text: string])[] = [
  ['an unknown name', unknownName('Hidden')],
  ['an unknown type', definition('Hidden', { spec: 'name: string, port: Port' })],
  ['an expression in place of a type', definition('Hidden', { spec: 'name: string, size: "${schema.spec.x}"' })],
  ['a field next to the template', definition('Hidden', { extra: '      spec: {}\n      data: {}\n' })],
  ['a resource without an object', definition('Hidden', { extra: '    - id: other\n' })],
  ['an unknown field', definition('Hidden', { name: '${map.replicas}' })],
];

describe.each(HIDING)('%s hides no problem of another definition', (_title, hiding) => {
  test.each(HIDDEN)('in another file: %s', async (_name, hidden) => {
    const [one, other] = [await errorsIn(['a.yaml', hiding]), await errorsIn(['b.yaml', hidden])];
    expect(one.length * other.length).toBeGreaterThan(0);
    expect(await errorsIn(['a.yaml', hiding], ['b.yaml', hidden])).toEqual([...one, ...other]);
    expect(await errorsIn(['b.yaml', hidden], ['a.yaml', hiding])).toEqual([...one, ...other]);
  });

  test.each(HIDDEN)('in the same file: %s', async (_name, hidden) => {
    const together = await errorsIn(['a.yaml', `${hiding}---\n${hidden}`]);
    const apart = [await errorsIn(['a.yaml', hiding]), await errorsIn(['b.yaml', hidden])].flat();
    const codes = (errors: readonly string[]) => errors.map((error) => error.replace(/^\S+ /, '')).toSorted();
    expect(codes(together)).toEqual(codes(apart));
  });
});

test('an invalid id hides unknown names that its own definition reads', async () => {
  const extra =
    '    - {id: other, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${webApp.metadata.name}"}}}\n';
  const found = await errorsIn(['a.yaml', definition('App', { id: 'Web-App', extra })]);
  expect(found).toEqual(['a.yaml:10 graph/invalid-id']);
});

test('of two definitions of one kind, the diagnostic is at the kind; of two objects of one name, it is at the name', async () => {
  const renamed = definition('App', {}).replace('{name: app}', '{name: other}');
  expect(await errorsIn(['a.yaml', definition('App', {})], ['b.yaml', renamed])).toEqual(['b.yaml:7 input/duplicate']);
  const same = definition('App', {});
  expect(await errorsIn(['a.yaml', same], ['b.yaml', same])).toEqual(['b.yaml:3 input/duplicate']);
});

test.each([
  [
    'a wrong expression in a resource',
    unknownName('Shop'),
    ['a.yaml:11 graph/unknown-identifier', 'b.yaml:4 input/invalid-field'],
  ],
  ['an error in the schema', definition('Shop', { spec: 'name: strin' }), ['a.yaml:8 simpleschema/unknown-type']],
])('an instance is checked against the schema of a definition with %s', async (_title, broken, errors) => {
  const instance = 'apiVersion: kro.run/v1alpha1\nkind: Shop\nmetadata: {name: a}\nspec: {name: [1]}\n';
  expect(await errorsIn(['a.yaml', broken], ['b.yaml', instance])).toEqual(errors);
});

/** Returns a definition whose status reads a ConfigMap. `members` are added to the ConfigMap's resource. */
function definitionWith(members: JsonObject): JsonObject {
  const template = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { size: 'one' } };
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'pots' },
    spec: {
      schema: { apiVersion: 'v1alpha1', kind: 'Pot', spec: { n: 'integer' }, status: { size: '${addon.data.size}' } },
      resources: [{ id: 'addon', template, ...members }],
    },
  };
}

/**
 * Returns the CRD in the form that it has while the kind of a resource is missing: the status field accepts any value.
 */
function withFreeStatus(crd: KubeObject): KubeObject {
  const text = JSON.stringify(crd);
  const free = text.replace('"size":{"type":"string"}', '"size":{"x-kubernetes-preserve-unknown-fields":true}');
  expect(free).not.toBe(text);
  return JSON.parse(free) as KubeObject;
}

const compiled = (definition: JsonObject) => {
  const { graph } = compile(definition, { sources: builtinSource(), target: 'typekro', features: TYPEKRO_FEATURES });
  if (graph === undefined) throw new Error('the definition does not compile');
  return graph;
};
const changesOf = (definition: JsonObject, before: KubeObject, facets: ComparedFacets = 'engine') =>
  breakingChanges({ object: definition as KubeObject, file: 'pots.yaml' }, compiled(definition), [before], facets);

test.each<[string, JsonObject, string[]]>([
  ['not a breaking change when the resource that it reads is optional', { optional: true }, []],
  ['a breaking change when the resource that it reads is not optional', {}, ['spec.schema.status.size']],
])('a status field whose type becomes known is %s', (_, members, expected) => {
  const definition = definitionWith(members);
  const found = changesOf(definition, withFreeStatus(compiled(definition).instance.crd));
  expect(found.map(({ path }) => path)).toEqual(expected);
});

/** Returns a definition with this schema. */
const definitionOf = (schema: JsonObject): JsonObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'pots' },
  spec: { schema: { apiVersion: 'v1alpha1', kind: 'Pot', ...schema }, resources: [] },
});

test.each<[string, JsonObject, JsonObject, ComparedFacets, string[]]>([
  ['another version', { spec: {} }, { apiVersion: 'v1', spec: {} }, 'engine', ['spec.schema.apiVersion']],
  ['another type', { spec: { n: 'string' } }, { spec: { n: 'integer' } }, 'engine', ['spec.schema.spec.n']],
  [
    'an enum, for kro 0.10',
    { spec: { n: 'string' } },
    { spec: { n: 'string | enum="a,b"' } },
    'engine',
    ['spec.schema.spec.n'],
  ],
  ['an enum, which kro 0.9 allows', { spec: { n: 'string' } }, { spec: { n: 'string | enum="a,b"' } }, 'none', []],
])('%s: each breaking change is reported at its place in the definition', (_, earlier, later, facets, expected) => {
  const before = compiled(definitionOf(earlier)).instance.crd;
  const found = changesOf(definitionOf(later), before, facets);
  expect(found.map(({ path }) => path)).toEqual(expected);
  for (const { hint } of found) expect(hint).toContain('give the definition another kind');
});

test('a change of a CustomResourceDefinition with two versions is refused, even with the annotation that allows breaking changes', () => {
  const definition = definitionOf({ spec: {} });
  const { crd } = compiled(definition).instance;
  const versions = (crd.spec?.['versions'] ?? []) as JsonObject[];
  const before = { ...crd, spec: { ...crd.spec, versions: [...versions, { ...versions[0], name: 'v2' }] } };
  const metadata = { name: 'pots', annotations: { [ALLOW_BREAKING_CHANGES]: 'true' } };
  for (const each of [definition, { ...definition, metadata }]) {
    expect(changesOf(each, before).map(({ message, path }) => ({ message, path }))).toEqual([
      {
        message:
          'a controller refuses to change the CustomResourceDefinition pots.kro.run: expected exactly one version in each CRD, got 2 old and 1 new versions',
        path: 'spec.schema',
      },
    ]);
  }
});

test('a refused template without a position names the file and the object once', async () => {
  const { objects } = inputsOf('a.yaml', definition('A', { name: 'Bad_Name' }));
  const inputs = objects.map(({ object }) => ({ object, file: 'a.ts' }));
  const { diagnostics } = await checkInputs({ objects: inputs, diagnostics: [], texts: new Map() });
  const refused = diagnostics.filter(({ code }) => code === 'input/refused-template');
  expect(refused.map(({ message }) => message.split('a.ts: a: ').length)).toEqual([2]);
});

test('a template in a deprecated version of a kind gets the warning of the author of the kind', async () => {
  const inner = `\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: inner}
spec:
  schema:
    apiVersion: v1
    kind: Inner
    spec: {text: string}
    versions:
      - {name: v1alpha1, deprecated: true, deprecationWarning: write v1, spec: {text: string}}
  resources:
    - id: map
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.metadata.name}"}}
`;
  const outer = (version: string) =>
    definition('Outer', {}).replace('apiVersion: v1, kind: ConfigMap', `apiVersion: kro.run/${version}, kind: Inner`);
  const warningsOf = async (version: string) => {
    const text = `${inner}---\n${outer(version)}`;
    const { diagnostics } = await checkInputs({ ...inputsOf('a.yaml', text), texts: new Map() });
    return diagnostics.filter(({ severity }) => severity === 'warning');
  };
  expect(await warningsOf('v1')).toEqual([]);
  expect(await warningsOf('v1alpha1')).toMatchInlineSnapshot(`
    [
      {
        "code": "input/deprecated-version",
        "hint": "write it in kro.run/v1; typekro explain shows the fields of this version",
        "message": "ResourceGraphDefinition outer: spec.resources[0].template: write v1",
        "path": "spec.resources[0].template.apiVersion",
        "severity": "warning",
        "source": {
          "column": 30,
          "file": "a.yaml",
          "line": 25,
        },
      },
    ]
  `);
});
