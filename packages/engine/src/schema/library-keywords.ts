import type { JsonObject } from '@typekro/kit/core';
import { refused } from './library-type.ts';

/** The keyword for a divisor. A fraction is refused, because libraries and API servers round differently. */
export function divisorKeywords(value: unknown): JsonObject {
  if (typeof value === 'number' && Number.isInteger(value) && value !== 0) return { multipleOf: Math.abs(value) };
  return refused(
    `multiples of ${String(value)} are not checked, because the API server rounds fractions differently`,
    'use an integer in a smaller unit',
  );
}

/** A text as a pattern that matches exactly this text. */
export const escapedText = (text: unknown): string => String(text).replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
