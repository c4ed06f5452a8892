import type { Expression, Pattern, Statement } from 'acorn';
import type { Completion } from './completion.ts';
import type { Env } from './env.ts';

/** The parts of the interpreter that call each other; filled by `interpreter.ts`. */
export interface Machine {
  evaluate(node: Expression, env: Env): unknown;
  execute(node: Statement, env: Env, labels?: readonly string[]): Completion;
  /** Executes statements whose scope is fresh. */
  block(body: readonly Statement[], env: Env): Completion;
  bind(pattern: Pattern, value: unknown, env: Env, declare: 'const' | 'let' | 'var' | 'assign'): void;
  call(fn: unknown, self: unknown, args: readonly unknown[], label: string): unknown;
}

const notInstalled = (): never => {
  throw new Error('the interpreter is not installed');
};

export const machine: Machine = {
  evaluate: notInstalled,
  execute: notInstalled,
  block: notInstalled,
  bind: notInstalled,
  call: notInstalled,
};
