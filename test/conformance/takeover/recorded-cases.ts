import { readFileSync } from 'node:fs';

/** A scenario that was recorded with kro's own controller, as a line of JSON with placeholders. */
export interface RecordedCase {
  readonly name: string;
  readonly line: string;
}

/** A folder of recorded scenarios: `controller` for kro 0.9, `controller-0.10` for the kro 0.10 line. */
export type RecordedSuite = 'controller' | 'controller-0.10';

/** Reads the scenarios of a suite. */
export function recordedCases(suite: RecordedSuite): RecordedCase[] {
  const text = readFileSync(new URL(`../${suite}/cases.jsonl`, import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ name: (JSON.parse(line) as { readonly name: string }).name, line }));
}

/** Reads one scenario. Throws an error when the suite does not have it. */
export function readCase(suite: RecordedSuite, name: string): string {
  const found = recordedCases(suite).find((each) => each.name === name);
  if (found === undefined) throw new Error(`no recorded scenario of ${suite} has the name ${name}`);
  return found.line;
}
