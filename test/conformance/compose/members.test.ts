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
  [`new (3)();`, 'trace/user-error', 'a number is not a constructor'],
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
