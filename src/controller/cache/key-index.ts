import { SmallSet } from './small-set.ts';

/** Keys of objects by texts that they are looked up by. */
export class KeyIndex {
  readonly #keys = new Map<string, SmallSet>();

  /** The keys under a text, in the order in which they came. */
  of(text: string): Iterable<string> {
    return this.#keys.get(text) ?? [];
  }

  /** Moves a key from one set of texts to another. */
  move(key: string, from: Iterable<string>, to: Iterable<string>): void {
    const [left, next] = [new Set(from), new Set(to)];
    for (const text of next) {
      // A text in both sets keeps the key in its place.
      if (!left.delete(text)) this.add(text, key);
    }
    for (const text of left) this.remove(text, key);
  }

  /** Puts a key under a text. */
  add(text: string, key: string): void {
    const keys = this.#keys.get(text);
    if (keys === undefined) this.#keys.set(text, new SmallSet(key));
    else keys.add(key);
  }

  /** Takes a key from under a text. */
  remove(text: string, key: string): void {
    const keys = this.#keys.get(text);
    keys?.delete(key);
    if (keys?.size === 0) this.#keys.delete(text);
  }
}
