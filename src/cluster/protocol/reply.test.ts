import { describe, expect, test } from 'vitest';
import { warningHeader } from './reply.ts';

describe('the header with warnings', () => {
  const marks = ['a', 'b', 'c', 'd', 'e'];
  test.each([
    ['none', [], {}],
    ['equal ones', ['a', 'b', 'a'], { warning: '299 - "a", 299 - "b"' }],
    ['quotes, lines and other scripts', ['a "b" \\\n字'], { warning: String.raw`299 - "a \"b\" \\  "` }],
    ['one of the maximum length', ['x'.repeat(4096)], { warning: `299 - "${'x'.repeat(4096)}"` }],
    ['one that is too long', ['"'.repeat(4097)], { warning: `299 - "${String.raw`\"`.repeat(256)}"` }],
    [
      'many that are too long together',
      marks.map((mark) => mark.repeat(1000)),
      { warning: marks.map((mark) => `299 - "${mark.repeat(256)}"`).join(', ') },
    ],
  ])('%s', (_, texts, header) => {
    expect(warningHeader(texts)).toEqual(header);
  });

  test('ends before the first warning that is too much', () => {
    const texts = Array.from({ length: 1000 }, (_, index) => `${index} ${'x'.repeat(300)}`);
    expect(warningHeader(texts)['warning']?.split(', ')).toHaveLength(16);
  });
});
