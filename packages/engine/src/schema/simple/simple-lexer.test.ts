import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lexMarkers, markerOffset } from './simple-lexer.ts';

function markersOf(text: string) {
  const lexed = lexMarkers(text, 0);
  if ('error' in lexed) throw new Error(lexed.error.message);
  return lexed.markers;
}

describe('the lexer finds the position', () => {
  test.each([
    ['that is unknown', ' required=true requird=true', 'requird'],
    ['that is unknown and the first', 'requird=true', 'requird'],
    ['that is unknown and has white space before =', ' requird  =true', 'requird'],
    ['without a key', ' =true', '=true'],
    ['without a value', ' required=true default', 'default'],
    ['with an unmatched closing bracket', ' default=1]', ']'],
  ])('of a marker %s', (_name, text, rest) => {
    const lexed = lexMarkers(text, 0);
    const at = 'error' in lexed ? lexed.error.offset : -1;
    expect(text.slice(at, at + rest.length)).toBe(rest);
  });

  test('of keys and values, relative to the beginning of the field', () => {
    const text = 'string | required=true  default="a b"';
    const lexed = lexMarkers(text.slice(8), 8);
    const markers = 'error' in lexed ? [] : lexed.markers;
    expect(markers.map(({ offset }) => text.slice(offset, offset + 3))).toEqual(['req', 'def']);
    expect(markers.map(({ valueOffset }) => text.slice(valueOffset, valueOffset + 4))).toEqual(['true', '"a b']);
  });

  test('of each character of a value, with quotes and escapes', () => {
    const quoted = fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', '=', '|', 'ö') });
    fc.assert(
      fc.property(quoted, (value) => {
        const text = ` description="${value.replaceAll(/["\\]/g, '\\$&')}" required=true`;
        const [marker] = markersOf(text);
        expect(marker?.value).toBe(value);
        if (marker === undefined) return;
        for (const [position, character] of value.split('').entries()) {
          const at = markerOffset(text, marker, position);
          expect(text.slice(at).replace(/^\\/, '').startsWith(character)).toBe(true);
        }
      }),
    );
  });

  test.each([
    ['without quotes', 'validation=self>1', 4, '>1'],
    ['with quotes that are part of the value', 'validation="a"b', 2, '"b'],
  ])('of a value %s', (_name, text, position, rest) => {
    const [marker] = markersOf(text);
    expect(marker === undefined ? undefined : text.slice(markerOffset(text, marker, position))).toBe(rest);
  });
});
