import { readFileSync } from 'node:fs';
import { hasErrors, stringifyJson } from '@typekro/kit/core';
import { compile, parseDefinitions } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { type FuzzTarget, FuzzFinding } from '../fuzz-target.ts';

const sources = builtinSource();
const REALISTIC = new URL('../../conformance/graph/realistic/', import.meta.url);
/** Small definitions of the conformance tests. Together they use most features. */
const FILES = [
  'admission-policy.yaml',
  'optional-fields.yaml',
  'web-app-with-db.yaml',
  'batch-pipeline.yaml',
  'team-rbac.yaml',
  'redis-cache.yaml',
  'tenant.yaml',
];

/** Parses and compiles the text of a definition. Each diagnostic must have a place in the text. */
export const target: FuzzTarget = {
  name: 'definitions',
  dictionary: [
    '${',
    '}',
    '${schema.spec.name}',
    '${schema.metadata.namespace}',
    'spec:',
    'schema:',
    'resources:',
    'template:',
    '- id: ',
    'externalRef:',
    'readyWhen:',
    'includeWhen:',
    'forEach:',
    'status:',
    'kind: ',
    'apiVersion: ',
    'metadata:',
    'selector:',
    'string',
    'integer | default=1',
    '"[]string"',
    'map[string]string',
    'object',
    'required=true',
    'minimum=0',
    'enum="a,b"',
    'each.',
    'omit()',
    '?.',
    '.orValue(',
    'types:',
    'scope: Cluster',
    'additionalPrinterColumns:',
    '__proto__: ',
    'constructor',
  ],
  seeds: () => FILES.map((name) => readFileSync(new URL(name, REALISTIC))),
  generators: [],
  isMutable: true,
  run(input) {
    const text = input.toString('utf8');
    const { documents, diagnostics } = parseDefinitions(text, 'fuzz.yaml');
    const lines = text.split(/\r\n|\r|\n/).length;
    const results: string[] = diagnostics.map(({ code, message }) => `${code} ${message}`);
    const places = diagnostics.map(({ source }) => source);
    for (const document of documents) {
      const before = stringifyJson(document.value);
      const compiled = compile(document, { sources, features: { omit: true } });
      if ((compiled.graph === undefined) !== hasErrors(compiled.diagnostics)) {
        throw new FuzzFinding('the compiler returns no graph and no error, or a graph and an error');
      }
      if (stringifyJson(document.value) !== before) throw new FuzzFinding('the compiler changed its input');
      results.push(
        compiled.graph?.hash ?? compiled.diagnostics.map(({ code, message }) => `${code} ${message}`).join(),
      );
      places.push(...compiled.diagnostics.map(({ source }) => source));
    }
    for (const place of places) {
      if (place === undefined || place.line < 1 || place.line > lines) {
        throw new FuzzFinding(`a diagnostic has the place ${JSON.stringify(place)} in ${lines} lines`);
      }
    }
    return results.join('\n');
  },
};
