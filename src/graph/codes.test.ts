import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../core/index.ts';
import { builtinSource, combineSources, crdSource } from '../schema/index.ts';
import { diagnosticCodes } from './codes.ts';
import { compile } from './compile.ts';
import { parseDefinitions } from './parse-definitions.ts';

/** A kind with bounds and a field without a type, for the examples that need one. */
const gauge: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gauges.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind: 'Gauge', plural: 'gauges', singular: 'gauge' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  level: { type: 'integer', maximum: 10 },
                  anything: { type: 'object', additionalProperties: true },
                },
              },
            },
          },
        },
      },
    ],
  },
};

const sources = combineSources(crdSource([gauge]), builtinSource());

describe('the example of each code gets it', () => {
  test.each(diagnosticCodes.map((info) => [info.code, info] as const))('%s', (code, { example, severity }) => {
    const { documents, diagnostics } = parseDefinitions(example, 'example.yaml');
    const features = { omit: code === 'graph/stock-function' };
    const compiled = documents.flatMap((document) => compile(document, { sources, features }).diagnostics);
    const found = [...diagnostics, ...compiled].find((diagnostic) => diagnostic.code === code);
    expect(found, compiled.map((each) => `${each.code}: ${each.message}`).join('\n')).toBeDefined();
    expect(found?.severity).toBe(severity);
    expect(found?.source?.file).toBe('example.yaml');
  });
});

test('no code stands twice', () => {
  const codes = diagnosticCodes.map((info) => info.code);
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
});

test('the list holds exactly the codes that the compiler uses', () => {
  const used = new Set<string>();
  for (const file of readdirSync(new URL('.', import.meta.url))) {
    if (!file.endsWith('.ts') || file.endsWith('.test.ts') || /^codes?-/.test(file)) continue;
    const text = readFileSync(new URL(file, import.meta.url), 'utf8');
    for (const match of text.matchAll(/'((?:graph|yaml|cel)\/[a-z-]+)'/g)) used.add(match[1] ?? '');
  }
  const listed = diagnosticCodes.map((info) => info.code);
  expect(listed.filter((code) => !used.has(code))).toEqual([]);
  expect([...used].filter((code) => !listed.includes(code))).toEqual([]);
});
