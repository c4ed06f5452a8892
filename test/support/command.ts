import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The built command line. `npm test` builds it before the tests run. */
export const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Exit code and output of an ended process. */
export interface Ended {
  /** As in a shell, 128 and the number of the signal that ended the process. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const codeOf = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? 128 + (signal === null ? 0 : constants.signals[signal]);

/** A process under test. Records its output, so that tests can wait for a pattern. */
export class RunningCommand {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';
  readonly #watchers = new Set<() => void>();

  constructor(
    command: string,
    args: readonly string[],
    options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv; readonly input?: string },
  ) {
    const { input, ...rest } = options;
    this.process = spawn(command, args, { ...rest, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
    // Ignores the error of a program that ends without reading its input. Its exit code shows whether it failed.
    this.process.stdin?.on('error', () => {}).end(input);
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      for (const watcher of this.#watchers) watcher();
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      for (const watcher of this.#watchers) watcher();
    });
    this.ended = new Promise((resolve, reject) => {
      this.process.on('error', reject);
      this.process.on('close', (...end) =>
        resolve({ code: codeOf(...end), stdout: this.#stdout, stderr: this.#stderr }),
      );
    });
  }

  get output(): string {
    return this.#stdout + this.#stderr;
  }

  /** Resolves when the output matches. Rejects with the output if the process ends before the output matches. */
  async until(pattern: RegExp): Promise<void> {
    if (pattern.test(this.output)) return;
    let watcher = () => {};
    const seen = new Promise<void>((resolve) => {
      watcher = () => {
        if (pattern.test(this.output)) resolve();
      };
      this.#watchers.add(watcher);
    });
    const early = this.ended.then(({ code }) => {
      throw new Error(`ended with ${code} before ${pattern} was printed:\n${this.output}`);
    });
    try {
      await Promise.race([seen, early]);
    } finally {
      this.#watchers.delete(watcher);
      early.catch(() => {}); // After the race, the rejection at the end of the process has no other handler.
    }
  }

  /** Sends SIGINT. Resolves when the process has ended. */
  interrupt(): Promise<Ended> {
    this.process.kill('SIGINT');
    return this.ended;
  }
}

/** Starts the built command line. */
export function startCli(args: readonly string[], cwd: string): RunningCommand {
  return new RunningCommand(process.execPath, [CLI, ...args], { cwd });
}

/**
 * Runs a program to its end and blocks this process. The program must not send requests to this process, because this
 * process cannot respond while it is blocked.
 *
 * @throws Error with the output if the program cannot start or runs for a minute
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv; input?: string },
): Ended {
  const result = spawnSync(command, args, { ...options, encoding: 'utf8', timeout: 60_000 });
  if (result.error !== undefined) {
    const { stdout, stderr, error } = result;
    throw new Error(`${error.message} after this output:\n${stdout ?? ''}${stderr ?? ''}`, { cause: error });
  }
  return { code: codeOf(result.status, result.signal), stdout: result.stdout, stderr: result.stderr };
}
