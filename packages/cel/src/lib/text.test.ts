import { describe, expect, test } from 'vitest';
import { decodeBase64 } from './base64.ts';
import { Failure } from '@typekro/kit/golang';
import { parseFormat } from './format-parse.ts';
import { compilePattern } from './re2.ts';
import { codePointLength } from '../text.ts';
import { utf16Index } from './strings.ts';

describe('strings as Go handles them', () => {
  test('have lengths and indexes in code points', () => {
    expect(codePointLength('a🙂☃')).toBe(3);
    expect(utf16Index('a🙂☃', 2)).toBe(3);
  });

  test.each([
    ['a-b_', 'illegal base64 data at input byte 1'],
    ['a', 'illegal base64 data at input byte 0'],
    ['YQ=', 'illegal base64 data at input byte 2'],
    ['YQ==YQ==', 'illegal base64 data at input byte 2'],
  ])('%s is not base64', (text, message) => {
    expect(decodeBase64(text)).toEqual(new Failure(message));
  });

  test.each(['aGVsbG8=', 'aGVsbG8', 'aGVs\nbG8=\r\n'])('%j is base64', (text) => {
    expect(decodeBase64(text)).toEqual(new TextEncoder().encode('hello'));
  });
});

describe('format strings', () => {
  test.each([
    ['a%%b', ['a%b']],
    ['%s-%.3f', [{ verb: 's', precision: 6 }, '-', { verb: 'f', precision: 3 }]],
    ['x%', ['x', { problem: 'unexpected end of string', atEnd: true }]],
    ['%é', [{ problem: 'could not parse formatting clause: unrecognized formatting clause "Ã"', atEnd: false }]],
    [
      '%.101f',
      [
        {
          problem:
            'could not parse formatting clause: error while parsing precision: precision 101 exceeds maximum allowed precision 100',
          atEnd: false,
        },
      ],
    ],
  ])('are parsed: %s', (text, parts) => {
    expect(parseFormat(text)).toEqual(parts);
  });
});

describe('patterns', () => {
  const context = { charge: () => undefined, work: () => undefined, now: 0 };
  test.each([
    ['[', 'error parsing regexp: missing closing ]: `[`'],
    ['\\', 'error parsing regexp: trailing backslash at end of expression: ``'],
    ['(a)\\1', 'error parsing regexp: invalid escape sequence: `\\1`'],
  ])('%s is refused', (source, message) => {
    expect(compilePattern(source)).toEqual(new Failure(message));
  });

  test('find all matches that do not overlap, including empty matches', () => {
    const pattern = compilePattern('b*');
    expect(pattern instanceof Failure ? pattern : pattern.findAll('abba', -1, context)).toEqual(['', 'bb', '']);
  });

  test('with a repeated group name in a quoted literal keep the literal', () => {
    const pattern = compilePattern('\\Q(?P<a>\\E(?P<b>x)(?P<b>y)');
    expect(pattern instanceof Failure ? pattern : pattern.find('(xy (?P<a>xy', context)).toBe('(?P<a>xy');
    const unclosed = compilePattern('(?P<b>x)(?P<b>y)\\Q(?P<a>');
    expect(unclosed instanceof Failure ? unclosed : unclosed.find('xy( xy(?P<a>', context)).toBe('xy(?P<a>');
  });

  test('with a repeated group name are quoted as a whole when their groups nest too deeply', () => {
    const source = `(?P<a>x)(?P<a>y)${'('.repeat(2_000)}${')'.repeat(2_000)}`;
    expect(compilePattern(source)).toEqual(
      new Failure(`error parsing regexp: expression nests too deeply: \`${source}\``),
    );
  });

  test('with a repeated group name and 100,000 open brackets are refused quickly', () => {
    const source = `(?P<a>x)(?P<a>y)${'['.repeat(100_000)}`;
    expect(compilePattern(source)).toEqual(
      new Failure(`error parsing regexp: missing closing ]: \`${'['.repeat(100_000)}\``),
    );
  }, 5_000);

  test('take linear time for a string on which backtracking would take exponential time', () => {
    const pattern = compilePattern('^(a+)+$');
    expect(pattern instanceof Failure ? pattern : pattern.test(`${'a'.repeat(20_000)}b`, context)).toBe(false);
  });
});
