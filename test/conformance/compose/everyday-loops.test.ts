import { expect, test } from 'vitest';
import { compare } from '../../property/compose/differential.ts';

/** Common loops. For every spec, each program produces the same result as its graph. */
const LOOPS: Readonly<Record<string, string>> = {
  'one factory call over a list with an additional element': `(s) => { for (const e of [...s.tags, 'main']) ConfigMap({ id: 'c', name: e }); return {}; }`,
  'one factory call in forEach() over a list with an additional element': `(s) => { [...s.tags, 'main'].forEach((e) => ConfigMap({ id: 'c', name: e })); return {}; }`,
  'one factory call in map() over a list with an additional element, and a read of the result': `(s) => { const cs = [...s.tags, 'main'].map((e) => ConfigMap({ id: 'c', name: e })); return { n: cs.length, names: cs.map((c) => c.metadata.name) }; }`,
  'one factory call over two lists, next to a sum': `(s) => { let n = 0; for (const e of [...s.tags, ...(s.flag ? ['x'] : []), 'y']) { n += 1; ConfigMap({ id: 'c', name: e }); } return { n }; }`,
  'one factory call over elements under conditions': `(s) => { for (const e of [s.flag && 'p', 'q'].filter(Boolean)) ConfigMap({ id: 'c', name: e + s.name }); return {}; }`,
  'a loop variable declared by var': `(s) => { const l = []; for (var e of s.tags) l.push(e); return { l, last: e ?? 'none' }; }`,
  'a loop variable declared before the loop': `(s) => { let e = 'q'; for (e of s.tags) {} return { e }; }`,
  'one var in two loops': `(s) => { const l = []; for (const t of s.items) { var k = t.key + '!'; l.push(k); } for (var k of s.tags) l.push(k); return { l, k: k ?? 'z' }; }`,
  'a resource in a var': `(s) => { const l = []; for (const t of s.items) { var c = ConfigMap({ id: 'c', name: t.key }); l.push(c.metadata.name); } return { l }; }`,
  'a switch that falls through in the middle': `(s) => { let v; switch (s.name) { case 'abc': v = 'x'; case 'b': v = 'y'; break; default: v = 'z'; } return { n: v.length }; }`,
  'a switch that falls through into its default': `(s) => { let v; switch (s.name) { case 'abc': v = 'x'; break; case 'b': case 'c': v = 'y'; default: v = 'zz'; } return { n: v.length }; }`,
  'the characters of a string': `(s) => { let r = ''; for (const c of s.name) r += c + '.'; return { r }; }`,
  'resources under a condition on the spec': `(s) => { const v = []; for (const e of s.tags) { if (s.flag) v.push(ConfigMap({ id: 'x', name: e })); } return { m: v.length > 0, n: v.length }; }`,
  'resources under two conditions, on the spec and on the element': `(s) => { const v = []; for (const e of s.tags) { if (s.flag && e !== 'b') v.push(ConfigMap({ id: 'x', name: e })); } return { names: v.map((c) => c.metadata.name) }; }`,
  'strings under a condition on the spec': `(s) => { const v = ['z']; for (const e of s.tags) { if (s.flag) v.push(e); } return { v }; }`,
  'the first match, by a test that is not equality': `(s) => { let acc = 'none'; for (const e of Object.values(s.labels ?? {})) { if (e !== 'b') { acc = e; break; } } return { acc }; }`,
  'positions of a list with an additional element': `(s) => { const l = []; for (const [i, t] of [...s.tags, s.name].entries()) l.push(i + t); return { l }; }`,
  'positions of elements under conditions': `(s) => { const l = []; for (const [i, t] of [s.flag && 'x', s.name].filter(Boolean).entries()) l.push(i + t); return { l }; }`,
  'a power': `(s) => ({ a: Math.pow(s.n, 2), b: Math.pow(2, 3) })`,
  'a string as a number': `(s) => ({ a: +s.name || 7, b: +s.flag, c: +s.n })`,
  'the last match in a constant list': `(s) => ({ a: ['abc', 'b', 'abc'].lastIndexOf(s.name), b: ['abc', 'b'].findLast((x) => x !== s.name) ?? 'q', c: ['abc', 'b'].findLastIndex((x) => x === s.name) })`,
  'one text, many times': `(s) => ({ a: Array(3).fill(s.name), b: new Array(2).fill(s.n).join('-') })`,
  'elements that are inserted at a known position': `(s) => { const a = ['p', 'q']; const gone = a.splice(1, 1, s.name, 'z'); return { a, gone }; }`,
  'pairs with positions': `(s) => { const pairs = s.tags.map((t, i) => [t, i]); return { r: pairs.map(([a, b]) => a + ':' + b), n: pairs.length }; }`,
  'pairs by position': `(s) => { const pairs = s.tags.map((t) => [t, 'x']); return { r: pairs.map((p) => p[0] + p[1]), j: pairs.map((p) => p.join('-')) }; }`,
  'pairs in a loop that makes resources': `(s) => { for (const [e, i] of [...s.tags, 'b'].map((t, at) => [t, at])) ConfigMap({ id: 'c', name: e + '-' + i }); return {}; }`,
  'pairs of a key and its element': `(s) => { const pairs = s.items.map((t) => [t.key, t]); const l = []; for (const [k, v] of pairs) l.push(k + v.size); return { l, m: Object.fromEntries(pairs.map(([k, v]) => [k, v.size])) }; }`,
  'a filter of pairs': `(s) => { const pairs = s.items.map((t) => [t.key, t.note ?? 'no']).filter(([k]) => k !== 'a'); return { l: pairs.map(([k, n]) => k + n), n: pairs.length, any: pairs.some(([k, n]) => k + n === 'bno') }; }`,
  'pairs of an element and its resource': `(s) => { const g = s.tags.map((t) => [t, ConfigMap({ id: 'c', name: t })]); return { l: g.map(([t, c]) => t + c.metadata.name) }; }`,
  'the lesser of a number and a number that may be absent': `(s) => ({ a: Math.min(s.port ?? Infinity, s.n), b: Math.max(s.port ?? -Infinity, s.n, 2) })`,
};

test.each(Object.entries(LOOPS))('a program and its graph have the same result: %s', (_, source) => {
  const verdict = compare(source);
  expect(verdict).toMatchObject({ kind: 'equal' });
  expect(verdict.kind === 'equal' && verdict.compared >= 2).toBe(true);
});

/** Refused loops and calls, each with a part of the refusal's message. */
const REFUSED: Readonly<Record<string, readonly [source: string, reason: string]>> = {
  'a list that is assigned and filled': [
    `(s) => { let a = []; for (const e of s.tags) { a.push(e); a = [...a, 'x']; } return { a }; }`,
    'a is both assigned and changed by .push() in one loop; do one of the two',
  ],
  'a fixed key next to keys of the elements': [
    `(s) => { const o = {}; for (const e of s.items) { o.last = e.key; o[e.key] = 'z'; } return { o }; }`,
    'give the object its keys before the loop',
  ],
  'one factory call over a constant list': [
    `(s) => { for (const e of ['p', 'q']) ConfigMap({ id: 'c', name: e + s.name }); return {}; }`,
    'the call runs once for each element of a list that is known: give each its own id, as id: `c${index}`, or leave the id out',
  ],
  'elements for which map() returns undefined': [
    `(s) => { const cs = s.items.map((p) => p.on ? ConfigMap({ id: 'c', name: p.key }) : undefined).filter(Boolean); return { n: cs.length }; }`,
    '.map() returns undefined for some elements, and a list in a graph cannot hold undefined; remove these elements first: list.filter(',
  ],
  'positions by for..in': [
    `(s) => { let r = ''; for (const i in s.tags) r += i; return { r }; }`,
    's.tags is a list, and for..in iterates over its indexes, which are strings; use for (const x of list)',
  ],
  'steps of two': [
    `(s) => { let n = 0; for (let i = 0; i < s.tags.length; i += 2) n++; return { n }; }`,
    'count by one and compute the rest',
  ],
  'a count in a loop that ends early': [
    `(s) => { let m = 0; for (const t of s.tags) { if (t === 'c') break; m++; } return { m }; }`,
    'm changes in a loop that runs over a symbolic list and may end early; cut the list first',
  ],
  'groups by a key': [
    `(s) => ({ g: s.items.reduce((g, p) => ({ ...g, [p.key]: [...(g[p.key] ?? []), p.size] }), {}) })`,
    'a loop fills an object, and a list in this object grows from iteration to iteration; list the keys first',
  ],
  'a dollar in a replacement': [
    `(s) => ({ a: 'abc'.replace('b', s.name) })`,
    'replace by a function: (match) => value',
  ],
  'Infinity as the initial value': [
    `(s) => ({ m: s.nums.reduce((m, v) => Math.min(m, v), Infinity) })`,
    'begin with a number that no element exceeds',
  ],
  '-Infinity as the initial value': [
    `(s) => ({ m: s.nums.reduce((m, v) => Math.max(m, v), -Infinity) })`,
    'begin with a number that exceeds no element',
  ],
  'NaN as a branch': [`(s) => ({ m: s.flag ? NaN : 1 })`, 'NaN has no CEL form; write a number'],
  'a key that every iteration sets': [
    `(s) => { const o = {}; for (const e of s.tags) o.last = e; return { o }; }`,
    'give the object its keys before the loop',
  ],
  'a key that one branch of an iteration sets': [
    `(s) => { const o = { a: 'x' }; for (const e of s.tags) { if (s.flag) { const n = e.length; } else { o.c = 'none'; } } return { o }; }`,
    'give the object its keys before the loop',
  ],
};

test.each(Object.entries(REFUSED))('a program is refused: %s', (_, [source, reason]) => {
  const verdict = compare(source);
  expect(verdict.kind).toBe('refused');
  expect(verdict.kind === 'refused' && verdict.text).toContain(reason);
});
