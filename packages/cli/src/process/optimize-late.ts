import { setFlagsFromString } from 'node:v8';

/** The commands that can use the CPU for minutes. */
const LONG_RUNNING: ReadonlySet<string> = new Set(['up', 'dev', 'test', 'mcp', 'lsp', 'dashboard']);

/**
 * The size of executed bytecode, in bytes, after which V8 11 (Node 20) considers optimizing a function: 15 times the
 * default.
 */
const BYTECODE_LIMIT = ['--interrupt-budget=1000000'];

/**
 * The numbers of calls after which the compilers of V8 12 and 13 (Node 22 and 24) consider a function for optimization:
 * 15 times the defaults. The names with `osr` are for functions with loops.
 */
const CALL_LIMITS = [
  '--invocation-count-for-maglev=6000',
  '--invocation-count-for-maglev-osr=1500',
  '--invocation-count-for-turbofan=45000',
  '--invocation-count-for-osr=7500',
];

/** Maps the major version of V8 to its options. V8 prints an error for an unknown option. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = { 11: BYTECODE_LIMIT, 12: CALL_LIMITS, 13: CALL_LIMITS };

/**
 * Makes V8 optimize only functions that run very often. A short command ends before most optimized functions recover
 * the cost of their compilation. With V8's defaults, compilation takes a third of the CPU time of `validate`. Must be
 * called before other modules are loaded, because V8 accepts cached code only if it was compiled with the same flags.
 *
 * @param command the name of the command
 */
export function optimizeLate(command: string | undefined): void {
  if (command === undefined || LONG_RUNNING.has(command)) return;
  // Bun and Deno do not support setting V8's flags.
  if ('bun' in process.versions || 'deno' in process.versions) return;
  for (const option of OPTIONS[process.versions.v8.split('.', 1)[0] ?? ''] ?? []) setFlagsFromString(option);
}
