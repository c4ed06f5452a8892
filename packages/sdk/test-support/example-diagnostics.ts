import { compileFunction } from 'node:vm';
import { type } from 'arktype';
import { z } from 'zod';
import { type CodeInfo, type Diagnostic, type JsonValue, isJsonObject, parseJson } from '@typekro/kit/core';
import { Cel, CompositionError, externalRef, kubernetesComposition, opaque } from '@typekro/sdk';
import { SOURCE } from '../src/compose/source/transform-data.ts';
import { ConfigMap, Deployment, Secret } from '../src/factories/simple/index.ts';
import { compileDocument, parseDefinitions, TYPEKRO_FEATURES, tryConversions } from '@typekro/engine/graph';
import { builtinSource, combineSources, crdSource } from '@typekro/engine/schema';
import { fromJsonSchema } from '../src/notations/json-schema.ts';
import { fromStandardSchema } from '../src/notations/standard-schema.ts';
import { toSimpleSchema } from '../src/notations/simple-emit.ts';
import { crdOf } from '@typekro/kit/test-support/crd';

/** A kind with bounds and with a field whose value can be any object, for the examples that need such a kind. */
const gauge = crdOf('Gauge', {
  properties: {
    spec: {
      type: 'object',
      properties: { level: { type: 'integer', maximum: 10 }, anything: { type: 'object', additionalProperties: true } },
    },
  },
});

const sources = combineSources(crdSource([gauge]), builtinSource());

/** The codes about parts of definitions that a feature gate enables. */
const GATED = new Set([
  'graph/stock-function',
  'graph/invalid-variable',
  'graph/invalid-deletion-policy',
  'graph/invalid-external-field',
  'graph/invalid-optional',
  'graph/print-column',
  'graph/scale',
  'graph/defer',
  'graph/dynamic-key',
  'graph/propagate-when',
  'graph/api-version',
  'graph/conversion',
  'graph/conversion-required',
  'graph/conversion-loss',
  'graph/conversion-fault',
  'graph/conversion-untried',
]);

/** All diagnostics of the example of a code. The file name of a definition is `example.yaml`. */
export async function exampleDiagnostics({ code, example, language }: CodeInfo): Promise<readonly Diagnostic[]> {
  if (language === 'json') return ofSchema(fromJsonSchema(objectOf(parseJson(example))));
  if (language === 'composition') return ofComposition(code, example);
  if (language === 'typescript') {
    const value: unknown = compileFunction(`return ${example}`, ['type', 'z'])(type, z);
    return ofSchema(fromStandardSchema(value));
  }
  const { documents, diagnostics } = parseDefinitions(example, 'example.yaml');
  const features = GATED.has(code) ? TYPEKRO_FEATURES : {};
  const compiled = documents.map((document) =>
    tryConversions(compileDocument(document, { sources, features }), { document }),
  );
  return [...diagnostics, ...(await Promise.all(compiled)).flatMap((each) => each.diagnostics)];
}

const spec = type({
  name: 'string',
  size: 'number.integer',
  env: "'dev' | 'prod'",
  on: 'boolean',
  'tag?': 'string',
  tags: 'string[]',
  parts: type({ key: 'string', count: 'number.integer' }).array(),
});

const status = type({ phase: 'string', 'size?': 'number' });

/** The diagnostics of a composition function, as if the function were in a separate file. */
function ofComposition(code: string, example: string): readonly Diagnostic[] {
  const names = {
    Cel,
    ConfigMap,
    Deployment,
    Secret,
    externalRef,
    isLong: opaque((text: string) => `-${text}`.length > 3),
    total: 0,
    twice: opaque((number: number) => number * 2),
  };
  const build = compileFunction(`return ${example}`, Object.keys(names))(...Object.values(names)) as object;
  if (!/\bthis\b/.test(example)) {
    Object.assign(build, { [SOURCE]: { src: example.trim(), file: 'example.ts', line: 1, col: 1, vars: names } });
  }
  try {
    const composition = kubernetesComposition(
      { name: 'example', spec, ...(/^trace\/status-(?!guard)/.test(code) && { status }) },
      build as never,
      { strict: code !== 'trace/late-field' },
    );
    composition.toYaml();
    return composition.diagnostics;
  } catch (error) {
    if (!(error instanceof CompositionError)) throw error;
    // Replaces the stack frame of untraced code, because it contains a local path.
    return error.diagnostics.map((each) => ({ ...each, message: each.message.replace(/ \(at .*\)$/, ' (at …)') }));
  }
}

function objectOf(value: JsonValue) {
  if (isJsonObject(value)) return value;
  throw new TypeError('the example is not a JSON object');
}

function ofSchema(result: ReturnType<typeof fromJsonSchema>): readonly Diagnostic[] {
  if (!result.ok) return result.diagnostics;
  return [...result.diagnostics, ...toSimpleSchema(result.schema).diagnostics];
}
