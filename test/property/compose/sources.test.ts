import { describe, expect, test } from 'vitest';
import { numbersOf, spread } from '@typekro/kit/test-support/budget';
import { fuzzedSource, problemOf } from '../../support/compose-fuzz.ts';
import { consult, oracleInputs } from '../../support/compose-oracle.ts';

test('the tracer translates each source exactly, or refuses it', { timeout: 1_800_000 }, () => {
  for (const number of numbersOf('composeSources')) {
    const seed = 1 + number;
    const source = fuzzedSource(seed);
    expect(problemOf(source), `seed ${seed}: ${source}`).toBeUndefined();
  }
});

/** Patterns by topic. RE2 rejects many of them, or interprets them differently from JavaScript. */
const PATTERNS: Readonly<Record<string, string>> = {
  'any character, and the ends of lines': String.raw`/./ /^.$/ /a.b/ /a.b/s /[^]/ /[]/ /a[]b/ /[\s\S]/ /[^\n]/ /^b/m /a$/m /^a$|^b$/m /(^b)/m /^$/m /^/ /$/ /^$/ /a$b/`,
  'escapes of one letter': String.raw`/\z/ /\A/ /\Q/ /\a/ /\pL/ /\cJ/ /[\cJ]/ /[\c1]/ /\c/ /[\b]/ /\0/ /\07/ /\1/ /\8/ /[\1]/ /\x41/ /\u0041/ /\u{61}/ /\u{61}/u /\uD83D\uDE00/ /\uD83D/ /\k/ /\-/ /\"/ /\t/ /\v/ /\u2028/ /\//`,
  'escapes of classes': String.raw`/\s/ /^\S+$/ /[\S]/ /[^\S]/ /[\s\d]/ /\d+/ /\D/ /[\D5]/ /\w+/ /\W/ /[\W_]/ /[^\W]/ /\bb/ /\B5/ /\p{L}/u /\P{L}/u /\p{Lu}+/u /[\p{L}\d]/u /[^\p{L}]/u /\p{Script=Greek}/u`,
  'letters of both cases': String.raw`/s/i /k/i /S/i /[s]/i /[a-z]+/i /[^s]/i /\w/i /\W/i /[^\w]/i /é/i /σ/i /µ/i /ß/i /ſ/i /K/i /İ/i /abc/i /[é]/i /^[^é]$/i /[\u0100-\u017f]/i /s/iu /k/iu /\w/iu /é/iu /\bs/iu`,
  'character classes, and patterns that look like one': String.raw`/[[:alpha:]]/ /[/]/ /[-a]/ /[a-]/ /[\w-]/ /[\w-a]/ /[a\]]/ /[\^a]/ /[$.]/ /[A-z]/ /[\x00-\x1f]/ /[\u2028]/ /[a&&b]/ /[a--b]/v /[😀]/ /[😀]/u /😀/ /😀+/ /]/ /}/ /a]/`,
  repetitions: String.raw`/a{,5}/ /b{/ /a{1001}/ /(?:a{40}){40}/ /a{2}/ /a{2,}/ /a{0}/ /a{1,2}?/ /a*?b/ /a??/ /(?:a|b)+c?/ /a|/ /()/ /(?:)/ /(?:a*)*/ /(?:a|ab)(?:c|bcd)?/`,
  'groups and flags': String.raw`/(a)(b)/ /(?<n>a)b/ /(a)\1/ /(?<n>a)\k<n>/ /(?=a)/ /(?<!a)b/ /(\d+)/ /^v?(\d+)$/ /a/y /a/g /a/d /(?:^a|b)c/`,
  'groups that can match at only one position': String.raw`/^(\w+)-(\w*)$/ /^([a-z]+)(\d+)?/ /^(.*?)-(.*)$/ /^(.*)-(.*)$/ /(\w+)-(\w+)/ /^(?<n>[a-z]+)(?:\d+(?<m>[a-z]+))?/ /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?/ /-(a)?-/ /(a|b)(c|d)?/ /(ab|cd)(\d\d)/ /(a+)(a*)/ /(a+?)(b*)/ /(a*)(ab)?/ /(?:(a)|b)+/ /(a)|(b)/ /((\w)\d)/ /([^,]*),(.*)/ /^(\s*)(\S*)/ /([A-Z])(\w)/i /(k)(\d)?/i /^(-*)(.*?)(-*)$/ /\b(\w)(\w*)\b/ /(\Bb)(.)/ /^(?:(\w)-)?(\w)/ /(\d*)?x/ /([a-c]{1,2})([b-d]{2})/ /(a{2})(a)/ /(\w?)/ /(\w*?)?/ /(([ab]*?b*))?/`,
  'everyday patterns': String.raw`/b/ /,/ /\./ /[,;]/ /[aeiou]/ /[^a-z]+/ /a+/ /^-+|-+$/ /^a*|b+$/ /-+$/ /^[a-z]/ /[\w.]+@/ /^(?:0|[1-9]\d*)$/ /"/ /'/ /~/ /#/`,
};

const USES: readonly ((pattern: string) => string)[] = [
  (p) => `${p}.test(s.t)`,
  (p) => `${p}.exec(s.t)?.[0] ?? 'none'`,
  (p) => `s.t.match(${p})?.index ?? -7`,
  (p) => `s.t.match(${p})?.length ?? -7`,
  (p) => `s.t.match(${p})?.input ?? 'none'`,
  (p) => `s.t.match(${p})?.[1] ?? 'none'`,
  (p) => `s.t.match(${p})?.[2] ?? 'none'`,
  (p) => `${p}.exec(s.t)?.groups?.n ?? 'none'`,
  (p) => `[...s.t.matchAll(${p}g)].map((m) => m[0] + '/' + (m[1] ?? '-')).join()`,
  (p) => `s.t.replace(${p}, '[$&|$1]')`,
  (p) => `s.t.replace(${p}, (m, g) => '<' + m + (g ?? '-') + '>')`,
  (p) => `s.t.replaceAll(${p}g, (m) => '<' + m + '>')`,
  (p) => `s.t.match(${p}g)?.join('~') ?? 'none'`,
  (p) => `s.t.search(${p})`,
  (p) => `s.t.replace(${p}, '#')`,
  (p) => `s.t.replace(${p}, '')`,
  (p) => `s.t.replaceAll(${p}g, '#')`,
  (p) => `s.t.replaceAll(${p}g, '')`,
  (p) => `s.t.replaceAll(${p}, '')`,
  (p) => `s.t.split(${p})`,
];

const INPUTS = oracleInputs();

function isProgram(expression: string): boolean {
  try {
    // eslint-disable-next-line no-new-func -- only parsed
    return typeof new Function('s', `return ${expression}`) === 'function';
  } catch {
    return false;
  }
}

describe('a pattern matches the same strings as in JavaScript, or is refused', () => {
  test.each(Object.entries(PATTERNS))('%s', { timeout: 120_000 }, (_, patterns) => {
    let equal = 0;
    const all = patterns.split(' ').flatMap((pattern) => USES.map((use) => use(pattern)));
    for (const expression of spread(all.filter(isProgram), 'patternExpressions')) {
      const verdict = consult(expression, INPUTS);
      if (verdict.kind === 'refused')
        expect(verdict.code, expression).toMatch(/^(?:trace\/(?:regex|no-cel|member|user-error)|thrown)$/);
      else expect(verdict, 'text' in verdict ? verdict.text : '').toMatchObject({ kind: 'equal' });
      if (verdict.kind === 'equal') equal++;
    }
    expect(equal).toBeGreaterThan(0);
  });
});

test.each([
  ['/^(s+)(t+)$/iu', 'equal'],
  ['/^([0-9]+)-(s+)$/iu', 'equal'],
  ['/^(s+)(\u017f+)$/i', 'equal'],
  ['/^(s+)(\u017f+)$/iu', 'refused'],
  ['/^(\u017f+)(s+)$/iu', 'refused'],
  ['/^([k-m]+)(\u212a+)$/iu', 'refused'],
])('the first group of %s ends as in JavaScript, or is refused', (pattern, kind) => {
  const inputs = oracleInputs(['s\u017f', 'SS\u017f\u017f', '\u017fs', 'k\u212a', 'KK\u212a', 'sst', '12-s']);
  expect(consult(`${pattern}.exec(s.t)?.[1] ?? 'none'`, inputs)).toMatchObject({ kind });
});
