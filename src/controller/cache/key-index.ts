import { SmallSet } from './small-set.ts';

/** An index of keys by texts. A key may have several texts. */
export class KeyIndex {
  readonly #keys = new Map<string, SmallSet>();

  /** The keys of a text in the order in which they were added. */
  of(text: string): Iterable<string> {
    return this.#keys.get(text) ?? [];
  }

  /** Replaces the texts of a key. */
  move(key: string, from: Iterable<string>, to: Iterable<string>): void {
    const [left, next] = [new Set(from), new Set(to)];
    for (const text of next) {
      // A key keeps its position under a text that is in both sets.
      if (!left.delete(text)) this.add(text, key);
    }
    for (const text of left) this.remove(text, key);
  }

  /** Adds a key to a text. */
  add(text: string, key: string): void {
    const keys = this.#keys.get(text);
    if (keys === undefined) this.#keys.set(text, new SmallSet(key));
    else keys.add(key);
  }

  /** Removes a key from a text. */
  remove(text: string, key: string): void {
    const keys = this.#keys.get(text);
    keys?.delete(key);
    if (keys?.size === 0) this.#keys.delete(text);
  }
}
