/**
 * Runs recorded conformance cases: `npm run conformance -- KIND [DIR] [--verbose]`. Without DIR the
 * recordings of this repository; with it the recordings of that folder, in the same format. Prints a line
 * per topic and `N passed, N failed`; exits 1 when something failed, 2 for misuse.
 */
import { fileURLToPath } from 'node:url';
import { CEL_SPEC_DEVIATIONS } from '../test/conformance/cel-spec-deviations.ts';
import { runCelRecordings } from '../test/conformance/support/cel-runner.ts';
import { runCelSpec } from '../test/conformance/support/cel-spec-runner.ts';
import type { TopicResult } from '../test/conformance/support/report.ts';
import { formatReport } from '../test/conformance/support/report.ts';

/** What runs a kind of recordings. `directory` is undefined for the repository's own. */
interface Kind {
  readonly summary: string;
  readonly run: (directory: string | undefined) => readonly TopicResult[] | Promise<readonly TopicResult[]>;
}

const here = (path: string) => fileURLToPath(new URL(`../test/conformance/${path}`, import.meta.url));

function runCel(directory: string | undefined): TopicResult[] {
  if (directory !== undefined) return runCelRecordings(directory);
  return [...runCelRecordings(here('cel')), ...runCelSpec(here('cel-spec/types.jsonl'), CEL_SPEC_DEVIATIONS)];
}

const KINDS: Readonly<Record<string, Kind>> = {
  cel: { summary: "expressions: kro's recorded answers and cel-spec's vectors", run: runCel },
};

async function main(args: readonly string[]): Promise<number> {
  const [name, directory, ...rest] = args.filter((arg) => arg !== '--verbose');
  const kind = name !== undefined && Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (kind === undefined || rest.length > 0) {
    console.error('usage: npm run conformance -- KIND [DIR] [--verbose]');
    for (const [key, { summary }] of Object.entries(KINDS)) console.error(`  ${key.padEnd(12)} ${summary}`);
    return 2;
  }
  const results = await kind.run(directory);
  console.log(formatReport(results, args.includes('--verbose')));
  return results.some((result) => result.failures.length > 0) ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
