/**
 * A source of decisions for generators: `below(n)` is a number from 0 to n−1. Generators put the simplest alternative
 * first. A tape (`tapeChoices`) returns 0 after its end, and fast-check lowers its numbers when it shrinks. Both lead
 * to simple alternatives.
 */
export interface Choices {
  below(n: number): number;
}

/** Decisions from a list of numbers. When fast-check shrinks the list, the generated value also shrinks. */
export function tapeChoices(tape: readonly number[]): Choices {
  let at = 0;
  return { below: (n) => (tape[at++] ?? 0) % n };
}

/** Decisions from a seed (xorshift, 32 bits). The same seed produces the same decisions. */
export function seededChoices(seed: number): Choices {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return {
    below(n) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      state >>>= 0;
      return state % n;
    },
  };
}

/** Returns one of the alternatives. */
export function pick<T>(choices: Choices, alternatives: readonly T[]): T {
  return alternatives[choices.below(alternatives.length)] as T;
}
