import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RestMeter } from './rest-meter.ts';

/** How much the heap may grow over what was alive after the last collection, in per cent. */
const GROWTH_PERCENT = 30;

/** So often is looked whether it is at rest, in milliseconds. */
const LOOK_MS = 1000;
/** After so many looks that found it calm it is at rest; and after so many V8 has collected what it collects by itself. */
const LOOKS_TO_REST = 3;
const LOOKS_TO_COLLECT = 10;
/** While it stays at rest, that is done again after so many: watches that begin anew leave code and garbage behind. */
const LOOKS_BETWEEN_COLLECTIONS = 120;
/** After so many collections without a run code is thrown away by itself: V8's default. */
const USUAL_AGE = 5;

/** What the controller needs of Node sooner or later; the last two are what listening at an address loads. */
const MODULES = ['node:crypto', 'node:tls', 'node:http', 'node:dns', 'node:cluster'];

/**
 * Collects garbage early instead of letting the heap grow to several times what is alive, as suits a process
 * that runs for long beside others: a quarter more processor time for half the memory. To be called before
 * anything large is loaded. Options of Node that say something else win.
 */
export function keepHeapSmall(
  options: readonly string[] = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''],
): void {
  if (options.some((option) => /--(?:max-semi-space|max-old-space|max-heap|semi-space-growth)/.test(option))) return;
  if (!hasSecondCompiler()) loadModules();
  // The young generation stays at a megabyte or two, instead of growing to 32 under load.
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  // Pages that are mostly garbage are emptied and given back.
  setFlagsFromString('--optimize-for-size');
  // No code is optimized: the compilers and what they write take seven megabytes for good, and more from Node 22 on,
  // where there is one more (Maglev). The compiler that only spares the interpreter (Sparkplug) takes less than one
  // when what has not run lately is thrown away, and saves an eighth of the processor's time.
  setFlagsFromString('--no-opt');
  setFlagsFromString('--no-maglev');
  setFlagsFromString('--flush-baseline-code');
  // Growth is measured from the first full collection on; until then the limit is far away.
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect !== 'function') return;
  collect();
  throwCodeAwayAtRest(() => void collect());
}

/**
 * At rest all code that was not run since the collection before is thrown away, and compiled again should it be
 * needed: a megabyte. V8 collects by itself eight seconds after the last work, and once more does the rest. While it
 * works, code is kept for some collections, as is usual.
 */
function throwCodeAwayAtRest(collect: () => void): void {
  const meter = new RestMeter(process.uptime(), cpuSeconds());
  const look = () => {
    const looks = meter.look(process.uptime(), cpuSeconds());
    if (looks === 0) setFlagsFromString(`--bytecode-old-age=${USUAL_AGE}`);
    if (looks === LOOKS_TO_REST) setFlagsFromString('--bytecode-old-age=1');
    if (looks % LOOKS_BETWEEN_COLLECTIONS === LOOKS_TO_COLLECT) collect();
  };
  setInterval(look, LOOK_MS).unref();
}

/** Of all threads, since the process began. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/**
 * Node has its modules compiled already, in a form that V8 takes only under the flags that it was made with; under
 * others it compiles them anew, and Node keeps what came of that besides: half a megabyte. So they come before flags.
 */
function loadModules(): void {
  for (const name of MODULES) process.getBuiltinModule(name);
}

/** From Node 22 on loading the modules is work enough for Maglev to begin, which takes more than it saves: 2 MB. */
function hasSecondCompiler(): boolean {
  return Reflect.get(process.config.variables, 'v8_enable_maglev') === 1;
}
