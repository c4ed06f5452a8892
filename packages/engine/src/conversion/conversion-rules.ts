import type { Environment, Program, SharedBudget } from '@typekro/cel';
import { CelOptional, finiteJson, inspect } from '@typekro/cel';
import { type JsonObject, type JsonValue, definedMembers, isJsonObject } from '@typekro/kit/core';
import type { Schema } from '../schema/index.ts';
import { conversionEnvironment } from './conversion-language.ts';
import type { DirectionRules } from './conversion-program.ts';
import { declaredField, isOnOnePath } from './field-steps.ts';
import { type Part, makePart, planPart } from './target-parts.ts';

/** The error of an object that cannot be converted. Its message says which expression failed, and why. */
export class ConversionError extends Error {}

/** The schemas of a conversion, both of the whole object (`objectSchema`). */
export interface Direction {
  readonly from: Schema;
  readonly to: Schema;
}

interface CompiledRule {
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

/** Compiled rules of one direction. */
export class CompiledRules {
  readonly #parts: readonly (readonly [string, Part<CompiledRule>])[];
  readonly #whole: CompiledExpression | undefined;

  /**
   * @param only the paths of the fields that are needed; the others are left out. Default: all.
   * @throws ConversionError for an expression that does not compile against the schemas.
   */
  constructor({ fields, whole }: DirectionRules, { from, to }: Direction, only?: readonly (readonly string[])[]) {
    const environment = conversionEnvironment(from);
    const isNeeded = (steps: readonly string[]) => only === undefined || only.some((path) => isOnOnePath(path, steps));
    const rules = fields
      .filter((rule) => isNeeded(rule.to))
      .map(({ to: steps, cel, value }) => {
        const made = cel === undefined ? { value: value ?? null } : { expression: compileRule(cel, environment) };
        return [steps, { ...made, isNullable: declaredField(to, steps)?.nullable === true }] as const;
      });
    this.#whole = whole === undefined ? undefined : compileRule(whole, environment);
    const { spec, status } = to.properties ?? {};
    const members = { ...to, properties: definedMembers({ spec, status }) };
    // What one expression makes for the whole object is not a part of the source.
    this.#parts = planPart(whole === undefined ? from : undefined, members, rules, only).members ?? [];
  }

  /**
   * The object with the `spec` and the `status` of the other version, with its defaults. Fields that the other version
   * does not have are left out. Other members than these two do not change. A rule whose value is null or an empty optional leaves its field out, unless the field
   * is nullable. The API server checks the metadata itself.
   *
   * @throws ConversionError when an expression fails.
   */
  convert(object: JsonObject, shared: SharedBudget): JsonObject {
    const source = this.#whole === undefined ? object : { ...object, ...this.#made(this.#whole, object, shared) };
    const value = ({ expression, value: constant, isNullable }: CompiledRule): JsonValue | undefined => {
      const made = expression === undefined ? constant : evaluate(expression, object, shared);
      return made === null && !isNullable ? undefined : made;
    };
    const converted = { ...object };
    for (const [name, part] of this.#parts) {
      const made = makePart(part, source[name], value);
      if (made === undefined) delete converted[name];
      else converted[name] = made;
    }
    return converted;
  }

  /** The converted members of the object that one expression makes. */
  #made(whole: CompiledExpression, object: JsonObject, shared: SharedBudget): JsonObject {
    const made = evaluate(whole, object, shared) ?? {};
    if (!isJsonObject(made)) throw new ConversionError(`${shown(whole.cel)} is not an object`);
    return definedMembers({ spec: made['spec'], status: made['status'] });
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
  const json = finiteJson(result.value, { shared });
  return json.ok ? json.value : fail(json.error);
}

/** The start of a long text. */
export const cutText = (text: string, maxLength: number): string =>
  text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;

const shown = (cel: string): string => `\${${cutText(cel, 120)}}`;
