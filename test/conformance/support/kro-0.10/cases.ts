import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JsonObject, type JsonValue, isJsonObject, parseJson } from '@typekro/kit/core';

/** A case: an input, and the behaviour of kro 0.10 for this input. */
export interface KroCase {
  readonly id: string;
  readonly area: string;
  readonly input: JsonObject;
  readonly expect: JsonObject;
}

/**
 * The result of a case. If no runner knows a case, the case does not run, and it counts neither as passed nor as
 * failed.
 */
export type CaseOutcome =
  | { readonly state: 'passed' }
  | { readonly state: 'failed'; readonly detail: string }
  | { readonly state: 'notRun'; readonly reason: string };

export const PASSED: CaseOutcome = { state: 'passed' };
export const failed = (detail: string): CaseOutcome => ({ state: 'failed', detail });
export const notRun = (reason: string): CaseOutcome => ({ state: 'notRun', reason });

/** Makes the outcome of a case from its differences. A case without differences has passed. */
export function outcomeOf(differences: readonly string[]): CaseOutcome {
  return differences.length === 0 ? PASSED : failed(differences.join('\n'));
}

/** The cases of a folder with a file `cases.json`. */
export function readCases(dir: string): KroCase[] {
  const file = parseJson(readFileSync(join(dir, 'cases.json'), 'utf8'));
  const cases = isJsonObject(file) ? file['cases'] : file;
  if (!Array.isArray(cases)) throw new TypeError(`${dir}/cases.json has no list of cases`);
  return cases.map((each) => each as unknown as KroCase);
}

/** A message for each expected part that the text does not contain. Empty when the text contains all of them. */
export function containsAll(text: string, parts: JsonValue | undefined): string[] {
  const wanted = Array.isArray(parts) ? parts : parts === undefined ? [] : [parts];
  return wanted.flatMap((part) => (text.includes(String(part)) ? [] : [`"${text}" does not contain "${String(part)}"`]));
}
