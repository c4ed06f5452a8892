import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CalmMeter } from './calm-meter.ts';

/**
 * V8 starts a collection when the heap has grown by this percentage of its live size, and by at least 8 MB. With 40, a
 * heap of up to 20 MB grows by 8 MB. For each allocated byte, a larger heap then needs as much marking as a heap of 20
 * MB.
 */
const GROWTH_PERCENT = 40;

/** The time between two samples of the processor time. */
const SAMPLE_INTERVAL_MS = 1000;
/** The number of calm samples in a row that mean rest. */
const SAMPLES_TO_REST = 3;
/** The number of calm samples in a row before the first collection at rest. */
const SAMPLES_TO_COLLECT = 10;
/** The number of samples between two collections at rest. Reopened watches leave code and garbage even at rest. */
const SAMPLES_BETWEEN_COLLECTIONS = 120;
/**
 * The number of collections after which V8 flushes unused code under load. V8's default is 5 in Node 20, and 6 in Node
 * 24.
 */
const AGE_UNDER_LOAD = 5;

/** The modules of Node that the controller needs. A listening socket loads the last two. */
const MODULES = ['node:crypto', 'node:tls', 'node:http', 'node:dns', 'node:cluster'];

/**
 * Makes V8 collect garbage early instead of letting the heap grow to several times its live size. This costs a quarter
 * more processor time and saves half of the memory. Must be called before large modules are loaded. Does nothing when
 * Node got an option for the size of the heap.
 */
export function keepHeapSmall(options: readonly string[] = nodeOptions()): void {
  if (isHeapSized(options)) return;
  if (!hasSecondCompiler()) loadModules();
  // The young generation stays at a megabyte or two, instead of growing to 48 under load.
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  // V8 evacuates pages that are mostly garbage and releases them.
  setFlagsFromString('--optimize-for-size');
  // No optimizing compilers: they and their code take seven megabytes for the whole run, and more in versions of Node
  // with Maglev. The baseline compiler (Sparkplug) takes less than one megabyte when unused code is flushed, and saves
  // an eighth of the processor time.
  setFlagsFromString('--no-opt');
  setFlagsFromString('--no-maglev');
  setFlagsFromString('--flush-baseline-code');
  // V8 measures growth from the first full collection on, so run one now.
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
 * four times its live size, and the young generation to 48 MB. Does nothing when Node got an option for the size of the
 * heap.
 */
export function limitHeapGrowth(options: readonly string[] = nodeOptions()): void {
  if (isHeapSized(options)) return;
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString(`--heap-growing-percent=${COMMAND_GROWTH_PERCENT}`);
}

const nodeOptions = (): string[] => [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''];

/**
 * Did Node get an option for the size of the heap? The image sets a percentage of the memory. This option does not
 * count, because it only limits the heap.
 */
function isHeapSized(options: readonly string[]): boolean {
  // V8 accepts `_` in place of `-` after the first two characters.
  const sizes =
    /--(?:max[-_]semi[-_]space|max[-_]old[-_]space[-_]size(?![-_]percentage)|max[-_]heap|semi[-_]space[-_]growth)/;
  return options.some((option) => sizes.test(option));
}

/**
 * While the process is at rest, flushes the code that did not run since the last collection. This saves a megabyte. V8
 * compiles the code again on its next use. V8 itself collects eight seconds after the last work, and one more
 * collection flushes the code. Under load, V8 keeps code longer.
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

/** The processor time of all threads since the start of the process, in seconds. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/**
 * Loads modules of Node before flags change. V8 accepts Node's precompiled code only under the original flags. Under
 * other flags, V8 compiles the modules again. Node then keeps both versions, and takes half a megabyte more.
 */
function loadModules(): void {
  for (const name of MODULES) process.getBuiltinModule(name);
}

/**
 * True when Node has the compiler Maglev, as in Node 24. Node 20 does not have it, nor does Node 22 from 22.9 on. With
 * Maglev, the early load of the modules would start this compiler, which costs 2 MB. The early load saves less.
 */
function hasSecondCompiler(): boolean {
  return Reflect.get(process.config.variables, 'v8_enable_maglev') === 1;
}
