import { interruptFiles, refuseDeploysHere, printable } from '@typekro/kit/core';
import { terminalKeyboard } from './keyboard.ts';
import { outputText, wrappedLines } from '@typekro/app/text';
import { type CommandContext, ExitCode, STANDARD_INPUT } from '../command.ts';
import { writeOutput } from '../output-file.ts';
import { endProcess } from '../inputs/loading.ts';

/**
 * The terminal and npm each deliver the same Ctrl-C as a signal. Signals within this time of the first one count as one
 * Ctrl-C.
 */
const SAME_INTERRUPT_MS = 300;

/** Does the command write to a cluster? If so, a failed output does not interrupt it (`CommandEntry.writes`). */
let isWriter = false;

const interrupt = new AbortController();
/** The ends that were requested: by SIGTERM, and by the reader of an output, which has ended. */
const requested = { toTerminate: false, byReader: false };
/** The errors of failed output writes, for example on a full disk. */
const lost: Error[] = [];

/**
 * Returns the signal of an interrupt. From the first call on, the process handles the signals of the operating system:
 * the first one aborts the command, which then cleans up, and a second one ends the process immediately. A command that
 * neither writes to a cluster nor asks for the signal has nothing to clean up, so the operating system ends it, also
 * during a long computation.
 */
function signalOfInterrupt(): AbortSignal {
  if (process.listenerCount('SIGINT') > 0) return interrupt.signal;
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
  return interrupt.signal;
}

/** The output to one stream of the process. */
interface Output {
  write(text: string): void;
  /** Resolves when all writes have ended or failed. */
  flushed(): Promise<void>;
}

/**
 * Makes an output to the standard output (1) or error (2). A failed write interrupts commands that only read. The failure is reported at the end,
 * except when the reader of the stream is gone (`| head`, a closed terminal).
 */
function outputTo(file: 1 | 2): Output {
  const stream = file === 1 ? process.stdout : process.stderr;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || error.code === 'EIO') requested.byReader = true;
    else lost.push(error);
    if (!isWriter) interrupt.abort();
  });
  return {
    write(text) {
      if (stream.writable) writeOutput(file, text);
    },
    flushed: () =>
      new Promise((resolve) => {
        if (stream.writable) writeOutput(file, '', () => resolve());
        // `setImmediate` lets the error event of a failed write come before the promise resolves.
        else setImmediate(resolve);
      }),
  };
}

const out = outputTo(1);
const err = outputTo(2);
/**
 * Returns the width of the terminal that shows standard error; `undefined` when standard error is no terminal, or a
 * dumb one.
 */
const errorColumns = (): number | undefined =>
  process.stderr.isTTY && process.env['TERM'] !== 'dumb' ? process.stderr.columns || 80 : undefined;

const context: CommandContext = {
  cwd: process.cwd(),
  env: process.env,
  get signal() {
    return signalOfInterrupt();
  },
  print: (text, form) => out.write(`${outputText(text, { form, isTerminal: process.stdout.isTTY })}\n`),
  // Standard error contains only text for the user, so any line may be wrapped.
  printError: (text) => err.write(`${wrappedLines([printable(text)], errorColumns()).join('\n')}\n`),
  streams: {
    // Accessing `process.stdin` opens it, so commands that do not read it must not reach this line.
    get input() {
      return process.stdin;
    },
    write: (text) => out.write(text),
  },
  get errorColumns() {
    return errorColumns();
  },
  async readInput() {
    const { readInput } = await import('../inputs/source-text.ts');
    const bytes = await readInput(process.stdin, interrupt.signal);
    const { decodeText } = await import('../inputs/read-manifest.ts');
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

/** Returns the exit code of the process, and reports a failed output write. */
function processCode(code: number): number {
  const [failure] = lost;
  if (failure !== undefined) {
    err.write(
      `error: the output cannot be written: ${failure.message}\n  hint: free space there, or write to another location\n`,
    );
    return ExitCode.failed;
  }
  if (code === ExitCode.ok && requested.byReader) return ExitCode.interrupted;
  return code === ExitCode.interrupted && requested.toTerminate ? ExitCode.terminated : code;
}

/** Runs a command with the words after the program's name. Resolves to the exit code. */
export type RunWords = (context: CommandContext, words: readonly string[], onWriter: () => void) => Promise<number>;

/**
 * Runs the command of this process, and ends the process with the exit code of the command, of a failed output or of a
 * signal. A command that writes to a cluster calls `onWriter`, so that a failed output does not interrupt it.
 */
export function runProcess(run: RunWords): void {
  // The kernel drops signals that the first process of a container does not handle.
  if (process.pid === 1) signalOfInterrupt();
  interruptFiles(interrupt.signal);
  refuseDeploysHere();
  // Redirects writes of user modules from standard output to standard error, so that they do not become part of a
  // printed document.
  process.stdout.write = process.stderr.write.bind(process.stderr);
  const onWriter = () => {
    isWriter = true;
    signalOfInterrupt();
  };
  void run(context, process.argv.slice(2), onWriter).then(async (code) => {
    await Promise.all([out.flushed(), err.flushed()]);
    // Sockets and watches are already closed. Other handles must not keep the process alive after the command has
    // finished.
    endProcess(processCode(code));
  });
}
