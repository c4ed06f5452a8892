import { refuseDeploysHere } from '../core/index.ts';
import type { CommandContext } from './command.ts';
import { terminalKeyboard } from './keyboard.ts';
import { wrappedLines } from './layout.ts';
import { outputText, printable } from './printable.ts';
import { ExitCode, STANDARD_INPUT } from './command.ts';
import { endProcess } from './end-process.ts';

/** The terminal and npm each deliver the same Ctrl-C. Signals within this time of the first one count as one Ctrl-C. */
const SAME_INTERRUPT_MS = 300;

/** Does the command write to a cluster? If so, a lost output does not interrupt it (`CommandEntry.writes`). */
let isWriter = false;

const interrupt = new AbortController();
const requested = { toTerminate: false };
/** The errors of failed writes, for example on a full disk. */
const lost: Error[] = [];

/** Handles signals. The first signal ends the command in an orderly way, and a second one ends the process at once. */
function listenToSignals(): void {
  let first: number | undefined;
  const stop = () => {
    const now = performance.now();
    first ??= now;
    if (interrupt.signal.aborted && now - first > SAME_INTERRUPT_MS) endProcess(ExitCode.interrupted);
    interrupt.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', () => {
    requested.toTerminate = true;
    stop();
  });
  process.on('SIGHUP', stop);
}

/** Output to one stream of the process. */
interface Output {
  write(text: string): void;
  /** Resolves when all writes have ended or failed. */
  flushed(): Promise<void>;
}

/**
 * Makes an output to a stream. A failed write interrupts every command that only reads. When the reader of the stream
 * is gone (`| head`, a closed terminal), nothing is reported; other failures are reported at the end.
 */
function outputTo(stream: NodeJS.WriteStream): Output {
  const write = stream.write.bind(stream);
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') lost.push(error);
    if (!isWriter) interrupt.abort();
  });
  return {
    write(text) {
      if (stream.writable) write(text);
    },
    flushed: () =>
      new Promise((resolve) => {
        if (stream.writable) write('', () => resolve());
        // The error event of the failed write comes before this callback.
        else setImmediate(resolve);
      }),
  };
}

const out = outputTo(process.stdout);
const err = outputTo(process.stderr);
/** The width of the terminal to which errors go; `undefined` for another output. */
const errorColumns = (): number | undefined =>
  process.stderr.isTTY && process.env['TERM'] !== 'dumb' ? process.stderr.columns || 80 : undefined;

const context: CommandContext = {
  cwd: process.cwd(),
  env: process.env,
  signal: interrupt.signal,
  print: (text, form) => out.write(`${outputText(text, { form, isTerminal: process.stdout.isTTY })}\n`),
  // The standard error has only text for the user, so every line may be broken.
  printError: (text) => err.write(`${wrappedLines([printable(text)], errorColumns()).join('\n')}\n`),
  streams: {
    // Access to the standard input opens it, so most commands must not reach this line.
    get input() {
      return process.stdin;
    },
    write: (text) => out.write(text),
  },
  get errorColumns() {
    return errorColumns();
  },
  async readInput() {
    const { readInput } = await import('./read-input.ts');
    const bytes = await readInput(process.stdin, interrupt.signal);
    const { decodeText } = await import('./up/read-manifest.ts');
    return decodeText(bytes, STANDARD_INPUT);
  },
  ...(process.stdout.isTTY && process.env['TERM'] !== 'dumb'
    ? {
        terminal: {
          // A terminal that does not know its size reports 0.
          get columns() {
            return process.stdout.columns || 80;
          },
          get rows() {
            return process.stdout.rows || 24;
          },
          write: (text) => out.write(text),
        },
        ...(process.stdin.isTTY
          ? { keyboard: terminalKeyboard(process.stdin, () => process.kill(process.pid, 'SIGINT')) }
          : {}),
      }
    : {}),
};

/** Returns the exit code of the process, and reports a failed write. */
function processCode(code: number): number {
  const [failure] = lost;
  if (failure !== undefined) {
    err.write(
      `error: the output cannot be written: ${failure.message}\n  hint: free space there, or write to another place\n`,
    );
    return ExitCode.failed;
  }
  return code === ExitCode.interrupted && requested.toTerminate ? ExitCode.terminated : code;
}

/** Runs a command with the words after the program's name. Resolves to the exit code. */
export type RunWords = (context: CommandContext, words: readonly string[], onWriter: () => void) => Promise<number>;

/**
 * Runs a command of this process, and ends the process with its exit code or with that of a lost output or signal. The
 * command calls `onWriter` when it writes to a cluster: a lost output does not interrupt it then.
 */
export function runProcess(run: RunWords): void {
  listenToSignals();
  refuseDeploysHere();
  // The standard output belongs to the command: output of a user's module must not become part of a document.
  process.stdout.write = process.stderr.write.bind(process.stderr);
  const onWriter = () => {
    isWriter = true;
  };
  void run(context, process.argv.slice(2), onWriter).then(async (code) => {
    await Promise.all([out.flushed(), err.flushed()]);
    // Sockets and watches are closed by now; other handles must not keep a finished command alive.
    endProcess(processCode(code));
  });
}
