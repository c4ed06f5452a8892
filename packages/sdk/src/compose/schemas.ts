import { type Diagnostic, formatApiVersion, formatDiagnostic, hasErrors } from '@typekro/kit/core';
import type { ResourceInfo, Schema, SchemaSource } from '@typekro/engine/schema';
import { builtinSource, combineSources, pluralize } from '@typekro/engine/schema';
import { fromStandardSchema } from '../notations/standard-schema.ts';
import { CompositionError } from './refusal/refusal.ts';
import type { SchemaInput } from './public-types.ts';
import { describeValue } from './value/ops.ts';

let builtin: SchemaSource | undefined;

/** The schemas of the built-in kinds, which are read once. */
function builtinSchemas(): SchemaSource {
  builtin ??= builtinSource();
  return builtin;
}

/** The kinds that a composition may use: the built-in kinds and the kinds of its options. */
export function schemasFor(types: Readonly<Record<string, Schema>> | undefined): SchemaSource {
  if (types === undefined || Object.keys(types).length === 0) return builtinSchemas();
  const own = new Map(Object.entries(types));
  const added: SchemaSource = {
    schemaOf: (type) => own.get(`${formatApiVersion(type)}/${type.kind}`),
    resourceOf: (type) => (own.has(`${formatApiVersion(type)}/${type.kind}`) ? infoOf(type) : undefined),
    kinds: () => [],
  };
  return combineSources(added, builtinSchemas());
}

/** Returns a source for checks. The source also accepts unknown kinds, and returns an open schema for them. */
export function withUnknownKinds(source: SchemaSource): SchemaSource {
  return {
    schemaOf: (type) => source.schemaOf(type) ?? OPEN,
    resourceOf: (type) => source.resourceOf(type) ?? infoOf(type),
    kinds: () => source.kinds(),
  };
}

const OPEN: Schema = {
  type: 'object',
  'x-kubernetes-preserve-unknown-fields': true,
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { name: { type: 'string' }, namespace: { type: 'string' } },
    },
  },
};

function infoOf(type: { group: string; version: string; kind: string }): ResourceInfo {
  const plural = pluralize(type.kind.toLowerCase());
  return {
    ...type,
    plural,
    singular: type.kind.toLowerCase(),
    namespaced: true,
    shortNames: [],
    categories: [],
    verbs: [],
    subresources: ['status'],
  };
}

/**
 * The structural schema of a spec or status.
 *
 * @throws CompositionError with all parts that have no structural form.
 */
export function schemaOfInput(
  input: SchemaInput,
  what: string,
): { readonly schema: Schema; readonly diagnostics: readonly Diagnostic[] } {
  const result = fromStandardSchema(input);
  const diagnostics = result.diagnostics.map((each) => ofInput(each, input, what));
  if (result.ok && !hasErrors(diagnostics))
    return { schema: namesNoField(result.schema) ? noFields(result.schema) : result.schema, diagnostics };
  throw unusableSchema(what, diagnostics);
}

/** The error for a schema that cannot be translated, with all its problems. */
export function unusableSchema(what: string, diagnostics: readonly Diagnostic[]): CompositionError {
  const text = diagnostics.map((diagnostic) => formatDiagnostic(diagnostic)).join('\n');
  return new CompositionError(diagnostics, `the schema of the ${what} cannot be used:\n${text}`);
}

/** A problem of a schema, with its path in the options of the composition, such as `spec.replicas`. */
function ofInput(diagnostic: Diagnostic, input: unknown, what: string): Diagnostic {
  const path = diagnostic.path === undefined ? what : `${what}.${diagnostic.path}`;
  if (diagnostic.code !== 'schema/not-a-schema') return { ...diagnostic, path };
  const isPlain = typeof input === 'object' && input !== null && !Array.isArray(input);
  const given = isPlain ? 'a plain object' : describeValue(input);
  const hint = isPlain ? `write ${what}: type({ … }), with type from 'arktype'` : diagnostic.hint;
  return {
    ...diagnostic,
    message: `the ${what} is ${given}, not a schema`,
    path,
    ...(hint === undefined ? {} : { hint }),
  };
}

/**
 * The structural schema of a declared status, or `undefined` when the schema has no structural form. A schema without a
 * structural form only supplies TypeScript types.
 *
 * @throws CompositionError for a value that is not a schema
 */
export function declaredStatus(input: SchemaInput): Schema | undefined {
  const result = fromStandardSchema(input);
  const foreign = result.diagnostics.filter(({ code }) => code === 'schema/not-a-schema');
  if (foreign.length > 0)
    throw unusableSchema(
      'status',
      foreign.map((each) => ofInput(each, input, 'status')),
    );
  return result.ok && !hasErrors(result.diagnostics) ? result.schema : undefined;
}

const noFields = ({ additionalProperties }: Schema): Schema => ({
  type: 'object',
  properties: {},
  additionalProperties,
});

/** Does the schema name no field, as those of `type({})` and `z.object({})`? Such a spec has no fields. */
function namesNoField({ type, properties, additionalProperties, ...others }: Schema): boolean {
  if (properties !== undefined || typeof additionalProperties === 'object') return false;
  const isOpen = Object.keys(others).every((name) => name === 'x-kubernetes-preserve-unknown-fields');
  return isOpen && (type === 'object' || type === undefined);
}
