/** The maximum number of members in an array. For more members, a `Set` is faster and worth its memory. */
const MAX_ARRAY_LENGTH = 32;

/**
 * A set of strings in the order in which they were added. Thousands of sets with a few members each take less memory
 * than with `Set`.
 */
export class SmallSet {
  #members: string[] | Set<string>;

  constructor(first: string) {
    this.#members = [first];
  }

  get size(): number {
    return Array.isArray(this.#members) ? this.#members.length : this.#members.size;
  }

  add(member: string): void {
    if (!Array.isArray(this.#members)) this.#members.add(member);
    else if (this.#members.includes(member)) return;
    // `concat` allocates the exact length. `push` would reserve room to grow.
    else if (this.#members.length < MAX_ARRAY_LENGTH) this.#members = this.#members.concat(member);
    else this.#members = new Set(this.#members).add(member);
  }

  delete(member: string): void {
    if (Array.isArray(this.#members)) this.#members = this.#members.filter((other) => other !== member);
    else this.#members.delete(member);
  }

  [Symbol.iterator](): IterableIterator<string> {
    return this.#members.values();
  }
}
