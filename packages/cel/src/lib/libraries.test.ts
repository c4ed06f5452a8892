import { describe, expect, test } from 'vitest';
import { Failure } from '@typekro/kit/golang';
import { CelDouble } from '../values.ts';
import { codePointLength } from '../utf8.ts';
import { marshalJson } from './json-marshal.ts';
import { parseGoJson } from './json-parse.ts';
import { type SemanticVersion, compareSemver, formatSemver, parseSemver } from './semver.ts';
import { decodeBase64 } from './base64.ts';
import { parseFormat } from './format-parse.ts';
import { compilePattern } from './re2.ts';
import { utf16Index } from './strings.ts';
import { civilTime, formatTimestamp, parseTimestamp } from './timestamp.ts';
import { findZone } from './find-zone.ts';

const context = { charge: () => undefined, work: () => undefined, now: 0 };

describe('JSON as Go reads it', () => {
  test('numbers become doubles, the last of equal keys wins, __proto__ is an ordinary key', () => {
    expect(parseGoJson('1')).toEqual(new CelDouble(1));
    const value = parseGoJson('{"a":1,"a":2.5,"__proto__":{"x":"y"}}');
    expect(value instanceof Failure ? value.message : marshalJson(value, context)).toBe(
      '{"__proto__":{"x":"y"},"a":2.5}',
    );
  });

  test.each([
    ['', 'unexpected end of JSON input'],
    ['[1,', 'unexpected end of JSON input'],
    ['tru', "invalid character ' ' in literal true (expecting 'e')"],
    ['nulx', "invalid character 'x' in literal null (expecting 'l')"],
    ['01', "invalid character '1' after top-level value"],
    ['1.', "invalid character ' ' after decimal point in numeric literal"],
    ['-x', "invalid character 'x' in numeric literal"],
    ['1e+]', "invalid character ']' in exponent of numeric literal"],
    ['"\n"', "invalid character '\\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['{1:2}', "invalid character '1' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
    ['[1 2]', "invalid character '2' after array element"],
    ["'x'", "invalid character '\\'' looking for beginning of value"],
    ['é', "invalid character 'Ã' looking for beginning of value"],
    ['[1e400, "x"]', 'json: cannot unmarshal number 1e400 into Go value of type float64'],
    ['['.repeat(10_001), 'exceeded max depth'],
  ])('%.20j is refused', (text, message) => {
    expect(parseGoJson(text)).toEqual(new Failure(message));
  });

  test('an unpaired surrogate becomes the replacement character', () => {
    expect(parseGoJson('"\\ud83dx \\ud83d\\ude42"')).toBe('\ufffdx 🙂');
  });
});

const read = (text: string): SemanticVersion => {
  const version = parseSemver(text);
  if (version instanceof Failure) throw new Error(version.message);
  return version;
};

describe('semantic versions', () => {
  test('are ordered as in the specification', () => {
    const ordered = [
      '1.0.0-1',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.1',
      '1.10.0',
      '2.0.0',
    ];
    for (const [i, a] of ordered.entries()) {
      for (const [j, b] of ordered.entries()) expect(compareSemver(read(a), read(b))).toBe(Math.sign(i - j));
    }
    expect(compareSemver(read('1.0.0+a'), read('1.0.0+b'))).toBe(0);
    expect(formatSemver(read('1.2.3-rc.1+b.2'))).toBe('1.2.3-rc.1+b.2');
  });

  test.each([
    ['', 'Version string empty'],
    ['1.2', 'No Major.Minor.Patch elements found'],
    ['v1.2.3', 'Invalid character(s) found in major number "v1"'],
    ['1.02.3', 'Minor number must not contain leading zeroes "02"'],
    ['1.2.3.4', 'Invalid character(s) found in patch number "3.4"'],
    ['.2.3', 'strconv.ParseUint: parsing "": invalid syntax'],
    ['18446744073709551616.0.0', 'strconv.ParseUint: parsing "18446744073709551616": value out of range'],
    ['1.2.3-', 'Prerelease is empty'],
    ['1.2.3-01', 'Numeric PreRelease version must not contain leading zeroes "01"'],
    ['1.2.3-é', 'Invalid character(s) found in prerelease "é"'],
    ['1.2.3+', 'Build meta data is empty'],
  ])('%j is refused', (text, message) => {
    expect(parseSemver(text)).toEqual(new Failure(message));
  });
});

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

describe('timestamps', () => {
  test.each([
    ['2026-06-15T10:00:00+02:00', '2026-06-15T10:00:00+02:00'],
    ['2026-06-15T10:00:00.100Z', '2026-06-15T10:00:00.1Z'],
    ['2026-06-15T10:00:00.0000000019-00:00', '2026-06-15T10:00:00.000000001Z'],
    ['0001-01-01T00:00:00-01:00', '0001-01-01T00:00:00-01:00'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00Z'],
    ['9999-12-31T23:59:59.999999999Z', '9999-12-31T23:59:59.999999999Z'],
  ])('%s is written %s', (text, written) => {
    const time = parseTimestamp(text);
    expect(time instanceof Failure ? time.message : formatTimestamp(time)).toBe(written);
  });

  test('a fraction may have any number of digits', () => {
    const time = parseTimestamp(`2026-06-15T10:00:00.5${'0'.repeat(20_000)}Z`);
    expect(time).toMatchObject({ nanos: 500_000_000 });
  });

  test.each([
    ['2026-06-15T10:00Z', 'invalid RFC 3339 timestamp "2026-06-15T10:00Z"'],
    ['1900-02-29T00:00:00Z', "type conversion error from 'string' to 'google.protobuf.Timestamp'"],
    ['2023-02-29T00:00:00Z', "type conversion error from 'string' to 'google.protobuf.Timestamp'"],
    ['2026-12-31T23:59:60Z', "type conversion error from 'string' to 'google.protobuf.Timestamp'"],
    ['2026-12-31t00:00:00Z', "type conversion error from 'string' to 'google.protobuf.Timestamp'"],
    ['9999-12-31T23:59:59-00:01', 'timestamp overflow'],
    ['0001-01-01T00:00:00+00:01', 'timestamp overflow'],
  ])('%s is refused', (text, message) => {
    expect(parseTimestamp(text)).toEqual(new Failure(message));
  });

  test('civilTime returns the same dates as JavaScript', () => {
    for (let seconds = -62_135_596_800; seconds < 253_402_300_799; seconds += 86_400 * 367 + 3_601) {
      const date = new Date(seconds * 1000);
      const time = civilTime(seconds);
      expect([time.year, time.month, time.day, time.hour, time.minute, time.second, time.dayOfWeek]).toEqual([
        date.getUTCFullYear(),
        date.getUTCMonth() + 1,
        date.getUTCDate(),
        date.getUTCHours(),
        date.getUTCMinutes(),
        date.getUTCSeconds(),
        date.getUTCDay(),
      ]);
    }
  });
});

describe('time zones', () => {
  const offset = (name: string, seconds: number): number | string => {
    const zone = findZone(name);
    return zone instanceof Failure ? zone.message : zone(seconds);
  };
  test.each([
    ['Europe/Berlin', 1782000000, 7200],
    ['America/New_York', 1782000000, -14400],
    ['America/New_York', -62135596800, -17762],
    ['US/Central', 0, -21600],
    ['Etc/GMT+5', 0, -18000],
    ['', 0, 0],
    ['+2:00', 0, 7200],
    ['-05:30', 0, -19800],
    ['europe/berlin', 0, 'unknown time zone europe/berlin'],
    ['5', 0, 'unknown time zone 5'],
    ['../etc', 0, 'time: invalid location name'],
    ['+24:00', 0, 'timezone offset hours out of range [-23, 23]: +24:00'],
    ['1:60', 0, 'timezone offset minutes out of range [0, 59]: 1:60'],
    ['x:00', 0, 'strconv.Atoi: parsing "x": invalid syntax'],
  ])('the time zone %j has at the time %i the offset or the error %s', (name, seconds, expected) => {
    expect(offset(name, seconds)).toBe(expected);
  });
});
