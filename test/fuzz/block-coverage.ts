import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector';

/** The characters of each source file that ran, by the URL of the file. */
export type CoveredCharacters = ReadonlyMap<string, Uint8Array>;

/**
 * Measures which blocks of this process run, with V8's own counters. V8 counts only the code that it compiles after the
 * start, so an instance must exist before the measured modules are imported.
 */
export class BlockCoverage implements Disposable {
  readonly #session = new Session();
  readonly #isMeasured: (url: string) => boolean;

  /** `isMeasured` selects source files by their URL. */
  constructor(isMeasured: (url: string) => boolean) {
    this.#isMeasured = isMeasured;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    // V8 marks functions that ran as reported, unless it counts calls.
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** The blocks that ran since the last call. */
  take(): CoveredCharacters {
    let scripts: readonly Profiler.ScriptCoverage[] = [];
    // The session runs in this thread, so the answer arrives before `post` returns.
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

/** Marks the characters that ran. Ranges are nested, and an inner range has the count of its own characters. */
function flatten(functions: readonly Profiler.FunctionCoverage[]): Uint8Array {
  let end = 0;
  for (const { ranges } of functions) for (const { endOffset } of ranges) end = Math.max(end, endOffset);
  const marks = new Uint8Array(end);
  for (const { ranges } of functions) {
    for (const { startOffset, endOffset, count } of ranges) marks.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  }
  return marks;
}

/** All characters that any input ran so far. */
export class SeenBlocks {
  readonly #seen = new Map<string, Uint8Array>();
  #count = 0;

  /** The number of characters that ran. */
  get count(): number {
    return this.#count;
  }

  /** The number of characters that ran for the first time. With `keep` they count as seen afterwards. */
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
