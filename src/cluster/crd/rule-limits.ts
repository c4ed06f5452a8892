import type { Checked, Program } from '../../cel/index.ts';
import { estimateCost, roundCost } from '../../cel/index.ts';
import type { JsonValue } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';

/** The maximum cost of one evaluation of a rule, in the units of an API server. */
const MAX_CALL_COST = 1_000_000;

/** The error of an evaluation that costs more. */
export const LIMIT_EXCEEDED = 'operation cancelled: actual cost limit exceeded';

/** The maximum cost of all rules of one object. */
const MAX_OBJECT_COST = 10_000_000;

/** The result of an evaluation of a rule. */
export interface LimitedResult {
  readonly result: ReturnType<Program['evaluate']>;
  /** Did the evaluation cost more than one may? The result is then the error `LIMIT_EXCEEDED`. */
  readonly isOverLimit: boolean;
  /** The approximate cost, from the rounds of the loops. */
  readonly cost: number;
  /** The greatest cost with data of these sizes. */
  readonly estimate: () => number;
}

/**
 * The budget of the rules of one object. The rounds of the loops count first. Only when they exceed the budget are the
 * costs estimated from the sizes of the data, and the lower cost of each evaluation counts.
 */
export class ObjectBudget {
  /** Has a limit stopped the rules of the object? */
  isExhausted = false;
  #spent = 0;
  #uncertain = 0;
  #pending: Pick<LimitedResult, 'cost' | 'estimate'>[] = [];

  /** Spends the cost of an evaluation. Returns false, and stops the rules, when the budget does not suffice. */
  spend({ cost, estimate }: LimitedResult): boolean {
    if (cost === 0) return true;
    this.#uncertain += cost;
    this.#pending.push({ cost, estimate });
    if (this.#spent + this.#uncertain <= MAX_OBJECT_COST) return true;
    for (const each of this.#pending) this.#spent += Math.min(each.cost, each.estimate());
    this.#uncertain = 0;
    this.#pending = [];
    this.isExhausted = this.#spent > MAX_OBJECT_COST;
    return !this.isExhausted;
  }
}

/**
 * An evaluation that stops at the cost limit of an API server. Almost all evaluations are far from the limit, and no
 * evaluation counts its cost: the rounds of its loops are limited instead, with a limit that follows from the cost of a
 * round. The cost is only estimated, from the sizes of the data, for an evaluation that reaches this limit.
 */
export function limitedRun(program: Program, checked: Checked): (variables: Record<string, unknown>) => LimitedResult {
  const round = roundCost(checked);
  return (variables) => {
    const estimate = (): number => estimateCost(checked, (path) => actualSize(variables, path)).max;
    if (round === undefined) {
      return { result: program.evaluate(variables, { trusted: true }), isOverLimit: false, cost: 0, estimate };
    }
    const budget = Math.floor(MAX_CALL_COST / round);
    const meter = { left: budget };
    const result = program.evaluate(variables, { trusted: true, budget, meter });
    if (meter.left >= 0 || result.ok) {
      return { result, isOverLimit: false, cost: (budget - meter.left) * round, estimate };
    }
    const max = estimate();
    if (max > MAX_CALL_COST) {
      const error = { ...result.error, message: LIMIT_EXCEEDED };
      return { result: { ok: false, error }, isOverLimit: true, cost: max, estimate };
    }
    return { result: program.evaluate(variables, { trusted: true }), isOverLimit: false, cost: max, estimate };
  };
}

/** The greatest size of the data at a path; `undefined` where the variables have no data. */
function actualSize(variables: Readonly<Record<string, unknown>>, [name = '', ...steps]: readonly string[]) {
  let values: readonly unknown[] = Object.hasOwn(variables, name) ? [variables[name]] : [];
  for (const step of steps) values = values.flatMap((value) => membersAt(value as JsonValue, step));
  if (values.length === 0) return undefined;
  return { min: 0, max: values.reduce((most: number, value) => Math.max(most, sizeOf(value as JsonValue)), 0) };
}

function membersAt(value: JsonValue, step: string): readonly JsonValue[] {
  if (Array.isArray(value)) return step === '@items' ? value : [];
  if (!isJsonObject(value)) return [];
  if (step === '@keys') return Object.keys(value);
  if (step === '@values') return Object.values(value).map((entry) => entry ?? null);
  return Object.hasOwn(value, step) ? [value[step] ?? null] : [];
}

function sizeOf(value: JsonValue): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return isJsonObject(value) ? Object.keys(value).length : 1;
}
