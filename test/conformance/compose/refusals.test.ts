import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freemem, loadavg, uptime } from 'node:os';
import { cpuUsage, hrtime, memoryUsage, resourceUsage } from 'node:process';
import { type } from 'arktype';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { CompositionError, createCompositionApi, opaque } from '@typekro/sdk/compose';
import { ConfigMap, Deployment } from '../../../packages/sdk/src/factories/simple/index.ts';

const { kubernetesComposition } = createCompositionApi({ loadDeploy: () => Promise.reject(new Error('no cluster here')) });

const spec = type({
  name: 'string',
  replicas: 'number',
  env: "'dev' | 'prod'",
  flag: 'boolean',
  tags: 'string[]',
  'tag?': 'string',
  'note?': 'string | null',
  any: 'Record<string, unknown>',
  ws: type({ name: 'string' }).array(),
});
type Spec = typeof spec.infer;

let outer = 0;

const itself: unknown = undefined;
const imageOf = () => 'nginx:1.27';

const suffix = (length: number) => Math.random().toString(36).slice(0, length);
const stamp = () => ({ at: new Date() });

/** One row per program: a title, the code of the refusal, a part of the message, and the program. */
const refused: readonly (readonly [string, string, string, (spec: Spec) => unknown])[] = [
  ['a field that does not exist', 'trace/field', 's has no field "nmae"; did you mean "name"?', (s) => ConfigMap({ name: (s as never)['nmae'] })],
  ['a method that does not exist', 'trace/member', 'it has no member "toUpercase"; did you mean "toUpperCase"?', (s) => ConfigMap({ name: (s.name as never as { toUpercase(): string }).toUpercase() })],
  ['an absent field in a string', 'trace/absent', 's.tag may be absent and is printed into a string', (s) => ConfigMap({ name: `a-${s.tag}` })],
  ['a member of an optional field', 'trace/maybe-undefined', 's.tag may be undefined here, so .trim() may fail', (s) => ConfigMap({ name: (s.tag as string).trim() })],
  ['a while loop on the spec', 'trace/loop-bound', 'the condition of a loop depends on a value not known while the graph is built', (s) => { let i = 0; while (i < s.replicas) i++; }],
  ['a counted loop with a step other than one', 'trace/loop-step', 'must go up by one', (s) => { for (let i = 0; i < s.replicas; i += 2) ConfigMap({ name: `c${i}` }); }],
  ['a value carried from iteration to iteration', 'trace/loop-carried', 'last depends on its own earlier value', (s) => { let last = 'x'; for (const w of s.tags) last = `${last.length}${w}`; return { last }; }],
  ['a loop that reads the length of the list that it fills', 'trace/loop-carried', 'a list that the loop fills', (s) => { const l: string[] = []; for (const w of s.tags) if (l.length < 3) l.push(w); return { l: l.join() }; }],
  ['a resource in a loop with a break', 'trace/loop-exit', 'a loop over a symbolic list creates resources and contains break or return', (s) => { for (const w of s.tags) { if (w === 'x') break; ConfigMap({ id: 'c', name: w }); } }],
  ['a loop whose end depends on a condition on the spec', 'trace/loop-bound', 'the end of a loop depends on a value not known while the graph is built', (s) => { let i = 0; while (true) { i++; if (s.name === 'x') break; } return { i }; }],
  ['a call of next() on an iterator', 'trace/no-cel', '.next() of an iterator has no CEL form; use for..of', (s) => ({ v: s.tags.keys().next().value })],
  ['an object that contains itself', 'trace/too-large', 'an object contains itself, or a function calls itself without end', () => { const o: Record<string, unknown> = {}; o['o'] = o; return { o }; }],
  ['a recursion that overflows the call stack', 'trace/too-large', 'levels deep, and the call stack is full', (s) => { const f = (n: number): string => { if (n === 0) { return 'x'; } for (const _ of [n]) { if (s.replicas > n) { try { return f(n - 1); } finally { /**/ } } } return 'y'; }; return { v: f(198) }; }],
  ['a recursion that overflows the call stack inside a try block', 'trace/too-large', 'levels deep, and the call stack is full', (s) => { const f = (n: number): string => { if (n === 0) { return 'x'; } if (s.replicas > n) { if (s.flag) { if (s.name !== 'x') { return f(n - 1); } } } return 'y'; }; let v = ''; try { v = f(198); } catch { v = 'z'; } return { v }; }],
  ['a comparator that depends on the spec', 'trace/no-cel', 'the comparator of a known list depends on the spec, so that the order is not known', (s) => ({ l: [3, 1].sort((a, b) => (s.name === 'x' ? a - b : b - a)) })],
  ['the result of unshift() on a list with a conditional element', 'trace/loop-carried', 'the result of unshift() is not known: the list has conditional elements, or is changed in a loop over a symbolic list; read the length of the finished list', (s) => { const l = ['a']; if (s.flag) l.push('b'); return { n: l.unshift('c') }; }],
  ['an object key that is first set inside a loop', 'trace/loop-carried', 'the key last of an object is first set by an iteration', (s) => { const o: Record<string, string> = {}; for (const t of s.tags) o['last'] = t; return { o }; }],
  ['a list index that is a string', 'trace/types', 's.name is a string, but the positions of a list are numbers; convert it with Number() first', (s) => ({ v: s.tags[s.name as never as number] })],
  ['a number as a name', 'trace/types', 'metadata.name takes a string, but s.replicas is a number; write String(s.replicas)', (s) => ConfigMap({ name: s.replicas as never })],
  ['null in the data of a ConfigMap', 'trace/types', 'data.t is null, which the API server stores as an empty string', () => ConfigMap({ name: 'a', data: { t: null as never } })],
  ['null in the labels of a resource', 'trace/types', 'metadata.labels.t is null', () => ConfigMap({ name: 'a', labels: { t: null as never } })],
  ['null in the arguments of a container', 'trace/types', 'an element of spec.template.spec.containers.args is null', () => Deployment({ name: 'a', image: 'b', args: ['c', null as never] })],
  ['undefined in the arguments of a container', 'trace/types', 'an element of spec.template.spec.containers.args is undefined', () => Deployment({ name: 'a', image: 'b', args: ['c', undefined as never] })],
  ['undefined in a list beside a field of the spec', 'trace/types', 'an element of spec.template.spec.containers.args is undefined', (s) => Deployment({ name: 'a', image: 'b', args: [s.name, undefined as never] })],
  ['writing the spec', 'trace/read-only', 'is read-only; the spec and the resources cannot be changed', (s) => { s.name = 'x'; }],
  ['sorting a list of the spec in place', 'trace/in-place', 'use toSorted() or [...list].sort()', (s) => { s.tags.sort(); }],
  ['assigning a variable outside the composition', 'trace/outer-write', 'outer is a variable outside the composition', () => { outer = 1; }],
  ['comparing a string with a number', 'trace/types', '< between string (s.name) and number (s.replicas) has no CEL form', (s) => { if ((s.name as never as number) < s.replicas) ConfigMap({ name: 'c' }); }],
  ['comparing two lists', 'trace/identity', '=== compares the identity of two objects', (s) => ({ same: s.tags === (s.ws as never) })],
  ['a function without a CEL form', 'trace/no-cel', 'Math.sqrt() has no CEL form', (s) => ({ root: Math.sqrt(s.replicas) })],
  ['localeCompare', 'trace/no-cel', '.localeCompare() has no CEL form: a graph has no language; compare with < and >', (s) => ({ order: s.name.localeCompare('b') })],
  ['a test that distinguishes null from undefined', 'trace/absent', 's.note may be null or left out, but a graph does not distinguish the two; === null does; use == null', (s) => ({ none: s.note === null })],
  ['parsing a string that may not be JSON, inside try', 'trace/throw-in-try', 'JSON.parse() of s.name inside try', (s) => { try { return { v: JSON.parse(s.name) as string }; } catch { return { v: '' }; } }],
  ['a status list with an element that may be absent', 'trace/absent', 'an element of a list may be absent; filter it out', (s) => ({ list: [s.name, s.tag] })],
  ['a readiness condition that reads the spec', 'trace/no-cel', 'readyWhen of deploymentD reads the spec; it may read the resource itself only', (s) => { Deployment({ name: 'd', image: 'x' }).withReadyWhen((self) => self.status.readyReplicas === s.replicas); }],
  ['the remainder operator on fractions', 'trace/types', '% of numbers that may have a fraction has no CEL form; round both sides first', (s) => ({ rest: (s.replicas / 2) % 2 })],
  ['a loop with both break and return', 'trace/loop-exit', 'is left in two ways', (s) => { for (const t of s.tags) { if (t === 'a') break; if (t === 'b') return { t }; } return {}; }],
  ['a Set that a condition changes', 'trace/unsupported', "a Set is changed under a condition or in a loop that depends on the spec; make the Set from a list: new Set([...list, ...(condition ? ['x'] : [])])", (s) => { const f = new Set(['a']); if (s.flag) f.add('b'); return { n: f.size }; }],
  ['a Set that a loop fills', 'trace/unsupported', 'a Set is filled with t; make the Set from a list', (s) => { const f = new Set<string>(); for (const t of s.tags) f.add(t); return { n: f.size }; }],
  ['a Map that a loop fills', 'trace/unsupported', 'a Map is filled with t; use a plain object: object[key] = value', (s) => { const m = new Map<string, number>(); for (const t of s.tags) m.set(t, 1); return { n: m.size }; }],
  ['the number of keys that earlier iterations set', 'trace/loop-carried', 'an object that the loop fills depends on its own earlier value in a loop over a symbolic list; list the keys first', (s) => { const m: Record<string, number> = {}; for (const t of s.tags) m[t] = Object.keys(m).length; return { m }; }],
  ['a loop that reads the list that it fills', 'trace/loop-carried', 'a list that the loop fills depends on its own earlier value in a loop over a symbolic list; take each element once: [...new Set(list)]', (s) => { const l: string[] = []; for (const t of s.tags) if (!l.includes(t)) l.push(t); return { l }; }],
  ['a group of a pattern whose end depends on the text around it', 'trace/regex', 'group 1 of /^(.*)-(.*)$/ has no CEL form: its end depends on the adjacent parts; begin and end the adjacent parts', (s) => ({ v: /^(.*)-(.*)$/.exec(s.name)?.[1] })],
  ['match() with a pattern that matches the empty string', 'trace/regex', '/a*/g matches the empty string; write + instead of *', (s) => ({ v: s.name.match(/a*/g)?.length })],
  ['matchAll() with a pattern that matches the empty string', 'trace/regex', '/a*/g matches the empty string; write + instead of *\n', (s) => ({ v: [...s.name.matchAll(/a*/g)].map((match) => match[0]) })],
  ['a separator without a character of ASCII', 'trace/no-cel', '.split(/[äö]/) has no CEL form; split at a fixed string, or at a class with a printable character or white space of ASCII, such as /[,;]/', (s) => ({ v: s.name.split(/[äö]/) })],
  ['lookahead', 'trace/regex', '/a(?=b)/ has look-around, which RE2 (CEL) does not have', (s) => ({ hit: /a(?=b)/.test(s.name) })],
  ['a native function', 'trace/native-call', 'new URL() needs a value that is known while the graph is built, and s.name is not; extract the part from the string, for example the host: s.name.split(\'/\')[2] ?? \'\'', (s) => ({ host: new URL(s.name).host })],
  ['a file whose name is in the spec', 'trace/native-call', 'readFileSync() needs a value that is known while the graph is built, and `./${s.name}.conf` is not; pass the contents of the file with the spec', (s) => ({ v: readFileSync(`./${s.name}.conf`, 'utf8') })],
  ['a test whether a file exists', 'trace/native-call', 'existsSync() needs a value that is known while the graph is built, and s.name is not', (s) => ({ v: existsSync(s.name) })],
  ['a checksum', 'trace/native-call', 'update() needs a value that is known while the graph is built, and s.name is not; pass the checksum with the spec; to restart pods when s.name changes, write s.name itself into an annotation of the pods', (s) => ({ v: createHash('sha256').update(s.name).digest('hex') })],
  ['base64 by Buffer', 'trace/native-call', 'Buffer.from() needs a value that is known while the graph is built, and s.name is not; write btoa(s.name) for base64; stringData of a Secret takes s.name as it is', (s) => ({ v: Buffer.from(s.name).toString('base64') })],
  ['a path that join() makes', 'trace/native-call', 'join() needs a value that is known while the graph is built, and s.name is not; write the path as a template string', (s) => ({ v: join('/etc', s.name) })],
  ['a function of a package', 'trace/native-call', 'stringify() needs a value that is known while the graph is built, and s.name is not; write JSON.stringify(value), which is also valid YAML', (s) => ({ v: stringify({ name: s.name, more: [1] }) })],
  ['a function instead of its result', 'trace/types', 'image is the function imageOf, which cannot be a value of a resource; call it: imageOf()', (s) => Deployment({ name: s.name, image: imageOf as never })],
  ['a function without a name as a value', 'trace/types', 'image is a function, which cannot be a value of a resource; pass the value that it returns', (s) => Deployment({ name: s.name, image: (() => 'x') as never })],
  ['a composition that contains itself', 'trace/unknown-name', 'itself has no value yet: it is declared below, or is this composition itself, and a composition cannot contain itself', (s) => (itself as never as (spec: object) => void)({ name: s.name })],
  ['an async function', 'trace/async', 'the composition (or a function it calls) is async', async (s) => ConfigMap({ name: s.name })],
  ['a resource in a predicate', 'trace/predicate', 'ConfigMap is created inside a predicate', (s) => { s.tags.some((t) => ConfigMap({ name: t }) !== undefined); }],
  ['a fraction in an integer field', 'trace/not-integer', 'wrap it in Math.floor, Math.ceil or Math.round', (s) => Deployment({ name: 'd', image: 'x', replicas: s.replicas / 2 })],
  ['two resources with the same id', 'trace/duplicate-id', 'two resources have the id "c"', () => { ConfigMap({ id: 'c', name: 'a' }); ConfigMap({ id: 'c', name: 'b' }); }],
  ['an illegal id', 'trace/id', '"my-app" is not a valid id', () => ConfigMap({ id: 'my-app', name: 'a' })],
  ['a reserved id', 'trace/id', '"schema" is a reserved word of kro', () => ConfigMap({ id: 'schema', name: 'a' })],
  ['a UUID', 'trace/no-cel', 'crypto.randomUUID() would be drawn once, while the graph is built', (s) => ConfigMap({ name: `${s.name}-${crypto.randomUUID()}` })],
  ['a UUID of node:crypto', 'trace/no-cel', 'crypto.randomUUID() would be drawn once', (s) => ConfigMap({ name: s.name, data: { id: randomUUID() } })],
  ['random bytes', 'trace/no-cel', 'crypto.randomBytes() would be drawn once', (s) => ConfigMap({ name: s.name, data: { id: randomBytes(4).toString('hex') } })],
  ['a random number in a helper outside the composition', 'trace/no-cel', 'Math.random() would be drawn once', (s) => ConfigMap({ name: `${s.name}-${suffix(4)}` })],
  ['the clock in a helper outside the composition', 'trace/no-cel', 'a graph has no clock', (s) => ConfigMap({ name: s.name, data: { at: stamp().at.toISOString() } })],
  ['process.hrtime()', 'trace/no-cel', 'process.hrtime() would be read once', (s) => ConfigMap({ name: s.name, data: { at: String(hrtime()[0]) } })],
  ['os.uptime()', 'trace/no-cel', 'os.uptime() would be read once, while the graph is built: a graph has no clock', () => ({ at: uptime() })],
  ['os.loadavg()', 'trace/no-cel', 'os.loadavg() would be read once, while the graph is built: a graph does not measure a machine', () => ({ at: loadavg()[0] })],
  ['os.freemem()', 'trace/no-cel', 'os.freemem() would be read once, while the graph is built: a graph does not measure a machine', () => ({ at: freemem() })],
  ['process.memoryUsage()', 'trace/no-cel', 'process.memoryUsage() would be read once, while the graph is built: a graph does not measure a machine', () => ({ at: memoryUsage().rss })],
  ['process.cpuUsage()', 'trace/no-cel', 'process.cpuUsage() would be read once, while the graph is built: a graph does not measure a machine', () => ({ at: cpuUsage().user })],
  ['process.resourceUsage()', 'trace/no-cel', 'process.resourceUsage() would be read once, while the graph is built: a graph does not measure a machine', () => ({ at: resourceUsage().maxRSS })],
  ['performance.now()', 'trace/no-cel', 'performance.now() would be read once', () => ({ now: performance.now() })],
  ['the date as a string', 'trace/no-cel', 'Date() would be read once', () => ({ now: Date() })],
  ['a date as a value', 'trace/types', 'a value of the class Date', (s) => ({ name: s.name, at: new Date(0) })],
  ['a URL as a value', 'trace/types', 'a value of the class URL', (s) => ({ at: new URL('http://a/'), name: s.name })],
  ['a Map in JSON', 'trace/types', 'a value of the class Map is part of an expression', (s) => ({ text: JSON.stringify({ name: s.name, all: new Map() }) })],
  ['a prototype in an object', 'trace/unsupported', 'a prototype is set', (s) => { const base = { __proto__: { a: s.name } }; return { v: 'a' in base }; }],
  ['an operator with a BigInt and a symbolic value', 'trace/types', 'a BigInt is combined with a value of the graph', (s) => ({ v: s.replicas > 10n })],
  ['null in JSON', 'trace/absent', 's.note may be null, which JSON prints', (s) => ({ v: JSON.stringify({ note: s.note }) })],
  ['a power of a fraction', 'trace/no-cel', '** of numbers that may have a fraction is rounded differently in CEL', (s) => ({ v: s.replicas ** 3 })],
  ['the clock', 'trace/no-cel', 'a graph has no clock', () => ({ now: Date.now() })],
  ['a conditional throw inside try', 'trace/throw-in-try', 'it cannot be caught while the graph is built', (s) => { try { if (s.flag) throw new Error('no'); } catch { return {}; } }],
  ['a reference of one collection to a single object of another', 'trace/no-cel', 'cannot refer to a single object of a collection', (s) => { for (const w of s.ws) { const d = Deployment({ id: 'd', name: w.name, image: 'x' }); ConfigMap({ id: 'c', name: w.name, data: { r: d.status.readyReplicas } }); } }],
  ['endless recursion', 'trace/too-large', 'functions call each other more than 200 levels deep', (s) => { const f = (n: number): number => f(n + s.replicas); return { n: f(1) }; }],
  ['a throw without a condition', 'trace/user-error', 'the composition throws for every instance: bad spec.name; throw under a condition', (s) => { throw new Error(`bad ${s.name}`); }],
  ['a string that is thrown without a condition', 'trace/user-error', 'the composition throws for every instance: bad spec.name', (s) => { throw 'bad ' + s.name; }],
  ['a throw on every path', 'trace/user-error', 'the composition throws for every instance: b spec.name', (s) => { if (s.flag) throw new Error('a'); else throw new Error(`b ${s.name}`); }],
  ['a throw in a helper', 'trace/user-error', 'the composition throws for every instance: c spec.name', (s) => { const fail = (text: string): never => { throw new TypeError(text); }; fail(`c ${s.name}`); }],
  ['a throw that is caught and thrown again', 'trace/user-error', 'the composition throws for every instance: d spec.name', (s) => { const again = (error: unknown): never => { throw error; }; try { throw new Error(`d ${s.name}`); } catch (error) { again(error); } }],
  // eslint-disable-next-line eqeqeq -- the refused program
  ['a loose comparison of a value of unknown type with a number as a string', 'trace/types', 'JavaScript converts the value of unknown type; compare with ===', (s) => ({ v: s.any['a'] == '3' })],
  // eslint-disable-next-line eqeqeq -- the refused program
  ['a loose comparison of a value of unknown type with a string of the spec', 'trace/types', 'JavaScript converts the value of unknown type', (s) => ({ v: s.any['a'] != s.name })],
  // eslint-disable-next-line eqeqeq -- the refused program
  ['a loose comparison of two values of unknown type', 'trace/types', 'JavaScript converts the value of unknown type', (s) => ({ v: s.any['a'] == s.any['b'] })],
  ['a string that doubles', 'trace/too-large', 'an expression has grown to 131072 parts', (s) => { let t = s.name; for (let i = 0; i < 60; i++) t = t + t; ConfigMap({ name: t }); }],
  ['a template string that doubles', 'trace/too-large', 'an expression has grown to 131071 parts', (s) => { let t = s.name; for (let i = 0; i < 60; i++) t = `${t}-${t}`; return { t }; }],
  ['a joined list that doubles', 'trace/too-large', 'an expression has grown to 131071 parts', (s) => { let t = s.name; for (let i = 0; i < 60; i++) t = [t, t].join('-'); return { t }; }],
  ['a conditional string that doubles', 'trace/too-large', 'characters', (s) => { let t = 'a'; for (let i = 0; i < 60; i++) t = s.replicas > i ? t + 'b' + t : t + 'c'; ConfigMap({ name: t }); }],
  ['a list that doubles', 'trace/too-large', 'a list has grown to 131072 elements', (s) => { let l = [s.name]; for (let i = 0; i < 60; i++) l = [...l, ...l]; return { l: l.join() }; }],
  ['a list that is joined to itself', 'trace/too-large', 'a list has grown to 131072 elements', (s) => { let l = [s.name]; for (let i = 0; i < 60; i++) l = l.concat(l); return { l: l.join() }; }],
  ['a list that is pushed to itself', 'trace/too-large', 'has more than 100000 elements', (s) => { const l = [s.name]; for (let i = 0; i < 60; i++) l.push(...l); return { l: l.join() }; }],
  ['a list of two equal lists, again and again', 'trace/too-large', 'more than 1000000 lists and objects', (s) => { let l: unknown = s.name; for (let i = 0; i < 60; i++) l = [l, l]; ConfigMap({ name: 'c', data: { l: JSON.stringify(l) } }); }],
  ['an object of two equal objects, again and again', 'trace/too-large', 'more than 1000000 lists and objects', (s) => { let o: object = { a: s.name }; for (let i = 0; i < 60; i++) o = { a: o, b: o }; return { o }; }],
  ['a long constant in an expression', 'trace/too-large', 'a constant has 50000000 characters', (s) => ConfigMap({ name: 'c', data: { a: 'x'.repeat(50e6) + s.name } })],
  ['a long constant', 'trace/too-large', 'template.data.a would hold a string of 50000000 characters', () => ConfigMap({ name: 'c', data: { a: 'x'.repeat(50e6) } })],
  ['a long key', 'trace/too-large', 'template.data would hold a key of 50000000 characters', () => ConfigMap({ name: 'c', data: { ['x'.repeat(50e6)]: 'a' } })],
  ['a constant that is too long beside an expression', 'trace/too-large', 'an expression has grown to 120000 characters', (s) => ConfigMap({ name: 'c', data: { a: 'x'.repeat(120_000) + s.name } })],
  ['a class inside the composition', 'trace/unsupported', 'a class inside a composition', () => { class A {} return { a: new A() }; }],
];

describe('code without an exact translation is refused at its line, with the remedy', () => {
  test.each(refused)('%s', (_, code, text, program) => {
    let error: unknown;
    try {
      kubernetesComposition({ name: 'refused', spec }, program as never).toYaml();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(CompositionError);
    const refusal = error as CompositionError;
    expect(refusal.code).toBe(code);
    expect(refusal.message).toContain(text);
    const diagnostic = refusal.diagnostics[0];
    if (code === 'trace/native-call') expect(refusal.diagnostics).toHaveLength(1);
    expect(diagnostic?.source?.file).toMatch(/refusals\.test\.ts$/);
    expect(diagnostic?.source?.line).toBeGreaterThan(20);
  });

  test.each<[string, (given: Spec) => unknown]>([
    ['a number that doubles', (s) => { let n = s.replicas; for (let i = 0; i < 60; i++) n = n * n + 1; return { n }; }],
    ['a condition of two equal conditions', (s) => { let b = s.flag; for (let i = 0; i < 60; i++) b = (b && s.name === `a${i}`) || (!b && s.name === `b${i}`); if (b) ConfigMap({ name: 'c' }); }],
  ])('%s is written with shared parts', (_, program) => {
    expect(kubernetesComposition({ name: 'shared', spec }, program as never).toYaml().length).toBeLessThan(10_000);
  });

  test('the refused programs did not change the outer variable', () => {
    expect(outer).toBe(0);
  });
});

describe('symbolic values and branches with opaque functions, helpers and outer variables', () => {
  const message = (program: (given: Spec) => unknown): string => {
    try {
      return kubernetesComposition({ name: 'native', spec }, program as never).toYaml();
    } catch (error) {
      return (error as Error).message;
    }
  };
  const seen = new Set<string>();
  let count = 0;
  const remember = (name: string): void => {
    seen.add(name);
  };

  test('a symbolic value that an opaque function drops is reported as missing', () => {
    const length = opaque((text: string) => String(`${text}!`.startsWith('a')));
    expect(message((s) => ConfigMap({ name: 'c', data: { v: length(s.name) } }))).toMatch(/is not in the graph/);
  });

  test('an opaque function cannot compute with a symbolic value', () => {
    const double = opaque((n: number) => n * 2);
    expect(message((s) => ({ n: double(s.replicas) }))).toMatch(/s\.replicas is used as a number by code that is not traced/);
  });

  test('a change of an outer Set in a symbolic branch is refused', () => {
    expect(message((s) => { if (s.flag) seen.add('x'); })).toMatch(/a Set is changed under a condition/);
    expect(message((s) => { if (s.flag) remember('x'); })).toMatch(/a Set is changed under a condition/);
    expect(seen.size).toBe(0);
  });

  test('a helper that increments a counter runs natively, but is refused in a symbolic branch', () => {
    const next = (): number => ++count;
    expect(message(() => ConfigMap({ name: `c${next()}` }))).toContain('name: c1');
    expect(message((s) => { if (s.flag) ConfigMap({ name: `c${next()}` }); })).toMatch(/count is a variable outside the composition/);
    expect(count).toBe(1);
  });

  test('helpers with known arguments run natively', () => {
    const pure = (text: string): string => text.replace(/[^a-z]/g, (c) => `-${c.charCodeAt(0)}`);
    expect(message((s) => ConfigMap({ name: pure('a b'), data: { v: s.name } }))).toContain('name: a-32b');
  });
});
