import { type } from 'arktype';
import { expect, test } from 'vitest';
import { createCompositionApi } from '@typekro/sdk/compose';
import { ConfigMap } from '../../../packages/sdk/src/factories/simple/index.ts';

const { kubernetesComposition } = createCompositionApi({ loadDeploy: () => Promise.reject(new Error('no cluster here')) });

const spec = type({ name: 'string', n: 'number.integer', 'tag?': 'string', tags: 'string[]' });
type Spec = typeof spec.infer;

const child = kubernetesComposition(
  { name: 'child', spec: type({ name: 'string', n: 'number.integer', 'note?': 'string', level: 'number.integer = 3' }) },
  (s) => {
    const config = ConfigMap({ id: 'c', name: s.name, data: { n: `${s.n}`, level: `${s.level}`, note: s.note ?? '-' } });
    return { ready: true, config: config.metadata.name };
  },
);
/** The nested composition without its types, so that the programs can pass wrong arguments. */
const loose = child as unknown as (given?: object) => { readonly status: Readonly<Record<string, string>> };

const refused: readonly (readonly [string, string, string, (s: Spec) => unknown])[] = [
  ['an unknown field', 'trace/argument', 'child has no argument "nota"; did you mean "note"?', (s) => loose({ name: s.name, n: 1, nota: 'x' })],
  ['a required field left out', 'trace/argument', 'child is called without n, which it needs', (s) => loose({ name: s.name })],
  ['a required field whose value may be absent', 'trace/absent', 'child requires name, but s.tag may be absent', (s) => loose({ name: s.tag, n: 1 })],
  ['no arguments', 'trace/argument', 'child takes its arguments as one object', () => loose()],
  ['a read of a status field that child does not have', 'trace/member', 'the status of child has no field "redy"; did you mean "ready"?', (s) => ({ r: loose({ name: s.name, n: 1 }).status['redy'] })],
];

test.each(refused)('a nested composition with %s is refused', (_, code, text, program) => {
  expect(() => kubernetesComposition({ name: 'outer', spec }, (s) => void program(s) as never)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(text) as string }),
  );
});

test('arguments may leave out optional fields and fields with a default', () => {
  const outer = kubernetesComposition({ name: 'outer', spec }, (s) => {
    const one = loose({ name: s.name, n: s.n, note: s.tag });
    const all = s.tags.map((t) => loose({ name: t, n: 1 }));
    return { config: one.status['config'], names: all.map((c) => c.status['config']) };
  });
  expect(outer.evaluate({ name: 'a', n: 2, tags: ['x'] }).resources.map(({ objects }) => objects[0]?.['data'])).toEqual([
    { n: '2', level: '3', note: '-' },
    { n: '1', level: '3', note: '-' },
  ]);
});

const wide = kubernetesComposition(
  {
    name: 'wide',
    spec: type({
      name: 'string',
      level: 'number.integer = 3',
      'tag?': 'string',
      cfg: type({
        port: 'number.integer = 80',
        'host?': 'string',
        tls: type({ mode: 'string = "on"' }).default(() => ({})),
      }).default(() => ({})),
      'list?': type({ key: 'string = "k"' }).array(),
    }),
  },
  (s) => {
    const text = [s.level, s.tag ?? '-', s.cfg?.port ?? '-', s.cfg?.host ?? '-', s.cfg?.tls?.mode ?? '-', s.list?.map(({ key }) => key).join() ?? '-'];
    return { text: text.join('/') };
  },
);
const looseWide = wide as unknown as (given?: object) => { readonly status: { readonly text: string } };
const texts = kubernetesComposition(
  { name: 'texts', spec: type({ name: 'string', level: 'string = "3"', 'tag?': 'string' }) },
  (s) => ({ text: `${s.name}/${s.level}/${s.tag ?? '-'}` }),
);
const looseTexts = texts as unknown as typeof looseWide;
const wideSpec = type({
  name: 'string',
  on: 'boolean',
  key: 'string',
  'lvl?': 'number.integer',
  'host?': 'string',
  extra: { '[string]': 'string' },
});
type WideSpec = typeof wideSpec.infer;

test.each<readonly [string, (s: WideSpec) => object]>([
  ['a field that may be absent', (s) => ({ name: s.name, level: s.lvl })],
  ['a field under a condition', (s) => ({ name: s.name, ...(s.on ? { level: 1 } : {}) })],
  ['one of two objects', (s) => ({ name: s.name, cfg: s.on ? { port: 1 } : { port: 2, host: s.host } })],
  ['a nested object', (s) => ({ name: s.name, cfg: { host: s.host, tls: {} } })],
  ['a nested field that may be absent', (s) => ({ name: s.name, cfg: { port: s.lvl } })],
  ['a list of objects', (s) => ({ name: s.name, list: [{}, { key: s.host }] })],
  ['a list with conditional objects', (s) => ({ name: s.name, list: [...(s.on ? [{}] : []), { key: 'x' }] })],
])('a nested composition applies its defaults to %s, as evaluate does', (_, argument) => {
  const outer = kubernetesComposition({ name: 'outer', spec: wideSpec }, (s) => ({ text: looseWide(argument(s)).status.text }));
  for (const given of [
    { name: 'a', on: true, key: 'tag', lvl: 7, host: 'h', extra: { tag: 'e' } },
    { name: 'a', on: false, key: 'tag', extra: {} },
  ] as WideSpec[]) {
    const direct = wide.evaluate(JSON.parse(JSON.stringify(argument(given))) as never);
    expect(outer.evaluate(given).status).toEqual(direct.status);
  }
});

test.each<readonly [string, (s: WideSpec) => object]>([
  ['a map', (s) => ({ name: s.name, ...s.extra })],
  ['a map and a later field that may be absent', (s) => ({ ...s.extra, name: s.name, level: s.host })],
  ['a map and a later field under a condition', (s) => ({ ...s.extra, name: s.name, ...(s.on ? { tag: 'on' } : {}) })],
  ['a computed key', (s) => ({ name: s.name, [s.key]: 'computed' })],
])('a nested composition reads %s in its arguments, as evaluate does', (_, argument) => {
  const outer = kubernetesComposition({ name: 'outer', spec: wideSpec }, (s) => ({ text: looseTexts(argument(s)).status.text }));
  for (const given of [
    { name: 'a', on: true, key: 'tag', host: 'h', extra: { tag: 'e' } },
    { name: 'a', on: false, key: 'level', extra: { level: 'l' } },
    { name: 'a', on: false, key: 'tag', extra: {} },
  ] as WideSpec[]) {
    const direct = texts.evaluate(JSON.parse(JSON.stringify(argument(given))) as never);
    expect(outer.evaluate(given).status).toEqual(direct.status);
  }
});

test('the message of a throw shows symbolic values as expressions', () => {
  const outer = kubernetesComposition({ name: 'outer', spec }, (s) => {
    if (s.n > 3) throw new Error(`too many: ${s.n}`);
    ConfigMap({ id: 'c', name: s.name });
    return {};
  });
  expect(outer.toYaml()).toContain('too many: spec.n');
});
