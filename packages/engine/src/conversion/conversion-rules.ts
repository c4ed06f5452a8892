import type { Environment, Program, SharedBudget } from '@typekro/cel';
import { CelOptional, inspect, toJson } from '@typekro/cel';
import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { valueAt } from '@typekro/kit/kubernetes';
import { type Schema, StructuralSchema } from '../schema/index.ts';
import { conversionEnvironment } from './conversion-language.ts';
import type { DirectionRules } from './conversion-program.ts';
import { declaredField, withFieldAt } from './field-steps.ts';

/** The error of an object that cannot be converted. Its message says which expression failed, and why. */
export class ConversionError extends Error {}

/** The schemas of a conversion, both of the whole object (`objectSchema`). */
export interface Direction {
  readonly from: Schema;
  readonly to: Schema;
}

interface CompiledRule {
  readonly to: readonly string[];
  readonly expression?: CompiledExpression;
  readonly value?: JsonValue;
  readonly isNullable: boolean;
}

interface CompiledExpression {
  readonly cel: string;
  readonly program: Program;
  /** The fields that the expression reads, for messages. */
  readonly reads: readonly string[];
}

/** The members that a conversion makes. All others (`apiVersion`, `kind`, `metadata`) are not its business. */
const CONVERTED = ['spec', 'status'];

/** Compiled rules of one direction. */
export class CompiledRules {
  readonly #to: Schema;
  readonly #rules: readonly CompiledRule[];
  readonly #whole: CompiledExpression | undefined;

  /** @throws ConversionError for an expression that does not compile against the schemas. */
  constructor({ fields, whole }: DirectionRules, { from, to }: Direction) {
    this.#to = to;
    const environment = conversionEnvironment(from);
    this.#rules = fields.map(({ to: steps, cel, value }) => ({
      to: steps,
      ...(cel === undefined ? { value: value ?? null } : { expression: compileRule(cel, environment) }),
      isNullable: declaredField(to, steps)?.nullable === true,
    }));
    this.#whole = whole === undefined ? undefined : compileRule(whole, environment);
  }

  /**
   * The object with the `spec` and the `status` of the other version. Fields that the other version does not have are
   * left out. A rule whose value is null or an empty optional leaves its field out, unless the field is nullable.
   *
   * @throws ConversionError when an expression fails.
   */
  convert(object: JsonObject, shared: SharedBudget): JsonObject {
    let converted: JsonObject = object;
    if (this.#whole !== undefined) {
      const made = evaluate(this.#whole, object, shared) ?? {};
      if (!isJsonObject(made)) throw new ConversionError(`${shown(this.#whole.cel)} is not an object`);
      for (const member of CONVERTED)
        if (Object.hasOwn(made, member)) converted = withFieldAt(converted, [member], made[member] ?? undefined);
    }
    for (const { to, expression, value, isNullable } of this.#rules) {
      const made = expression === undefined ? value : evaluate(expression, object, shared);
      const isAbsent = made === undefined || (made === null && !isNullable);
      converted = withFieldAt(converted, to, isAbsent ? undefined : made);
    }
    // The API server checks metadata itself, and pruning would read the schema of ObjectMeta for each object.
    const { metadata, ...rest } = converted;
    // An API server sets defaults before it converts a stored object, not after.
    const pruned = StructuralSchema.applyDefaults(this.#to, StructuralSchema.prune(this.#to, rest).value) as JsonObject;
    return metadata === undefined ? pruned : { ...pruned, metadata };
  }
}

function compileRule(cel: string, environment: Environment): CompiledExpression {
  const compiled = environment.compile(cel);
  if (!compiled.ok) throw new ConversionError(`${shown(cel)} does not compile: ${compiled.errors[0]?.message ?? ''}`);
  const { uses } = inspect(compiled.checked.ast, {
    variables: new Set(['self']),
    isFunction: (name) => environment.isFunction(name),
  });
  return { cel, program: compiled.program, reads: uses.map(({ path }) => path) };
}

function evaluate({ cel, program, reads }: CompiledExpression, self: JsonObject, shared: SharedBudget) {
  const result = program.evaluate({ self }, { trusted: true, shared });
  const fail = (reason: string): never => {
    const read = reads.length === 0 ? '' : `; it reads ${[...new Set(reads)].join(', ')}`;
    throw new ConversionError(`${shown(cel)}: ${reason}${read}`);
  };
  // An API server also converts parts of an object, to find the fields that a manager owns. A field that is not there is
  // therefore no error: its rule gives no value.
  if (!result.ok) return /^no such (?:key|field)/.test(result.error.message) ? undefined : fail(result.error.message);
  if (result.value instanceof CelOptional && result.value.value === undefined) return undefined;
  const json = toJson(result.value, { shared });
  return json.ok ? json.value : fail(json.error);
}

const MAX_SHOWN_LENGTH = 120;
const shown = (cel: string): string =>
  `\${${cel.length > MAX_SHOWN_LENGTH ? `${cel.slice(0, MAX_SHOWN_LENGTH)}…` : cel}}`;

/** The spec of an object with the defaults of its version. */
export const specWithDefaults = (schema: Schema, object: JsonObject): JsonValue | undefined =>
  valueAt(StructuralSchema.applyDefaults(schema, object) as JsonObject, 'spec');
