import { SmallSet } from './small-set.ts';

/** An index of keys by strings, such as the members of an ApplySet by its id. A key may have several strings. */
export class KeyIndex {
  readonly #keys = new Map<string, SmallSet>();

  /** The keys of a string in the order in which they were added. */
  of(text: string): Iterable<string> {
    return this.#keys.get(text) ?? [];
  }

  /** Replaces the strings of a key. */
  move(key: string, from: Iterable<string>, to: Iterable<string>): void {
    const [left, next] = [new Set(from), new Set(to)];
    for (const text of next) {
      // A key keeps its position under a string that is in both sets.
      if (!left.delete(text)) this.add(text, key);
    }
    for (const text of left) this.remove(text, key);
  }

  /** Adds a key to a string. */
  add(text: string, key: string): void {
    const keys = this.#keys.get(text);
    if (keys === undefined) this.#keys.set(text, new SmallSet(key));
    else keys.add(key);
  }

  /** Removes a key from a string. */
  remove(text: string, key: string): void {
    const keys = this.#keys.get(text);
    keys?.delete(key);
    if (keys?.size === 0) this.#keys.delete(text);
  }
}
