import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Diagnostic, JsonValue } from '@typekro/kit/core';
import { type Schema, StructuralSchema } from '@typekro/engine/schema';
import { parseManifest } from '../inputs/read-manifest.ts';
import { checkInputs } from './check-inputs.ts';
import { correctFields } from './corrected-fields.ts';
import { aliasProblem, configProblem } from './config-problem.ts';
import { inFileOrder } from './print-diagnostics.ts';

const text: Schema = { type: 'string' };
const SCHEMA: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        resources: {
          type: 'array',
          items: {
            type: 'object',
            properties: { id: text, template: { type: 'object', properties: { replicas: text } } },
          },
        },
      },
    },
  },
};

test.each<[title: string, spec: JsonValue, corrected: JsonValue, unknown: string[]]>([
  ['no misspelt field', { resources: [{ id: 'a' }] }, { resources: [{ id: 'a' }] }, []],
  [
    'a misspelt field inside a misspelt field, at each depth',
    { resourcs: [{ id: 'a', templat: { replica: '1' } }] },
    { resources: [{ id: 'a', template: { replicas: '1' } }] },
    ['spec.resourcs', 'spec.resourcs[0].templat', 'spec.resourcs[0].templat.replica'],
  ],
  [
    'a field that resembles no other field, inside a misspelt field',
    { resourcs: [{ id: 'a', colour: 'red' }] },
    { resources: [{ id: 'a', colour: 'red' }] },
    ['spec.resourcs', 'spec.resourcs[0].colour'],
  ],
  [
    'a misspelt field next to the correct field',
    { resourcs: [], resources: [] },
    { resourcs: [], resources: [] },
    ['spec.resourcs'],
  ],
])(
  'misspelt fields get their likely names, and all unknown fields are reported: %s',
  (_title, spec, corrected, unknown) => {
    const found = correctFields(SCHEMA, { spec });
    expect(found.value).toEqual({ spec: corrected });
    expect(found.unknown.map(({ steps }) => StructuralSchema.fieldPath(steps))).toEqual(unknown);
    // Each unknown field has its path in the given value and its path in the corrected value.
    expect(found.unknown.map(({ meant }) => found.asWritten(meant))).toEqual(found.unknown.map(({ steps }) => steps));
  },
);

test('each misspelt field gets a hint, even inside another one, and errors that follow from the misspelling are not reported', async () => {
  const manifest = `\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: web}
spec:
  schema: {apiVersion: v1alpha1, kind: Web, spec: {name: string}}
  resourcs:
    - id: map
      templat: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.spec.name}"}}
`;
  const { objects, diagnostics } = parseManifest(manifest, 'web.yaml');
  const inputs = { objects: objects.map((each) => ({ ...each, file: 'web.yaml' })), diagnostics, texts: new Map() };
  expect((await checkInputs(inputs)).diagnostics).toMatchObject([
    { code: 'input/unknown-field', hint: 'did you mean "resources"?', source: { line: 6 } },
    { code: 'input/unknown-field', hint: 'did you mean "template"?', source: { line: 8 } },
  ]);
});

describe('config problem', () => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-config-'));
  const program = join(folder, 'app.ts');

  test.each([
    ['{\n  "type": "module",\n}', 2, 19, 'there is a comma before the closing }', 'remove it'],
    ['{\n  "a": [1, 2, ]\n}', 2, 13, 'there is a comma before the closing ]', 'remove it'],
    ['{\n  // all of it\n  "a": 1\n}', 2, 3, 'a comment', 'remove it: this file may not have comments'],
    ["{\n  'a': 1\n}", 2, 3, 'a single quote', 'write double quotes'],
    ['{\n  "a": 1\n  "b": 2\n}', 2, 9, 'a comma is missing', 'add a comma here'],
    ['{\n  "a": 1\n', 2, 9, 'it ends too early', 'close what was opened on the lines above'],
  ])('the mistake in %j is reported at its position', (text, line, column, message, hint) => {
    const file = join(folder, 'package.json');
    writeFileSync(file, text);
    for (const words of [`Error parsing ${file}: Unexpected token`, `Invalid package config ${file}.`]) {
      expect(configProblem(new Error(words), program)).toMatchObject({
        message: `this is not JSON: ${message}`,
        hint,
        source: { file, line, column },
      });
    }
  });

  test('a refusal by the permission model of Node is reported as an error of the module only if the module caused it', () => {
    const denied = (stack: string) =>
      Object.assign(new Error('Access to this API has been restricted'), {
        code: 'ERR_ACCESS_DENIED',
        permission: 'WorkerThreads',
        stack,
      });
    expect(configProblem(denied('at new Worker (node:internal/worker:1:1)'), program)).toMatchObject({
      message: 'the permission model that Node was started with does not let typekro load modules (WorkerThreads)',
      hint: expect.stringMatching(/--import typekro\/register.*--allow-worker/) as unknown,
    });
    expect(configProblem(denied(`at ${program}:3:1`), program)).toBeUndefined();
  });

  test('an unresolved alias is reported at the tsconfig that causes it', () => {
    const project = join(folder, 'project');
    mkdirSync(join(project, 'src'), { recursive: true });
    const file = join(project, 'tsconfig.json');
    const importer = join(project, 'src/app.ts');
    writeFileSync(
      file,
      '{\n  "extends": "../base.json",\n  "compilerOptions": { "paths": { "@lib/*": ["./lib/*"] } }\n}',
    );
    expect(aliasProblem('@lib/images', importer)).toMatchObject({
      message: 'there is no file ../base.json, so nothing of this tsconfig is used, and "@lib/images" is not found',
      hint: 'correct "extends", or remove it',
      source: { file, line: 2 },
    });
    writeFileSync(join(folder, 'base.json'), '{}');
    expect(aliasProblem('@lib/images', importer)).toBe(`add it to "paths" of ${file} if it is an alias`);
    writeFileSync(file, '{}');
    expect(aliasProblem('@lib/images', importer)).toBeUndefined();
  });
});

/** Parses `file:line:column#message`, or `#message` for a problem without a position. */
function problem(text: string): Diagnostic {
  const [place = '', message = ''] = text.split('#');
  const [file = '', line, column] = place.split(':');
  const base = { code: 'test/wrong', severity: 'error' as const, message };
  return place === '' ? base : { ...base, source: { file, line: Number(line), column: Number(column) } };
}

const textOf = ({ source, message }: Diagnostic): string =>
  `${source === undefined ? '' : `${source.file}:${source.line}:${source.column}`}#${message}`;

test.each<readonly [name: string, given: readonly string[], ordered: readonly string[]]>([
  ['lines are compared as numbers', ['a:10:1#', 'a:9:1#', 'a:88:1#'], ['a:9:1#', 'a:10:1#', 'a:88:1#']],
  ['problems of one line are in the order of their columns', ['a:1:20#', 'a:1:3#'], ['a:1:3#', 'a:1:20#']],
  ['problems at the same place keep their order', ['a:1:1#x', 'a:1:1#b', 'a:1:1#a'], ['a:1:1#x', 'a:1:1#b', 'a:1:1#a']],
  ['files keep the order of their first problem', ['b:2:1#', 'a:3:1#', 'b:1:1#'], ['b:1:1#', 'b:2:1#', 'a:3:1#']],
  ['problems without a place come last', ['a:2:1#', '#y', 'a:1:1#', '#x'], ['a:1:1#', 'a:2:1#', '#y', '#x']],
  ['none', [], []],
])('the order of problems: %s', (_name, given, ordered) => {
  expect(inFileOrder(given.map(problem)).map(textOf)).toEqual(ordered);
});
