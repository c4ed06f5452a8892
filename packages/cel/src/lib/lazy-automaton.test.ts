import { describe, expect, test } from 'vitest';
import { re2Library } from '@typekro/kit/core';
import { Failure } from '@typekro/kit/golang';
import { LazyAutomaton } from './lazy-automaton.ts';
import { compilePattern } from './re2.ts';

const automatonOf = (source: string) => new LazyAutomaton(re2Library().RE2JS.compile(source));

/** A generator of whole numbers below a limit. */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
}

const ATOMS = [
  'a',
  'b',
  '_',
  '.',
  '(?s:.)',
  '[^a]',
  '[a-cé]',
  '\\p{L}',
  '\\w',
  '\\S',
  '^',
  '$',
  '\\b',
  '\\B',
  '\\A',
  '\\z',
  '(?m:^)',
  '(?m:$)',
  '(?i:K)',
  '(?i:é)',
  '\n',
  '中',
  '😀',
  '[😀-😂]',
];
const SUFFIXES = ['', '', '', '*', '+', '?', '*?', '{0,2}', '{2,3}'];
const CHARACTERS = ['a', 'b', 'c', 'k', 'K', '\u212a', '_', ' ', '\n', 'é', 'É', '中', '😀', '😁', '\ud83d', '1'];

function randomPattern(next: (limit: number) => number, depth: number): string {
  const parts = Array.from({ length: 1 + next(4) }, () => {
    const atom = depth > 0 && next(3) === 0 ? `(${randomPattern(next, depth - 1)})` : (ATOMS[next(ATOMS.length)] ?? '');
    return `${next(6) === 0 ? '|' : ''}(?:${atom})${SUFFIXES[next(SUFFIXES.length)] ?? ''}`;
  });
  return parts.join('');
}

describe('an automaton', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('has the results of RE2 for random expressions and texts (seed %i)', (seed) => {
    const next = numbers(seed);
    let matches = 0;
    for (let turn = 0; turn < 300; turn += 1) {
      const source = randomPattern(next, 2);
      const automaton = automatonOf(source);
      for (let text = 0; text < 6; text += 1) {
        const value = Array.from({ length: next(8) }, () => CHARACTERS[next(CHARACTERS.length)] ?? '').join('');
        const found = re2Library().RE2JS.compile(source).matcher(value).find();
        expect([source, value, automaton.test(value)]).toEqual([source, value, found]);
        matches += found ? 1 : 0;
      }
    }
    expect(matches).toBeGreaterThan(300);
    expect(matches).toBeLessThan(1700);
  });

  const many = (count: number, make: (index: number) => string, separator = '') =>
    Array.from({ length: count }, (_, index) => make(index)).join(separator);
  const letters = many(300_000, (index) => String.fromCodePoint(0x4e00 + ((index * 7919) % 20_000)));
  test.each([
    ['one letter', '[\\p{L}]{1,200}[0-9]', 'é'.repeat(300_000), false],
    ['many letters', '[\\p{L}]{1,200}[0-9]', letters, false],
    ['an end of the text', '(?i)[\\p{L}\\p{N}]{1,200}$', `${letters}-`, false],
    ['an end of the text', '(?i)[\\p{L}\\p{N}]{1,200}$', 'é'.repeat(300_000), true],
    ['boundaries', '\\b(?:\\w{1,300}\\b[.]){3}$', 'a.'.repeat(300_000), true],
    ['alternatives', many(2000, (index) => `a${index}b*`, '|'), 'a'.repeat(100_000), false],
    ['bounded lists', '^([^,]{1,200},){1,5}$', 'é'.repeat(500_000), false],
  ])('searches a long text for an expression with %s: %s', (_, source, text, found) => {
    expect(automatonOf(source).test(text)).toBe(found);
  });

  test('stops when almost every character needs a new state', () => {
    const next = numbers(1);
    const automaton = automatonOf('[ab]*a[ab]{300}c');
    const text = many(200_000, () => (next(2) === 0 ? 'a' : 'b'));
    expect([automaton.test(text), automaton.test(`a${'b'.repeat(300)}c`), automaton.test(text)]).toEqual([
      undefined,
      true,
      undefined,
    ]);
  });
});

test('a pattern has the same results for its first texts, and for later ones', () => {
  const pattern = compilePattern('^[a-c]{2,300}$');
  if (pattern instanceof Failure) throw new Error(pattern.message);
  const meter = { visits: 0 };
  const results = Array.from({ length: 100 }, () => [
    pattern.search('abc'.repeat(100), meter),
    pattern.search('abd', meter),
  ]);
  expect(new Set(results.map((result) => result.join()))).toEqual(new Set(['true,false']));
  expect(meter.visits).toBeGreaterThan(0);
});

test('a meter limits the work of many searches', () => {
  const pattern = compilePattern('[ab]*a[ab]{300}c');
  if (pattern instanceof Failure) throw new Error(pattern.message);
  const next = numbers(1);
  const meter = { visits: 0 };
  const results = Array.from({ length: 100 }, () =>
    pattern.search(Array.from({ length: 1000 }, () => (next(2) === 0 ? 'a' : 'b')).join(''), meter),
  );
  expect([results[0], results.at(-1)]).toEqual([false, undefined]);
  expect(pattern.search('abab', { visits: 0 })).toBe(false);
});

describe('a pattern', () => {
  const TOO_LARGE = 'error parsing regexp: expression too large';
  test.each([
    ['50,000 alternatives', Array.from({ length: 50_000 }, (_, index) => `a${index}`).join('|'), TOO_LARGE],
    ['20,000 groups', '(a)'.repeat(20_000), TOO_LARGE],
    ['300 long repetitions', '[ab]{1000}'.repeat(300), TOO_LARGE],
    ['a long group that is repeated', `(?:${'ab[cd]'.repeat(100)}){1000}`, TOO_LARGE],
    ['nested repetitions', `(?:(?:${'[ab]'.repeat(1000)}){10}x){20}`, TOO_LARGE],
    ['a repetition that RE2 refuses', 'a{1001}', 'error parsing regexp: invalid repeat count: `{1001}`'],
    [
      'nested repetitions that RE2 refuses',
      '((a{100}){100}){100}',
      'error parsing regexp: invalid repeat count: `{100}`',
    ],
    ['code points and escapes', String.raw`[\x{100000}-\x{10FFFF}]\x{10FFFF}\Q{1000}{1000}\E\{1000}`, undefined],
    ['3,000 alternatives', Array.from({ length: 3000 }, (_, index) => `a${index}`).join('|'), undefined],
    ['large repetitions', '^([^,]{1,500},){2}[a-z]{1,1000}$', undefined],
  ])('of %s is compiled or refused', (_, source, message) => {
    const pattern = compilePattern(source);
    expect(pattern instanceof Failure ? pattern.message.slice(0, 200) : undefined).toBe(message);
  });

  const charged = (source: string, text: string, member: 'test' | 'find' | 'findAll'): number => {
    const pattern = compilePattern(source);
    if (pattern instanceof Failure) throw new Error(pattern.message);
    let units = 0;
    const context = { charge: (more: number) => void (units += more), work: () => undefined, now: 0 };
    if (member === 'findAll') pattern.findAll(text, 1, context);
    else pattern[member](text, context);
    return units;
  };

  test.each([
    ['test', 'é', 3_000_000],
    ['find', 'é', 3_000_000],
    ['findAll', 'é', 3_000_000],
    ['find', 'e1', 33_000_000],
    ['findAll', 'e1', 33_000_000],
  ] as const)('charges %s on a long text of %j at most for the work of its engine', (member, letter, most) => {
    const units = charged('[\\p{L}]{1,200}[0-9]', letter.repeat(300_000 / letter.length), member);
    expect(units).toBeLessThanOrEqual(most);
    expect(units).toBeGreaterThan(most / 3);
  });

  test('whose search takes too much work exceeds the budget', () => {
    const next = numbers(1);
    const text = Array.from({ length: 200_000 }, () => (next(2) === 0 ? 'a' : 'b')).join('');
    expect(() => charged('[ab]*a[ab]{300}c', text, 'test')).toThrow(
      expect.objectContaining({ message: 'evaluation budget exceeded', fatal: true }),
    );
  });
});
