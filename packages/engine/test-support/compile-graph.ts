import { parse } from 'yaml';
import { type JsonObject, type JsonValue, formatDiagnostic } from '@typekro/kit/core';
import { type CompileOptions, type Graph, compile, TYPEKRO_FEATURES } from '@typekro/engine/graph';
import { builtinSource, crdSource } from '@typekro/engine/schema';
import { crdOf } from '@typekro/kit/test-support/crd';

/** A CRD for tests. All fields of its spec and its status are optional. */
export const PUMP_CRD = crdOf(
  'Pump',
  {
    properties: {
      spec: {
        type: 'object',
        properties: { litres: { type: 'integer' }, feed: { type: 'string' }, tags: list('string') },
      },
      status: {
        type: 'object',
        properties: {
          phase: { type: 'string' },
          address: { type: 'string' },
          running: { type: 'boolean' },
          valves: { type: 'object', additionalProperties: { type: 'boolean', nullable: true } },
          level: { type: 'integer' },
          lanes: list('string'),
        },
      },
    },
  },
  { group: 'parts.test', fields: { subresources: { status: {} } } },
);

function list(type: string): JsonObject {
  return { type: 'array', items: { type } };
}

const SOURCES = [builtinSource(), crdSource([PUMP_CRD])];

/**
 * Compiles a definition from the YAML of its `schema` and `resources`. The function adds the name, the kind (`App`),
 * the version and the group (`acme.test`).
 *
 * @throws Error with all diagnostics when the definition does not compile.
 */
export function graphOf(yaml: string, options: Pick<CompileOptions, 'kroCompatibility' | 'features'> = {}): Graph {
  const spec = parse(yaml) as JsonObject;
  const schema = {
    kind: 'App',
    apiVersion: 'v1',
    group: 'acme.test',
    spec: {},
    ...(spec['schema'] as JsonObject | undefined),
  };
  const definition: JsonValue = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'app' },
    spec: { ...spec, schema },
  };
  const { graph, diagnostics } = compile(definition, {
    sources: SOURCES,
    target: 'typekro',
    features: TYPEKRO_FEATURES,
    ...options,
  });
  if (graph === undefined) throw new Error(diagnostics.map((entry) => formatDiagnostic(entry)).join('\n'));
  return graph;
}
