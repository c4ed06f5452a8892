import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { listAt, objectsAt, optionalAt } from '@typekro/kit/kubernetes';
import { type CommandList, type Pipeline, parseScript } from './shell-script.ts';

/** The time after which a container's command ends, and its exit code. */
export interface CommandEnd {
  readonly afterMs: number;
  readonly exitCode: number;
}

const SHELLS = new Set(['ash', 'bash', 'dash', 'sh', 'zsh']);
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Programs that end by themselves, in addition to those that `runCommand` handles. */
const ENDING = new Set(
  `: [ [[ awk base64 basename cat cd chmod chown cp curl cut date df dig dirname du echo export expr find getent grep
  gunzip gzip head host hostname id ln ls md5sum mkdir mktemp mv nproc nslookup pg_isready printenv printf ps pwd
  readlink rm rmdir sed seq sha256sum sort stat sync tar tee test touch tr trap true ulimit umask uname uniq unset
  unzip wc wget which whoami`.split(/\s+/),
);
/** The largest argument of `exit` that every shell accepts. */
const MAX_EXIT_ARGUMENT = 2 ** 31 - 1;
/** The exit code of a shell that is called with wrong arguments. */
const USAGE_ERROR = 2;
const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'];

/**
 * Returns the end of a pod whose commands are known to end: the time at which the last container ends, and the exit
 * code of the first container in the list that fails. Returns `undefined` when a container has ports or probes, has
 * neither a command nor arguments, or runs a command without a known end.
 */
export function endOfCommands(pod: KubeObject): CommandEnd | undefined {
  let [afterMs, exitCode] = [0, 0];
  for (const container of objectsAt(pod.spec, 'containers')) {
    const end = endOfContainer(container);
    if (end === undefined) return undefined;
    afterMs = Math.max(afterMs, end.afterMs);
    if (exitCode === 0) exitCode = end.exitCode;
  }
  return { afterMs, exitCode };
}

function endOfContainer(container: JsonObject): CommandEnd | undefined {
  if (objectsAt(container, 'ports').length > 0) return undefined;
  if (PROBES.some((probe) => optionalAt(container, probe) !== undefined)) return undefined;
  const words = [...listAt(container, 'command'), ...listAt(container, 'args')].map(String);
  return words.length === 0 ? undefined : endOfCommand(words);
}

/**
 * Returns the end of a command: `sleep` ends after its time, `false` fails, `exit N` ends with the exit code N modulo
 * 256, and other known programs succeed immediately. Returns `undefined` for unknown programs, loops, `sleep infinity` and
 * `tail -f`.
 */
export function endOfCommand(words: readonly string[]): CommandEnd | undefined {
  const run = newRun();
  runCommand(words, run);
  return Number.isFinite(run.afterMs) ? { afterMs: run.afterMs, exitCode: run.exitCode } : undefined;
}

/** The state of a simulated shell. */
interface Run {
  /** The elapsed time, which is infinite after a command without an end. */
  afterMs: number;
  /** The exit code of the last command. */
  exitCode: number;
  /** True when the shell has ended before the end of its script. */
  hasExited: boolean;
  /** The times at which background commands end. */
  jobs: number[];
  options: ShellOptions;
}

/** The options of a shell that change the end of a script. */
interface ShellOptions {
  /** Does the shell end at the first failing command? The option `-e`. */
  readonly errexit: boolean;
  /** Does a pipeline fail when any of its programs fails? */
  readonly pipefail: boolean;
}

const NO_OPTIONS: ShellOptions = { errexit: false, pipefail: false };

const newRun = (afterMs = 0, options = NO_OPTIONS): Run => ({
  afterMs,
  exitCode: 0,
  hasExited: false,
  jobs: [],
  options,
});

/** Can the word precede a command: an assignment, `env` or `exec`? */
const isPrefix = (word: string | undefined): boolean =>
  word !== undefined && /^(?:[A-Za-z_]\w*=|env$|exec$)/.test(word);

function runCommand(all: readonly string[], run: Run): void {
  let start = 0;
  while (isPrefix(all[start])) start += 1;
  const [first = '', ...rest] = all.slice(start);
  const last = run.exitCode;
  run.exitCode = 0;
  const exec = all.slice(0, start).indexOf('exec');
  // Without a program, `exec` only redirects the output of the shell.
  run.hasExited = exec >= 0 && exec < all.length - 1;
  if (first === '') return;
  const program = first.slice(first.lastIndexOf('/') + 1);
  if (SHELLS.has(program)) {
    const { options, hasScript, position } = readOptions(rest, NO_OPTIONS);
    run.afterMs += hasScript ? runShell(rest[position], options, run) : Number.POSITIVE_INFINITY;
    return;
  }
  switch (program) {
    case 'tail':
      if (rest.some((word) => /^-[a-z]*[fF]/.test(word) || word.startsWith('--follow')))
        run.afterMs = Number.POSITIVE_INFINITY;
      return;
    case 'ping':
      if (!rest.some((word) => /^-[a-z]*c/.test(word))) run.afterMs = Number.POSITIVE_INFINITY;
      return;
    case 'sleep':
      run.afterMs += rest.reduce((sum, word) => sum + durationOf(word), 0);
      return;
    case 'wait':
      run.afterMs = run.jobs.reduce((latest, job) => Math.max(latest, job), run.afterMs);
      return;
    case 'false':
      run.exitCode = 1;
      return;
    case 'exit':
      run.exitCode = rest[0] === undefined || rest[0] === '$?' ? last : exitCodeOf(rest[0]);
      run.hasExited = true;
      return;
    case 'set':
      run.options = readOptions(rest, run.options).options;
      return;
    default:
      if (!ENDING.has(program)) run.afterMs = Number.POSITIVE_INFINITY;
  }
}

/** The exit code of `exit WORD`. A shell fails with the code 2 when the word is no number. */
function exitCodeOf(word: string): number {
  // The value of a variable is not known.
  if (word.includes('$')) return 0;
  return /^\d{1,10}$/.test(word) && Number(word) <= MAX_EXIT_ARGUMENT ? Number(word) & 0xff : USAGE_ERROR;
}

/**
 * Reads the options of a shell or of `set`. `hasScript` is true after the option `-c`; `position` is the position of
 * the first word that is no option.
 */
function readOptions(
  words: readonly string[],
  given: ShellOptions,
): { readonly options: ShellOptions; readonly hasScript: boolean; readonly position: number } {
  let options = given;
  let hasScript = false;
  let position = 0;
  for (; /^(?:[-+][A-Za-z]+|--[a-z]+)$/.test(words[position] ?? ''); position++) {
    const word = words[position] as string;
    if (word.startsWith('--')) continue;
    const isOn = word.startsWith('-');
    if (word.includes('c')) hasScript = true;
    if (word.includes('e')) options = { ...options, errexit: isOn };
    if (!word.includes('o')) continue;
    const name = words[++position];
    if (name === 'errexit' || name === 'pipefail') options = { ...options, [name]: isOn };
  }
  return { options, hasScript, position };
}

/**
 * Runs the script of `-c` in a separate shell. Returns its duration in milliseconds, and sets the exit code. Without a
 * word after `-c`, the shell fails.
 */
function runShell(script: string | undefined, options: ShellOptions, outer: Run): number {
  if (script === undefined) {
    outer.exitCode = USAGE_ERROR;
    return 0;
  }
  const lists = parseScript(script);
  if (lists === undefined) return Number.POSITIVE_INFINITY;
  const run = newRun(0, options);
  for (const list of lists) {
    if (run.hasExited || !Number.isFinite(run.afterMs)) break;
    if (list.isBackground) {
      const job: Run = { ...run, jobs: [] };
      runList(list, job);
      run.jobs.push(job.afterMs);
      run.exitCode = 0;
    } else runList(list, run);
  }
  outer.exitCode = run.exitCode;
  return run.afterMs;
}

function runList({ pipelines }: CommandList, run: Run): void {
  for (const [position, { operator, pipeline }] of pipelines.entries()) {
    if (run.hasExited) return;
    if ((operator === '&&' && run.exitCode !== 0) || (operator === '||' && run.exitCode === 0)) continue;
    const [only, ...others] = pipeline;
    if (only !== undefined && others.length === 0) runCommand(only, run);
    else runPipeline(pipeline, run);
    // A command before && or || is a condition, so that the shell continues after its failure.
    const isCondition = position < pipelines.length - 1;
    if (run.options.errexit && !isCondition && run.exitCode !== 0) run.hasExited = true;
  }
}

/**
 * Runs programs concurrently, each in a separate shell. The exit code is that of the last program, or with `pipefail`
 * that of the last failing one.
 */
function runPipeline(pipeline: Pipeline, run: Run): void {
  const start = run.afterMs;
  run.exitCode = 0;
  for (const words of pipeline) {
    const part = newRun(start, run.options);
    runCommand(words, part);
    run.afterMs = Math.max(run.afterMs, part.afterMs);
    if (part.exitCode !== 0 || !run.options.pipefail) run.exitCode = part.exitCode;
  }
}

function durationOf(word: string): number {
  if (/^inf(?:inity)?$/.test(word)) return Number.POSITIVE_INFINITY;
  const parts = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(word);
  return parts === null ? 0 : Number(parts[1]) * (UNIT_MS[parts[2] || 's'] ?? 1000);
}
