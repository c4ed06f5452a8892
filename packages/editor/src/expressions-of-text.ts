import { type PathStep, scalarOffsets, scanExpressions } from '@typekro/engine/graph';
import type { Span } from './editor-text.ts';
import { type YamlNode, type YamlScalar, placesIn } from './yaml-tree.ts';

/**
 * An expression `${…}` in a scalar. The span covers the text between the braces. Its offsets refer to the chunk
 * (`chunks.ts`) of the file.
 */
export interface WrittenExpression extends Span {
  /** The path of the value; for a computed key, the path of its member. */
  readonly path: readonly PathStep[];
  /** The text without `${` and `}`. */
  readonly text: string;
  /** Converts an offset in `text` to an offset in the chunk. */
  toChunk(offset: number): number;
  /** Converts an offset in the chunk to an offset in `text`. */
  fromChunk(offset: number): number;
}

/** The expressions of a document, in the order of the text. A scalar with an unclosed expression is left out. */
export function expressionsIn(source: string, root: YamlNode | undefined): readonly WrittenExpression[] {
  return [...placesIn(root)].flatMap(({ path, scalar }) =>
    scalar.value.includes('${') ? expressionsOf(source, path, scalar) : [],
  );
}

function expressionsOf(source: string, path: readonly PathStep[], scalar: YamlScalar): WrittenExpression[] {
  const scanned = scanExpressions(scalar.value);
  if (!scanned.ok) return [];
  const offsets = scalarOffsets(source.slice(scalar.from, scalar.to), scalar.value);
  const place = (at: number): number => scalar.from + offsets(at);
  return scanned.parts
    .filter(({ kind }) => kind === 'expression')
    .map(({ text, offset }) => {
      const from = place(offset);
      const to = place(offset + text.length);
      const isPlain = source.slice(from, to) === text;
      const toChunk = (at: number): number => (isPlain ? from + at : place(offset + at));
      return {
        path,
        text,
        from,
        to,
        toChunk,
        fromChunk: (at) => (isPlain ? clamp(at - from, text.length) : lastBelow(toChunk, at, text.length)),
      };
    });
}

const clamp = (value: number, limit: number): number => Math.min(Math.max(value, 0), limit);

/**
 * The largest number `at`, up to `limit`, for which `map(at)` is at most `target`. `map` must be monotonically
 * increasing.
 */
function lastBelow(map: (at: number) => number, target: number, limit: number): number {
  let low = 0;
  let high = limit;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (map(middle) <= target) low = middle;
    else high = middle - 1;
  }
  return low;
}
