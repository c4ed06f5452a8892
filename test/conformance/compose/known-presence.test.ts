import { expect, test } from 'vitest';
import { z } from 'zod';
import { createCompositionApi } from '@typekro/sdk/compose';

const { kubernetesComposition } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('no cluster here')),
});

const source = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('git'), url: z.string(), ref: z.string().optional() }),
  z.object({ kind: z.literal('s3'), bucket: z.string() }),
  z.object({ kind: z.literal('none') }),
]);
const door = z.discriminatedUnion('on', [
  z.object({ on: z.literal(true), port: z.number().int() }),
  z.object({ on: z.literal(false), why: z.string() }),
]);
const spec = z.object({
  on: z.boolean().optional(),
  tier: z.enum(['a', 'b']),
  map: z.record(z.string(), z.string()),
  more: z.record(z.string(), z.string()),
  maybe: z.record(z.string(), z.string()).optional(),
  pair: z.tuple([z.string(), z.string()]),
  counts: z.tuple([z.number().int(), z.number().int()]).rest(z.number().int()),
  source,
  door: door.optional(),
  doors: z.array(door),
  shape: z.union([z.object({ name: z.string() }), z.object({ id: z.number().int() })]),
});
type Spec = z.infer<typeof spec>;

const SPECS: readonly Spec[] = [
  { tier: 'a', map: {}, more: {}, pair: ['p', 'q'], counts: [1, 2], source: { kind: 'git', url: 'u' }, doors: [], shape: { name: 'n' } },
  { on: true, tier: 'b', map: { a: '2', c: '3' }, more: { b: '5', a: '7' }, maybe: { a: '9', z: '8' }, pair: ['r', 's'], counts: [3, 4, 5], source: { kind: 's3', bucket: 'shop' }, door: { on: true, port: 5 }, doors: [{ on: true, port: 80 }, { on: false, why: 'shut' }], shape: { id: 3 } },
  { on: false, tier: 'a', map: { b: 'x' }, more: {}, maybe: {}, pair: ['', ''], counts: [0, 0], source: { kind: 'none' }, door: { on: false, why: 'w' }, doors: [{ on: false, why: '' }], shape: { id: 0 } },
];

type Body = (spec: Spec) => unknown;
type Texts = Record<string, string>;

const MEMBERS: readonly (readonly [what: string, body: Body])[] = [
  ['a key before a spread map', ({ map }) => `${{ a: '1', ...map }.a}!`],
  ['a key after a spread map', ({ map }) => `${({ ...map, a: '1' } as Texts)['a']}!`],
  ['a key before two maps', ({ map, more }) => `${{ a: '1', ...map, ...more }.a}!`],
  ['a key before a map that may be absent', ({ maybe }) => `${{ a: '1', ...maybe }.a}!`],
  ['a key before a map under a condition', ({ on, map }) => `${{ a: '1', ...(on ? map : {}) }.a}!`],
  ['a key of Object.assign', ({ map }) => `${Object.assign({ a: '1' }, map).a}!`],
  ['a key that is taken apart', ({ map }) => { const { a, ...rest } = { a: '1', ...map }; return [`${a}!`, rest]; }],
  ['a key from an enumeration', ({ map, tier }) => `${{ a: '1', b: '2', ...map }[tier]}!`],
  ['undefined before a spread map', ({ map }) => `${({ a: undefined, ...map } as Partial<Texts>)['a'] ?? 'no'}!`],
  ['undefined after a spread map', ({ on, map }) => `${({ a: '1', ...map, ...(on ? { a: undefined } : {}) } as Partial<Texts>)['a'] ?? 'no'}!`],
  ['a deleted key', ({ map }) => { const made: Partial<Texts> = { a: '1', ...map }; delete made['a']; return `${made['a'] ?? 'gone'}!`; }],
  ['sorted keys', ({ map }) => Object.keys(map).sort().map((key) => `${key}=${map[key]}`)],
  ['keys in reverse', ({ map }) => Object.keys(map).toReversed().map((key) => `${key}=${map[key]}`)],
  ['a part of the keys', ({ map }) => Object.keys(map).slice(1).map((key) => `${key}=${map[key]}`)],
  ['filtered keys', ({ map }) => Object.keys(map).filter((key) => key !== 'a').sort().map((key) => `${key}=${map[key]}`)],
  ['keys without repetition', ({ map }) => [...new Set(Object.keys(map))].map((key) => `${key}=${map[key]}`)],
  ['keys of a map or of an empty object', ({ maybe = {} }) => Object.keys(maybe).sort().map((key) => `${key}=${maybe[key]}`)],
  ['keys of one of two maps', ({ on, map, more }) => { const one = on ? map : more; return Object.keys(one).map((key) => `${key}=${one[key]}`); }],
  ['keys by position', ({ map }) => { const keys = Object.keys(map).sort(); let text = ''; for (let i = 0; i < keys.length; i++) text += `${keys[i]}=${map[keys[i] as string]};`; return text; }],
  ['the first and the last key', ({ map }) => { const [first] = Object.keys(map).sort(); const last = Object.keys(map).at(-1); return [first === undefined ? '-' : `${map[first]}`, last === undefined ? '-' : `${map[last]}`]; }],
  ['a key that is found', ({ map }) => { const key = Object.keys(map).find((each) => each !== 'a'); return key === undefined ? '-' : `${map[key]}`; }],
  ['a key that is tested with "in"', ({ map }) => ('a' in map ? `${map['a']}!` : '-')],
  ['a key of two maps that is tested with "in"', ({ map, more }) => { const both = { ...map, ...more }; return 'a' in both ? `${both['a']}!` : '-'; }],
  ['a key that is tested with hasOwn', ({ map }) => (Object.hasOwn(map, 'a') ? `${map['a']}` : '-')],
  ['the items of a tuple', ({ pair, counts }) => [`${pair[0]}-${pair[1]}`, counts[0] + counts[1], counts[2] ?? 0]],
  ['a tuple that is taken apart', ({ counts }) => { const [a, b, ...rest] = counts; return [a + b, rest]; }],
  ['a tuple from its end', ({ pair }) => `${pair.at(-1)}-${pair.at(-2)}-${pair[pair.length - 1]}`],
  ['an item of a tuple under a condition', ({ pair, tier }) => `${pair[tier === 'a' ? 0 : 1]}!`],
  ['an item of a tuple after map', ({ pair }) => `${pair.map((item) => `${item}!`)[1]}`],
  ['a part of a tuple', ({ pair }) => pair.filter((item) => item !== 'p')[1] ?? 'none'],
];

const UNIONS: readonly (readonly [what: string, body: Body])[] = [
  ['switch', ({ source: of }) => { switch (of.kind) { case 'git': return `${of.url}@${of.ref ?? 'main'}`; case 's3': return `s3://${of.bucket}`; case 'none': return '-'; } }],
  ['a chain of tests', ({ source: of }) => (of.kind === 'git' ? of.url : of.kind === 's3' ? of.bucket : 'none')],
  ['what remains after returns', ({ source: of }) => { if (of.kind === 'none') return 0; if (of.kind === 's3') return of.bucket.length; return of.url.length; }],
  ['what remains after two tests', ({ source: of }) => (of.kind !== 'none' && of.kind !== 'git' ? of.bucket.length : 0)],
  ['a test that is stored', ({ source: of }) => { const isGit = of.kind === 'git'; return isGit ? of.url.length : 0; }],
  ['an absent union', ({ door: of }) => [of?.on ? of.port + 1 : 0, of && !of.on ? of.why.length : 0]],
  ['a comparison with true', ({ door: of }) => (of?.on === true ? `${of.port}` : of?.on === false ? of.why : 'none')],
  ['a list of unions', ({ doors }) => doors.map((of) => (of.on ? `${of.port}` : of.why))],
  ['filtered unions', ({ doors }) => [doors.filter((of) => of.on).map((of) => of.port + 1), doors.length]],
  ['a loop over unions', ({ doors }) => { const texts: string[] = []; for (const of of doors) if (!of.on) texts.push(of.why.toUpperCase()); return texts; }],
  ['a union without a common field', ({ shape }) => ('name' in shape ? shape.name.length : shape.id + 1)],
  ['a union as a whole', ({ source: of }) => ({ ...of })],
];

test.each([...MEMBERS, ...UNIONS])('%s: what JavaScript always finds needs no test', (_what, body) => {
  const composition = kubernetesComposition({ name: 'known', spec }, (input) => ({ v: body(input) }));
  composition.toYaml();
  for (const given of SPECS)
    expect(composition.evaluate(given).status).toEqual(JSON.parse(JSON.stringify({ v: body(structuredClone(given)) })));
});

test.each<[what: string, body: Body]>([
  ['a key of a spread map', ({ map }) => `${({ ...map, b: '1' } as Texts)['a']}`],
  ['a key that only some runs have', ({ on, map }) => `${({ ...map, ...(on ? { a: '1' } : {}) } as Texts)['a']}`],
  ['a key of another map', ({ map, more }) => Object.keys(map).sort().map((key) => `${more[key]}`)],
  ['an item behind a tuple', ({ counts }) => `${counts[2]}`],
  ['an item of a shortened tuple', ({ pair }) => `${pair.filter((item) => item !== 'p')[1]}`],
  ['an optional field of an alternative', ({ source: of }) => (of.kind === 'git' ? `${of.ref}` : '')],
])('%s may be absent, and is refused', (_what, body) => {
  expect(() => kubernetesComposition({ name: 'known', spec }, (input) => ({ v: body(input) }))).toThrow(
    /may be absent|undefined/,
  );
});
