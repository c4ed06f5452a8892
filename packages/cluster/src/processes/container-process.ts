import type { ChildProcess } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { constants as systemConstants, setPriority } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { processLibrary } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { type HeldOutput, readOutput } from './output-lines.ts';
import { signalProcess } from './process-table.ts';

/** A program to start. */
export interface ProcessSpec {
  readonly words: readonly string[];
  readonly variables: ReadonlyMap<string, string>;
  readonly directory: string;
  /** The maximum data size of each process, in bytes (`ulimit -d`). The measured memory has a separate limit. */
  readonly dataBytes: number;
  readonly hasInput: boolean;
  /**
   * Must the program wait when it writes too fast? If not, it waits only while the output is paused through
   * `ContainerProcess.output`.
   */
  readonly slowsOutput: boolean;
  onOutput(stream: 'stdout' | 'stderr', chunk: Buffer): void;
  /** Called once, after the last output. */
  onEnd(end: ProcessEnd): void;
}

export interface ProcessEnd {
  readonly exitCode: number;
  readonly reason: 'Completed' | 'Error' | 'StartError';
  readonly message?: string;
}

/** Callbacks for the lifecycle of a program. `leader` is the ID of its first process. */
export interface ProgramGuard {
  /** Called before the program begins. */
  started(leader: number): void;
  /** Kills all processes of the program. Called only before the program ends. */
  kill(leader: number): void;
  /**
   * Called after the first process has ended. Kills the other processes of the program, as the end of a container does.
   */
  ended(leader: number): void;
}

/** A running program with all processes that it starts. */
export interface ContainerProcess {
  /** The ID of the first process. Its process group and its session have the same ID. */
  readonly pid: number;
  /** The standard input of the program; `undefined` if the program has no input. */
  readonly input: Writable | undefined;
  /** Pauses and resumes the output. The end of the program is reported only after its output. */
  readonly output: HeldOutput;
  /** Sends a signal to the first process. Does nothing after this process has ended. */
  signal(signal: NodeJS.Signals | number): void;
  /**
   * Kills all processes. Does nothing after the first process has ended, because the other processes are killed then
   * anyway.
   */
  kill(): void;
}

/**
 * The shell script that executes the program. Before that, the script waits until the watchdog watches its process
 * group, so that no program is left behind when the cluster is killed during the start.
 */
const SCRIPT = `
read -r line <&3 || exit 125
exec 3<&-
ulimit -c 0
ulimit -d "$1" 2>/dev/null
shift
exec "$@"
`;

/**
 * The niceness of container programs. It is positive, so that a busy program does not make the cluster unresponsive.
 */
const NICENESS = 10;

/** The maximum time for which the output remains open after a program has ended, in milliseconds. */
const OPEN_OUTPUT_MS = 1000;

const IDENTIFIER = /^[A-Za-z_]\w*$/;

/** Starts a program. A program that cannot start ends with `StartError` and the exit code 128, as in Kubernetes. */
export function startProcess(spec: ProcessSpec, guard: ProgramGuard): ContainerProcess | ProcessEnd {
  const problem = startProblem(spec);
  if (problem !== undefined) return startError(problem);
  const { variables, hasInput } = spec;
  // A shell drops variables whose names are not identifiers, so env(1) sets them after the shell.
  const others = [...variables].filter(([name]) => !IDENTIFIER.test(name)).map(([name, value]) => `${name}=${value}`);
  const words = others.length === 0 ? spec.words : ['env', ...others, ...spec.words];
  let child: ChildProcess;
  try {
    child = processLibrary().spawn(
      '/bin/sh',
      ['-c', SCRIPT, 'sh', String(Math.ceil(spec.dataBytes / 1024)), ...words],
      {
        cwd: spec.directory,
        env: Object.fromEntries(variables),
        detached: true,
        stdio: [hasInput ? 'pipe' : 'ignore', 'pipe', 'pipe', 'pipe'],
      },
    );
  } catch (error) {
    return startError((error as Error).message);
  }
  const { pid } = child;
  if (pid === undefined) {
    child.on('error', () => undefined);
    return startError('the operating system did not start the process');
  }
  guard.started(pid);
  lowerPriority(pid);
  const gate = child.stdio[3] as Writable;
  gate.on('error', () => undefined);
  gate.end('go\n');
  child.stdin?.on('error', () => undefined);
  const output = follow(child, pid, spec, guard);
  // No signal is sent after the end, because the system may have given the process ID to another program.
  const runs = () => child.exitCode === null && child.signalCode === null;
  return {
    pid,
    input: child.stdin ?? undefined,
    output,
    signal: (signal) => {
      if (runs()) signalProcess(pid, signal);
    },
    kill: () => {
      if (runs()) guard.kill(pid);
    },
  };
}

/**
 * Reports the end of a program after both the program and its output have ended. Returns the object that pauses and
 * resumes the output.
 */
function follow(child: ChildProcess, pid: number, spec: ProcessSpec, guard: Pick<ProgramGuard, 'ended'>): HeldOutput {
  const held: HeldOutput[] = [];
  let open = 0;
  let isPaused = false;
  let end: ProcessEnd | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isReported = false;
  const settle = () => {
    clearTimeout(timer);
    if (end === undefined || isReported) return;
    if (open === 0) {
      isReported = true;
      return spec.onEnd(end);
    }
    // A process that is not recognized as a process of the program may keep the output open, so the output is closed
    // after `OPEN_OUTPUT_MS`. Paused output is not closed, so that it is not lost.
    if (isPaused) return;
    timer = setTimeout(() => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, OPEN_OUTPUT_MS);
  };
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = child[name];
    if (stream === null) continue;
    open += 1;
    const onEnd = () => {
      open -= 1;
      settle();
    };
    held.push(readOutput(stream, spec.slowsOutput, (chunk) => spec.onOutput(name, chunk), onEnd));
  }
  child.on('error', () => undefined);
  child.on('exit', (code, signal) => {
    const exitCode = code ?? 128 + (signal === null ? 0 : systemConstants.signals[signal]);
    end = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' };
    guard.ended(pid);
    settle();
  });
  const hold = (paused: boolean) => {
    isPaused = paused;
    for (const output of held) output[paused ? 'pause' : 'resume']();
    settle();
  };
  return { pause: () => hold(true), resume: () => hold(false) };
}

const startError = (message: string): ProcessEnd => ({ exitCode: 128, reason: 'StartError', message });

/** The reason why the system cannot start the program; `undefined` when it can. */
function startProblem({ words: [program = ''], directory, variables }: ProcessSpec): string | undefined {
  if (!isKind(directory, 'isDirectory')) return `the working directory ${goQuote(directory)} does not exist`;
  if (program.includes('/')) {
    const path = resolve(directory, program);
    if (!isKind(path, 'isFile')) return `exec: ${goQuote(program)}: stat ${path}: no such file or directory`;
    return isExecutable(path) ? undefined : `exec: ${goQuote(program)}: permission denied`;
  }
  const folders = (variables.get('PATH') ?? '').split(delimiter);
  const found = folders.some(
    (folder) => isKind(join(folder, program), 'isFile') && isExecutable(join(folder, program)),
  );
  return found ? undefined : `exec: ${goQuote(program)}: executable file not found in $PATH`;
}

function isKind(path: string, kind: 'isFile' | 'isDirectory'): boolean {
  try {
    return statSync(path)[kind]();
  } catch {
    return false;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, NICENESS);
  } catch {
    // If the process has already ended or the system refuses the change, the priority is not changed.
  }
}

export const hasStarted = (result: ContainerProcess | ProcessEnd): result is ContainerProcess => 'pid' in result;
