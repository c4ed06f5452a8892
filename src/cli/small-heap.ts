import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How much the heap may grow over what was alive after the last collection, in per cent. */
const GROWTH_PERCENT = 30;

/**
 * How much bytecode a function runs in Node 20 before it is compiled anew for speed, six times the default. A burst
 * of work that lasts a second is over before such code pays, and the compiler takes memory from its first use.
 * Later versions count calls instead, and have a cheaper compiler that comes first.
 */
const INTERRUPT_BUDGET = 400_000;

/**
 * Collects garbage early instead of letting the heap grow to several times what is alive, as suits a process
 * that runs for long beside others: a quarter more processor time for half the memory. To be called before
 * anything large is loaded. Options of Node that say something else win.
 */
export function keepHeapSmall(
  options: readonly string[] = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''],
): void {
  if (options.some((option) => /--(?:max-semi-space|max-old-space|max-heap|semi-space-growth)/.test(option))) return;
  // The young generation stays at a megabyte or two, instead of growing to 32 under load.
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  // Pages that are mostly garbage are emptied and given back.
  setFlagsFromString('--optimize-for-size');
  if (process.versions.node.startsWith('20.')) setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`);
  // Growth is measured from the first full collection on; until then the limit is far away.
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect === 'function') collect();
}
