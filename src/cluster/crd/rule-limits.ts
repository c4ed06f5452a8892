import type { Checked, Program } from '../../cel/index.ts';
import { estimateCost, roundCost } from '../../cel/index.ts';
import type { JsonValue } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';

/** The maximum cost of one evaluation of a rule, in the units of an API server. */
const CALL_LIMIT = 1_000_000;

/** The error of an evaluation that costs more. */
export const LIMIT_EXCEEDED = 'operation cancelled: actual cost limit exceeded';

type Result = ReturnType<Program['evaluate']>;

/**
 * An evaluation that stops at the cost limit of an API server. Almost all evaluations are far from the limit, and no
 * evaluation counts its cost: the rounds of its loops are limited instead, with a limit that follows from the cost of a
 * round. The cost is only estimated, from the sizes of the data, for an evaluation that reaches this limit.
 */
export function limitedRun(program: Program, checked: Checked): (variables: Record<string, unknown>) => Result {
  const round = roundCost(checked);
  const rounds = round === undefined ? undefined : Math.floor(CALL_LIMIT / round);
  return (variables) => {
    const options = { trusted: true };
    if (rounds === undefined) return program.evaluate(variables, options);
    const result = program.evaluate(variables, { ...options, budget: rounds });
    if (result.ok || result.error.message !== 'evaluation budget exceeded') return result;
    const { max } = estimateCost(checked, (path) => actualSize(variables, path));
    if (max > CALL_LIMIT) return { ok: false, error: { ...result.error, message: LIMIT_EXCEEDED } };
    return program.evaluate(variables, options);
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
