import { resolve } from 'node:path';
import { TypeKroError, stringifyJson } from '@typekro/kit/core';
import {
  type Coverage,
  type CoverageItem,
  type Paint,
  MAX_LIVES,
  MAX_SEED,
  coveredPercent,
  randomSeed,
} from '@typekro/testing';
import { systemClock } from '@typekro/kube';
import { printLines } from '../instance/print-report.ts';
import { printFailure } from '../print-failure.ts';
import { usesColour } from '../plan/printed/paint.ts';
import { type Command, type CommandContext, type CommandInput, ExitCode, textOption, usageError } from '../command.ts';
import { systemEvents } from '../dev/watch-files.ts';
import { type FoundTestFile, findTestFiles } from '../graph-test/find-test-files.ts';
import {
  type ReadTestFile,
  type TestFileResult,
  type TestResult,
  readTestFile,
  resultData,
  runTestFile,
} from '../graph-test/run-test-file.ts';
import { faultLines, faultSumLine } from '../graph-test/fault-report.ts';
import { testJunitText } from '../graph-test/junit.ts';
import { type TestSum, resultLines, sumLine } from '../graph-test/text-report.ts';
import { watchTests, withFreshModules } from '../graph-test/watch-tests.ts';
import { outputForm } from '../command-options.ts';
import { printDiagnostics } from '../checks/print-diagnostics.ts';

const FORMS = ['text', 'json', 'junit'] as const;
type Form = (typeof FORMS)[number];

/** `typekro test PATH…`: runs declarative tests of definitions on the embedded cluster, in virtual time. */
export const test: Command = {
  name: 'test',
  description: `Runs the tests in *.test.yaml files, each next to the definition or composition that it tests. Every test has its own embedded cluster with the controller of this package, on a clock that only the test moves: hours pass in milliseconds. A file begins like this:

  schemaVersion: 1
  kind: GraphTest
  definition: app.yaml          # by default the file of the same name
  tests:
    - name: the ingress waits for the service
      given:
        name: shop
        spec: { replicas: 2 }
      expect:
        children: { deployment: { spec.replicas: 2 }, ingress: absent }
      steps:
        - patch: { deployment: { status.availableReplicas: 2 } }
          expect: { created: [deployment, ingress], state: ACTIVE }

docs/testing.md explains all fields.`,
  positionals: [{ name: 'file', summary: 'test files, or folders with *.test.yaml', variadic: true, required: true }],
  options: [
    {
      name: 'filter',
      short: 't',
      summary: 'run only tests whose name contains this text',
      value: 'text',
      allowsEmpty: true,
    },
    { name: 'update', summary: 'write the snapshots of tests with snapshot: true, instead of comparing them' },
    { name: 'watch', summary: 'after each save, run the test files that depend on the saved file again' },
    { name: 'coverage', summary: 'list what no test covers' },
    {
      name: 'coverage-min',
      summary: 'fail when the tests cover less than this percentage of nodes, conditions and branches',
      value: 'percent',
    },
    {
      name: 'faults',
      summary: `also run each graph this many times (1 to ${MAX_LIVES}) with random faults: the controller dies, requests are refused, responses are lost, watches are late, other clients write`,
      value: 'lives',
    },
    { name: 'seed', summary: 'with --faults: the seed of the first life; by default a random one', value: 'number' },
    { name: 'output', short: 'o', summary: FORMS.join(', '), value: 'form', defaultValue: 'text', choices: FORMS },
  ],
  examples: [
    { command: 'typekro test graphs/', summary: 'all tests below a folder; exit code 1 when one fails' },
    {
      command: 'typekro test graphs/ --watch',
      summary: 'again after each save of tests, definitions and their imports',
    },
    { command: 'typekro test app.test.yaml -t ingress', summary: 'tests with "ingress" in their names' },
    {
      command: 'typekro test graphs/ --faults 200',
      summary: 'also 200 lives of each graph under faults; a failure prints the command that replays it',
    },
    { command: 'typekro test app.test.yaml --faults 1 --seed 91', summary: 'replays one life exactly' },
  ],
  async run(context, input) {
    const form = outputForm(input, FORMS);
    const filter = textOption(input, 'filter');
    const minimum = minimumOf(input);
    const isListed = input.options['coverage'] === true || minimum !== undefined;
    const paint = paintOf(context);
    const faults = faultsOf(input);
    const options = {
      ...(filter === undefined ? {} : { filter }),
      update: input.options['update'] === true,
      ...(faults === undefined ? {} : { faults }),
    };
    const runFile = async (read: ReadTestFile): Promise<TestFileResult> => {
      const { file } = read.before;
      const onResult = (each: TestResult): void => {
        if (form === 'text') printLines(context, resultLines(each, file, paint));
      };
      const result = await runTestFile(context, read, { ...options, onResult });
      if (form === 'text' && result.faults !== undefined) {
        printLines(context, faultLines(result.faults, { ...result, filter }, paint));
      }
      return result;
    };
    const printMistakes = ({ file, foreign, diagnostics, texts }: TestFileResult): void => {
      if (foreign === true) context.printError(`note: ${file} is left out: its kind is not GraphTest`);
      printDiagnostics(context, diagnostics, texts);
    };
    const runAll = async (
      only: ReadonlySet<string> | undefined,
      readFile: (found: FoundTestFile) => Promise<ReadTestFile>,
    ): Promise<readonly TestFileResult[]> => {
      const started = performance.now();
      const reads: ReadTestFile[] = [];
      for (const found of findTestFiles(input.positionals, context.cwd)) {
        if (context.signal.aborted) break;
        if (only === undefined || only.has(found.path)) reads.push(await readFile(found));
      }
      // The errors in all test files are printed before the result of the first test.
      for (const { before } of reads) printMistakes(before);
      const results: TestFileResult[] = [];
      for (const read of reads) {
        if (context.signal.aborted) break;
        const result = await runFile(read);
        const late = result.diagnostics.slice(read.before.diagnostics.length);
        if (late.length > 0) printDiagnostics(context, late, result.texts);
        if (result.notWritten !== undefined) printFailure(result.notWritten, context);
        results.push(result);
      }
      printResults(context, { form, isListed, filter }, results, performance.now() - started);
      return results;
    };
    if (input.options['watch'] === true) {
      const named = input.positionals.map((name) => resolve(context.cwd, name));
      const run = (only: ReadonlySet<string> | undefined) =>
        runAll(only, (found) => withFreshModules(context, (fresh) => readTestFile(fresh, found)));
      return watchTests({ context, named, run, events: systemEvents(systemClock), clock: systemClock });
    }
    const results = await runAll(undefined, (found) => readTestFile(context, found));
    if (context.signal.aborted) return ExitCode.interrupted;
    const errors = results.flatMap(({ diagnostics }) => diagnostics).filter(({ severity }) => severity === 'error');
    // If the only errors are files that cannot be read, the exit code is `failed` and not `diagnostics`.
    if (errors.some(({ code }) => code !== 'input/unreadable')) return ExitCode.diagnostics;
    const { passed, failed, skipped } = sumOf(results);
    if (passed + failed === 0 && errors.length === 0)
      throw skipped > 0 && filter !== undefined ? noneChosen(filter) : noTest();
    const percent = coveredPercent(allItems(results.flatMap(({ coverage }) => coverage ?? [])));
    const isBelow = minimum !== undefined && percent < minimum;
    if (isBelow) context.printError(belowMinimum(percent, minimum));
    const isBroken = results.some((each) => (each.faults?.failures.length ?? 0) > 0);
    const isUnwritten = results.some(({ notWritten }) => notWritten !== undefined);
    return errors.length > 0 || failed > 0 || isBelow || isBroken || isUnwritten ? ExitCode.failed : ExitCode.ok;
  },
};

function belowMinimum(percent: number, minimum: number): string {
  return `error: the tests cover ${Math.floor(percent)} % of nodes, conditions and branches, less than ${minimum} %
  hint: typekro test --coverage lists what no test covers`;
}

/** The options for printing results. */
interface PrintOptions {
  readonly form: Form;
  /** Does the output list the parts that no test covers? */
  readonly isListed: boolean;
  readonly filter: string | undefined;
}

function printResults(
  context: CommandContext,
  { form, isListed, filter }: PrintOptions,
  results: readonly TestFileResult[],
  milliseconds: number,
): void {
  const sum = sumOf(results);
  if (form === 'junit') context.print(testJunitText(results, filter), 'document');
  else if (form === 'json') {
    const files = results.map((each) => resultData(each, filter));
    context.print(stringifyJson({ schemaVersion: 1, ...sum, files }, 2), 'document');
  } else {
    for (const { file, name, coverage, faults } of results) {
      if (faults !== undefined) printLines(context, [faultSumLine(faults, { file, name })]);
      if (coverage === undefined) continue;
      printLines(context, coverageLines(file, coverage, isListed));
    }
    context.print(sumLine(sum, milliseconds));
  }
}

function sumOf(results: readonly TestFileResult[]): TestSum {
  const all = results.flatMap((file) => file.results);
  const failed = all.filter(({ failure }) => failure !== undefined).length;
  const skipped = results.reduce((count, file) => count + file.skipped.length, 0);
  return { passed: all.length - failed, failed, skipped };
}

/**
 * The percentage in `--coverage-min`, or `undefined` without the option. Throws `cli/usage` for a value that is not a
 * percentage.
 */
function minimumOf(input: CommandInput): number | undefined {
  const text = textOption(input, 'coverage-min');
  if (text === undefined) return undefined;
  const percent = /^\d{1,3}(\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (percent <= 100) return percent;
  throw usageError(`--coverage-min ${text} is not a percentage`, 'write --coverage-min 80');
}

/**
 * Returns the number of lives (`--faults`) and the first seed (`--seed`). Throws `cli/usage` for values that are not
 * whole numbers in the allowed range, and for `--seed` without `--faults`.
 */
function faultsOf(input: CommandInput): { readonly lives: number; readonly seed: number } | undefined {
  const lives = numberOf(input, 'faults', 1, MAX_LIVES);
  const seed = numberOf(input, 'seed', 0, MAX_SEED);
  if (lives !== undefined) return { lives, seed: seed ?? randomSeed() };
  if (seed === undefined) return undefined;
  throw usageError('--seed has no effect without --faults', `write --faults 1 --seed ${seed}`);
}

function numberOf(input: CommandInput, name: string, minimum: number, maximum: number): number | undefined {
  const text = textOption(input, name);
  if (text === undefined) return undefined;
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= minimum && number <= maximum) return number;
  throw usageError(
    `--${name} ${text} is not a whole number from ${minimum} to ${maximum}`,
    `write --${name} ${name === 'faults' ? 200 : 1}`,
  );
}

function noneChosen(filter: string): TypeKroError {
  return usageError(`no test has "${filter}" in its name`, 'leave out --filter to run all tests');
}

function noTest(): TypeKroError {
  return new TypeKroError('the files hold no test', {
    code: 'input/empty',
    remedy: 'write a test under "tests" of a file with "kind: GraphTest"; typekro test --help has an example',
  });
}

function paintOf(context: CommandContext): Paint {
  const colour = usesColour(context);
  const paint = (code: number) => (text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { good: paint(32), bad: paint(31), faint: paint(2) };
}

/** Formats the coverage of a file as one line. With `isListed`, one line follows per item that is not covered. */
function coverageLines(file: string, { nodes, conditions, branches }: Coverage, isListed: boolean): string[] {
  const all = [...nodes, ...conditions, ...branches];
  const parts = [counted('nodes', nodes), counted('conditions', conditions), counted('branches', branches)];
  const head = ` coverage  ${file}  ${parts.join(', ')}  ${Math.floor(coveredPercent(all))} %`;
  return isListed ? [head, ...all.filter(({ covered }) => !covered).map((item) => `     ${missing(item)}`)] : [head];
}

/** The items of several coverages in one list. */
function allItems(coverages: readonly Coverage[]): CoverageItem[] {
  return coverages.flatMap(({ nodes, conditions, branches }) => [...nodes, ...conditions, ...branches]);
}

function counted(noun: string, items: readonly CoverageItem[]): string {
  return `${noun} ${items.filter(({ covered }) => covered).length}/${items.length}`;
}

function missing({ node, what, outcome }: CoverageItem): string {
  if (outcome === undefined) return `${node}  never has an object`;
  const words = {
    true: 'is never true',
    false: 'is never false',
    value: 'never has a value',
    none: 'always has a value',
  };
  return `${node}  ${what}  ${words[outcome]}`;
}
