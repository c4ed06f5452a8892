/** The expected results of the first programs (`docs/seeds.md`), from `test/fixtures/seeds/outcomes.json`. */
import { readFileSync } from 'node:fs';
import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';

/** A way to deploy a program: in direct mode, with this project's controller, or with a definition for stock kro. */
export type Way = 'direct' | 'ours' | 'stock';

/** The expected result of a deployment in one of these ways. */
export interface Outcome {
  readonly result: 'runs' | 'warning' | 'refused';
  readonly stage?: 'parse' | 'compose' | 'compile' | 'apply';
  readonly texts: readonly string[];
  readonly line: number | null;
  readonly also?: readonly number[];
  readonly warnings?: readonly { readonly line: number; readonly texts: readonly string[] }[];
  readonly status: JsonObject | null;
  readonly absent?: readonly string[];
  readonly resources?: readonly string[] | Readonly<Record<string, readonly string[]>> | null;
  readonly spec?: JsonObject;
  readonly others?: readonly { readonly spec: JsonObject; readonly status: JsonObject }[];
}

/** Another spec of a program, or another condition under which the program runs. */
export interface Variant {
  readonly spec?: JsonObject;
  readonly result: Outcome['result'];
  readonly texts?: readonly string[];
  readonly status?: JsonObject;
  readonly without?: string;
  readonly target?: string;
  readonly created?: readonly string[];
}

/** One program of the table. */
export interface Program {
  readonly run?: { readonly exit: number | null };
  readonly spec?: JsonObject;
  readonly needs?: readonly string[];
  readonly variants?: readonly Variant[];
  readonly direct: Outcome | null;
  readonly ours: Outcome | null;
  readonly stock: Outcome | null;
}

export const SEEDS = new URL('../../fixtures/seeds/', import.meta.url);

export const programs = (
  JSON.parse(readFileSync(new URL('outcomes.json', SEEDS), 'utf8')) as { programs: Record<string, Program> }
).programs;

/**
 * The differences between a value and the table, each with its path. A `*` in a string of the table matches any
 * non-empty string. Keys that the table does not name are ignored.
 */
export function differences(expected: JsonValue, actual: JsonValue | undefined, path = 'status'): string[] {
  if (expected === '*') return actual === undefined || actual === '' ? [`${path} is empty`] : [];
  if (typeof expected === 'string' && expected.includes('*')) {
    const parts = expected.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const matches = typeof actual === 'string' && new RegExp(`^${parts.join('.+')}$`, 's').test(actual);
    return matches ? [] : [`${path} is ${JSON.stringify(actual)}, not ${expected}`];
  }
  if (isJsonObject(expected)) {
    return Object.entries(expected).flatMap(([key, value]) =>
      differences(value as JsonValue, isJsonObject(actual) ? actual[key] : undefined, `${path}.${key}`),
    );
  }
  const text = (value: JsonValue | undefined) =>
    JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? Number(item) : item));
  return text(expected) === text(actual) ? [] : [`${path} is ${text(actual)}, not ${text(expected)}`];
}
