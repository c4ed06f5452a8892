/** A deliberate mistake, and the patterns that its message must match. */
export interface Mistake {
  /** The mistake, in words. */
  readonly title: string;
  /**
   * Maps a file name to its content. `⟦` marks the next character as the place of the mistake. The test removes the
   * marker from the file.
   */
  readonly files: Readonly<Record<string, string>>;
  /** Words after `typekro`. Default: `validate` and the names of all files. */
  readonly command?: readonly string[];
  /** A pattern for the place in the message. Default: the place of the marker. */
  readonly place?: RegExp;
  readonly reason: RegExp;
  readonly remedy: RegExp;
  /** The expected exit code. Default 3: diagnostics. */
  readonly exit?: number;
  /** The whole environment of a command that runs in this process. Default: empty. */
  readonly env?: Readonly<Record<string, string>>;
  /** The minimum score of the output for the mistake, from 0 to 3. Default 3. */
  readonly score?: number;
}

/**
 * Returns the pattern for the place, and the files without the marker.
 *
 * @throws Error when the mistake has neither a marker nor `place`.
 */
export function prepare({ files, place }: Mistake): {
  readonly files: Readonly<Record<string, string>>;
  readonly place: RegExp;
} {
  const clean: Record<string, string> = {};
  let found = place;
  for (const [name, text] of Object.entries(files)) {
    const at = text.indexOf('⟦');
    clean[name] = at < 0 ? text : text.slice(0, at) + text.slice(at + 1);
    if (at < 0) continue;
    const before = text.slice(0, at).split('\n');
    const position = `${name}:${before.length}:${(before.at(-1) ?? '').length + 1}`;
    found ??= new RegExp(`(?<![\\w./-])${position.replaceAll(/[.]/g, '\\.')}(?!\\d)`);
  }
  if (found === undefined) throw new Error('a mistake needs a place');
  return { files: clean, place: found };
}

/** Replaces parts of a string. Each part must occur. */
export function edit(text: string, ...changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`the text has no ${JSON.stringify(from)}`);
    return result.replace(from, () => to);
  }, text);
}
