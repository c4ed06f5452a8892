import { describe, expect, test } from 'vitest';
import { compare } from '../../property/compose/differential.ts';

/** Programs about objects and lists under conditions; each must do the same natively and as a graph. */
const EQUAL: Readonly<Record<string, readonly string[]>> = {
  'keys under conditions': [
    `const o = {}; if (s.flag) o.a = 'x'; return { m: { a: 'base', ...o } };`,
    `const o = {}; if (s.flag) o.a = 'x'; ConfigMap({ id: 'c', name: 'c', data: { a: 'base', ...o } });`,
    `const o = {}; if (s.flag) o.a = 'x'; const t = { a: 'base' }; Object.assign(t, o); return { m: t };`,
    `const o = { a: 'k' }; if (s.flag) delete o.a; return { m: { a: 'base', ...o } };`,
    `const o = { a: 'k', b: 'l' }; if (s.flag) delete o.a; return { keys: Object.keys(o).join(), m: o };`,
    `const o = { a: 'k', b: s.name }; if (s.flag) delete o.a; return { has: 'a' in o, own: Object.hasOwn(o, 'a'), n: Object.keys(o).length };`,
    `const o = { a: 'k', b: 'l' }; delete o[s.name]; return { m: o };`,
    `return { m: { a: 'base', ...Object.fromEntries([['a', s.name], ['b', 'x']].filter(([k, v]) => v !== 'abc')) } };`,
    `return { m: Object.fromEntries([['a', s.name], ['b', 'x']].filter(([k, v]) => v !== 'abc')) };`,
    `return { m: { a: 'base', ...Object.fromEntries([['a', s.tag], ['b', s.opt?.a]].filter(([, v]) => v !== undefined)) } };`,
    `return { m: { a: 'base', ...(s.flag ? { a: 'x' } : undefined), ...(s.other && { a: s.name, b: 'z' }) } };`,
    `const o = {}; if (s.flag) { o.a = 'x'; } else { o.b = 'y'; } return { m: { ...o, b: 'over' }, k: Object.keys(o).join(), v: Object.values(o).join() };`,
    `const o = { a: '1' }; if (s.flag) { o.a = undefined; } return { m: { a: 'base', ...o }, h: 'a' in o };`,
    `const o = { a: s.tag, b: s.opt?.a }; return { m: { a: 'base', b: 'bb', ...o }, h: 'a' in o, k: Object.keys(o).join() };`,
    `const { a, ...rest } = { a: 'k', b: s.tag, c: 'c' }; return { m: { b: 'base', ...rest } };`,
    `const o = {}; if (s.flag) o.x = '1'; const { x = 'dflt', ...r } = o; return { x, r };`,
    `const o = {}; if (s.flag) o.x = '1'; if (s.other) o.y = '2'; const { y, ...r } = o; return { m: { x: 'base', ...r } };`,
    `return { m: { ...s.labels, x: s.tag } };`,
    `return { m: { ...s.labels, x: s.tag }, k: Object.keys({ ...s.labels, x: s.tag }).sort().join() };`,
    `const l = { ...s.labels }; if (s.flag) l.x = 'flag'; return { m: { x: 'base', ...l }, h: 'x' in l, q: l.x ?? 'q' };`,
    `const o = {}; if (s.flag) { o.x = 1; o.y = 2; } else { o.y = 3; o.x = 4; } return { k: Object.keys(o).join(), v: Object.values(o).join(), e: JSON.stringify(Object.entries(o)) };`,
    `const o = {}; if (s.flag) o.b = 1; o.a = 2; o.b = 3; return { k: Object.keys(o).join() };`,
    `const o = {}; if (s.flag) o[2] = 1; o.a = 2; o[1] = 3; return { k: Object.keys(o).join() };`,
    `const o = {}; if (s.flag) o.a = 'x'; let t = ''; for (const k in o) t += k; for (const [k, v] of Object.entries(o)) t += k + v; return { t, n: Object.keys(o).length, e: Object.keys(o).length === 0 };`,
    `const o = {}; if (s.flag) o.a = 'x'; const p = { b: '1', ...o, ...(s.other ? { b: '2' } : {}) }; const q = Object.fromEntries(Object.entries(p).map(([k, v]) => [k, v + '!'])); return { p, q };`,
    `const o = Object.assign({}, s.opt); return { m: o, h: 'b' in o, h2: Object.hasOwn(o, 'a'), k: Object.keys(o).join() };`,
    `const o = { a: 'd', b: 1, ...s.opt }; delete o.deep; return { m: o };`,
  ],
  'objects that a loop fills': [
    `const o = {}; for (const v of s.vars) o[v.name] = 'x'; return { has: 'A' in o, own: Object.hasOwn(o, 'A'), hop: o.hasOwnProperty('A'), z: 'toString' in o };`,
    `const o = { z: 'q' }; for (const v of s.vars) { if (v.value) o[v.name] = v.value; } return { has: 'z' in o, own: Object.hasOwn(o, 'z'), own2: Object.hasOwn(o, s.name), hop: Object.prototype.hasOwnProperty.call(o, 'A') };`,
    `const o = {}; for (const t of s.tags) { o[t] = t; } delete o.b; return { m: o, n: 'b' in o, c: 'c' in o };`,
  ],
  'the elements of a list as arguments': [
    `const lists = s.items.map((i) => i.subs ?? []); return { m: [].concat(...lists) };`,
    `const f = (a = 'A', b = 'B') => \`\${a}-\${b}\`; return { m: f(...s.tags) };`,
    `const list = s.vars.map((v) => ({ [v.name]: 'x' })); return { m: Object.assign({}, ...list) };`,
    `const list = s.vars.map((v) => ({ [v.name]: v.value ?? 'x' })); return { m: Object.assign({ A: 'base', z: 'z' }, ...list) };`,
    `const a = ['x']; a.push(...s.tags); a.unshift(...s.tags); return { m: a.join(), n: a.length };`,
    `const f = function () { return arguments.length; }; return { m: f(...s.tags) };`,
    `return { m: 'a'.concat(...s.tags) };`,
    `return { m: s.name.concat(...s.tags) };`,
    `return { m: ['a'].concat(...s.tags) };`,
    `return { m: [...s.tags].concat(...[s.tags, s.opts ?? []]) };`,
    `return { m: Array.of(...s.tags) };`,
    `const f = (x, y = 'Y', ...z) => \`\${x ?? 'n'}|\${y}|\${z.join()}\`; const args = []; if (s.flag) args.push('F'); if (s.other) args.push(s.name); args.push('E'); return { r: f(...args), u: f('0', ...args), n: args.length };`,
    `const args = [s.name]; if (s.flag) args.push('F'); const [a, b = 'B', ...c] = args; return { a, b, c: c.join(), d: args[0], e: args[1] ?? 'none' };`,
    `const f = (o) => o.a + o.b; return { r: f(...[{ a: s.name, b: s.env }]) };`,
    `return { m: Math.max(...s.items.map((i) => i.size), s.n, 0) };`,
    `const pairs = s.vars.map((v) => [v.name, v.value ?? 'd']); return { m: Object.fromEntries([['z', 'z'], ...pairs]) };`,
    `return { m: Object.assign({}, ...s.items.map((i) => ({ [i.key]: i.size }))) };`,
    `return { m: Object.assign({ a: 'b' }, s.flag && { a: 'c' }, s.labels, undefined, s.opt && { o: s.opt.a }) };`,
    `return { m: [].concat(...s.items.map((i) => i.key)), n: [].concat(s.tags, 'x', ...s.items.map((i) => [i.key, 'y'])) };`,
    `return { m: Array.prototype.concat.apply([], s.items.map((i) => i.subs ?? [])), h: Object.prototype.hasOwnProperty.call(s.labels ?? {}, 'x'), c: Array.prototype.map.call(s.tags, (t) => t + '!') };`,
  ],
  'members that a loop adds up, choices, pieces of texts and tables': [
    `return { a: s.n / -0 > 0, b: s.n / 0 > 0, c: -1 / (s.n * 0 + 1) };`,
    `switch (s.env) { case 'dev': ConfigMap({ id: 'a', name: 'a' }); case 'stage': ConfigMap({ id: 'b', name: 'b' }); break; default: ConfigMap({ id: 'c', name: 'c' }); }`,
    `const o = { n: 0 }; for (const i of s.items) o.n += i.size; return o;`,
    `const o = { n: 0, on: 0 }; for (const i of s.items) { o.n += i.size; if (i.on) o.on++; } return o;`,
    `const o = { n: 0 }; s.items.forEach((i) => { o.n += i.size; }); return o;`,
    `return s.items.reduce((acc, i) => { acc.n += i.size; acc.c++; return acc; }, { n: 0, c: 0 });`,
    `const o = { a: { n: 0 } }; for (const i of s.items) o.a.n += i.size; return { n: o.a.n };`,
    `const o = { name: '' }; for (const i of s.items) o.name += i.key; return o;`,
    `return { t: s.items.map((x, i) => ['a', 'b'][i % 2]).join() };`,
    `const colours = ['r', 'g', 'b']; return { t: s.tags.map((x, i) => colours[i % colours.length]).join() };`,
    `const m = new Map(); m.set('a', s.name); m.set('b', 'x'); return { a: m.get('a'), z: m.get('z') ?? 'zz', n: m.size, h: m.has('a') };`,
    `const m = new Map([['a', s.name], ['b', s.env]]); return { a: m.get('a'), n: m.size, k: [...m.keys()].join(), v: [...m.values()].join(), e: [...m].map(([k, v]) => k + v).join() };`,
    `const m = new Map([['a', s.name], ['b', s.env]]); let t = ''; for (const [k, v] of m) t += k + v; m.forEach((v, k) => { t += v + k; }); return { t, o: Object.fromEntries(m) };`,
    `const m = new Map([['dev', s.n], ['prod', 3]]); return { n: m.get(s.env) ?? 2 };`,
    `const [first] = s.name.split('-'); return { first: first.toUpperCase() };`,
    `return { first: s.name.split('-')[0].toUpperCase(), l: s.name.split('.').at(-1).length, p: s.name.split('-').pop().length, q: s.name.split('-').shift() };`,
    `const first = s.name.split('-')[0]; ConfigMap({ name: \`x-\${first}\` });`,
    `const parts = s.name.split('-'); return { a: parts[0].length, l: parts[parts.length - 1].toUpperCase() };`,
    `return { a: s.tag || s.port || 'none' };`,
    `const x = s.port || s.tag; return { a: x ? \`\${x}\` : 'no' };`,
    `const m = /[a-c]+/.exec(s.name); return { m: m?.[0] ?? 'none' };`,
    `const big = s.items.reduce((a, b) => (a.size > b.size ? a : b), { key: 'none', size: -1 }); return { k: big.key, s: big.size };`,
    `const big = s.items.reduce((a, b) => (b.size >= a.size ? b : a), { key: 'none', size: 2 }); return { k: big.key, s: big.size };`,
    `let best = s.items[0]; for (const i of s.items) if (i.size > best.size) best = i; return { k: best?.key ?? 'none' };`,
    `let best = s.items[0]; for (const i of s.items) { if (i.size <= best.size) best = i; } return { k: best ? best.key : 'none' };`,
    `let n = s.nums[0]; for (const i of s.nums) n += i; return { n: n ?? 'none' };`,
    `const t = { a: 0, last: 'x', max: 0 }; for (const i of s.items) { t.a -= i.size; t.last = i.key; if (i.size > t.max) t.max = i.size; } return t;`,
    `const t = { a: 0 }; for (const i of s.items) for (const u of s.tags) { t.a += i.size; } return t;`,
    `const t = { a: 0 }; for (const i of s.items) { const u = t.a; t.a = u + i.size; } return t;`,
    `const t = { a: 0 }; if (s.flag) for (const i of s.items) t.a += i.size; else t.a = 9; return { ...t, b: t.a };`,
    `const t = { a: 0 }; for (const i of s.items) { const t = { a: 1 }; t.a += i.size; } return t;`,
    `const t = { a: 0 }; for (let i = 0; i < s.tags.length; i++) t.a += s.tags[i].length; return t;`,
    `let r = ''; sw: switch (s.env) { case 'dev': r += 'd'; if (s.flag) break; case 'stage': r += 's'; if (s.other) break sw; case 'prod': { r += 'p'; } default: r += '!'; } return { r };`,
    `const f = () => { switch (s.n) { case 3: if (s.flag) return 'x'; case 0: case 7: return 'y'; default: } return 'z'; }; return { r: f() };`,
    `switch (s.env) { default: ConfigMap({ id: 'a', name: 'a' }); case 'prod': ConfigMap({ id: 'b', name: 'b' }); break; case 'dev': ConfigMap({ id: 'c', name: 'c' }); case 'q': ConfigMap({ id: 'd', name: 'd' }); } return {};`,
    `const m = new Map([['a', [s.name]]]); m.get('a').push('x'); return { l: m.get('a'), h: m.has(s.name) };`,
    `const a = s.tag || s.port || s.flag || 'x'; const b = s.opt?.a || s.tier || s.n || 'e'; return { a, b, c: \`\${s.tag || s.port || 0}\` };`,
    `const a = (s.tag && s.port) || s.tier || 'q'; return { a };`,
    `const parts = s.name.split('-'); const [a, b = 'B'] = parts; return { a: a.length, b, l: parts.at(-1), s: parts.slice(1).join('-'), m: parts.map((p) => p.toUpperCase())[0], r: [...parts].reverse()[0].length };`,
    `return { a: ['x', 'y', 'z'][s.n % 3] ?? 'none', b: ['x', 'y'][Math.abs(s.n) % 2], c: s.tags.map((t, i) => ['p', 'q'][(i + 1) % 2]).join() };`,
  ],
};

/** What cannot be said in a graph, or says nothing: the code, and what the message holds. */
const REFUSED: readonly (readonly [string, code: string, text: string])[] = [
  [`const f = (a, b) => \`\${a}-\${b}\`; return { m: f(...s.tags) };`, 'trace/absent', 'schema.spec.tags[0] may be absent'],
  [`return { m: String(...s.tags) };`, 'trace/native-call', 'String() is called with the elements of a list'],
  [`return { m: new Array(...s.tags) };`, 'trace/native-call', 'new Array() is called with the elements of a list'],
  [`return { m: [s.name, ...s.tags].includes(...s.tags) };`, 'trace/native-call', 'includes() is called with the elements of a list'],
  [`return { m: [1,2,3].indexOf(...s.nums) };`, 'trace/native-call', 'indexOf() is called with the elements of a list'],
  [`return { m: s.tags.includes(...s.tags) };`, 'trace/native-call', 'includes() is called with'],
  [`return { m: s.name.startsWith(...s.tags) };`, 'trace/native-call', 'startsWith() is called with'],
  [`return { m: Object.assign(...s.items) };`, 'trace/native-call', 'Object.assign() is called with'],
  [`ConfigMap(...s.items);`, 'trace/native-call', 'ConfigMap() is called with'],
  [`return { m: Object.assign({}, ...s.items.map((i) => ({ k: i.key }))) };`, 'trace/no-cel', 'the objects of this list cannot be merged'],
  [`const o = { a: 'x' }; for (const t of s.tags) delete o.a; return { m: o };`, 'trace/loop-carried', 'the key a of an object'],
  [`return { m: \`\${[...s.tags]}\` };`, 'trace/types', 'a list with symbolic elements is printed'],
  [`return { m: String([...s.tags, 'a']) };`, 'trace/types', 'a list with symbolic elements is printed'],
  [`return { m: 'a' + [...s.tags] };`, 'trace/types', 'a list with symbolic elements is printed'],
  [`return { m: \`\${[[s.name]]}\` };`, 'trace/types', 'a list with symbolic elements is printed'],
  [`return { m: \`\${{ a: s.name }}\` };`, 'trace/types', 'it would print "[object Object]"'],
  [`return { m: 'x' + { a: s.name } };`, 'trace/types', 'it would print "[object Object]"'],
  [`const m = { ...s.labels }; return { m: \`\${m}\` };`, 'trace/types', 'it would print "[object Object]"'],
  [`ConfigMap({ id: 'c', name: 'c', data: { a: { b: s.name } } });`, 'trace/types', 'it would print "[object Object]"'],
  [`ConfigMap({ id: 'c', name: \`\${() => s.name}\`, data: {} });`, 'trace/types', 'a function is printed'],
  [`return { a: new Map([['a', 1]]), b: new Date(0) };`, 'trace/types', 'a value of the class Map cannot be a status field'],
  [`return { d: [new Date(0), s.tags] };`, 'trace/types', 'a value of the class Date cannot be a status field'],
  [`return { d: { ...s.labels, at: new Set(['a']) } };`, 'trace/types', 'a value of the class Set is part of an expression'],
  [`return { m: [...undefined] };`, 'trace/user-error', 'TypeError: undefined is not iterable'],
  [`const [a, b] = s.n; return { a };`, 'trace/types', 'schema.spec.n is not a list and cannot be taken apart'],
  [`const x = null; return { a: x.b };`, 'trace/user-error', "Cannot read properties of null (reading 'b')"],
  [`const g = [1].nope(s.name); return { g };`, 'trace/user-error', 'nope is not a function'],
  [`const [a] = null; return { a };`, 'trace/user-error', 'null is not iterable'],
  [`new (3)();`, 'trace/user-error', '3 is not a constructor'],
];

const program = (body: string) => `(spec) => { const s = spec; ${body} }`;

describe.each(Object.entries(EQUAL))('%s', (_, bodies) => {
  test.each(bodies)('%s', (body) => {
    const verdict = compare(program(body));
    expect(verdict.kind, 'text' in verdict ? verdict.text : '').toBe('equal');
  });
});

describe('refused with a place', () => {
  test.each(REFUSED)('%s', (body, code, text) => {
    const verdict = compare(program(body));
    expect(verdict).toMatchObject({ kind: 'refused', code });
    expect('text' in verdict && verdict.text).toContain(text);
    expect('text' in verdict && verdict.text).toMatch(/\n {4}at generated\.js:1:\d+\n/);
  });
});
