import type { FunctionLike } from '../source/function-source.ts';
import { refuse } from '../refusal/refusal.ts';
import { define } from './builtin-table.ts';

const RANDOM = 'use Cel.expr("random.seededString(8, …)") or compute it before the composition';
const CLOCK = 'pass the time with the spec';
const MACHINE = 'pass the value with the spec';

/** The names of functions that read the time, random numbers or measurements of the host. */
export const BUILD_TIME_NAMES: ReadonlySet<string> = new Set(
  (
    'random now randomUUID getRandomValues randomBytes randomInt randomFill randomFillSync ' +
    'generateKeySync generateKeyPairSync hrtime bigint uptime cpuUsage memoryUsage resourceUsage loadavg freemem'
  ).split(' '),
);

let defined = false;

/**
 * Defines the refusals of host functions that return a different value at each call, because the graph would contain
 * only the value from build time. The search for these functions loads modules of the host. Therefore it starts only
 * when `fn` has one of the `BUILD_TIME_NAMES`.
 */
export function defineBuildTime(fn: FunctionLike): void {
  if (defined || !BUILD_TIME_NAMES.has(fn.name)) return;
  defined = true;
  const member = (holder: unknown, name: string): unknown =>
    typeof holder === 'object' && holder !== null ? Reflect.get(holder, name) : undefined;
  const drawn = (fn: unknown, name: string) => {
    if (typeof fn === 'function')
      define(fn, () => refuse('no-cel', `${name}() would be drawn once, while the graph is built`, RANDOM));
  };
  const readWith = (fn: unknown, name: string, reason: string, remedy: string) => {
    if (typeof fn === 'function')
      define(fn, () => refuse('no-cel', `${name}() would be read once, while the graph is built: ${reason}`, remedy));
  };
  const read = (fn: unknown, name: string) => readWith(fn, name, 'a graph has no clock', CLOCK);
  const measured = (fn: unknown, name: string) => readWith(fn, name, 'a graph does not measure a machine', MACHINE);
  drawn(Math.random, 'Math.random');
  for (const name of ['randomUUID', 'getRandomValues'] as const)
    drawn(member(Reflect.get(globalThis, 'crypto'), name), `crypto.${name}`);
  const crypto = builtinModule('node:crypto');
  const web = crypto?.['webcrypto'] as Record<string, unknown> | undefined;
  for (const name of NODE_RANDOM) {
    drawn(crypto?.[name], `crypto.${name}`);
    drawn(web?.[name], `crypto.${name}`);
  }
  read(Date.now, 'Date.now');
  read(member(Reflect.get(globalThis, 'performance'), 'now'), 'performance.now');
  read(member(builtinModule('node:perf_hooks')?.['performance'], 'now'), 'performance.now');
  const host: Record<string, unknown> | undefined = Reflect.get(globalThis, 'process') as never;
  for (const name of ['hrtime', 'uptime'] as const) read(host?.[name], `process.${name}`);
  read((host?.['hrtime'] as { readonly bigint?: unknown } | undefined)?.bigint, 'process.hrtime.bigint');
  const os = builtinModule('node:os');
  read(os?.['uptime'], 'os.uptime');
  for (const name of ['cpuUsage', 'memoryUsage', 'resourceUsage'] as const) measured(host?.[name], `process.${name}`);
  for (const name of ['loadavg', 'freemem'] as const) measured(os?.[name], `os.${name}`);
}

const NODE_RANDOM = [
  'randomUUID',
  'getRandomValues',
  'randomBytes',
  'randomInt',
  'randomFill',
  'randomFillSync',
  'generateKeySync',
  'generateKeyPairSync',
] as const;

function builtinModule(name: string): Record<string, unknown> | undefined {
  const host = Reflect.get(globalThis, 'process') as { getBuiltinModule?: (id: string) => unknown } | undefined;
  return host?.getBuiltinModule?.(name) as Record<string, unknown> | undefined;
}
