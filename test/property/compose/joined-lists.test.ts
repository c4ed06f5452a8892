import { describe, expect, test } from 'vitest';
import { share } from '@typekro/kit/test-support/budget';
import { pick, seededChoices } from '../../support/choices.ts';
import { compare } from './differential.ts';

/**
 * Objects that are joined with the elements of `s.items` ({ key, size, on, note?, subs?, limits? }). The name of an
 * object says how its members differ from the members of the elements.
 */
const ELEMENTS: Readonly<Record<string, string>> = {
  'the same members': `{ key: s.name, size: s.n, on: s.flag }`,
  'an optional member': `{ key: s.name, size: 4, on: true, note: s.env }`,
  'a member that may be absent': `{ key: s.name, size: 4, on: true, note: s.tag }`,
  'fewer members': `{ key: '', size: 0 }`,
  'a number with a fraction': `{ key: s.name, size: s.n / 2, on: false }`,
  'an open number': `{ key: s.name, size: s.f, on: false }`,
  'an object in it': `{ key: 'q', size: 1, on: true, limits: { cpu: s.name } }`,
  'a list in it': `{ key: 'q', size: 1, on: true, subs: [s.name, ...s.tags] }`,
  'conditional members': `{ key: s.flag ? s.name : 'x', size: s.flag ? 1 : s.n, ...(s.other ? { note: 'w' } : {}), on: false }`,
};

/** Expressions that join `s.items` with an element. */
const JOINS: Readonly<Record<string, (element: string) => string>> = {
  spread: (e) => `[...s.items, ${e}]`,
  'spread after': (e) => `[${e}, ...s.items]`,
  'between two': (e) => `[...s.items, ${e}, ...s.items]`,
  'concat of a list': (e) => `s.items.concat([${e}])`,
  'concat of one': (e) => `s.items.concat(${e})`,
  'concat of a mapped list': (e) => `s.items.concat(s.tags.map((t) => (${e})))`,
  push: (e) => `(() => { const l = [...s.items]; if (s.other) l.push(${e}); return l; })()`,
  flat: (e) => `[s.items, [${e}]].flat()`,
  flatMap: (e) => `s.items.flatMap((i) => (i.on ? [i] : [${e}]))`,
  'both of a conditional': (e) => `(s.flag ? s.items : [${e}])`,
  'spread of a conditional': (e) => `[...(s.flag ? s.items : [${e}])]`,
  reduce: (e) => `s.items.reduce((all, i) => [...all, i, ${e}], [])`,
};

/** Expressions that read the joined list `l`. */
const READS: readonly string[] = [
  `l.map((e) => e.key + '=' + e.size)`,
  `l.map((e) => e.note ?? 'none')`,
  `l.map((e) => e.size + 0.5)`,
  `l.map((e) => (e.size > 2 ? e.key : ''))`,
  `l.filter((e) => e.size > 1 && !e.note).map((e) => e.key)`,
  `l.filter((e) => e.note).length`,
  `l.find((e) => e.size > 2)?.key ?? 'no'`,
  `l.some((e) => e.on ?? false)`,
  `l.every((e) => Number.isInteger(e.size))`,
  `l.reduce((a, e) => a + e.size, 0)`,
  `l.reduce((a, e) => a + e.key, '')`,
  `l[0]?.key ?? 'empty'`,
  `l.at(-1)?.size ?? -1`,
  `l.slice(1).map((e, i) => e.key + i)`,
  `l.map((e) => e.limits?.cpu ?? '-')`,
  `l.map((e) => (e.subs ?? []).join('+'))`,
  `l.map(({ key, size, note = 'dflt' }) => key + size + note)`,
  `l.map((e) => ({ ...e, note: 'set' })).map((e) => e.note + e.size)`,
  `Object.keys(Object.fromEntries(l.map((e) => [e.key, e.size]))).length`,
  `Object.values(Object.fromEntries(l.map((e) => [e.key, e]))).length`,
  `JSON.stringify(l.map((e) => e.size))`,
  `Math.max(0, ...l.map((e) => e.size))`,
  `[...new Set(l.map((e) => e.key))].length`,
];

const CASES = Object.values(ELEMENTS).flatMap((element) =>
  Object.values(JOINS).flatMap((join) =>
    READS.map((read) => `(s) => { const l = ${join(element)}; return { v: ${read} }; }`),
  ),
);

/** The codes of correct refusals: the element types of the joined list are unknown, or they differ. */
const REFUSALS = new Set(['trace/absent', 'trace/types', 'trace/no-cel', 'trace/field', 'trace/maybe-undefined']);

describe('joined lists of objects', () => {
  test('are read as in JavaScript, and are rarely refused', { timeout: 300_000 }, () => {
    const { first, count: wanted } = share('joinedLists');
    const choices = seededChoices(Number(process.env['TYPEKRO_SEED'] ?? 1 + first));
    const count = Math.min(wanted, CASES.length);
    const sample = count === CASES.length ? CASES : Array.from({ length: count }, () => pick(choices, CASES));
    const refused: string[] = [];
    for (const source of sample) {
      const verdict = compare(source);
      if (verdict.kind === 'differs') throw new Error(`${source}\n${verdict.text}`);
      if (verdict.kind === 'equal') continue;
      expect(REFUSALS, `${source}\n${verdict.text}`).toContain(verdict.code);
      refused.push(source);
    }
    expect(refused.length, refused.join('\n')).toBeLessThan(count / 10);
  });
});
