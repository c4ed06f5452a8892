import type { Readable } from 'node:stream';
import { runCommandLine } from '../src/adapter.ts';
import type { CommandEntry } from '../src/command.ts';
import { type OutputForm, outputText } from '@typekro/app/text';

/** Runs a long-running command, such as `up`, in this process until the test ends it. Records its output. */
export class CommandInProcess {
  readonly #interrupt = new AbortController();
  readonly #watchers = new Set<() => void>();
  #text = '';
  /** The exit code. */
  readonly code: Promise<number>;

  /**
   * @param commands the available commands; the first word of the line names one of them
   * @param input the standard input of a command that speaks a protocol over its streams
   */
  constructor(
    commands: readonly CommandEntry[],
    cwd: string,
    line: string,
    env: Record<string, string> = {},
    input?: Readable,
  ) {
    const write = (text: string): void => {
      this.#text += text;
      for (const check of this.#watchers) check();
    };
    const print = (text: string, form?: OutputForm): void =>
      write(`${outputText(text, { form, isTerminal: false })}\n`);
    this.code = runCommandLine(commands, '0', line.split(' '), {
      cwd,
      env,
      print,
      printError: (text) => print(text),
      readInput: () => Promise.resolve(''),
      signal: this.#interrupt.signal,
      ...(input === undefined ? {} : { streams: { input, write } }),
    });
  }

  /** The lines of standard output and standard error, in the order in which they were written. */
  get output(): string {
    return this.#text;
  }

  /** Resolves when the output matches. Rejects with the output if the command ends before the output matches. */
  async until(pattern: RegExp): Promise<void> {
    let check = (): void => {};
    const seen = new Promise<void>((resolve) => {
      check = () => {
        if (pattern.test(this.#text)) resolve();
      };
      this.#watchers.add(check);
      check();
    });
    const ended = this.code.then((code) => {
      throw new Error(`ended with ${code}:\n${this.#text}`);
    });
    await Promise.race([seen, ended]).finally(() => this.#watchers.delete(check));
  }

  /** Interrupts the command as Ctrl-C does, and returns its exit code. */
  interrupt(): Promise<number> {
    this.#interrupt.abort();
    return this.code;
  }
}

/** Replaces ports, tokens, times and versions, which differ from run to run or from release to release. */
export const withoutRunValues = (text: string): string =>
  text
    .replaceAll(/(127\.0\.0\.1|localhost):\d+/g, '$1:PORT')
    .replaceAll(/#token=[\w-]+/g, '#token=TOKEN')
    .replaceAll(/"version":"[^"]+"/g, '"version":"VERSION"')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/\b\d+ ms\b/g, 'N ms')
    .replaceAll(/\b\d+\.\d+ s\b/g, 'N s');
