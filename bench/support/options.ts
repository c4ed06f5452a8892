/** The options of a benchmark. */
import { basename } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * The default of each option. Its type is the type of the option: a number, a string, or (`false`) a flag without a
 * value.
 */
type Defaults = Readonly<Record<string, number | string | boolean>>;
/** The value of a flag is true when the flag is given. */
type Values<T extends Defaults> = {
  readonly [K in keyof T]: T[K] extends number ? number : T[K] extends boolean ? boolean : string;
};

/**
 * Reads the options of the running benchmark from its arguments. Ends the process with exit code 2 and a list of the
 * options for an unknown option, a missing value, a number below 0, and an argument that is not an option. A mistyped
 * option must not start a measurement that takes hours.
 */
export function readOptions<const T extends Defaults>(defaults: T): Values<T> {
  const types = Object.entries(defaults).map(([name, fallback]) => {
    const type = typeof fallback === 'boolean' ? ('boolean' as const) : ('string' as const);
    return [name, { type }] as const;
  });
  try {
    const { values } = parseArgs({ options: Object.fromEntries(types), strict: true });
    const read = Object.entries(defaults).map(([name, fallback]) => [name, valueOf(name, values[name], fallback)]);
    return Object.fromEntries(read) as Values<T>;
  } catch (error) {
    const bench = basename(process.argv[1] ?? '', '.ts');
    const usages = Object.entries(defaults).map(([name, fallback]) => usageOf(name, fallback));
    console.error(`${(error as Error).message}\nUsage: npm run bench -- ${[bench, ...usages].join(' ')}`);
    process.exit(2);
  }
}

function valueOf(
  name: string,
  given: string | boolean | undefined,
  fallback: number | string | boolean,
): number | string | boolean {
  if (given === undefined || typeof fallback !== 'number') return given ?? fallback;
  const value = Number(given);
  if (given === '' || !Number.isFinite(value) || value < 0) throw new TypeError(`--${name} ${given}: not a number`);
  return value;
}

function usageOf(name: string, fallback: number | string | boolean): string {
  if (typeof fallback === 'boolean') return `[--${name}]`;
  return `[--${name} ${typeof fallback === 'number' ? 'N' : 'TEXT'}]`;
}
