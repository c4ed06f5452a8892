import { expect, test } from 'vitest';
import { compare } from '../../property/compose/differential.ts';

/** Loops of the sort that people write every day: each does on every spec what its graph does. */
const LOOPS: Readonly<Record<string, string>> = {
  'one call over a list with one element more': `(s) => { for (const e of [...s.tags, 'main']) ConfigMap({ id: 'c', name: e }); return {}; }`,
  'the same as forEach': `(s) => { [...s.tags, 'main'].forEach((e) => ConfigMap({ id: 'c', name: e })); return {}; }`,
  'the same as map, read afterwards': `(s) => { const cs = [...s.tags, 'main'].map((e) => ConfigMap({ id: 'c', name: e })); return { n: cs.length, names: cs.map((c) => c.metadata.name) }; }`,
  'one call over two lists, beside a sum': `(s) => { let n = 0; for (const e of [...s.tags, ...(s.flag ? ['x'] : []), 'y']) { n += 1; ConfigMap({ id: 'c', name: e }); } return { n }; }`,
  'one call over elements under conditions': `(s) => { for (const e of [s.flag && 'p', 'q'].filter(Boolean)) ConfigMap({ id: 'c', name: e + s.name }); return {}; }`,
  'a loop variable of the function': `(s) => { const l = []; for (var e of s.tags) l.push(e); return { l, last: e ?? 'none' }; }`,
  'a loop variable that was there before': `(s) => { let e = 'q'; for (e of s.tags) {} return { e }; }`,
  'one variable of the function in two loops': `(s) => { const l = []; for (const t of s.items) { var k = t.key + '!'; l.push(k); } for (var k of s.tags) l.push(k); return { l, k: k ?? 'z' }; }`,
  'a resource in a variable of the function': `(s) => { const l = []; for (const t of s.items) { var c = ConfigMap({ id: 'c', name: t.key }); l.push(c.metadata.name); } return { l }; }`,
  'a key that every turn sets': `(s) => { const o = {}; for (const e of s.tags) o.last = e; return { o }; }`,
  'a key that a turn sets to a constant': `(s) => { const o = { n: 0 }; for (const e of s.tags) { o.n += 1; o.seen = true; } return { o, keys: Object.keys(o), seen: 'seen' in o }; }`,
  'a key that some turns set': `(s) => { const o = { a: 'x' }; for (const e of s.items) if (e.on) o.last = e.key; return { o, last: o.last ?? 'none' }; }`,
  'a switch that falls through in the middle': `(s) => { let v; switch (s.name) { case 'abc': v = 'x'; case 'b': v = 'y'; break; default: v = 'z'; } return { n: v.length }; }`,
  'a switch that falls through into its default': `(s) => { let v; switch (s.name) { case 'abc': v = 'x'; break; case 'b': case 'c': v = 'y'; default: v = 'zz'; } return { n: v.length }; }`,
};

test.each(Object.entries(LOOPS))('%s', (_, source) => {
  const verdict = compare(source);
  expect(verdict).toMatchObject({ kind: 'equal' });
  expect(verdict.kind === 'equal' && verdict.compared >= 2).toBe(true);
});

/** What has no expression, and why. */
const REFUSED: Readonly<Record<string, readonly [source: string, reason: string]>> = {
  'a list that is assigned and filled': [
    `(s) => { let a = []; for (const e of s.tags) { a.push(e); a = [...a, 'x']; } return { a }; }`,
    'a is both assigned anew and changed by .push() in one loop; do one of the two',
  ],
  'a fixed key beside keys of the elements': [
    `(s) => { const o = {}; for (const e of s.items) { o.last = e.key; o[e.key] = 'z'; } return { o }; }`,
    'give the object its keys before the loop',
  ],
  'one call over a constant list': [
    `(s) => { for (const e of ['p', 'q']) ConfigMap({ id: 'c', name: e + s.name }); return {}; }`,
    'the call runs once for each element of a list that is known: give each its own id, as id: `c${index}`, or none',
  ],
  'two keys that come in the order of the turns': [
    `(s) => { const o = {}; for (const e of s.items) { if (e.on) o.last = e.key; else o.off = e.size; } return { k: Object.keys(o) }; }`,
    'the order of the keys of an object depends on its own earlier value',
  ],
};

test.each(Object.entries(REFUSED))('refused: %s', (_, [source, reason]) => {
  const verdict = compare(source);
  expect(verdict.kind).toBe('refused');
  expect(verdict.kind === 'refused' && verdict.text).toContain(reason);
});
