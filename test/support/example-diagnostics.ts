import { compileFunction } from 'node:vm';
import { type } from 'arktype';
import { z } from 'zod';
import type { CodeInfo, Diagnostic, JsonValue, KubeObject } from '../../src/core/index.ts';
import { isJsonObject, parseJson } from '../../src/core/index.ts';
import { compile, parseDefinitions } from '../../src/graph/index.ts';
import type { SchemaResult } from '../../src/schema/index.ts';
import {
  builtinSource,
  combineSources,
  crdSource,
  fromJsonSchema,
  fromStandardSchema,
  toSimpleSchema,
} from '../../src/schema/index.ts';

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

/** Everything that is said of the example of a code; definitions are called `example.yaml`. */
export function exampleDiagnostics({ code, example, language }: CodeInfo): readonly Diagnostic[] {
  if (language === 'json') return ofSchema(fromJsonSchema(objectOf(parseJson(example))));
  if (language === 'typescript') {
    const value: unknown = compileFunction(`return ${example}`, ['type', 'z'])(type, z);
    return ofSchema(fromStandardSchema(value));
  }
  const { documents, diagnostics } = parseDefinitions(example, 'example.yaml');
  const features = { omit: code === 'graph/stock-function' };
  return [...diagnostics, ...documents.flatMap((each) => compile(each, { sources, features }).diagnostics)];
}

function objectOf(value: JsonValue) {
  if (isJsonObject(value)) return value;
  throw new TypeError('the example is no JSON object');
}

function ofSchema(result: SchemaResult): readonly Diagnostic[] {
  if (!result.ok) return result.diagnostics;
  return [...result.diagnostics, ...toSimpleSchema(result.schema).diagnostics];
}
