import { describe, expect, test } from 'vitest';
import { spread } from '@typekro/kit/test-support/budget';
import { type OracleVerdict, ASTRAL, consult, oracleInputs, TEXTS } from '../../support/compose-oracle.ts';

const POSITIONS = [
  '',
  '0',
  '1',
  '-1',
  '2',
  '-2',
  '99',
  '-99',
  '1.9',
  '1e21',
  '-1e21',
  'NaN',
  'Infinity',
  's.n',
  's.m',
  'undefined',
];
const PIECES = ["''", "'a'", "'b'", "'-'", 's.u', "'\\u00e9'", "'constructor'"];

const pairs = <T>(as: readonly T[], bs: readonly T[]): [T, T][] => as.flatMap((a) => bs.map((b) => [a, b] as [T, T]));
const calls = (names: string, of: string, args: readonly string[]): string[] =>
  names.split(' ').flatMap((name) => args.map((each) => `${of}.${name}(${each})`));
const positioned = (pieces: readonly string[]) =>
  pairs(pieces, POSITIONS).map(([piece, at]) => (at === '' ? piece : `${piece}, ${at}`));

/** Expressions of numbers: fields, operators, conversions and functions. */
const NUMBERS = [
  's.n',
  's.f',
  '-s.n',
  '-s.f',
  's.n / 2',
  's.n / 7',
  's.f * 2',
  's.f * 10',
  's.n + s.f',
  's.n - 0.5',
  '(s.n / s.m)',

  's.n * 1e21',
  's.f + 1e21',
  's.n + 9007199254740993',
  's.f * 1e-7',
  's.f ** 2',
  's.n ** 1',
  's.n ** 0',
  's.n % 7',

  'Number(s.t)',
  'parseInt(s.t)',
  'parseInt(s.t, 10)',
  'parseFloat(s.t)',
  'Number(s.b)',
  'parseInt(s.f)',
  'parseInt(s.n)',

  'Number(s.t) * 2',
  '(s.n % s.m)',
  's.t.length',
  'Math.sign(s.n / s.m)',
  'Math.max(s.n / s.m, 1)',
  'Math.min(1, s.f / s.n)',
];
const USES: readonly ((x: string) => string)[] = [
  (x) => x,
  (x) => `\`\${${x}}\``,
  (x) => `String(${x})`,
  (x) => `JSON.stringify({ x: ${x} })`,
  (x) => `(${x}).toFixed()`,
  (x) => `(${x}).toFixed(1)`,
  (x) => `(${x}).toFixed(2)`,
  (x) => `(${x}).toFixed(20)`,
  (x) => `(${x}) | 0`,
  (x) => `~~(${x})`,
  (x) => `Math.round(${x})`,
  (x) => `Math.floor(${x})`,
  (x) => `Math.ceil(${x})`,
  (x) => `Math.trunc(${x})`,
  (x) => `Math.abs(${x})`,
  (x) => `Math.sign(${x})`,
  (x) => `Number.isNaN(${x})`,
  (x) => `isNaN(${x})`,
  (x) => `Number.isFinite(${x})`,
  (x) => `isFinite(${x})`,
  (x) => `Number.isInteger(${x})`,
  (x) => `Number.isSafeInteger(${x})`,
  (x) => `(${x}) || 80`,
  (x) => `(${x}) ? 'yes' : 'no'`,
  (x) => `!(${x})`,
  (x) => `(${x}) > 3`,
  (x) => `!((${x}) <= 3)`,
  (x) => `(${x}) === 5`,
  (x) => `(${x}) !== s.f`,
  (x) => `Math.max(${x}, 1)`,
  (x) => `[1, 2, 3].includes(${x})`,
];

const TABLES: Readonly<Record<string, readonly string[]>> = {
  'parts of a text': [
    ...calls('slice substring substr charAt at', 's.t', POSITIONS),
    ...pairs(POSITIONS.slice(1), POSITIONS.slice(1)).flatMap(([a, b]) =>
      calls('slice substring substr', 's.t', [`${a}, ${b}`]),
    ),
    's.t[0]',
    's.t[-1]',
    's.t[1.5]',
    's.t[s.n]',
    's.t[99]',
    "s.t['length']",
    's.t.length',
  ],
  'searching a text': calls('includes startsWith endsWith indexOf lastIndexOf', 's.t', positioned(PIECES)),
  'strings made from a string': [
    ...calls('trim trimStart trimEnd toString valueOf', 's.t', ['']),
    ...calls('trim trimStart trimEnd', '(s.t + s.u)', ['']),
    ...calls('padStart padEnd', 's.t', [
      '0',
      '3',
      '8',
      '-1',
      '8, ""',
      '8, "ab"',
      '8, "<>&"',
      '1.9, "x"',
      'NaN',
      '8, undefined',
    ]),
    ...calls('repeat', 's.t', ['0', '1', '3', '1.9', 'NaN', 'undefined', 's.b ? 2 : 1', '-1', 'Infinity']),
    ...calls('concat', 's.t', ['', 's.u', '1, null, undefined', 's.n, s.b, s.f']),
    ...calls(
      'replace replaceAll',
      's.t',
      pairs(PIECES, ["''", "'x'", "'$&'", 's.u', "'\\\\'"]).map((pair) => pair.join(', ')),
    ),
    ...calls('split', 's.t', ['', 'undefined', ...PIECES, 'undefined, 1', 'undefined, 0', 'null', '5']),
    ...calls(
      'split',
      's.t',
      pairs(["'a'", "''", 's.u'], POSITIONS.slice(1)).map((pair) => pair.join(', ')),
    ),
    ...calls('localeCompare normalize codePointAt charCodeAt matchAll at isWellFormed', 's.t', ['s.u']),
  ],
  'lists and positions in lists': [
    ...['s.list', '[s.t, s.u]', '[...s.list, s.t]'].flatMap((list) => [
      ...calls('includes indexOf lastIndexOf', list, positioned(['s.t', 's.u', "'a'"])),
      ...calls('at slice', list, POSITIONS),
      ...calls('join', list, ['', "''", "', '", 'undefined', 'null', 's.u']),
    ]),
    ...['s.ints', 's.floats', '[s.n, s.f]', '[s.n, 0.5]'].flatMap((list) => [
      ...calls('includes indexOf', list, ['s.n', 's.f', '1', '0.1', 'NaN', 's.n, 1', '1, -1']),
      ...calls('join', list, ['', "'-'"]),
    ]),
    ...[
      '[s.t, null, undefined]',
      '[s.t, s.o]',
      '[s.o, s.z, s.b]',
      '[s.b ? s.o : null, s.n]',
      '[s.f, s.z ?? s.n]',
    ].flatMap((list) => calls('join', list, ['', "'-'"])),
  ],
  'sums of numbers': ['s.floats', 's.ints'].flatMap((list) =>
    ['0', '0.1', '1', 's.f', 's.n'].flatMap((start) =>
      [
        'a + q',
        'a - q',
        'a + q * 2',
        'a + 0.1',
        'a + 1',
        'a + q + 0.1',
        'q > 1 ? a + q : a',
        'q > 1 ? a + q : a - 1',
      ].map((turn) => `${list}.reduce((a, q) => ${turn}, ${start})`),
    ),
  ),
  'texts of other values': [
    ...[
      's.t',
      's.list',
      '{ a: s.t, b: [s.n, s.f] }',
      "'<' + s.t",
      's.f',
      's.b',
      '[s.o]',
      '{ o: s.o }',
      '{ z: s.z }',
      '[s.z]',
    ].map((value) => `JSON.stringify(${value})`),
    ...calls('stringify', 'JSON', ['s.t, null, 2', '{ a: new Date(0), t: s.t }', 's.z']),
    '`${JSON.parse(JSON.stringify({ a: s.f })).a ?? 0}`',
    '`${JSON.parse(JSON.stringify({ a: s.t })).a ?? 0}`',
    "JSON.parse(JSON.stringify([s.t, s.n, s.f, null])).join('-')",
    'btoa(s.t)',
    'atob(s.t)',
    'atob(btoa(s.t))',
    'btoa(s.t + s.u)',
    'encodeURIComponent(s.t)',
    'escape(s.t)',

    's.t + s.f',
    's.t + null',
    's.b + s.t',
    's.t + undefined',
    's.o + s.t',
    'String(s.z)',
    '`${s.z ?? 1}`',
    '`${10n}${s.t}`',
    's.n + 10n',
    's.n === 10n',
    's.n > 10n',
    '`${[s.t]}`',
    's.n.toString(16)',
    's.n.toString()',
    's.b.toString()',
    's.t < s.u',
    's.t >= s.u',
    's.t == s.u',
    "[...s.list].sort().join('|')",
    's.t > 5',
    's.t == 5',
    's.n == s.b',
  ],
  'keys that every object of JavaScript has': [
    ...['constructor', 'toString', '__proto__', 'hasOwnProperty'].flatMap((key) => [
      `s.map.${key}`,
      `s.map['${key}'] ?? 'none'`,
      `s.map?.${key} ?? 'none'`,
      `'${key}' in s.map`,
      `Object.hasOwn(s.map, '${key}')`,
      `({ ['${key}']: s.t })`,
      `({ ...s.map, ['${key}']: s.t })['${key}']`,
      `Object.keys({ ['${key}']: s.t, [s.t]: 'x' }).sort().join()`,
    ]),

    '({ __proto__: s.map }).a',
    'Object.fromEntries([[s.t, s.u]])',
    '({ [s.t]: s.u })',
    'Object.hasOwn(s.map, s.t)',

    'Object.hasOwn({ a: 1 }, s.t)',
    'Object.keys({ ...s.map, [s.t]: 1 }).length',
    "((o) => { o['__proto__'] = s.t; return o.a ?? 'none'; })({})",
  ],
};

/**
 * Expressions that may have no value in the graph, although they have a value in JavaScript: numbers outside CEL's
 * types, and strings that are not numbers.
 */
const MAY_WAIT = /\/|parse|Number\(|\*|Math\.|1e21|\+ s\.f|toFixed|\| 0|~~|btoa|atob|repeat|s\.f|% s\.m/;

function check(expression: string, verdict: OracleVerdict): void {
  if (verdict.kind === 'differs') expect.fail(verdict.text);
  if (verdict.kind === 'waits' && !MAY_WAIT.test(expression)) expect.fail(verdict.text);
  if (verdict.kind === 'refused') expect(verdict.code, expression).toMatch(/^trace\/|^thrown$/);
}

const INPUTS = oracleInputs();

describe('methods and conversions have the results of JavaScript, or are refused', () => {
  test.each(Object.entries(TABLES))('%s', { timeout: 300_000 }, (_, expressions) => {
    for (const expression of spread(expressions, 'methodExpressions')) check(expression, consult(expression, INPUTS));
  });

  test.each(NUMBERS)('the number %s', { timeout: 120_000 }, (number) => {
    for (const use of spread(USES, 'methodExpressions')) check(use(number), consult(use(number), INPUTS));
  });

  test('the result of JSON.parse() is printed, tested and returned as in JavaScript', () => {
    const inputs = oracleInputs(['-0', '-0.0', '0', '-0e7', '1e21', '-1.5', '500000000', 'true', '"-0"', '"a"', '""']);
    for (const expression of [
      'JSON.parse(s.t)',
      '`${JSON.parse(s.t)}`',
      'String(JSON.parse(s.t))',
      'JSON.stringify(JSON.parse(s.t))',
      "JSON.parse(s.t) || 'falsy'",
      "JSON.parse(s.t) ?? 'none'",
      "JSON.parse(s.t) ? 'yes' : 'no'",
      'Array.isArray(JSON.parse(s.t))',
      'Array.isArray(JSON.parse(`[${s.n}]`))',
      "'<' + JSON.parse(s.t) + '>'",
    ])
      expect(consult(expression, inputs), expression).toMatchObject({ kind: 'equal' });
  });

  test('characters outside the Basic Multilingual Plane count as in JavaScript, unless JavaScript splits them', () => {
    const inputs = oracleInputs([...TEXTS.slice(0, 5), ...ASTRAL]);
    for (const expression of [
      's.t.trim()',
      "s.t.replace('a', '-')",
      "s.t.includes('b')",
      "s.t.split('a')",
      '/😀/u.test(s.t)',
    ])
      expect(consult(expression, inputs)).toMatchObject({ kind: 'equal' });
  });
});
