import { CONTROLLER_FLAGS } from '@typekro/controller/controller';

/** Flags by name, each as `--name=value`. */
export type FlagTexts = ReadonlyMap<string, string>;

/** Parses arguments into flags. `unknown` contains the words that are not a flag of TypeKro's controller. */
export function flagTexts(args: readonly string[]): { readonly flags: FlagTexts; readonly unknown: readonly string[] } {
  const known = new Map(CONTROLLER_FLAGS.map((flag) => [flag.name, flag]));
  const flags = new Map<string, string>();
  const unknown: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    const match = /^--?([^=]+)(?:=(.*))?$/s.exec(word);
    const flag = match?.[1] === undefined ? undefined : known.get(match[1]);
    if (flag === undefined) {
      unknown.push(word);
      continue;
    }
    let value = match?.[2];
    if (value === undefined && flag.type === 'boolean') value = 'true';
    if (value === undefined) {
      at += 1;
      value = args[at] ?? '';
    }
    flags.set(flag.name, `--${flag.name}=${value}`);
  }
  return { flags, unknown };
}

/**
 * Sets flags in the arguments of a manifest. A flag that the manifest already sets is replaced at its position. Other
 * flags are appended.
 */
export function setFlags(args: readonly string[], flags: FlagTexts): string[] {
  const placed = args.map((word) => {
    const name = /^--([^=]+)=/.exec(word)?.[1];
    return (name === undefined ? undefined : flags.get(name)) ?? word;
  });
  return [...placed, ...[...flags.values()].filter((text) => !placed.includes(text))];
}
