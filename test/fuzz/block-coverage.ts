import { type Profiler, Session } from 'node:inspector';

/** Maps the URL of a source file to one byte per character. A byte is 1 if the character belongs to code that ran. */
export type CoveredCharacters = ReadonlyMap<string, Uint8Array>;

/**
 * Measures which code blocks run in this process, with V8's own counters. V8 counts only code that it compiles after
 * the start. Therefore a `BlockCoverage` must exist before the measured modules are imported.
 */
export class BlockCoverage implements Disposable {
  readonly #session = new Session();
  readonly #isMeasured: (url: string) => boolean;

  /** `isMeasured` selects source files by their URL. */
  constructor(isMeasured: (url: string) => boolean) {
    this.#isMeasured = isMeasured;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    // Without call counts, V8 reports each function only once.
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** The code that ran since the last call. */
  take(): CoveredCharacters {
    let scripts: readonly Profiler.ScriptCoverage[] = [];
    // The session runs in this thread, so the response arrives before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error !== null) throw error;
      scripts = answer.result;
    });
    const covered = new Map<string, Uint8Array>();
    for (const { url, functions } of scripts) if (this.#isMeasured(url)) covered.set(url, flatten(functions));
    return covered;
  }

  [Symbol.dispose](): void {
    this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }
}

/**
 * Marks the characters of code that ran. Ranges are nested. The count of the innermost range applies to a character.
 */
function flatten(functions: readonly Profiler.FunctionCoverage[]): Uint8Array {
  let end = 0;
  for (const { ranges } of functions) for (const { endOffset } of ranges) end = Math.max(end, endOffset);
  const marks = new Uint8Array(end);
  for (const { ranges } of functions) {
    for (const { startOffset, endOffset, count } of ranges) marks.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  }
  return marks;
}

/** The code that at least one input has run, as characters of the source files. */
export class SeenBlocks {
  readonly #seen = new Map<string, Uint8Array>();
  #count = 0;

  /** The number of characters of code that ran. */
  get count(): number {
    return this.#count;
  }

  /** The number of characters that ran for the first time. If `keep` is true, later calls do not count them again. */
  add(covered: CoveredCharacters, keep = true): number {
    let added = 0;
    for (const [url, marks] of covered) {
      const seen = this.#seenOf(url, marks.length);
      for (let at = 0; at < marks.length; at += 1) {
        if (marks[at] === 0 || seen[at] === 1) continue;
        added += 1;
        if (keep) seen[at] = 1;
      }
    }
    if (keep) this.#count += added;
    return added;
  }

  #seenOf(url: string, length: number): Uint8Array {
    const known = this.#seen.get(url);
    if (known !== undefined && known.length >= length) return known;
    const grown = new Uint8Array(length);
    if (known !== undefined) grown.set(known);
    this.#seen.set(url, grown);
    return grown;
  }
}
