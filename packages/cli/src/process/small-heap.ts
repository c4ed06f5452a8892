import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * V8 starts a collection when the heap has grown by this percentage of its live size, and by at least 8 MB. With 40,
 * the minimum of 8 MB applies to heaps of up to 20 MB. A larger heap needs the same amount of marking per allocated
 * byte as a heap of 20 MB.
 */
const GROWTH_PERCENT = 40;

/** The interval at which the CPU time is sampled. */
const SAMPLE_INTERVAL_MS = 1000;
/** The number of consecutive samples with little CPU use after which the process counts as idle. */
const SAMPLES_TO_REST = 3;
/** The number of consecutive samples with little CPU use before the first collection while idle. */
const SAMPLES_TO_COLLECT = 10;
/**
 * The number of samples between two collections while idle. Reopened watches create code and garbage even in an idle
 * process.
 */
const SAMPLES_BETWEEN_COLLECTIONS = 120;
/**
 * The number of collections after which V8 flushes unused code under load. V8's default is 5 in Node 20, and 6 in Node
 * 24.
 */
const AGE_UNDER_LOAD = 5;

/** The Node modules that the controller loads. A listening socket loads the last two. */
const MODULES = ['node:crypto', 'node:tls', 'node:http', 'node:dns', 'node:cluster'];

/**
 * Makes V8 collect garbage early instead of letting the heap grow to several times its live size. This takes 25 % more
 * CPU time and saves half of the memory. Must be called before large modules are loaded. Does nothing if a Node option
 * sets the size of the heap.
 */
export function keepHeapSmall(options: readonly string[] = nodeOptions()): void {
  if (isHeapSized(options)) return;
  if (!hasSecondCompiler()) loadModules();
  // Keeps the young generation at 1 to 2 MB. Under load, it would grow to 48 MB.
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  // Makes V8 evacuate and release pages that are mostly garbage.
  setFlagsFromString('--optimize-for-size');
  // Turns off the optimizing compilers. They and their code take 7 MB for the whole run, and more in Node versions with
  // Maglev. The baseline compiler (Sparkplug) stays on: with flushing of unused code it takes less than 1 MB, and it
  // saves an eighth of the CPU time.
  setFlagsFromString('--no-opt');
  setFlagsFromString('--no-maglev');
  setFlagsFromString('--flush-baseline-code');
  // V8 measures growth since the first full collection, so this code runs one now.
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect !== 'function') return;
  collect();
  flushCodeAtRest(() => void collect());
}

/** V8 starts a collection when the heap of a command has grown by this percentage of its live size. */
const COMMAND_GROWTH_PERCENT = 70;

/**
 * Limits the growth of the heap for a command that reads thousands of objects. By default, V8 lets the heap grow to
 * four times its live size, and the young generation to 48 MB. Does nothing if a Node option sets the size of the heap.
 */
export function limitHeapGrowth(options: readonly string[] = nodeOptions()): void {
  if (isHeapSized(options)) return;
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString(`--heap-growing-percent=${COMMAND_GROWTH_PERCENT}`);
}

const nodeOptions = (): string[] => [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''];

/**
 * Does a Node option set the size of the heap? The option of the image, which sets a percentage of the memory, does not
 * count, because it is only an upper limit.
 */
function isHeapSized(options: readonly string[]): boolean {
  // V8 accepts `_` in place of `-` after the first two characters.
  const sizes =
    /--(?:max[-_]semi[-_]space|max[-_]old[-_]space[-_]size(?![-_]percentage)|max[-_]heap|semi[-_]space[-_]growth)/;
  return options.some((option) => sizes.test(option));
}

/**
 * While the process is idle, flushes the code that has not run since the last collection. This saves 1 MB, and V8
 * compiles the code again on its next use. V8 itself collects 8 s after the last work, and the first collection of this
 * function then flushes the code that has not run since. Under load, V8 keeps code for more collections.
 */
function flushCodeAtRest(collect: () => void): void {
  const meter = new CalmMeter(process.uptime(), cpuSeconds());
  const takeSample = () => {
    const calmSamples = meter.sample(process.uptime(), cpuSeconds());
    if (calmSamples === 0) setFlagsFromString(`--bytecode-old-age=${AGE_UNDER_LOAD}`);
    if (calmSamples === SAMPLES_TO_REST) setFlagsFromString('--bytecode-old-age=1');
    if (calmSamples % SAMPLES_BETWEEN_COLLECTIONS === SAMPLES_TO_COLLECT) collect();
  };
  setInterval(takeSample, SAMPLE_INTERVAL_MS).unref();
}

/** Returns the CPU time of all threads since the start of the process, in seconds. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/**
 * Loads Node modules before the V8 flags change. V8 accepts Node's precompiled code only under the original flags.
 * Under other flags, V8 would compile the modules again, and keeping both versions takes 0.5 MB more.
 */
function loadModules(): void {
  for (const name of MODULES) process.getBuiltinModule(name);
}

/**
 * Does Node have the compiler Maglev? Node 24 does. Node 20 and Node 22 since 22.9 do not. Loading the modules early
 * would start Maglev, which takes 2 MB and thus more than the early load saves.
 */
function hasSecondCompiler(): boolean {
  return Reflect.get(process.config.variables, 'v8_enable_maglev') === 1;
}

/** A sample is calm when the process used less than this share of a processor since the previous sample. */
const CALM_SHARE = 0.15;

/** Counts consecutive calm samples of a process. A sample consists of the time and the processor time used so far. */
export class CalmMeter {
  #at: number;
  #used: number;
  #calmSamples = 0;

  /**
   * `now` is the present time, and `used` is the processor time used so far, both in seconds. The first sample is
   * compared with these values.
   */
  constructor(now: number, used: number) {
    this.#at = now;
    this.#used = used;
  }

  /**
   * Takes a sample. Returns the number of consecutive calm samples up to and including this sample; 0 when this sample
   * is not calm.
   */
  sample(now: number, used: number): number {
    const isCalm = used - this.#used < CALM_SHARE * (now - this.#at);
    this.#at = now;
    this.#used = used;
    this.#calmSamples = isCalm ? this.#calmSamples + 1 : 0;
    return this.#calmSamples;
  }
}
