import { type } from 'arktype';
import { expect, test } from 'vitest';
import { createCompositionApi } from '@typekro/sdk/compose';
import { compare } from '../../property/compose/differential.ts';

const { kubernetesComposition } = createCompositionApi({ loadDeploy: () => Promise.reject(new Error('no cluster here')) });

/** Loops that fill an empty object: they count, group or look up elements by key. */
const EQUAL: readonly string[] = [
  "(spec) => { const counts = {}; for (const t of spec.tags) counts[t] = (counts[t] ?? 0) + 1; return { counts }; }",
  "(spec) => { const counts = {}; for (const t of spec.tags) { if (!counts[t]) counts[t] = 0; counts[t]++; } return { counts, n: Object.keys(counts).length, a: counts.a ?? -1 }; }",
  "(spec) => { const by = {}; for (const p of spec.items) { if (!by[p.key]) by[p.key] = 0; by[p.key] += p.size; } return { by }; }",
  "(spec) => { const by = {}; for (const p of spec.items) by[p.key] = (by[p.key] || 0) + p.size; return { by }; }",
  "(spec) => { const g = {}; for (const p of spec.items) (g[p.key] ??= []).push(p.size); return { g }; }",
  "(spec) => { const g = {}; for (const p of spec.items) { if (!g[p.key]) g[p.key] = []; g[p.key].push(p.size); } return { g }; }",
  "(spec) => { const g = {}; for (const p of spec.items) { g[p.key] = [...(g[p.key] ?? []), p.size]; } return { g }; }",
  "(spec) => { const g = {}; for (const p of spec.items) { if (!(p.key in g)) g[p.key] = p.size; } return { g }; }",
  "(spec) => { const g = {}; for (const p of spec.items) { g[p.key] ??= p.size; } return { g }; }",
  "(spec) => { const m = {}; for (const p of spec.items) m[p.key] = Math.max(m[p.key] ?? 0, p.size); return { m }; }",
  "(spec) => { const m = {}; for (const p of spec.items) { if (p.on) m[p.key] = (m[p.key] ?? 0) + 1; } return { m }; }",
  "(spec) => { const m = {}; for (const t of spec.tags) { const k = t.slice(0, 1); m[k] = (m[k] ?? '') + t; } return { m }; }",
  "(spec) => { const m = {}; spec.tags.forEach((t) => { m[t] = (m[t] ?? 0) + 1; }); return { m }; }",
  "(spec) => ({ m: spec.tags.reduce((acc, t) => { acc[t] = (acc[t] ?? 0) + 1; return acc; }, {}) })",
  "(spec) => ({ m: spec.items.reduce((acc, t) => { (acc[t.key] ||= []).push(t.size); return acc; }, {}) })",
  "(spec) => { const m = {}; for (const n of spec.nums) m[n] = (m[n] ?? 0) + 1; return { m }; }",
  "(spec) => { const m = {}; for (const n of spec.nums) m[n % 2 === 0 ? 'even' : 'odd'] = (m[n % 2 === 0 ? 'even' : 'odd'] ?? 0) + n; return { m }; }",
  "(spec) => { const m = {}; if (spec.flag) for (const t of spec.tags) m[t] = (m[t] ?? 0) + 1; ConfigMap({ name: 'c', data: { m: JSON.stringify(m) } }); return {}; }",
  "(spec) => { const m = {}; for (const t of spec.tags) { if (m[t]) continue; m[t] = true; } return { m }; }",
  "(spec) => { const g = {}; for (const p of spec.items) { const l = (g[p.key] ??= []); l.push(p.size); if (p.on) l.push(-1); } return { g }; }",
  "(spec) => { const g = {}; for (const p of spec.items) { g[p.key]?.push(1); } return { g }; }",
  "(spec) => { const g = {}; for (const p of spec.items) { (g[p.key] ??= []).push(p); } return { g: Object.fromEntries(Object.entries(g).map(([k, v]) => [k, v.map((e) => e.size).join()])) }; }",
  "(spec) => { const m = {}; for (const f of spec.floats) m[spec.name] = (m[spec.name] ?? 0) + f; return { m }; }",
  "(spec) => { const m = {}; for (const p of spec.items) m[p.key] = (m[p.key] ?? 10) - p.size; return { m }; }",
  "(spec) => { const g = {}; for (const p of spec.items) { const l = []; g[p.key] ??= l; l.push(p.size); } return { g }; }",
  "(spec) => { const m = {}; for (const t of spec.tags) { const before = m[t]; m[t] = (m[t] ?? 0) + 1; if (before === undefined) m[t] += 10; } return { m }; }",
  "(spec) => { const m = {}; for (const p of spec.items) { m[p.key] = (m[p.key] ?? true) && p.on; } return { m }; }",
  "(spec) => { const m = {}; for (const p of spec.items) { m[p.key] = m[p.key] || p.on; } return { m }; }",
  "(spec) => { const m = {}; for (const p of spec.items) { if (p.note) m[p.note] = (m[p.note] ?? 0) + p.size; } return { m }; }",
  "(spec) => { const m = {}; for (const p of spec.items) { m[p.note ?? 'none'] = (m[p.note ?? 'none'] ?? 0) + 1; } return { m, k: Object.keys(m).sort().join(), s: Object.values(m).reduce((a, b) => a + b, 0) }; }",
  "(spec) => { const m = {}; for (const [k, v] of Object.entries(spec.labels ?? {})) m[v] = (m[v] ?? 0) + 1; return { m }; }",
  "(spec) => { const m = {}; for (const [k, v] of Object.entries(spec.labels ?? {})) (m[v] ??= []).push(k); return { m }; }",
  "(spec) => { const m = {}; for (let i = 0; i < spec.tags.length; i++) { const t = spec.tags[i]; m[t] = (m[t] ?? 0) + i; } return { m }; }",
  "(spec) => { const m = {}; for (const c of spec.name) m[c] = (m[c] ?? 0) + 1; return { m }; }",
  "(spec) => { const m = {}; for (const t of spec.tags) { m[t] = (m[t] ?? 0) + 1; } for (const [k, v] of Object.entries(m)) if (v > 1) ConfigMap({ name: 'dup-' + k }); return { dups: Object.values(m).filter((v) => v > 1).length }; }",
  "(spec) => { const m = {}; for (const p of spec.items) { m[p.key] = Math.min(m[p.key] ?? 99, p.size); } return { m, r: Object.entries(m).length }; }",
  "(spec) => { const o = {}; for (const p of spec.items) { const l = []; l.push(p.size); o[p.key] = l; } return { o }; }",
  "(spec) => { const o = {}; for (const p of spec.items) { const l = { a: [] }; if (p.on) l.a.push(p.size); o[p.key] = l; } return { o }; }",
];

/** Loops that have no CEL form: the reason, and the program. */
const REFUSED: readonly (readonly [string, string])[] = [
  ["counts to which each iteration of an outer loop adds", "for (const p of s.items) for (const t of p.subs ?? []) m[t] = (m[t] ?? 0) + 1;"],
  ["an object that has keys before the loop", "m.a = 1; for (const t of s.tags) m[t] = (m[t] ?? 0) + 1;"],
  ["two keys in one iteration", "for (const p of s.items) { m[p.key] = (m[p.key] ?? 0) + 1; m[p.key + 'x'] = 1; }"],
  ["a value that counts the keys of the object", "for (const t of s.tags) { m[t] = Object.keys(m).length; }"],
  ["a read of a key that is not the key of the iteration", "for (const t of s.tags) { m[t] = (m[t] ?? 0) + (m[s.name] ?? 0) + 1; }"],
  ["a loop that ends early", "for (const t of s.tags) { if (t === 'b') break; m[t] = (m[t] ?? 0) + 1; }"],
  ["one list under several keys", "const base = []; for (const t of s.tags) { (m[t] ??= base).push(t); }"],
  ["one list under several keys that is changed after the loop", "const base = []; for (const t of s.tags) { m[t] = base; } base.push('x');"],
  ["a list that is filled after it was written", "for (const p of s.items) { const l = []; m[p.key] = l; l.push(p.size); }"],
  ["one resource per distinct key", "for (const t of s.tags) { if (m[t]) continue; m[t] = true; ConfigMap({ name: 'c' + t }); }"],
];

test.each(EQUAL)('as in JavaScript: %s', (source) => {
  const verdict = compare(source);
  expect(verdict).toMatchObject({ kind: 'equal' });
  expect(verdict.kind === 'equal' && verdict.compared >= 3).toBe(true);
});

test.each(REFUSED)('refused: %s', (_, body) => {
  expect(compare(`(s) => { const m = {}; ${body} return { m }; }`)).toMatchObject({ kind: 'refused' });
});

test('a key that is also a member of Object.prototype is an ordinary key', () => {
  const counted = kubernetesComposition({ name: 'counted', spec: type({ tags: 'string[]' }) }, (spec) => {
    const counts: Record<string, number> = {};
    for (const tag of spec.tags) counts[tag] = (counts[tag] ?? 0) + 1;
    return { counts };
  });
  const { status } = counted.evaluate({ tags: ['toString', 'constructor', 'toString', ''] });
  expect(status).toEqual({ counts: { '': 1, constructor: 1, toString: 2 } });
});
