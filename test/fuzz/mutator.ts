import { type Choices, pick } from '../support/choices.ts';

/**
 * The maximum length of a mutated input, in bytes. Few bytes are enough for most defects, and short inputs run faster.
 */
export const MAX_INPUT_BYTES = 4096;

/** Numbers at boundaries of lengths, counters and signs. */
const BOUNDARIES: readonly string[] = ['0', '-1', '1', '127', '128', '255', '256', '65535', '65536', '2147483648'];

/** Bytes with a meaning in many languages, and bytes at the boundaries of encodings. */
const BYTES: readonly number[] = [0, 1, 0x0a, 0x0d, 0x20, 0x22, 0x27, 0x2d, 0x5c, 0x7f, 0x80, 0xbf, 0xc3, 0xed, 0xff];

/** The data from which mutations take bytes. */
export interface MutationSource {
  /** Other inputs, for splices. */
  readonly corpus: readonly Buffer[];
  /** Words of the input's language. */
  readonly dictionary: readonly string[];
}

type Mutation = (input: Buffer, choices: Choices, source: MutationSource) => Buffer;

/** Returns a copy of the input with one to eight changes. Equal choices produce equal changes. */
export function mutate(input: Buffer, choices: Choices, source: MutationSource): Buffer {
  let changed = input;
  // One, two, four and eight changes are equally frequent.
  const count = 1 << choices.below(4);
  for (let made = 0; made < count; made += 1) changed = pick(choices, MUTATIONS)(changed, choices, source);
  return changed.length > MAX_INPUT_BYTES ? changed.subarray(0, MAX_INPUT_BYTES) : changed;
}

/** A copy of the input in which `inserted` replaces `removed` bytes at the offset `at`. */
function replace(input: Buffer, at: number, removed: number, inserted: Uint8Array): Buffer {
  return Buffer.concat([input.subarray(0, at), inserted, input.subarray(at + removed)]);
}

const placeIn = (input: Buffer, choices: Choices): number => choices.below(input.length + 1);

/** A random length for a part that begins at `at`. Short lengths are more frequent than long lengths. */
function lengthFrom(input: Buffer, at: number, choices: Choices): number {
  const longest = Math.min(input.length - at, 1 << choices.below(9));
  return longest === 0 ? 0 : 1 + choices.below(longest);
}

const word = (choices: Choices, { dictionary }: MutationSource): Buffer =>
  Buffer.from(dictionary.length === 0 ? pick(choices, BOUNDARIES) : pick(choices, dictionary));

/**
 * A random region of the input: a line, a word, or a part in brackets or quotes. The whole input if there is no such
 * region.
 */
function regionOf(input: Buffer, choices: Choices): { readonly at: number; readonly length: number } {
  const text = input.toString('latin1');
  const pattern = pick(choices, [/[^\n]+/g, /[\w.]+/g, /\{[^{}]*\}|\[[^[\]]*\]|\([^()]*\)|"[^"]*"/g]);
  const found = [...text.matchAll(pattern)].slice(0, 500);
  if (found.length === 0) return { at: 0, length: input.length };
  const match = found[choices.below(found.length)];
  return { at: match?.index ?? 0, length: match?.[0].length ?? 0 };
}

const MUTATIONS: readonly Mutation[] = [
  /** Flips one bit. */
  (input, choices) => {
    if (input.length === 0) return input;
    const at = choices.below(input.length);
    return replace(input, at, 1, Buffer.of((input[at] ?? 0) ^ (1 << choices.below(8))));
  },
  /** Replaces one byte. */
  (input, choices) => {
    const byte = choices.below(2) === 0 ? pick(choices, BYTES) : choices.below(256);
    return replace(input, placeIn(input, choices), 1, Buffer.of(byte));
  },
  /** Inserts one byte. */
  (input, choices) => replace(input, placeIn(input, choices), 0, Buffer.of(choices.below(256))),
  /** Removes a part. */
  (input, choices) => {
    const at = placeIn(input, choices);
    return replace(input, at, lengthFrom(input, at, choices), Buffer.alloc(0));
  },
  /** Repeats a part. */
  (input, choices) => {
    const at = placeIn(input, choices);
    const part = input.subarray(at, at + lengthFrom(input, at, choices));
    const copies = Array.from({ length: 1 << choices.below(choices.below(8) === 0 ? 7 : 3) }, () => part);
    return replace(input, at, 0, Buffer.concat(copies));
  },
  /** Moves a part. */
  (input, choices) => {
    const at = placeIn(input, choices);
    const length = lengthFrom(input, at, choices);
    const rest = replace(input, at, length, Buffer.alloc(0));
    return replace(rest, placeIn(rest, choices), 0, input.subarray(at, at + length));
  },
  /** Inserts a word. */
  (input, choices, source) => replace(input, placeIn(input, choices), 0, word(choices, source)),
  /** Replaces a part with a word. */
  (input, choices, source) => {
    const at = placeIn(input, choices);
    return replace(input, at, lengthFrom(input, at, choices), word(choices, source));
  },
  /** Replaces a region of the input with a word. */
  (input, choices, source) => {
    const { at, length } = regionOf(input, choices);
    return replace(input, at, length, word(choices, source));
  },
  /**
   * Copies a region of the input to the place of another region. The copy replaces the other region, or precedes it.
   */
  (input, choices) => {
    const from = regionOf(input, choices);
    const to = regionOf(input, choices);
    return replace(input, to.at, choices.below(2) * to.length, input.subarray(from.at, from.at + from.length));
  },
  /** Replaces digits with a boundary number. */
  (input, choices) => {
    const numbers = [...input.toString('latin1').matchAll(/\d+/g)];
    const found = numbers[choices.below(Math.max(1, numbers.length))];
    if (found === undefined) return input;
    return replace(input, found.index, found[0].length, Buffer.from(pick(choices, BOUNDARIES)));
  },
  /** Joins the beginning of the input and the end of another input. */
  (input, choices, { corpus }) => {
    if (corpus.length === 0) return input;
    const other = pick(choices, corpus);
    return Buffer.concat([input.subarray(0, placeIn(input, choices)), other.subarray(placeIn(other, choices))]);
  },
  /** Inserts a region of another input. */
  (input, choices, { corpus }) => {
    if (corpus.length === 0) return input;
    const other = pick(choices, corpus);
    const { at, length } = regionOf(other, choices);
    return replace(input, placeIn(input, choices), 0, other.subarray(at, at + length));
  },
];
