import { setFlagsFromString } from 'node:v8';

/** The commands that can keep the processor busy for minutes. */
const LONG_RUNNING: ReadonlySet<string> = new Set(['up', 'dev', 'test', 'mcp']);

/** The amount of executed bytecode after which V8 considers an optimization. V8's default is 67,584. */
const INTERRUPT_BUDGET = 1_000_000;

/**
 * Makes V8 optimize only the functions of a command that run very often. A command ends before most optimized functions
 * repay their compilation: with the default, V8 spends a third of the processor time of `validate` on it. Must be called
 * before other modules are loaded, because V8 accepts compiled code only under the flags with which it was compiled.
 *
 * @param command the first argument of the program
 */
export function optimizeLate(command: string | undefined): void {
  if (command === undefined || LONG_RUNNING.has(command)) return;
  // Other hosts of JavaScript do not have V8's flags.
  if ('bun' in process.versions || 'deno' in process.versions) return;
  setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`);
}
