import type { Diagnostic } from '@typekro/kit/core';
import { type Schema, SimpleSchema } from '@typekro/engine/schema';
import type { SimpleBlock } from '../../notations/simple-emit-names.ts';
import { toSimpleSchema } from '../../notations/simple-emit.ts';
import { specType } from '../library/schema-type.ts';
import { unusableSchema } from '../schemas.ts';
import type { FieldRulesOut } from './field-rules.ts';

/** The schema of a spec, with CEL rules for its fields: dotted path below `spec` → rule. */
interface AuthoredSpec {
  readonly spec: Schema;
  readonly fieldValidations: Readonly<Record<string, string>>;
}

/**
 * The schema by which the API server of a definition checks the spec of an instance, without the preconditions of the
 * composition. The SDK checks specs with this schema, too.
 *
 * @throws CompositionError for a part of the schema that SimpleSchema cannot express.
 */
export function specSchemaOf(graph: AuthoredSpec): Schema {
  return parsedSpec(simpleSchema(graph, undefined));
}

/**
 * The schema of a spec that is written as SimpleSchema.
 *
 * @throws CompositionError for an error in the SimpleSchema.
 */
export function parsedSpec({ spec, types }: Pick<SimpleSpec, 'spec' | 'types'>): Schema {
  const parsed = SimpleSchema.parse(spec, types);
  if (parsed.ok) return parsed.schema;
  throw unusableSchema(
    'spec',
    parsed.errors.map(({ code, message }) => ({ code, severity: 'error', message })),
  );
}

/** A spec as SimpleSchema, with the types that it uses. */
export interface SimpleSpec {
  readonly spec: SimpleBlock;
  readonly types: SimpleBlock;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The spec as SimpleSchema, with the validations of the graph. A number of the spec that flows into an integer field
 * becomes an integer. `what` is the path of the schema in the options of the composition.
 *
 * @throws CompositionError for a part of the schema that SimpleSchema cannot express.
 */
export function simpleSchema(
  { spec, fieldValidations }: AuthoredSpec,
  preconditions: FieldRulesOut | undefined,
  what = 'spec',
): SimpleSpec {
  const rules = withGiven(preconditions?.rules ?? new Map(), fieldValidations);
  const required = preconditions?.required ?? new Set();
  const written = toSimpleSchema(spec, {
    field: (path) => ({ required: required.has(path), rules: rules.get(path) ?? [] }),
    isInteger(schema) {
      const type = specType(schema);
      return type.kind === 'number' && type.number.state === 'int';
    },
  });
  const diagnostics = written.diagnostics.map((each): Diagnostic => ({
    ...each,
    path: each.path === undefined ? what : `${what}.${each.path}`,
  }));
  if (written.ok) return { ...written, diagnostics };
  throw unusableSchema(what, diagnostics);
}

function withGiven(
  rules: ReadonlyMap<string, readonly string[]>,
  given: Readonly<Record<string, string>>,
): Map<string, readonly string[]> {
  const all = new Map(rules);
  for (const [path, rule] of Object.entries(given)) all.set(path, [...(all.get(path) ?? []), rule]);
  return all;
}
