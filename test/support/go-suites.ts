import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { clientCache, runGo } from './clients.ts';

/*
 * The test suites of controller-runtime, which start the programs of `typekro envtest`. They are built from the sources
 * in the Go module cache. `TYPEKRO_SUITES` is a list of suites, separated by commas, or `all`. `npm run long` runs a
 * different suite each day, because all suites together take many minutes.
 */

/** The suites, with their numbers of specs and the specs that are known to fail. */
export interface GoSuites {
  readonly module: string;
  readonly version: string;
  /** Maps the package of a suite to the number of specs that it runs. Skipped specs are not counted. */
  readonly suites: Readonly<Record<string, number>>;
  /**
   * The known failures of each suite, by the package of the suite. The key of a failure is the joined texts of the
   * Ginkgo spec, and its value is the reason.
   */
  readonly knownFailures: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export const goSuites = JSON.parse(
  readFileSync(new URL('../e2e/clients/suites.json', import.meta.url), 'utf8'),
) as GoSuites;

/**
 * The suites that `TYPEKRO_SUITES` names. Empty when the variable is not set.
 *
 * @throws Error for a name that is not a suite.
 */
export function requestedSuites(text = process.env['TYPEKRO_SUITES'] ?? ''): readonly string[] {
  const names = Object.keys(goSuites.suites);
  if (text === 'all') return names;
  const requested = text.split(',').filter((name) => name !== '');
  const unknown = requested.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`TYPEKRO_SUITES has ${unknown.join(', ')}, and may have ${names.join(', ')}`);
  return requested;
}

const folder = join(clientCache, `controller-runtime-${goSuites.version}-${process.arch}`);
const sources = join(folder, 'sources');

/** The folder in which a suite runs. It is the folder of the suite's package, with the test data. */
export const suiteFolder = (name: string): string => join(sources, name);

/** The program of a suite, which `buildSuite` writes. */
export const suiteProgram = (name: string): string => join(folder, `${name.replaceAll('/', '-')}.test`);

/**
 * Builds the program of a suite, if it does not exist.
 *
 * @throws Error when the module is not reachable, or the build fails.
 */
export function buildSuite(name: string): void {
  const program = suiteProgram(name);
  if (existsSync(program)) return;
  if (!existsSync(sources)) copySources();
  console.log(`Building ${goSuites.module}/${name} …`);
  const unfinished = `${program}.${process.pid}`;
  try {
    runGo(['test', '-c', '-ldflags=-s -w', '-o', unfinished, `./${name}`], sources);
    renameSync(unfinished, program);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** Copies the sources from the module cache. The suites write test data, and the module cache must not be changed. */
function copySources(): void {
  mkdirSync(folder, { recursive: true });
  const words = ['mod', 'download', '-json', `${goSuites.module}@${goSuites.version}`];
  const { status, stdout, stderr, error } = spawnSync('go', words, { cwd: folder, encoding: 'utf8' });
  if (error !== undefined || status !== 0)
    throw new Error(`go ${words.join(' ')} has failed: ${error?.message ?? stderr}`);
  const unfinished = `${sources}.${process.pid}`;
  cpSync((JSON.parse(stdout) as { Dir: string }).Dir, unfinished, { recursive: true });
  // Makes the copy writable, because the files and folders of the module cache are read-only.
  spawnSync('chmod', ['-R', 'u+w', unfinished]);
  renameSync(unfinished, sources);
}
