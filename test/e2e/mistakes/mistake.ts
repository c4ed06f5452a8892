/** A deliberate mistake, and what a person has to be told about it. */
export interface Mistake {
  /** What was done wrong, in words. */
  readonly title: string;
  /** The files by name; `⟦` stands before the character where the problem is, and is taken out. */
  readonly files: Readonly<Record<string, string>>;
  /** Words after `typekro`. Default: `validate` and the names of all files. */
  readonly command?: readonly string[];
  /** Where no file has the marker: what names the place. */
  readonly place?: RegExp;
  readonly reason: RegExp;
  readonly remedy: RegExp;
  /** Default 3: diagnostics. */
  readonly exit?: number;
  /** Besides the user's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Least score that is kept, 0 to 3. Default 3. */
  readonly score?: number;
}

/** Where the marker stood, and the files without it. */
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

/** A text with some parts replaced; each has to be there. */
export function edit(text: string, ...changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`the text has no ${JSON.stringify(from)}`);
    return result.replace(from, () => to);
  }, text);
}
