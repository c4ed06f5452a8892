import { type Diagnostic, type JsonObject, type SourcePosition, hasErrors, TypeKroError } from '@typekro/kit/core';
import type { Coverage, FaultTestResult, GraphTestFile, GraphTestResult, TestPath } from '@typekro/testing';
import {
  checkTestFile,
  CoverageRecorder,
  parseTestFile,
  prepareTests,
  runGraphTest,
  runLivesLate,
  TEST_FILE_KIND,
} from '@typekro/testing';
import type { CommandContext } from '../command.ts';
import { fileProblem } from '../inputs/file-problem.ts';
import { byPlace } from '../checks/print-diagnostics.ts';
import { readTextFile } from '../inputs/read-manifest.ts';
import { faultData } from './fault-report.ts';
import { type FoundTestFile, definitionFileOf, testName } from './find-test-files.ts';
import { type LoadedDefinition, loadDefinition } from './load-definition.ts';
import { readSnapshots, snapshotFileOf, writeSnapshots } from './test-snapshot-file.ts';

/** Options of a run of a test file. */
export interface TestRunOptions {
  /** Runs only tests whose full name contains this string, ignoring case. */
  readonly filter?: string;
  /** Writes the snapshots of the tests instead of comparing them. Default false. */
  readonly update?: boolean;
  /** The number of simulated runs with injected faults after the tests, and their seed. By default, there are none. */
  readonly faults?: { readonly lives: number; readonly seed: number };
  /** Called when a test has ended. */
  onResult?(result: TestResult): void;
}

/** The result of a test, with positions in the test file. */
export interface TestResult extends GraphTestResult {
  /** `webapp › creates its children`. */
  readonly fullName: string;
  /** The position of the test in its file. */
  readonly source: SourcePosition;
  /** Returns the position of a value of the test. */
  readonly position: (at: TestPath) => SourcePosition;
}

/** The results of a test file. */
export interface TestFileResult {
  /** The absolute path. */
  readonly path: string;
  readonly file: string;
  /**
   * Absolute paths of the test file, its snapshots and its definition. The modules that the definition imports are not
   * included.
   */
  readonly sources: readonly string[];
  /** The name in results. */
  readonly name: string;
  readonly results: readonly TestResult[];
  /** Names of the tests that did not run, because of the filter or an interrupt. */
  readonly skipped: readonly string[];
  /** Mistakes of the test file, and problems of the definition. */
  readonly diagnostics: readonly Diagnostic[];
  /** The coverage of the tests. Absent when no test ran. */
  readonly coverage?: Coverage;
  /** The result of the runs with injected faults, if they were requested. */
  readonly faults?: FaultTestResult;
  readonly texts: ReadonlyMap<string, string>;
  /** Why the snapshots of the tests could not be written. The results of the tests are still valid. */
  readonly notWritten?: TypeKroError;
  /** True for a file of another kind that was found in a folder. The file is skipped, and is not an error. */
  readonly foreign?: true;
}

/** A test file that was read and checked. */
export interface ReadTestFile {
  /** The result before the tests run. For a file with errors, this is the final result. */
  readonly before: TestFileResult;
  /** Absent when no test of the file can run. */
  readonly ready?: { readonly file: GraphTestFile; readonly loaded: LoadedDefinition };
}

/**
 * Reads and checks a test file and its definition. Reports all mistakes of the test file, errors of its definition and
 * unreadable files together, as diagnostics.
 */
export async function readTestFile(context: CommandContext, found: FoundTestFile): Promise<ReadTestFile> {
  try {
    return await readReadable(context, found);
  } catch (error) {
    if (!(error instanceof TypeKroError) || context.signal.aborted) throw error;
    const { path, file } = found;
    const diagnostics = [fileProblem(error, file)];
    const before = { path, file, name: testName(path), sources: [path], results: [], skipped: [], diagnostics };
    return { before: { ...before, texts: new Map() } };
  }
}

async function readReadable(context: CommandContext, { path, file, inFolder }: FoundTestFile): Promise<ReadTestFile> {
  const text = await readTextFile(path, file);
  const name = testName(path);
  const own = { path, file, name, sources: [path], results: [], skipped: [], texts: new Map([[file, text]]) };
  if (inFolder && ANY_KIND.test(text) && !OF_THIS_KIND.test(text))
    return { before: { ...own, diagnostics: [], foreign: true } };
  const parsed = parseTestFile(text, file);
  const checked = parsed.file ?? parsed.checkable;
  if (checked === undefined) return { before: { ...own, diagnostics: parsed.diagnostics } };
  try {
    const sources = [path, snapshotFileOf(path), definitionFileOf(path, checked.definition)];
    const loaded = await loadDefinition(context, path, checked);
    const texts = new Map([...loaded.texts, ...own.texts]);
    const mistakes = loaded.graph === undefined ? [] : checkTestFile(checked, loaded.graph, loaded.sources);
    const diagnostics = [...loaded.diagnostics, ...[...parsed.diagnostics, ...mistakes].sort(byPlace)];
    const before = { ...own, sources, diagnostics, texts };
    return parsed.file === undefined || hasErrors(diagnostics)
      ? { before }
      : { before, ready: { file: parsed.file, loaded } };
  } catch (error) {
    // A definition that cannot be loaded does not hide the mistakes of the test file.
    if (!(error instanceof TypeKroError) || context.signal.aborted || parsed.file !== undefined) throw error;
    return { before: { ...own, diagnostics: [...parsed.diagnostics, fileProblem(error, file)] } };
  }
}

/** Runs the tests of a file that was read. */
export async function runTestFile(
  context: CommandContext,
  { before, ready }: ReadTestFile,
  options: TestRunOptions,
): Promise<TestFileResult> {
  if (ready === undefined) return before;
  try {
    return await runReady(context, before, ready, options);
  } catch (error) {
    if (!(error instanceof TypeKroError) || context.signal.aborted) throw error;
    return { ...before, diagnostics: [...before.diagnostics, fileProblem(error, before.file)] };
  }
}

async function runReady(
  context: CommandContext,
  before: TestFileResult,
  { file: parsed, loaded }: NonNullable<ReadTestFile['ready']>,
  options: TestRunOptions,
): Promise<TestFileResult> {
  const { path, file, name } = before;
  const problems = problemResults(name, parsed, loaded);
  const results = problems.filter(({ fullName }) => isChosen(fullName, options.filter));
  for (const result of results) options.onResult?.(result);
  const { graph } = loaded;
  if (graph === undefined) {
    const skipped = problems.filter((each) => !results.includes(each)).map((each) => each.name);
    return { ...before, results, skipped };
  }
  const { document, tests, workloads } = parsed;
  const prepared = await prepareTests({ ...loaded, graph, workloads });
  const wanted = tests.map((test, index) => ({ test, index, fullName: `${name} › ${test.name}` }));
  const chosen = wanted.filter(({ fullName }) => isChosen(fullName, options.filter));
  const coverage = new CoverageRecorder(graph);
  const stored = await readSnapshots(path, file);
  for (const { test, index, fullName } of chosen) {
    if (context.signal.aborted) break;
    const position = (at: TestPath) => document.position(['tests', index, ...at]);
    const snapshots = Object.hasOwn(stored, test.name) ? (stored[test.name] ?? {}) : {};
    const outcome = await runGraphTest(prepared, test, { snapshots, coverage, update: options.update === true });
    const result = { ...outcome, fullName, source: position([]), position };
    results.push(result);
    options.onResult?.(result);
  }
  const notWritten =
    options.update === true && !context.signal.aborted
      ? await failureOf(() => writeSnapshots(before, stored, results, new Set(tests.map((test) => test.name))))
      : undefined;
  const faults =
    options.faults === undefined || chosen.length === 0
      ? undefined
      : await runLivesLate(
          prepared,
          chosen.map(({ test }) => test),
          { ...options.faults, signal: context.signal },
        );
  const ran = new Set(results.map((result) => result.fullName));
  const all = [...problems, ...wanted.map(({ test, fullName }) => ({ name: test.name, fullName }))];
  const skipped = all.filter(({ fullName }) => !ran.has(fullName)).map((each) => each.name);
  const definedFaults = faults === undefined ? {} : { faults };
  const covered = chosen.length === 0 ? {} : { coverage: coverage.coverage() };
  const unwritten = notWritten === undefined ? {} : { notWritten };
  return { ...before, results, skipped, ...covered, ...definedFaults, ...unwritten };
}

/** Runs a function and returns the `TypeKroError` that it throws. */
async function failureOf(run: () => Promise<void>): Promise<TypeKroError | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (error instanceof TypeKroError) return error;
    throw error;
  }
}

/**
 * Matches a file with a field `kind`. Only a file with this field can be of another kind. A file without a kind is
 * empty or unfinished, so its mistakes are reported.
 */
const ANY_KIND = /^\s*["']?kind["']?:\s*\S/m;
const OF_THIS_KIND = new RegExp(`^\\s*["']?kind["']?:\\s*["']?${TEST_FILE_KIND}`, 'm');

function isChosen(fullName: string, filter: string | undefined): boolean {
  return filter === undefined || fullName.toLowerCase().includes(filter.toLowerCase());
}

/**
 * Checks that the definition has the problems that the test file lists in `diagnostics:`. Returns one result, or an
 * empty list for a file without `diagnostics:`.
 */
function problemResults(
  name: string,
  { diagnostics: expected, document }: GraphTestFile,
  { codes }: LoadedDefinition,
): TestResult[] {
  const title = `the problems ${(expected ?? []).join(', ')}`;
  const fullName = `${name} › ${title}`;
  if (expected === undefined) return [];
  const position = (at: TestPath) => document.position(['diagnostics', ...at]);
  const mismatches = expected.flatMap((code, index) =>
    codes.includes(code) ? [] : [{ at: [index], subject: 'problems', expected: code, received: [...codes] }],
  );
  const failure = mismatches.length === 0 ? {} : { failure: { step: -1, atMs: 0, mismatches, waiting: [] } };
  return [{ name: title, fullName, milliseconds: 0, snapshots: {}, ...failure, source: position([]), position }];
}

/** The results of a file as JSON. Later versions only add fields. */
export function resultData(result: TestFileResult, filter?: string): JsonObject {
  const { file, name, results, skipped, diagnostics, coverage, faults, notWritten } = result;
  const data = {
    file,
    skipped: skipped.length,
    diagnostics,
    ...(notWritten === undefined ? {} : { notWritten: notWritten.message }),
    ...(coverage === undefined ? {} : { coverage }),
    ...(faults === undefined ? {} : { faults: faultData(faults, { file, name, filter }) }),
    tests: results.map(({ name: testName, fullName, milliseconds, failure, source, position }) => ({
      name: testName,
      fullName,
      line: source.line,
      status: failure === undefined ? 'passed' : 'failed',
      milliseconds: Math.round(milliseconds),
      ...(failure === undefined
        ? {}
        : {
            failure: {
              step: failure.step,
              atMs: failure.atMs,
              waiting: failure.waiting,
              mismatches: failure.mismatches.map(({ at, ...rest }) => ({ ...rest, source: position(at) })),
            },
          }),
    })),
  };
  return data as unknown as JsonObject;
}
