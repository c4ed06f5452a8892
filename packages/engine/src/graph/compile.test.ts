import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type JsonValue, type KubeObject, formatDiagnostic } from '@typekro/kit/core';
import { builtinSource, combineSources, crdSource } from '../schema/index.ts';
import { compile } from './compile.ts';
import type { CompileOptions, CompileResult } from './options.ts';
import { parseDefinitions } from './parse-definitions.ts';
import { ANYTHING, crdOf } from '@typekro/kit/test-support/crd';

const sources = builtinSource();

function fixture(name: string): string {
  return readFileSync(new URL(`../../../../test/fixtures/${name}`, import.meta.url), 'utf8');
}

/** Compiles the first document of a text. */
function compileText(text: string, options: Partial<CompileOptions> = {}): CompileResult {
  const { documents, diagnostics } = parseDefinitions(text, 'x.yaml');
  const [document] = documents;
  if (document === undefined) return { diagnostics };
  return compile(document, { sources, ...options });
}

const withResources = (resources: string): string => `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: x}
spec:
  schema:
    apiVersion: v1alpha1
    kind: App
    spec: {name: string, tags: "[]string"}
  resources:
${resources}`;

describe('the first programs', () => {
  test('my-application has the expected order, reads and status', () => {
    const { graph, diagnostics } = compileText(fixture('seeds/seed-18-my-application.rgd.yaml'));
    expect(diagnostics).toEqual([]);
    expect(graph?.order).toEqual(['deployment', 'service', 'ingress']);
    expect(graph?.reads.get('deployment')).toEqual([
      ['status', 'availableReplicas'],
      ['status', 'conditions'],
      ['spec', 'selector', 'matchLabels'],
    ]);
    expect(graph?.instance).toMatchObject({ plural: 'applications', namespaced: true });
    expect(graph?.status.holes.map((hole) => [hole.pathText, hole.expression.type])).toEqual([
      ['deploymentConditions', 'list(__type_deployment.status.conditions.@idx)'],
      ['availableReplicas', 'int'],
    ]);
  });

  test('a definition may use the kind of another definition if the CRD of that definition is a source', () => {
    const { documents } = parseDefinitions(fixture('seeds/seed-21-webapp-with-db.rgd.yaml'));
    const [inner, outer] = documents;
    const first = compile(inner as NonNullable<typeof inner>, { sources });
    const table = crdOf('Table', ANYTHING, { group: 'dynamodb.services.k8s.aws', version: 'v1alpha1' });
    const crds = [table, first.graph?.instance.crd as KubeObject];
    const second = compile(outer as NonNullable<typeof outer>, { sources: [crdSource(crds), sources] });
    expect(second.diagnostics).toEqual([]);
    expect(second.graph?.order).toEqual(['table', 'app']);
  });
});

test('all problems of a definition are reported together, each with its position', () => {
  const text = fixture('many-mistakes.rgd.yaml');
  const { graph, diagnostics } = compileText(text);
  expect(graph).toBeUndefined();
  expect(`\n${diagnostics.map((each) => formatDiagnostic(each, text)).join('\n')}\n`).toMatchInlineSnapshot(`
    "
    x.yaml:14:22: error: field cpu: invalid marker key "defualt": unknown marker: defualt [simpleschema/unknown-marker]
      14 |       cpu: integer | defualt=100
         |                      ^
      at spec.schema.spec.cpu
      hint: did you mean default?
    x.yaml:30:21: error: this field takes an integer, not a string [graph/literal-type]
      30 |           replicas: "3"
         |                     ^
      at spec.resources[0].template.spec.replicas
      hint: remove the quotes: 3
    x.yaml:36:15: error: the schema has no field "conatiners" here [graph/unknown-field]
      36 |               conatiners: []
         |               ^
      at spec.resources[0].template.spec.template.spec.conatiners
      hint: did you mean "containers"?
    x.yaml:50:15: error: v1 has no kind "Servce" [graph/unknown-kind]
      50 |         kind: Servce
         |               ^
      at spec.resources[1].template.kind
      hint: did you mean "Service"?
    x.yaml:56:11: error: each includeWhen entry is one bare \${…} and nothing else [graph/not-standalone]
      56 |         - schema.spec.replicas > 1
         |           ^
      at spec.resources[2].includeWhen[0]
      hint: write \${schema.spec.replicas > 1}
    x.yaml:63:19: error: nothing here is named hots [graph/unknown-identifier]
      63 |           host: \${hots}
         |                   ^
      at spec.resources[2].template.data.host
      hint: did you mean "host"?
    x.yaml:64:17: error: there is no function upper [graph/unknown-function]
      64 |           fn: \${upper(host)}
         |                 ^
      at spec.resources[2].template.data.fn
      hint: write .upperAscii()
    x.yaml:61:17: error: metadata.name does not depend on host, so several items would be one object [graph/identity]
      61 |           name: cfg
         |                 ^
      at spec.resources[2].template.metadata.name
      hint: use \${host} in metadata.name
    x.yaml:28:31: error: undefined field 'nam' [cel/unknown-field]
      28 |           name: \${schema.spec.nam}
         |                               ^
      at spec.resources[0].template.metadata.name
      hint: did you mean "name"?
    x.yaml:44:44: error: found no matching overload for '_+_' applied to '(string, int)' [cel/no-overload]
      44 |                         \${schema.spec.name + schema.spec.replicas}
         |                                            ^
      at spec.resources[0].template.spec.template.spec.containers[0].env[0].value
      hint: write string(…) around the part that is not a string
    x.yaml:46:32: error: the expression returns int, but the field takes string [graph/type-mismatch]
      46 |                       value: \${schema.spec.replicas}
         |                                ^
      at spec.resources[0].template.spec.template.spec.containers[0].env[1].value
      hint: write string(…) around the expression
    x.yaml:23:13: error: readyWhen needs a boolean; this is int [graph/condition-type]
      23 |         - \${deployment.status.readyReplicas}
         |             ^
      at spec.resources[0].readyWhen[0]
      hint: compare it: … > 0
    x.yaml:18:34: error: undefined field 'redyReplicas' [cel/unknown-field]
      18 |       ready: \${deployment.status.redyReplicas}
         |                                  ^
      at spec.schema.status.ready
      hint: did you mean "readyReplicas"?
    x.yaml:16:7: warning: the type Unused is not used [graph/unused-type]
      16 |       Unused: {a: string}
         |       ^
      at spec.schema.types.Unused
      hint: use it in spec, or remove it
    "
  `);
});

describe('input that is not a definition', () => {
  const endless: { [key: string]: JsonValue } = {};
  endless['self'] = endless;
  const shared = Array.from({ length: 60 }).reduce<JsonValue>((inner) => [inner, inner], 1);
  test.each<[string, JsonValue, string]>([
    ['a value with 2^60 paths to the same scalar', { spec: { schema: { spec: shared } } }, 'yaml/too-deep'],
    ['null', null, 'graph/invalid-definition'],
    ['a list', [], 'graph/invalid-definition'],
    ['a number', 5, 'graph/invalid-definition'],
    ['another kind', { kind: 'Pod', spec: {} }, 'graph/invalid-definition'],
    ['an empty object', {}, 'graph/schema-missing'],
    ['an object inside itself', endless, 'yaml/too-deep'],
    ['a schema of null', { spec: { schema: null } }, 'graph/schema-missing'],
  ])('%s is refused', (_what, input, code) => {
    const { graph, diagnostics } = compile(input, { sources });
    expect(graph).toBeUndefined();
    expect(diagnostics[0]?.code).toBe(code);
  });
});

describe('a diagnostic points into the expression, in every YAML notation', () => {
  const position = (value: string): string => {
    const text = withResources(`    - id: a
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: a}
        data:
          k: ${value}
`);
    const source = compileText(text).diagnostics[0]?.source;
    return `${(source?.line ?? 0) - 16}:${source?.column}`;
  };
  test.each([
    ['${schema.spec.nope}', '0:28'],
    ['a-${schema.spec.name}-${schema.spec.nope}', '0:50'],
    ['"\\u0041 ${schema.spec.nope}"', '0:36'],
    ['"\\U0001F600 ${schema.spec.nope}"', '0:40'],
    ["'it''s ${schema.spec.nope}'", '0:35'],
    ['|\n            one ${schema.spec.name}\n            two ${schema.spec.nope}', '2:31'],
    ['>-\n            one\n            two ${schema.spec.nope}', '2:31'],
    ['${[1,\n            2].map(x, schema.spec.nope)}', '1:35'],
  ])('%j', (value, expected) => expect(position(value)).toBe(expected));
});

describe('options', () => {
  const hole = withResources(`    - id: a
      template: {apiVersion: v1, kind: Service, metadata: {name: a}, spec: "\${schema.spec.name}"}
`);

  test('a problem that kro’s checks miss is a warning, and an error with strict', () => {
    const lenient = compileText(hole);
    expect(lenient.graph).toBeDefined();
    expect(lenient.diagnostics.map((each) => [each.code, each.severity])).toEqual([['graph/type-hole', 'warning']]);
    const strict = compileText(hole, { strict: true });
    expect(strict.graph).toBeUndefined();
    expect(strict.diagnostics.map((each) => [each.code, each.severity])).toEqual([['graph/type-hole', 'error']]);
  });

  const installs = withResources(`    - id: thing
      template: {apiVersion: example.com/v1, kind: Thing, metadata: {name: a}, spec: {size: 1}}
    - id: crd
      template:
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: things.example.com}
        spec:
          group: example.com
          scope: Namespaced
          names: {kind: Thing, plural: things, singular: thing, listKind: ThingList}
          versions:
            - name: v1
              served: true
              storage: true
              schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
`);

  test('a resource comes after the CRD of its kind in the same graph; for stock kro, the kind is refused', () => {
    const { graph, diagnostics } = compileText(installs, { target: 'typekro' });
    expect(diagnostics).toEqual([]);
    expect(graph?.order).toEqual(['crd', 'thing']);
    const stock = compileText(installs);
    expect(stock.diagnostics[0]?.hint).toContain('"crd" installs the kind');
  });
});

test('read paths of a collection begin at its items, also in loops, filters and iterators', () => {
  const text = withResources(`    - id: maps
      forEach: [{tag: "\${schema.spec.tags}"}]
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${tag}"}}
    - id: settings
      externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}}
    - id: chosen
      forEach: [{map: "\${maps.filter(m, m.data['on'] == settings.data.on)}"}]
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${map.metadata.name}-y"}}
    - id: more
      forEach: [{map: "\${maps}"}]
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "\${map.metadata.name}-x"}
        data:
          first: \${maps[0].data.k}
          some: \${maps.filter(m, m.metadata.uid != "").map(m, m.data["l"]).join(",")}
`);
  const { graph, diagnostics } = compileText(text);
  expect(diagnostics).toEqual([]);
  expect(graph?.reads.get('maps')).toEqual([
    ['data', 'k'],
    ['data', 'l'],
    ['data', 'on'],
    ['metadata', 'name'],
    ['metadata', 'uid'],
  ]);
  expect(graph?.reads.get('settings')).toEqual([['data', 'on']]);
});

test('a kind that the first source does not have comes from the next source', () => {
  const own = crdSource([]);
  expect(
    compileText(fixture('seeds/seed-20-general-schema.rgd.yaml'), { sources: [own, sources] }).graph,
  ).toBeDefined();
  expect(combineSources(own).schemaOf({ group: '', version: 'v1', kind: 'Pod' })).toBeUndefined();
});

test.each<[block: JsonValue, kind: string]>([
  [true, 'bool'],
  [5, 'number'],
  [['a'], 'array'],
])('kro’s message about the status block %o has the Go name of the JSON kind', (status, kind) => {
  const schema = { apiVersion: 'v1alpha1', kind: 'App', spec: { name: 'string' }, status };
  const definition = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'app' },
    spec: { schema, resources: [] },
  };
  const [problem] = compile(definition, { sources }).diagnostics;
  expect(problem?.kroMessage).toContain(`json: cannot unmarshal ${kind} into Go value`);
});
