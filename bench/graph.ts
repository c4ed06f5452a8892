/**
 * Measures the compilation of definitions and of Graph objects. The definitions are those of
 * `test/conformance/graph/realistic`, a chain of 100 nodes, and one with a kind out of 200 large
 * CustomResourceDefinitions. Prints the medians of repeated runs in this process, with loaded schemas, and the heap
 * that the large CustomResourceDefinitions take.
 */
import { readFileSync, readdirSync } from 'node:fs';
import type { JsonObject, KubeObject } from '../dist/core/index.js';
import {
  compile,
  compileGraphObject,
  type DefinitionDocument,
  GraphShape,
  parseDefinitions,
} from '../dist/graph/index.js';
import { application, chainOfNodes, levels } from './support/graph-objects.ts';
import { type SchemaSource, builtinSource, combineSources, crdSource } from '../dist/schema/index.js';
import { median } from './support/median.ts';
import { readOptions } from './support/options.ts';

readOptions({});

const corpus = new URL('../test/conformance/graph/', import.meta.url);

function parseFile(url: URL): DefinitionDocument {
  const [document] = parseDefinitions(readFileSync(url, 'utf8')).documents;
  if (document === undefined) throw new Error(`nothing in ${url.pathname}`);
  return document;
}

/** Median time of a call in milliseconds, after two calls to warm up. */
function medianTime(runs: number, call: () => void): number {
  call();
  call();
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    call();
    return performance.now() - start;
  });
  return median(times);
}

function corpusCrds(): KubeObject[] {
  const { documents } = parseDefinitions(readFileSync(new URL('crds.yaml', corpus), 'utf8'));
  return documents.map(({ value }) => value as KubeObject);
}

/** A definition of ConfigMaps that each read the previous one. */
function chain(length: number): JsonObject {
  const resources = Array.from({ length }, (_, index) => ({
    id: `n${index}`,
    template: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: index === 0 ? '${schema.spec.name}' : `\${n${index - 1}.metadata.name}-x` },
      data: { key: '${schema.spec.name}', index: String(index) },
    },
  }));
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'chain' },
    spec: { schema: { apiVersion: 'v1alpha1', kind: 'Chain', spec: { name: 'string' } }, resources },
  };
}

/** A CRD with about 5,000 fields on several levels. */
function largeCrd(index: number): KubeObject {
  const level = (depth: number): JsonObject => ({
    type: 'object',
    properties: Object.fromEntries(
      Array.from({ length: 8 }, (_, field) => [
        `field${field}`,
        depth === 0 ? { type: 'string', description: 'A field with a description of usual length.' } : level(depth - 1),
      ]),
    ),
  });
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `larges${index}.example.com` },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: `Large${index}`, plural: `larges${index}`, singular: `large${index}` },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: level(3), status: level(2) } } },
        },
      ],
    },
  };
}

function report(name: string, milliseconds: number, limit: number): void {
  const verdict = milliseconds <= limit ? 'within' : 'OVER';
  console.log(`${name.padEnd(34)} ${milliseconds.toFixed(2).padStart(8)} ms  (${verdict} ${limit} ms)`);
}

function heapMiB(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}

const sources: SchemaSource = combineSources(crdSource(corpusCrds()), builtinSource());
const realistic = new URL('realistic/', corpus);
for (const name of readdirSync(realistic).filter((each) => each.endsWith('.yaml'))) {
  const input = parseFile(new URL(name, realistic));
  const features = { omit: true };
  report(
    name,
    medianTime(9, () => void compile(input, { sources, features })),
    50,
  );
}
const definition = chain(100);
report(
  'chain of 100 nodes',
  medianTime(9, () => void compile(definition, { sources })),
  100,
);

for (const [name, object, limit] of [
  ['Graph of an application', application(), 8],
  ['Graph of 1,000 nodes in a chain', chainOfNodes(1000), 500],
  ['Graph of 30 levels', levels(30), 50],
] as const) {
  const { graph, diagnostics } = compileGraphObject(object, { sources });
  if (graph === undefined) throw new Error(`${name}: ${diagnostics.map(({ message }) => message).join('; ')}`);
  report(
    name,
    medianTime(9, () => void compileGraphObject(object, { sources }).graph?.order),
    limit,
  );
}

const { graph: first } = compileGraphObject(application(), { sources });
const other = JSON.parse(JSON.stringify(application()).replaceAll('shop', 'store')) as JsonObject;
report(
  '… another Graph of its shape',
  medianTime(99, () => {
    GraphShape.of(other['spec'] as JsonObject);
    if (first === undefined || GraphShape.withLiterals(first, other) === undefined)
      throw new Error('the shapes differ');
  }),
  1,
);

const before = heapMiB();
const large = crdSource(
  Array.from({ length: 200 }, (_, index) => largeCrd(index)),
  { pack: true },
);
console.log(`${'source of 200 large CRDs'.padEnd(34)} ${(heapMiB() - before).toFixed(1).padStart(8)} MiB`);
const user: JsonObject = {
  ...chain(0),
  spec: {
    schema: { apiVersion: 'v1alpha1', kind: 'User', spec: { name: 'string' } },
    resources: [
      {
        id: 'a',
        template: {
          apiVersion: 'example.com/v1',
          kind: 'Large7',
          metadata: { name: 'a' },
          spec: { field0: { field1: { field2: { field3: '${schema.spec.name}' } } } },
        },
      },
    ],
  },
};
const many = combineSources(large, builtinSource());
report(
  'one kind out of 200 CRDs',
  medianTime(9, () => void compile(user, { sources: many })),
  50,
);
console.log(`${'after compiling'.padEnd(34)} ${(heapMiB() - before).toFixed(1).padStart(8)} MiB`);
