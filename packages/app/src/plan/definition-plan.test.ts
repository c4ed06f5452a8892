import { assumedSettings, previewDefinition } from '@typekro/controller/controller';
import { expect, test } from 'vitest';
import { graphOf } from '@typekro/engine/test-support/compile-graph';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { Secrets } from '@typekro/engine/runtime';
import { definitionPlan } from './definition-plan.ts';

/** Returns the plan's lines about nodes for a change of a definition's resources. */
function nodesOf(before: JsonObject, after: JsonObject) {
  const graph = graphOf(JSON.stringify({ resources: [after] }));
  const object = (resource: JsonObject): KubeObject => ({
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'app', uid: '1' },
    spec: { schema: { apiVersion: 'v1', kind: 'App' }, resources: [resource] },
  });
  const [live, next] = [object(before), object(after)];
  const shared = { graph, object: next, crd: undefined, instances: [] };
  const preview = previewDefinition({ ...shared, revisions: [], settings: assumedSettings('this test') });
  return definitionPlan({ ...shared, place: 'app.yaml:1', live, preview, facets: 'none' }).nodes;
}

const external = { id: 'a', externalRef: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } } };
const secret = (password: string) => ({
  id: 'a',
  template: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, stringData: { password } },
});
const map = { id: 'a', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } } };

test.each<[string, JsonObject, JsonObject]>([
  ['a template that is added', external, secret('hunter2-new')],
  ['a template that is removed', secret('hunter2-old'), external],
  ['a changed literal', secret('hunter2-old'), secret('hunter2-new')],
  ['a ConfigMap that becomes a Secret', map, secret('hunter2-new')],
  ['a Secret that becomes a ConfigMap', secret('hunter2-old'), map],
])('the plan hides the literals of a Secret template: %s', (_what, before, after) => {
  const nodes = nodesOf(before, after);
  expect(nodes).toHaveLength(1);
  expect(nodes[0]?.fields.length).toBeGreaterThan(0);
  expect(JSON.stringify(nodes)).not.toContain('hunter2');
});

/** Returns the changes of the schema. */
function schemaOf(
  before: JsonObject,
  after: JsonObject,
  specs: Readonly<Record<string, JsonObject>>,
  resources: readonly [JsonObject, JsonObject] = [map, map],
) {
  const graphWith = (schema: JsonObject, resource: JsonObject) =>
    graphOf(JSON.stringify({ schema, resources: [resource] }));
  const graph = graphWith(after, resources[1]);
  const former = graphWith(before, resources[0]);
  const { crd } = former.instance;
  const instances = Object.entries(specs).map(([name, spec]): KubeObject => ({
    apiVersion: 'acme.test/v1',
    kind: 'App',
    metadata: { name },
    spec,
  }));
  const object: KubeObject = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'app', uid: '1' },
    spec: { schema: { apiVersion: 'v1', kind: 'App', ...after }, resources: [resources[1]] },
  };
  const preview = previewDefinition({
    graph,
    object,
    crd,
    instances,
    revisions: [],
    settings: assumedSettings('this test'),
  });
  const input = { graph, object, crd, instances, place: 'app.yaml:1', live: object, preview };
  return definitionPlan({ ...input, facets: 'conservative', hiddenBefore: Secrets.specOf(former).hides }).schema;
}

const fed = secret('${schema.spec.pw}');
const login = (pw: string) => ({ spec: { pw: `string | default="${pw}"` } });
const logins = (pw: string) => ({ spec: { pw: `map[string]string | default={"a":"${pw}"}` } });

test.each<[string, JsonObject, JsonObject, readonly [JsonObject, JsonObject]]>([
  ['a changed default', login('hunter2-a'), login('hunter2-b'), [fed, fed]],
  [
    'a default in a list',
    { spec: { pw: '[]string | default=["hunter2"]' } },
    { spec: { pw: '[]string' } },
    [secret('${schema.spec.pw[0]}'), map],
  ],
  [
    'a changed default of a map',
    logins('hunter2-a'),
    logins('hunter2-b'),
    [secret('${schema.spec.pw.a}'), secret('${schema.spec.pw.a}')],
  ],
  ['a new field', { spec: {} }, login('hunter2'), [map, fed]],
  ['a removed field', login('hunter2'), { spec: {} }, [fed, map]],
])('the plan hides the default of a field that feeds a Secret: %s', (_what, before, after, resources) => {
  const lines = JSON.stringify(schemaOf(before, after, {}, resources));
  expect(lines).toContain('(secret)');
  expect(lines).not.toContain('hunter2');
});

const PART = { spec: { byName: 'map[string]Part', parts: '[]Part' } };

test.each<[string, JsonObject, JsonObject, Readonly<Record<string, JsonObject>>, unknown[]]>([
  [
    'a field that becomes required breaks the instances without it',
    { spec: { size: 'integer' } },
    { spec: { size: 'integer | required=true' } },
    { with: { size: 1 }, without: {} },
    [{ field: 'spec.size', setBy: [], lackedBy: ['without'] }],
  ],
  [
    'a new required field breaks each instance',
    { spec: { size: 'integer' } },
    { spec: { size: 'integer', text: 'string | required=true' } },
    { a: { size: 1 }, b: {} },
    [{ field: 'spec.text', setBy: [], lackedBy: ['a', 'b'] }],
  ],
  [
    'a required field that loses its default breaks the instances whose value is this default',
    { spec: { size: 'integer | required=true default=3' } },
    { spec: { size: 'integer | required=true' } },
    { own: { size: 4 }, default: { size: 3 } },
    [{ field: 'spec.size', setBy: [], lackedBy: ['default'] }],
  ],
  [
    'a field that becomes required in the values of a map and in the items of a list breaks the instances in which an element lacks the field',
    { ...PART, types: { Part: { text: 'string' } } },
    { ...PART, types: { Part: { text: 'string | required=true' } } },
    {
      without: {},
      complete: { byName: { a: { text: 'x' } }, parts: [{ text: 'x' }] },
      inMap: { byName: { a: { text: 'x' }, b: {} } },
      inList: { parts: [{ text: 'x' }, {}] },
    },
    [
      { field: 'spec.byName.*.text', setBy: [], lackedBy: ['inMap'] },
      { field: 'spec.parts[].text', setBy: [], lackedBy: ['inList'] },
    ],
  ],
  [
    'of the instances that have a removed field in the values of a map, those with a value other than the default set the field',
    { ...PART, types: { Part: { text: 'string', old: 'string | default="x"' } } },
    { ...PART, types: { Part: { text: 'string' } } },
    { own: { byName: { 'a.b': { old: 'y' } } }, default: { byName: { a: { old: 'x' } } } },
    [
      { field: 'spec.byName.*.old', setBy: ['own'] },
      { field: 'spec.parts[].old', setBy: [] },
    ],
  ],
  [
    'a value that leaves an enum breaks the instances with this value, also if it is the default',
    { spec: { size: 'string | default="s" enum="s,m,l"' } },
    { spec: { size: 'string | default="m" enum="m"' } },
    { other: { size: 'm' }, removed: { size: 'l' }, default: { size: 's' }, without: {} },
    [
      { field: 'spec.size', setBy: ['default'] },
      { field: 'spec.size', setBy: ['removed'] },
    ],
  ],
  [
    'a removed value of an enum in a list and in a map breaks the instances with an element of this value',
    { ...PART, types: { Part: { size: 'string | enum="s,m"' } } },
    { ...PART, types: { Part: { size: 'string | enum="s"' } } },
    {
      map: { byName: { a: { size: 'm' }, b: { size: 's' } } },
      list: { parts: [{ size: 'm' }] },
      none: { parts: [{ size: 's' }] },
    },
    [
      { field: 'spec.byName.*.size', setBy: ['map'] },
      { field: 'spec.parts[].size', setBy: ['list'] },
    ],
  ],
  [
    'a stricter bound breaks the instances whose value is beyond it',
    { spec: { size: 'integer | minimum=1 maximum=9 default=2' } },
    { spec: { size: 'integer | minimum=3 maximum=9 default=3' } },
    { below: { size: 1 }, default: { size: 2 }, within: { size: 3 }, without: {} },
    [{ field: 'spec.size', setBy: ['below', 'default'] }],
  ],
  [
    'a new pattern breaks the instances whose value does not match',
    { spec: { name: 'string' } },
    { spec: { name: 'string | pattern="^[a-z]+$"' } },
    { good: { name: 'abc' }, bad: { name: 'A1' } },
    [{ field: 'spec.name', setBy: ['bad'] }],
  ],
  [
    'a shorter limit of a length breaks the instances with longer values',
    { spec: { names: '[]string | maxItems=5', text: 'string | maxLength=5' } },
    { spec: { names: '[]string | maxItems=1', text: 'string | maxLength=2' } },
    { good: { names: ['a'], text: 'ab' }, list: { names: ['a', 'b'] }, text: { text: 'abc' } },
    [
      { field: 'spec.names', setBy: ['list'] },
      { field: 'spec.text', setBy: ['text'] },
    ],
  ],
  [
    'a changed type breaks the instances that set the field to a value of another type',
    { spec: { size: 'string', free: 'object' } },
    { spec: { size: 'integer', free: 'string' } },
    { set: { size: '1' }, without: {}, object: { free: {} } },
    [
      { field: 'spec.free', setBy: ['object'] },
      { field: 'spec.size', setBy: ['set'] },
    ],
  ],
])('%s', (_what, before, after, specs, expected) => {
  const breaking = schemaOf(before, after, specs).filter((line) => line.breaking);
  const lines = breaking.map(({ field, setBy, lackedBy }) => ({
    field,
    setBy,
    ...(lackedBy === undefined ? {} : { lackedBy }),
  }));
  expect(lines).toEqual(expected);
});

test('a default that is added or removed is named', () => {
  const [none, some] = [{ spec: { a: 'string' } }, { spec: { a: 'string | default=x' } }];
  const text = (before: JsonObject, after: JsonObject) => schemaOf(before, after, {})[0]?.description;
  expect(text(none, some)).toBe('Default value was changed from none to "x"');
  expect(text(some, none)).toBe('Default value was changed from "x" to none');
});

/** A schema with the hub v1 and the version v1alpha1, which has another name for the size. */
const versioned = (width: string, more: JsonObject = {}, served = true): JsonObject => ({
  spec: { size: 'integer' },
  versions: [
    {
      name: 'v1alpha1',
      served,
      spec: { width, ...more },
      convertTo: { 'spec.size': '${self.spec.width}' },
      convertFrom: { 'spec.width': '${self.spec.size}' },
      ...(Object.keys(more).length === 0 ? {} : { lossy: Object.keys(more).map((name) => `spec.${name}`) }),
    },
  ],
});

test.each<[what: string, before: JsonObject, after: JsonObject, lines: unknown[]]>([
  [
    'a bound',
    versioned('integer'),
    versioned('integer | maximum=5'),
    [['spec.width', 'v1alpha1: Maximum constraint 5 was added', true, ['large']]],
  ],
  [
    'a new field',
    versioned('integer'),
    versioned('integer', { note: 'string | default=x' }),
    [['spec.note', 'v1alpha1: string | default="x"', false, []]],
  ],
  [
    'a removed version',
    versioned('integer'),
    { spec: { size: 'integer' } },
    [['version.v1alpha1', 'Version v1alpha1 was removed', true, []]],
  ],
  [
    'an unserved version',
    versioned('integer'),
    versioned('integer', {}, false),
    [['version.served', 'Version v1alpha1 is no longer served', true, []]],
  ],
  [
    'a version that is served again',
    versioned('integer', {}, false),
    versioned('integer'),
    [['version.v1alpha1', 'Version v1alpha1 is served again', false, []]],
  ],
])('the plan compares each version with what it shows of the instances: %s', (_what, before, after, expected) => {
  const lines = schemaOf(before, after, { large: { size: 7 }, small: { size: 2 } });
  expect(lines.map(({ field, description, breaking, setBy }) => [field, description, breaking, setBy])).toEqual(
    expected,
  );
});

test('a version that an earlier change has removed is not shown as removed again', () => {
  const schema = { apiVersion: 'v1', kind: 'App', spec: { size: 'integer' } };
  const spec = { schema, resources: [map] };
  const graph = graphOf(JSON.stringify(spec));
  const { crd } = graphOf(JSON.stringify({ ...spec, schema: { ...schema, ...versioned('integer') } })).instance;
  const object = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', metadata: { name: 'app' }, spec };
  const input = { graph, object, crd, instances: [], place: 'app.yaml:1', live: object, facets: 'none' } as const;
  const linesAfter = (before: JsonObject) =>
    definitionPlan({ ...input, preview: { before, revision: { from: 2, to: 3 } } }).schema.map(({ field }) => field);
  expect(linesAfter({ ...spec, schema: { ...schema, ...versioned('integer') } })).toEqual(['version.v1alpha1']);
  expect(linesAfter(spec)).toEqual([]);
});
