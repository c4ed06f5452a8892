import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import type { JsonValue } from '../core/index.ts';
import { compareText, goTrim } from './go-text.ts';
import { formatSeconds, goFormatDuration, goParseDuration, goParseDurationMs } from './duration.ts';
import { fnv32a, fnv64a } from './fnv.ts';
import { goParseBool, goParseFloat, goParseInt, parseIntegerLiteral } from './strconv.ts';
import { goJsonKind, goTypeOf } from './json-kind.ts';
import { goJsonSyntaxError } from './json-syntax.ts';
import { goJson, goJsonProblem, goQuoteJson, goQuoteJsonByte } from './go-json.ts';
import { goPemBlocks } from './pem.ts';
import { goQuote, goQuoteBytes, needsNoEscape } from './quote.ts';
import { sortIndices } from './sort.ts';

test.each([
  ['\uffff', '\u{1f642}'],
  ['a', 'ab'],
  ['', 'a'],
  ['Z', 'a'],
  [`${'x'.repeat(5_000)}a`, `${'x'.repeat(5_000)}b`],
  [`a${'x'.repeat(5_000)}`, `b${'x'.repeat(5_000)}`],
])('%j is before %j, by bytes of UTF-8', (a, b) => {
  expect([compareText(a, b), compareText(b, a), compareText(a, a)]).toEqual([-1, 1, 0]);
});

describe('durations', () => {
  test.each([
    ['1h30m', '1h30m0s', '5400s'],
    ['90s', '1m30s', '90s'],
    ['-1.5h', '-1h30m0s', '-5400s'],
    ['100us', '100µs', '0.0001s'],
    ['1.s', '1s', '1s'],
    ['.5h', '30m0s', '1800s'],
    ['0', '0s', '0s'],
    ['-2562047h47m16.854775808s', '-2562047h47m16.854775808s', '-9223372036.854776s'],
  ])('%s is %s in Go, and %s in seconds', (text, go, seconds) => {
    const nanos = goParseDuration(text) ?? -1n;
    expect(goFormatDuration(nanos)).toBe(go);
    expect(formatSeconds(nanos)).toBe(seconds);
  });

  test.each(['', '1', '1h30', '1 h', '.s', '9223372037s', '1d', '+-1s', '1h-1m', '9223372036854775808ns'])(
    '%j is not a duration',
    (text) => {
      expect(goParseDuration(text)).toBeUndefined();
    },
  );

  test.each([
    ['3s', 3000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['200ms', 200],
    ['1µs', 0.001],
    ['-2s', -2000],
    ['2', undefined],
  ])('%s is %s milliseconds', (text, milliseconds) => {
    expect(goParseDurationMs(text)).toBe(milliseconds);
  });
});

test.each([
  ['', 0x811c9dc5, 'cbf29ce484222325'],
  ['a', 0xe40c292c, 'af63dc4c8601ec8c'],
  ['foobar', 0xbf9cf968, '85944171f73967e8'],
])('the 32-bit and 64-bit FNV-1a digests of %j are correct', (text, short, long) => {
  expect(fnv32a(text)).toBe(short);
  expect(Buffer.from(fnv64a(text)).toString('hex')).toBe(long);
});

test.each<[string, bigint | undefined]>([
  ['0', 0n],
  ['-0', 0n],
  ['7', 7n],
  ['+7', 7n],
  ['-12', -12n],
  ['010', 8n],
  ['-010', -8n],
  ['00', 0n],
  ['0o17', 15n],
  ['0O17', 15n],
  ['0x1F', 31n],
  ['-0X1f', -31n],
  ['0b101', 5n],
  ['18446744073709551616', 18446744073709551616n],
  [`0x${'0'.repeat(77)}1`, 1n],
  [`0x${'0'.repeat(78)}1`, undefined],
  ['0'.repeat(79), 0n],
  ['0'.repeat(80), undefined],
  ['08', undefined],
  ['0x', undefined],
  ['0b2', undefined],
  ['1_000', undefined],
  ['1.0', undefined],
  ['', undefined],
  ['+', undefined],
  [' 1', undefined],
])('parseIntegerLiteral(%j) returns %s', (text, value) => {
  expect(parseIntegerLiteral(text)).toBe(value);
});

describe('the type of a JSON value', () => {
  test.each<[value: JsonValue, kind: string, type: string]>([
    ['a', 'string', 'string'],
    [true, 'bool', 'bool'],
    [[1], 'array', '[]interface {}'],
    [{ a: 1 }, 'object', 'map[string]interface {}'],
    [1, 'number', 'int64'],
    [1.5, 'number', 'float64'],
    [1e300, 'number', 'float64'],
    [2n ** 63n - 1n, 'number', 'int64'],
    [2n ** 63n, 'number', 'float64'],
  ])('of %o is named as in Go', (value, kind, type) => {
    expect([goJsonKind(value), goTypeOf(value)]).toEqual([kind, type]);
  });

  test('of null is <nil>, as Go prints an empty interface', () => {
    expect(goTypeOf(null)).toBe('<nil>');
  });
});

test.each([
  ['{"a": [1, true, null]}', undefined],
  ['', 'unexpected end of JSON input'],
  ['not json', "invalid character 'o' in literal null (expecting 'u')"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{} x', "invalid character 'x' after top-level value"],
  ['{"a": {}, "b": [[], {"c": "d"}], "e": -1.5e3} ', undefined],
  ['[]', undefined],
  ['{"a": 1,}', "invalid character '}' looking for beginning of object key string"],
  ['[1 2]', "invalid character '2' after array element"],
  ['{"a": [1}', "invalid character '}' after array element"],
  ['{"a": 1]', "invalid character ']' after object key:value pair"],
  ['[] ]', "invalid character ']' after top-level value"],
  ['["a', 'unexpected end of JSON input'],
  [String.raw`["\\", "\u00e9\/\"\n"]`, undefined],
  [String.raw`["a\q"]`, "invalid character 'q' in string escape code"],
  [String.raw`["\u00g0"]`, String.raw`invalid character 'g' in \u hexadecimal character escape`],
  [String.raw`["\u00`, 'unexpected end of JSON input'],
  ['["\\', 'unexpected end of JSON input'],
  [`[${'1'.repeat(500)}]`, undefined],
  ['{"a":-}', "invalid character '}' in numeric literal"],
  ['-x', "invalid character 'x' in numeric literal"],
  ['-', 'unexpected end of JSON input'],
  ['{"a":1.}', "invalid character '}' after decimal point in numeric literal"],
  ['[1.e1]', "invalid character 'e' after decimal point in numeric literal"],
  ['1.', 'unexpected end of JSON input'],
  ['[1e]', "invalid character ']' in exponent of numeric literal"],
  ['[1.5E+]', "invalid character ']' in exponent of numeric literal"],
  ['0.5e-', 'unexpected end of JSON input'],
  ['[01]', "invalid character '1' after array element"],
  ['[1.5.2]', "invalid character '.' after array element"],
])('goJsonSyntaxError() of %j is: %s', (text, problem) => expect(goJsonSyntaxError(text)).toBe(problem));

test.each([
  ['[', 10_000, ']', undefined],
  ['[', 10_001, ']', 'exceeded max depth'],
  ['[', 10_000, '', 'unexpected end of JSON input'],
  ['[', 100_000, '', 'exceeded max depth'],
  ['{"a":', 10_000, '', 'unexpected end of JSON input'],
  ['{"a":', 100_000, '', 'exceeded max depth'],
])('%j repeated %d times, and then %j repeated as often, has the problem: %s', (opening, times, closing, problem) =>
  expect(goJsonSyntaxError(opening.repeat(times) + closing.repeat(times))).toBe(problem),
);

test('goJson sorts members and escapes HTML', () => {
  expect(goJson({ b: '<&>', a: [1n, null, 1.5] })).toBe('{"a":[1,null,1.5],"b":"\\u003c\\u0026\\u003e"}');
});

test('goJson sorts members as Go does, by bytes of UTF-8', () => {
  expect(goJson({ '\u{1f642}': 1, '\uffff': 2 })).toBe('{"\uffff":2,"\u{1f642}":1}');
});

test.each([
  [{ a: [1.5, -Infinity, Infinity] }, 'json: unsupported value: -Inf'],
  [[{}, { b: Number.NaN }], 'json: unsupported value: NaN'],
  [Infinity, 'json: unsupported value: +Inf'],
  [{ a: [1.7976931348623157e308, 10n ** 400n, 'NaN', null, true] }, undefined],
])('the problem of %o for an encoder is %s', (value, problem) => expect(goJsonProblem(value)).toBe(problem));

test('goQuoteJson writes an unpaired surrogate as U+FFFD', () => {
  expect(goQuoteJson('\ud800<')).toBe('"\\ufffd\\u003c"');
});

test.each([
  ["'", `'\\''`],
  ['"', `'"'`],
  ['\\', `'\\\\'`],
  ['\u0000', `'\\x00'`],
  ['\n', `'\\n'`],
  ['\v', `'\\v'`],
  ['A', `'A'`],
  ['é', `'Ã'`],
  ['☃', `'â'`],
  ['\u{10ffff}', `'ô'`],
])('goQuoteJsonByte(%j) is %s', (text, shown) => {
  expect(goQuoteJsonByte(`x${text}`, 1)).toBe(shown);
});

describe('numbers and booleans', () => {
  test.each([
    ['007', 7],
    [`${'0'.repeat(2_000)}8`, 8],
    ['+5', 5],
    ['9007199254740993', 9007199254740993n],
    ['-9223372036854775808', -9223372036854775808n],
  ])('goParseInt(%s) returns %s', (text, value) => {
    expect(goParseInt(text)).toEqual({ ok: true, value });
  });

  test.each([
    ['9223372036854775808', 'value out of range'],
    ['-9223372036854775809', 'value out of range'],
    ['1'.repeat(100_000), 'value out of range'],
    ['1_0', 'invalid syntax'],
    ['', 'invalid syntax'],
    ['٣', 'invalid syntax'],
  ])('goParseInt refuses %s', (text, why) => {
    expect(goParseInt(text)).toEqual({ ok: false, error: expect.stringContaining(why) as string });
  });

  test.each([
    ['1.', 1],
    ['.5', 0.5],
    ['1_0', 10],
    ['0x1p-2', 0.25],
    ['-0X.8p1', -1],
    ['inf', Infinity],
    ['-Infinity', -Infinity],
    ['NaN', Number.NaN],
  ])('goParseFloat(%s) returns %s', (text, value) => {
    expect(goParseFloat(text)).toEqual({ ok: true, value });
  });

  test.each(['', '.', 'e5', '1e', '_1', '1_', '1__0', '0x1', '+nan', '1e400'])('goParseFloat refuses %s', (text) => {
    expect(goParseFloat(text).ok).toBe(false);
  });

  test.each(['1', 't', 'TRUE', 'True'])('%s is true', (text) => {
    expect(goParseBool(text)).toEqual({ ok: true, value: true });
  });

  test.each(['yes', 'tRUE', '', ' true'])('%j is not a boolean', (text) => {
    expect(goParseBool(text).ok).toBe(false);
  });
});

const A = '-----BEGIN A-----\n';
const END = '-----END A-----\n';

// The results are those of Go 1.26.
test.each<[string, [type: string, hasHeaders: boolean, base64: string][], string]>([
  [`${A}AAAA\n${END}`, [['A', false, 'AAAA']], ''],
  [`text\n${A}AA==\n${END}more`, [['A', false, 'AA==']], 'more'],
  [`${A}Proc-Type: 4,ENCRYPTED\nDEK-Info: x\n\nAAAA\n${END}`, [['A', true, 'AAAA']], ''],
  [
    `${A}${END}${A}A A\tAA\r\n-----END A-----  \t\r\n`,
    [
      ['A', false, ''],
      ['A', false, 'AAAA'],
    ],
    '',
  ],
  [`${A}AAAA\n-----END A-----`, [['A', false, 'AAAA']], ''],
  [`x ${A}AAAA\n${END}`, [], `x ${A}AAAA\n${END}`],
  [`${A}AAAA\n-----END A----- x\n`, [], `${A}AAAA\n-----END A----- x\n`],
  [`${A}AAAA\n-----END B-----\n`, [], `${A}AAAA\n-----END B-----\n`],
  [`${A}AAA\n${END}${A}AAAA\n${END}`, [['A', false, 'AAAA']], ''],
  [`${A}AA=A\n${END}`, [], `${A}AA=A\n${END}`],
  [`-----BEGIN B-----\nx\n${A}AAAA\n${END}`, [['A', false, 'AAAA']], ''],
  [`${A}K: v\n${END}`, [], `${A}K: v\n${END}`],
  [`${A}-----END :\n${A}${END}`, [], `${A}-----END :\n${A}${END}`],
])('the blocks of %j are those of Go', (text, expected, rest) => {
  const found = goPemBlocks(text);
  const blocks = found.blocks.map(({ type, hasHeaders, bytes }) => [type, hasHeaders, bytes.toString('base64')]);
  expect([blocks, found.rest]).toEqual([expected, rest]);
});

test.each(['\n-----BEGIN A-----\n-----END :\n', '\n-----END A', 'K:v\n', ' '])(
  'a text that repeats %j is read in linear time',
  (part) => {
    const text = `${A}${part.repeat(200_000)}x\n${END}`;
    expect(goPemBlocks(text).blocks.length).toBeLessThan(2);
  },
);

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

describe('the sort of Go', () => {
  test('returns the indices of all elements in sorted order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 300 }), (keys) => {
        const order = sortIndices(keys.length, (i, j) => (keys[i] ?? 0) < (keys[j] ?? 0));
        expect(order.map((i) => keys[i])).toEqual([...keys].sort((a, b) => a - b));
        expect(new Set(order).size).toBe(keys.length);
      }),
    );
  });

  // A Go program that sorts the same lists with sort.Slice printed this digest.
  test('orders elements with equal keys like Go', () => {
    let seed = 12345;
    const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 8;
    const keyOf = (mode: number, i: number, n: number, m: number): number => {
      if (mode === 0) return random() % m;
      if (mode === 1) return i % m;
      if (mode === 2) return Math.floor((n - i) / m);
      const key = Math.floor(i / m);
      return random() % 20 === 0 ? random() % m : key;
    };
    const out: string[] = [];
    for (let n = 0; n < 700; n += 3) {
      for (const m of [2, 5, 50, 100000]) {
        for (let mode = 0; mode < 4; mode++) {
          const keys = Array.from({ length: n }, (_, i) => keyOf(mode, i, n, m));
          for (const index of sortIndices(n, (i, j) => (keys[i] ?? 0) < (keys[j] ?? 0))) out.push(`${index},`);
        }
      }
    }
    expect(Buffer.from(fnv64a(out.join(''))).toString('hex')).toBe('5c59a15e8040be41');
  });
});

test('goTrim removes the white space of Go', () => {
  expect(goTrim('\u0085\u00a0\u3000 x \t\v')).toBe('x');
  expect(goTrim('\ufeffx')).toBe('\ufeffx');
});
