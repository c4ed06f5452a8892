import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDryRun } from '@typekro/cluster';
import { type KubeObject, formatDiagnostic } from '@typekro/kit/core';
import { crdOf } from '@typekro/kit/test-support/crd';
import { textAt } from '@typekro/kit/kubernetes';
import { loadInputs } from '../inputs/load-inputs.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { parseManifest } from '../inputs/read-manifest.ts';
import { checkInputs } from './check-inputs.ts';
import { withoutFollowUps } from './check-objects.ts';
import { knownCrds } from './known-crds.ts';

describe('check objects', () => {
  const DEFINITION = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: app}
spec:
  schema:
    apiVersion: v1alpha1
    kind: App
    spec:
      name: string
      replicas: integer | default=1 minimum=1
      ports: "[]integer"
      labels: "map[string]string"
  resources:
    - id: map
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.spec.name}"}}
---
apiVersion: kro.run/v1alpha1
kind: App
metadata: {name: a}
`;

  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'typekro-instances-'));
  });

  /** Returns the first two lines of each diagnostic for the definition above and an instance with this spec. */
  async function diagnose(spec: string): Promise<string[]> {
    writeFileSync(join(cwd, 'app.yaml'), DEFINITION + spec);
    const { diagnostics } = await checkInputs(await loadInputs(['app.yaml'], cwd));
    return diagnostics.map((diagnostic) => formatDiagnostic(diagnostic).split('\n').slice(0, 2).join(' '));
  }

  test('a file may have more documents, and as many problems, than a call can have arguments', async () => {
    writeFileSync(join(cwd, 'many.json'), `{"kind":"List","apiVersion":"v1","items":[${'{},'.repeat(150_000)}{}]}`);
    const { diagnostics } = await checkInputs(await loadInputs(['many.json'], cwd));
    expect(diagnostics).toHaveLength(150_001);
  });

  test('an instance that is valid after defaults are set has no problem', async () => {
    expect(await diagnose('spec: {name: a, ports: [80], labels: {a.b/c: d}}\n')).toEqual([]);
  });

  test.each([
    {
      spec: 'spec:\n  name: a\n  replicas: 0\n',
      line: 22,
      expected: /spec\.replicas: Invalid value: 0.*greater than or equal to 1/,
    },
    {
      spec: 'spec:\n  name: a\n  replicas: many\n',
      line: 22,
      expected: /spec\.replicas: the string "many" is written where a whole number is expected/,
    },
    {
      spec: 'spec:\n  name: a\n  ports:\n    - 80\n    - b\n',
      line: 24,
      expected: /spec\.ports\[1\]: the string "b" is written where/,
    },
    { spec: 'spec:\n  name: a\n  labels:\n    a.b: [1]\n', line: 23, expected: /spec\.labels/ },
  ])('the diagnostic names the file, the line and the field: $expected', async ({ spec, line, expected }) => {
    const found = await diagnose(spec);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
    expect(found[0]).toContain('App a: ');
    expect(found[0]).toContain(`app.yaml:${line}`);
  });

  test.each(['types: null', 'template: null'])(
    'a definition with %s is refused, as by server-side apply',
    async (field) => {
      const [schemaField, resourceField] = field.startsWith('types')
        ? [`    ${field}\n`, '']
        : ['', `      ${field}\n`];
      const text = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: nulls}
spec:
  schema:
    apiVersion: v1alpha1
    kind: Nulls
    spec: {name: string}
${schemaField}  resources:
    - id: all
${resourceField}      externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
`;
      writeFileSync(join(cwd, 'nulls.yaml'), text);
      const { diagnostics } = await checkInputs(await loadInputs(['nulls.yaml'], cwd));
      expect(diagnostics).toMatchObject([{ code: 'input/invalid-field', severity: 'error' }]);
      expect(diagnostics[0]?.source?.line).toBe(text.split('\n').findIndex((line) => line.includes(field)) + 1);
    },
  );

  test('an unknown field is an error, and its hint names the field that was meant', async () => {
    writeFileSync(join(cwd, 'app.yaml'), `${DEFINITION}spec:\n  name: a\n  replica: 2\n`);
    const { diagnostics } = await checkInputs(await loadInputs(['app.yaml'], cwd));
    expect(diagnostics).toMatchObject([
      {
        code: 'input/unknown-field',
        severity: 'error',
        source: { line: 22 },
        hint: expect.stringMatching(/did you mean "replicas"/) as string,
      },
    ]);
  });

  const RULE = 'Invalid value: "object": min must not exceed max';
  const OTHER_RULE = 'Invalid value: "object": a name is needed';
  const LIST_ITEM = 'Invalid value: "a": must be an object for an array of list-type map';
  const SELECTOR = 'Invalid value: "": invalid label selector';

  test.each([
    { title: 'two rules of the whole object', causes: [`<nil> ${RULE}`, `<nil> ${OTHER_RULE}`] },
    { title: 'a rule of the whole object and a rule of a field', causes: [`<nil> ${RULE}`, `spec.a ${OTHER_RULE}`] },
    {
      title: 'a message that the server repeats for the whole object',
      causes: [`<nil> ${RULE}`, `spec.a ${RULE}`],
      kept: [`spec.a ${RULE}`],
    },
    {
      title: 'two failures of anyOf or oneOf, one of them with a cause at an inner field',
      causes: [
        '<nil> Invalid value: "": "spec.a" must validate at least one schema (anyOf)',
        '<nil> Invalid value: "": "spec.b" must validate one and only one schema (oneOf). Found none valid',
        'spec.a.x Required value',
      ],
      kept: [
        '<nil> Invalid value: "": "spec.b" must validate one and only one schema (oneOf). Found none valid',
        'spec.a.x Required value',
      ],
    },
    {
      title: 'two numbers that their types do not contain, one of them with a cause at its field',
      causes: [
        '<nil> Invalid value: "": Checked value must be of type integer (default format) in spec.b',
        '<nil> Invalid value: "": Checked value must be of type integer (default format) in spec.c',
        'spec.b Invalid value: "number": spec.b in body must be of type integer: "number"',
      ],
      kept: [
        '<nil> Invalid value: "": Checked value must be of type integer (default format) in spec.c',
        'spec.b Invalid value: "number": spec.b in body must be of type integer: "number"',
      ],
    },
    {
      title: 'the same cause twice',
      causes: [`spec.list[0] ${LIST_ITEM}`, `spec.list[0] ${LIST_ITEM}`],
      kept: [`spec.list[0] ${LIST_ITEM}`],
    },
    {
      title: 'an invalid selector and an unrelated cause',
      causes: [`spec.selector ${SELECTOR}`, 'spec.replicas Required value'],
    },
    {
      title: 'an invalid selector and its invalid part',
      causes: [`spec.selector ${SELECTOR}`, 'spec.selector.matchLabels Required value'],
      kept: ['spec.selector.matchLabels Required value'],
    },
  ])('a cause is left out only if another cause reports the same mistake: $title', ({ causes, kept = causes }) => {
    const read = causes.map((cause) => {
      const [field = '', ...words] = cause.split(' ');
      return { field, message: words.join(' ') };
    });
    const object = { spec: { a: { y: 1 }, b: 1, list: ['a'], selector: { matchLabels: { a: '-' } } } };
    expect(withoutFollowUps(read, object).map(({ field, message }) => `${field} ${message}`)).toEqual(kept);
  });
});

test('very many causes are compared by their field', () => {
  const causes = Array.from({ length: 60_000 }, (_, index) => ({ field: `data.k${index}`, message: 'a valid label' }));
  expect(withoutFollowUps([...causes, ...causes, { field: 'data.k0', message: 'RFC 1123' }], {})).toHaveLength(60_000);
});

describe('a default that breaks its own field', () => {
  const LATER = /will refuse each instance with the default/;
  const CRD = /will refuse the CustomResourceDefinition/;

  test.each<[keyword: string, field: string, problem: RegExp]>([
    ['pattern', 'string | pattern="^a+$" default="b"', CRD],
    ['enum', 'string | enum="a,b" default="c"', CRD],
    ['minimum', 'integer | minimum=2 default=1', CRD],
    ['maximum', 'integer | maximum=2 default=3', CRD],
    ['minLength', 'string | minLength=3 default="ab"', CRD],
    ['maxLength', 'string | maxLength=1 default="ab"', CRD],
    ['minItems', '[]string | minItems=1 default=[]', CRD],
    ['maxItems', '[]string | maxItems=1 default=["a","b"]', CRD],
    ['required', 'T | default={}', CRD],
    ['an unknown field', 'T | default={"a":"b","c":1}', CRD],
    ['validation', 'string | validation="self.size() > 3" default="ab"', CRD],
    ['validation with oldSelf', 'string | validation="self.size() > 3 && self == oldSelf" default="ab"', CRD],
    ['validation of a part', 'T | default={"a":"no"}', CRD],
    ['validation of an element', '[]T | default=[{"a":"no"}]', CRD],
    ['validation that fails', 'string | validation="int(self) > 3" default="ab"', CRD],
    ['uniqueItems', '[]string | uniqueItems=true default=["a","a"]', LATER],
    ['listType=set', '[]string | listType=set default=["a","a"]', LATER],
    ['listType=map', '[]T | listType=map listMapKey=a default=[{"a":"b"},{"a":"b"}]', LATER],
  ])('is found at its line, and by the API server: %s', async (_keyword, field, problem) => {
    const schema = {
      apiVersion: 'v1',
      kind: 'App',
      group: 'example.com',
      types: { T: { a: 'TEXT' } },
      spec: { f: 'F' },
    };
    const definition = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', metadata: { name: 'app' } };
    const text = JSON.stringify({ ...definition, spec: { schema, resources: [] } }, null, 1)
      .replace('"TEXT"', `'string | required=true validation="self != \\'no\\'"'`.replaceAll("\\'", "''"))
      .replace('"F"', `'${field.replaceAll("'", "''")}'`);
    const { objects, diagnostics } = parseManifest(text, 'app.yaml');
    const inputs = { objects: objects.map((each) => ({ ...each, file: 'app.yaml' })), diagnostics, texts: new Map() };
    const checked = await checkInputs(inputs);
    const line = text.split('\n').findIndex((each) => each.includes('"f"')) + 1;
    const found = checked.diagnostics.filter(({ code }) => code !== 'graph/unused-type');
    expect(found).toMatchObject([{ message: expect.stringMatching(problem), source: { line } }]);
    const crd = checked.graphs[0]?.instance.crd as KubeObject;
    const server = await openDryRun([crd]);
    const object = { apiVersion: 'example.com/v1', kind: 'App', metadata: { name: 'a' }, spec: {} };
    const causes = problem === CRD ? await server.check(crd) : await server.check(object);
    server.close();
    expect(causes.map((cause) => cause.field).join()).toMatch(
      problem === CRD ? /\.properties\[f\]\.default/ : /spec\.f/,
    );
  });
});

describe('known crds', () => {
  let cwd = '';
  beforeAll(() => (cwd = mkdtempSync(join(tmpdir(), 'typekro-crds-'))));

  /** Writes CRDs as one file of YAML documents, and reads those that an object needs. */
  async function readFor(crds: readonly object[], object: string, before = '') {
    writeFileSync(join(cwd, 'crds.yaml'), before + crds.map((crd) => `---\n${JSON.stringify(crd)}\n`).join(''));
    const { objects, diagnostics } = parseManifest(object, 'app.yaml');
    const inputs = { objects: objects.map((each) => ({ ...each, file: 'app.yaml' })), diagnostics, texts: new Map() };
    const input = { positionals: [], options: { crds: 'crds.yaml' } } as unknown as CommandInput;
    const known = await knownCrds({ cwd } as CommandContext, input, inputs);
    return { inputs, known, names: known.crds.map(({ spec }) => textAt(spec, 'names', 'kind')) };
  }

  const thing = (apiVersion: string, kind = 'Thing') =>
    `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: a}, spec: {n: 1}}`;
  const properties = { spec: { type: 'object', properties: { n: { type: 'integer' } } } };
  const THING = crdOf('Thing', { properties });
  const OTHER = crdOf('Other', { properties });
  const FAR = JSON.parse(JSON.stringify(crdOf('Far', { properties })).replaceAll('example.com', 'far.test')) as object;

  describe('the CRDs of --crds', () => {
    test.each<[string, string, string[]]>([
      ['of the group', thing('example.com/v1'), ['Thing', 'Other']],
      ['of the group, for a misspelt kind', thing('example.com/v1', 'Thign'), ['Thing', 'Other']],
      ['of the kind, for a wrong group', thing('exmaple.com/v1', 'Far'), ['Far']],
      ['of no group', '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}', []],
    ])('are read if they are %s', async (_, object, expected) => {
      const { names, known } = await readFor([THING, OTHER, FAR], object);
      expect(names).toEqual(expected);
      expect(known.diagnostics).toEqual([]);
    });

    test('are read with the positions of the file, whatever documents are skipped before them', async () => {
      const before = `---\n${JSON.stringify(FAR)}\n---\na: [\n`;
      const { known } = await readFor([THING], thing('example.com/v1'), before);
      expect(known.diagnostics.map(({ source }) => source?.line)).toEqual([4]);
    });

    test('must be in the files', async () => {
      const { known } = await readFor([{ apiVersion: 'v1', kind: 'ConfigMap' }], thing('example.com/v1'));
      expect(known.diagnostics.map(({ code }) => code)).toEqual(['input/no-crds']);
    });

    const broken = (kind: string) => crdOf(kind, { properties: { spec: { type: 'string', pattern: '[' } } });
    test.each<[string, object[], string[]]>([
      ['is refused if the files use its kind', [broken('Thing')], ['input/refused-crd']],
      ['is ignored if the files do not use its kind', [THING, broken('Other')], []],
    ])('a CRD that an API server refuses %s', async (_, crds, expected) => {
      const { inputs, known } = await readFor(crds, thing('example.com/v1').replace(', spec: {n: 1}', ''));
      const { diagnostics } = await checkInputs(inputs, { crds: known.crds, uncheckedCrds: known.usedOfFiles });
      expect(diagnostics.map(({ code }) => code)).toEqual(expected);
    });
  });
});
