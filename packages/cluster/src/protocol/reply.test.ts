import { describe, expect, test } from 'vitest';
import { warningHeader } from './reply.ts';

describe('the header with warnings', () => {
  const marks = ['a', 'b', 'c', 'd', 'e'];
  test.each([
    ['no warnings', [], {}],
    ['equal warnings', ['a', 'b', 'a'], { warning: '299 - "a", 299 - "b"' }],
    [
      'a warning with quotes and control characters',
      ['a "b" \\\n\u0085c'],
      { warning: String.raw`299 - "a \"b\" \\  c"` },
    ],
    // Node writes each character of a header as one byte. The characters of the value are therefore the UTF-8 bytes of
    // the string.
    ['a warning in another script', ['größe 字'], { warning: Buffer.from('299 - "größe 字"').toString('latin1') }],
    [
      'one warning of the maximum length in another script',
      ['字'.repeat(4096)],
      { warning: Buffer.from(`299 - "${'字'.repeat(4096)}"`).toString('latin1') },
    ],
    ['one warning of the maximum length', ['x'.repeat(4096)], { warning: `299 - "${'x'.repeat(4096)}"` }],
    ['one warning that is too long', ['"'.repeat(4097)], { warning: `299 - "${String.raw`\"`.repeat(256)}"` }],
    [
      'many warnings that exceed the limit together',
      marks.map((mark) => mark.repeat(1000)),
      { warning: marks.map((mark) => `299 - "${mark.repeat(256)}"`).join(', ') },
    ],
  ])('for %s', (_, texts, header) => {
    expect(warningHeader(texts)).toEqual(header);
  });

  test('omits the first warning that exceeds the limit, and all later warnings', () => {
    const texts = Array.from({ length: 1000 }, (_, index) => `${index} ${'x'.repeat(300)}`);
    expect(warningHeader(texts)['warning']?.split(', ')).toHaveLength(16);
  });
});
