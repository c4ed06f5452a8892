import { describe, expect, test, vi } from 'vitest';
import type { TypeProvider } from '../index.ts';
import {
  createEnvironment,
  DOUBLE,
  DYN,
  INT,
  joinPrograms,
  kroEnvironment,
  listType,
  mapType,
  replaceStrings,
  STRING,
  structType,
  toJson,
} from '../index.ts';

const environment = kroEnvironment({ variables: { x: DYN, y: DYN, i: INT, d: DOUBLE, ds: listType(DOUBLE) } });

function run(text: string, variables: Readonly<Record<string, unknown>> = {}, budget?: number): unknown {
  const compiled = environment.compile(text);
  if (!compiled.ok) return compiled.text;
  const result = compiled.program.evaluate(variables, budget === undefined ? {} : { budget });
  if (!result.ok) return result.error.message;
  const json = toJson(result.value);
  return json.ok ? json.value : json.error;
}

describe('numbers', () => {
  test.each<[string, Record<string, unknown>, unknown]>([
    ['9007199254740991 + 1', {}, 9007199254740992n],
    ['9223372036854775807 + 1', {}, 'integer overflow'],
    ['x * x', { x: 4294967296 }, 'integer overflow'],
    ['x - 1', { x: 9007199254740992n }, 9007199254740991],
    ['-7 / 2', {}, -3],
    ['0 * -1', {}, 0],
    ['x + 1.5', { x: 2 }, 'no such overload'],
    ['d + 1.0', { d: 2 }, 3],
    ['dyn(d) == 2', { d: 2 }, true],
    ['type(dyn(d)) == type(1.0)', { d: 2 }, true],
    ['ds.sum()', { ds: [1, 2, 0.5] }, 3.5],
    ['ds[0] / 2.0', { ds: [1] }, 0.5],
    ['x.map(e, type(e) == type(1))', { x: [1, 1.5, 1e300] }, [true, false, false]],
    ['0.0 / 0.0 < 1.0', {}, false],
    ['x % -1', { x: -9223372036854775808n }, 'integer overflow'],
    ['int(-9223372036854775808.0)', {}, 'integer overflow'],
    ["'🙂b'.indexOf('b')", {}, 1],
    ["dyn(duration('5ns')) in {5.0: 1, 7: 2}", {}, false],
    ["-dyn(duration('-9223372036854775808ns'))", {}, 'integer overflow'],
    ["-dyn(duration('-1s')) == duration('1s')", {}, true],
    ['google.protobuf.Duration{seconds: 90, nanos: -5}', {}, '1m29.999999995s'],
    // Go converts a message beyond the range to the longest duration.
    ['google.protobuf.Duration{seconds: 9223372037}', {}, '2562047h47m16.854775807s'],
    ['google.protobuf.Duration{seconds: -9223372037, nanos: 5}', {}, '-2562047h47m16.854775808s'],
    ['google.protobuf.Duration{seconds: x}', { x: 'a' }, 'no such overload'],
    ['google.protobuf.Timestamp{seconds: x}', { x: 1.5 }, 'no such overload'],
  ])('%s with the variables %o is %s', (text, variables, expected) => {
    expect(run(text, variables)).toEqual(expected);
  });
});

describe('errors', () => {
  test.each<[string, unknown]>([
    ['false && x.nope', false],
    ['x.nope || true', true],
    ['x.nope && true', 'no such key: nope'],
    ['[1, 0].exists(e, 1 / e == 1)', true],
    ['[0, 2].all(e, 1 / e == 1)', false],
    ['[0, 0].exists(e, 1 / e == 1)', 'division by zero'],
    ['optional.of(1).orValue(1 / 0)', 1],
    ['cel.bind(a, 1 / 0, 1)', 1],
    ['true ? 1 : 1 / 0', 1],
  ])('%s', (text, expected) => {
    expect(run(text, { x: {} })).toEqual(expected);
  });

  test('an error is pending if data is missing, but not if data has a wrong type', () => {
    const compiled = environment.compile('x.a.b + 1');
    if (!compiled.ok) throw new Error(compiled.text);
    expect(compiled.program.evaluate({ x: {} })).toEqual({
      ok: false,
      error: { message: 'no such key: a', pending: true },
    });
    expect(compiled.program.evaluate({})).toMatchObject({
      error: { message: 'no such attribute(s): x', pending: true },
    });
    expect(compiled.program.evaluate({ x: { a: { b: 's' } } })).toMatchObject({ error: { pending: false } });
  });
});

describe('maps of a declared type', () => {
  const typed = kroEnvironment({ variables: { m: mapType(STRING, INT), x: DYN } });

  test.each<[string, unknown]>([
    ["m['a']", 1],
    ["m['toString']", 'no such key: toString'],
    ["'toString' in m", false],
    ['dyn(m) == 1', 'no such overload'],
    ['dyn(m) != 1', true],
  ])('%s is %s', (text, expected) => {
    const compiled = typed.compile(text);
    if (!compiled.ok) throw new Error(compiled.text);
    const result = compiled.program.evaluate({ m: { a: 1 }, x: 1 });
    expect(result.ok ? toJson(result.value) : result.error.message).toEqual(
      typeof expected === 'string' ? expected : { ok: true, value: expected },
    );
  });
});

test('a program finds a field of a declared object type by its escaped name, and reads the value as the declared type', () => {
  const fields = new Map([
    ['a__dash__b', DOUBLE],
    ['__if__', DOUBLE],
    ['plain', DOUBLE],
  ]);
  const types: TypeProvider = {
    findType: (name) => (name === 'T' ? structType('T') : undefined),
    findField: (_name, field) => {
      const type = fields.get(field);
      return type === undefined ? undefined : { type };
    },
    fieldNames: () => [...fields.keys()],
  };
  const compiled = createEnvironment({ types, variables: { o: structType('T') } }).compile(
    'o.a__dash__b / 2.0 + o.__if__ / 2.0 + o.plain / 2.0',
  );
  if (!compiled.ok) throw new Error(compiled.text);
  expect(compiled.program.evaluate({ o: { 'a-b': 1, if: 3, plain: 5 } })).toEqual({ ok: true, value: 4.5 });
});

describe('hostile data', () => {
  test('getters are not called, and prototypes are not read', () => {
    let called = 0;
    const trap = {
      get a() {
        return ++called;
      },
      b: 1,
    };
    const heir = Object.create({ a: 1 }) as object;
    expect(run('x.a', { x: trap })).toBe('no such key: a');
    expect(run('x.b', { x: trap })).toBe(1);
    expect(run('x[0].a', { x: [trap] })).toBe('no such key: a');
    expect(run('x.a', { x: heir })).toBe('no such key: a');
    expect(called).toBe(0);
  });

  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    '%s is present only if the data contains it',
    (name) => {
      expect(run(`has(x.${name})`, { x: {} })).toBe(false);
      expect(run(`x.${name}`, { x: JSON.parse(`{"${name}": 7}`) as unknown })).toBe(7);
    },
  );

  test('the evaluation of cyclic and deep data returns a value or an error', () => {
    const cycle: Record<string, unknown> = { a: 1 };
    cycle.self = cycle;
    expect(run('x.self.self.a', { x: cycle })).toBe(1);
    expect(run('x', { x: cycle })).toBe('result is nested too deep');
    let deep: unknown = 1;
    for (let level = 0; level < 50_000; level++) deep = [deep];
    expect(run('x == y', { x: deep, y: [deep] })).toBe(false);
  });

  test('values that JSON cannot represent are errors', () => {
    expect(run('x', { x: () => 1 })).toBe('unsupported type: function');
    expect(run('x.f', { x: { f: () => 1 } })).toBe('no such key: f');
  });
});

/** The numbers from 0 to `size` - 1. */
const numbers = (size: number) => Array.from({ length: size }, (_, index) => index);

describe('budget', () => {
  test.each([
    'lists.range(100).map(a, lists.range(100).map(b, lists.range(100).map(c, lists.range(100).map(d, a))))',
    `cel.bind(a, "0123456789", ${'cel.bind(a, a + a, '.repeat(60)}a${')'.repeat(61)}`,
    `cel.bind(a, [1, 2], ${'cel.bind(a, a + a, '.repeat(60)}a.size()${')'.repeat(61)}`,
    `cel.bind(a, b"0123456789", ${'cel.bind(a, a + a, '.repeat(60)}a.size()${')'.repeat(61)}`,
    `cel.bind(a, dyn(b"0123456789"), ${'cel.bind(a, a + a, '.repeat(60)}a.size()${')'.repeat(61)}`,
  ])('%s exceeds the budget', (text) => {
    expect(run(text)).toBe('evaluation budget exceeded');
  });

  const wide = '€'.repeat(100_000);
  const letters = 'a'.repeat(200_000);
  const part = `${'a'.repeat(50_000)}b${'a'.repeat(50_000)}`;
  test.each<[string, Record<string, unknown>]>([
    ['lists.range(50).all(i, x.charAt(i) != "")', { x: wide }],
    ['lists.range(50).all(i, x.substring(99990 + i % 9) != "")', { x: wide }],
    ['lists.range(50).all(i, x.substring(i, i + 1) != "")', { x: wide }],
    [
      'cel.bind(u, url(x), lists.range(50).all(i, u.getQuery().size() > 0))',
      { x: `https://a?${'b=c&'.repeat(20_000)}` },
    ],
    ['x.contains(y)', { x: letters, y: part }],
    ['x.indexOf(y) == 1', { x: letters, y: part }],
    ['x.indexOf(y, 1) == 1', { x: letters, y: part }],
    ['x.lastIndexOf(y) == 1', { x: letters, y: part }],
    ['x.lastIndexOf(y, 1) == 1', { x: letters, y: part }],
    ['x.replace(y, "") == ""', { x: letters, y: part }],
    ['x.split(y) == []', { x: letters, y: part }],
    ['"%s".format([lists.range(6000).map(i, x)]) == ""', { x: letters }],
    ['"%s".format([{"a": lists.range(6000).map(i, x)}]) == ""', { x: letters }],
    ['"%s".format([lists.range(6000).map(i, x)]) == ""', { x: new Uint8Array(200_000) }],
    ['cel.bind(l, lists.range(1000), l.all(i, math.greatest(l) >= 0))', {}],
    ['lists.range(30000).all(i, timestamp("2026-01-01T00:00:00Z").getHours("Asia/Kolkata") >= 0)', {}],
  ])('%s exceeds the budget', (text, variables) => {
    const compiled = kroEnvironment({ variables: { x: DYN, y: DYN }, features: { math: true } }).compile(text);
    if (!compiled.ok) throw new Error(compiled.text);
    const result = compiled.program.evaluate(variables, { budget: 200_000 });
    expect(result.ok ? result.value : result.error.message).toBe('evaluation budget exceeded');
  });

  const entries = Object.fromEntries(numbers(1_000).map((key) => [`k${key}`, key]));
  test.each<[string, number]>([
    ['lists.range(1000).all(i, x.exists(k, true))', 3_000_000],
    ['lists.range(1000).transformMapEntry(i, v, {v: v}).size() > 0', 10_000],
    ['x.transformMap(k, v, v).size() > 0', 11_000],
    ['x.merge(x).size() > 0', 16_000],
    ['json.marshal(x) != ""', 4_000],
    ['lists.range(1000).all(i, quantity("1Gi").isGreaterThan(quantity("1Ki")))', 16_000],
    ['lists.range(1000).all(i, url("https://a/b").getHost() == "a")', 8_000],
    ['lists.range(1000).all(i, string(double(i)) != "")', 4_000],
    ['lists.range(1000).all(i, i in [-1, -2, i])', 3_000],
  ])('%s costs at least %d units of a shared budget', (text, least) => {
    const compiled = kroEnvironment({ variables: { x: DYN } }).compile(text);
    if (!compiled.ok) throw new Error(compiled.text);
    const shared = { left: 10_000_000 };
    compiled.program.evaluate({ x: entries }, { shared });
    expect(10_000_000 - shared.left).toBeGreaterThanOrEqual(least);
    const small = { left: least / 4 };
    const result = compiled.program.evaluate({ x: entries }, { shared: small });
    expect([result.ok ? result.value : result.error.message, small.left]).toEqual(['evaluation budget exceeded', 0]);
  });

  test('the copy of a result as JSON uses the shared budget', () => {
    const shared = { left: 100 };
    expect([toJson(numbers(20), { shared }).ok, shared.left]).toEqual([true, 16]);
    expect([toJson(numbers(20), { shared }), shared.left]).toEqual([
      { ok: false, error: 'evaluation budget exceeded' },
      0,
    ]);
  });

  test('a short substring of a long string is found', () => {
    const x = `${'€'.repeat(100_000)}ab`;
    expect(run('x.contains(y) && x.indexOf(y) == 100000 && x.split(y).size() == 2', { x, y: 'a' })).toBe(true);
  });

  test('the remaining budget is reported', () => {
    const meter = { left: 0 };
    const evaluate = (text: string) => {
      const compiled = environment.compile(text);
      if (compiled.ok) compiled.program.evaluate({}, { budget: 10, meter });
      return meter.left;
    };
    expect(evaluate('1 + 2')).toBe(10);
    expect(evaluate('[1, 2, 3].all(e, e > 0)')).toBe(7);
    expect(evaluate('[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].all(e, e > 0)')).toBeLessThan(0);
  });

  test('|| true does not absorb the error of an exceeded budget', () => {
    expect(run('lists.range(1000).all(e, false || e >= 0) || true', {}, 100)).toBe('evaluation budget exceeded');
  });
});

test('a parsed expression can be planned without a type check', () => {
  const parsed = environment.parse('1 == 1.0 && nope(1) == 2 || true');
  if (!parsed.ok) throw new Error(parsed.text);
  const planned = environment.plan(parsed.ast);
  if (!planned.ok) throw new Error(planned.text);
  expect(planned.program.evaluate({})).toEqual({ ok: true, value: true });
});

describe('a program that joins the strings of other programs', () => {
  const texts = kroEnvironment({ variables: { s: STRING, t: STRING, x: DYN } });
  const programOf = (text: string) => {
    const compiled = texts.compile(text);
    if (!compiled.ok) throw new Error(compiled.text);
    return compiled.program;
  };

  test.each<[readonly string[], Record<string, unknown>, number?]>([
    [['s', "'-1'"], { s: 'a' }],
    [["'<'", 's', "'|'", 't', "'>'"], { s: 'a', t: '' }],
    [['s', 't'], { t: 'b' }],
    [['t', 's'], { t: 'b', s: 7 }],
    [['s + s', "'-1'"], { s: 'x'.repeat(40) }],
    [['string(x.n)', "'-1'"], { x: {} }],
    [['string(x.n)', "'-1'"], { x: { n: 2 } }],
    [['s', "'-1'"], { s: 'x'.repeat(100) }, 101],
    [['s', "'-1'"], { s: 'x'.repeat(100) }, 102],
    [["lists.range(30).map(n, string(n)).join(',')", 's'], { s: 'a' }, 20],
  ])('made from %j, has the result of the whole expression with the variables %o', (parts, variables, budget) => {
    const options = budget === undefined ? {} : { budget };
    const whole = programOf(parts.map((part) => `(${part})`).join(' + '));
    const joined = joinPrograms(parts.map((part) => (part.startsWith("'") ? part.slice(1, -1) : programOf(part))));
    expect(joined?.evaluate(variables, options)).toEqual(whole.evaluate(variables, options));
  });

  test('is not made when a value might not be a string', () => {
    expect(joinPrograms(['a-', programOf('x')])).toBeUndefined();
  });

  test('can be copied with other literal strings, and stays unchanged', () => {
    const first = joinPrograms(['a-', programOf('s'), '-b']);
    const other = first && replaceStrings(first, ['', '!']);
    expect(other?.evaluate({ s: '1' })).toEqual({ ok: true, value: '1!' });
    expect(first?.evaluate({ s: '1' })).toEqual({ ok: true, value: 'a-1-b' });
  });

  test('cannot be copied with another number of literal strings, nor can a program that joins nothing', () => {
    const program = joinPrograms(['a-', programOf('s')]);
    expect(program && replaceStrings(program, [])).toBeUndefined();
    expect(program && replaceStrings(program, ['a', 'b'])).toBeUndefined();
    expect(replaceStrings(programOf('s'), [])).toBeUndefined();
  });
});

test('all calls of now() in one evaluation return the same time', () => {
  let clock = 1000;
  const spy = vi.spyOn(Date, 'now').mockImplementation(() => (clock += 1000));
  try {
    const withNow = kroEnvironment({ features: { now: true } });
    const compiled = withNow.compile('string(now())');
    const equal = withNow.compile('now() == now()');
    if (!compiled.ok || !equal.ok) throw new Error('the expressions do not compile');
    expect(equal.program.evaluate({})).toEqual({ ok: true, value: true });
    const joined = joinPrograms([compiled.program, '/', compiled.program])?.evaluate({});
    expect(joined).toEqual({ ok: true, value: '1970-01-01T00:00:03Z/1970-01-01T00:00:03Z' });
  } finally {
    spy.mockRestore();
  }
});
