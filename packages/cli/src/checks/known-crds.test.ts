import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crdOf } from '@typekro/kit/test-support/crd';
import { textAt } from '@typekro/kit/kubernetes';
import type { CommandContext, CommandInput } from '../command.ts';
import { parseManifest } from '../inputs/read-manifest.ts';
import { checkInputs } from './check-inputs.ts';
import { knownCrds } from './known-crds.ts';

let cwd = '';
beforeAll(() => (cwd = mkdtempSync(join(tmpdir(), 'typekro-crds-'))));
afterAll(() => rmSync(cwd, { recursive: true }));

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
