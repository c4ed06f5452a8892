import { describe, expect, test } from 'vitest';
import { goQuote, goQuoteBytes, needsNoEscape } from './quote.ts';

describe('goQuote', () => {
  test.each([
    ['', '""'],
    ['plain text', '"plain text"'],
    ['a"b\\', '"a\\"b\\\\"'],
    ['\u0000\u0007\n\u007f', '"\\x00\\a\\n\\x7f"'],
    ['é☃🙂', '"é☃🙂"'],
    ['\u2028\u200b\ufeff\u{e0001}', '"\\u2028\\u200b\\ufeff\\U000e0001"'],
    ['\ud800', '"\ufffd"'],
    ['\u00ad\u3000', '"\\u00ad\\u3000"'],
    ['\u0001\v', '"\\x01\\v"'],
  ])('%j is quoted as %s', (text, quoted) => {
    expect(goQuote(text)).toBe(quoted);
    expect(needsNoEscape(text)).toBe(/^[ -~]*$/.test(text) && quoted === `"${text}"`);
  });
});

test('goQuoteBytes shows bytes that are not UTF-8', () => {
  expect(goQuoteBytes('a\xff\xc3\xa9')).toBe('"a\\xffé"');
});
