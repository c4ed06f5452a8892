/** A flag that a program in the folder for envtest knows. */
export interface KnownFlag {
  readonly name: string;
  /** The line of `--help`. */
  readonly summary: string;
  /** True for a flag that needs no value. */
  readonly isSwitch?: true;
}

/** The flags of a command line. */
export interface ParsedFlags {
  /**
   * Maps a known flag to its values, in the order of the command line. A switch without a value has the value `true`.
   */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** The names of unknown flags, with their dashes, and words that are not flags. */
  readonly unknown: readonly string[];
}

/**
 * Parses a command line in the forms of Go's pflag: `--name=value`, `--name value`, `--switch`. The word after a flag
 * is the value of the flag, unless the flag is a switch or the word is itself a flag. The word `-` is a value only
 * after a known flag.
 */
export function parseFlags(words: readonly string[], known: readonly KnownFlag[]): ParsedFlags {
  const values = new Map<string, string[]>();
  const unknown: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    const match = /^--?([^=-][^=]*)(?:=(.*))?$/s.exec(word);
    if (match === null) {
      if (word !== '--' && word !== '') unknown.push(word);
      continue;
    }
    const [, name = '', attached] = match;
    const flag = known.find((each) => each.name === name);
    const next = words[index + 1];
    const isValue = next !== undefined && (!next.startsWith('-') || (next === '-' && flag !== undefined));
    const takesNext = attached === undefined && flag?.isSwitch !== true && isValue;
    if (takesNext) index++;
    if (flag === undefined) unknown.push(`--${name}`);
    else values.set(name, [...(values.get(name) ?? []), attached ?? (takesNext ? next : 'true')]);
  }
  return { values, unknown };
}

/** The output of `--help`. Each flag is at the beginning of a line, because envtest looks for flags there. */
export function helpText(program: string, description: string, known: readonly KnownFlag[]): string {
  const width = Math.max(...known.map(({ name }) => name.length));
  const lines = known.map(({ name, summary }) => `  --${name.padEnd(width)}  ${summary}`);
  return [`${program}: ${description}`, '', 'Flags:', ...lines].join('\n');
}

/**
 * Replaces a host that means all addresses of this machine (`0.0.0.0`, `::`) by the loopback address. Returns other
 * hosts unchanged, except that an address in brackets loses its brackets. This is needed for fabric8's Java test
 * harness, which passes `0.0.0.0` in the URLs of etcd.
 */
export function narrowedToLoopback(host: string): string {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  return address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
}

/** The message for an address that other machines can reach. */
export const beyondLoopback = (flag: string, value: string): string =>
  `--${flag}=${value} asks for an address that other machines can reach; this program listens on loopback only`;

/** The notice about flags without an effect. `undefined` when there are none. */
export const withoutEffectNotice = (unknown: readonly string[]): string | undefined =>
  unknown.length === 0 ? undefined : `unknown, without an effect: ${unknown.join(', ')}`;
