import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { builtinSource, crdSource } from '../schema/index.ts';
import { compile } from './compile.ts';
import { parseDefinitions } from './parse-definitions.ts';
import { crdOf } from '@typekro/kit/test-support/crd';

const folder = new URL('../../../../test/fixtures/seeds/', import.meta.url);

/** The CRD of a kind that one of the definitions uses. In a cluster, an operator installs this kind. */
const table = crdOf(
  'Table',
  {
    properties: {
      spec: { type: 'object', properties: { tableName: { type: 'string' } } },
      status: {
        type: 'object',
        properties: { ackResourceMetadata: { type: 'object', properties: { arn: { type: 'string' } } } },
      },
    },
  },
  { group: 'dynamodb.services.k8s.aws', version: 'v1alpha1' },
);

/**
 * Compiles the documents of a file in their order. The kinds that earlier documents define are sources for later
 * documents.
 */
function compileFile(name: string): string[] {
  const text = readFileSync(new URL(name, folder), 'utf8');
  const { documents, diagnostics } = parseDefinitions(text, name);
  const sources = [crdSource([table]), builtinSource()];
  const allDiagnostics = [...diagnostics];
  for (const document of documents) {
    const compiled = compile(document, { sources });
    if (compiled.graph !== undefined) sources.push(crdSource([compiled.graph.instance.crd]));
    allDiagnostics.push(...compiled.diagnostics);
  }
  return allDiagnostics.map(({ code, source }) => `${source?.line}:${source?.column} ${code}`);
}

/**
 * The files with problems, and the problems. The first file has a deliberate mistake, and the second file is an
 * instance.
 */
const EXPECTED: ReadonlyMap<string, readonly string[]> = new Map([
  ['seed-18-my-application.broken.rgd.yaml', ['81:25 yaml/syntax']],
  ['seed-18-my-application.instance.yaml', ['4:7 graph/invalid-definition']],
]);

test.each(readdirSync(folder).filter((name) => name.endsWith('.yaml')))('%s has exactly its known problems', (name) => {
  expect(compileFile(name)).toEqual(EXPECTED.get(name) ?? []);
});

test('a kind that another definition defines is unknown until that definition is installed', () => {
  const text = readFileSync(new URL('seed-21-webapp-with-db.rgd.yaml', folder), 'utf8');
  const outer = parseDefinitions(text).documents[1];
  const sources = [crdSource([table]), builtinSource()];
  const codes = outer === undefined ? [] : compile(outer, { sources }).diagnostics.map(({ code }) => code);
  expect(codes).toEqual(['graph/unknown-kind']);
});
