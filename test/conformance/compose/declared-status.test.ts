import { type } from 'arktype';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Diagnostic } from '@typekro/kit/core';
import { Cel, CompositionError, createCompositionApi, externalRef } from '@typekro/sdk/compose';
import { ConfigMap, Deployment, Secret } from '../../../packages/sdk/src/factories/simple/index.ts';

const { kubernetesComposition, toResourceGraph } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('no cluster here')),
});

const spec = type({ name: 'string', flag: 'boolean', tags: 'string[]', 'tag?': 'string' });
type Spec = typeof spec.infer;
const status = type({
  ready: 'boolean',
  'url?': 'string',
  'web?': { host: 'string', 'port?': 'number' },
  'items?': type({ name: 'string', 'note?': 'string' }).array(),
});

type Program = (s: Spec) => unknown;
type Place = readonly [code: string, message: string, text?: string];

/** The diagnostics of a composition or of its refusal. */
function diagnosticsOf(make: () => { readonly diagnostics: readonly Diagnostic[] }): readonly Diagnostic[] {
  try {
    return make().diagnostics;
  } catch (error) {
    if (!(error instanceof CompositionError)) throw error;
    return error.diagnostics;
  }
}

const messages = (program: Program, declared: unknown = status): readonly string[] =>
  diagnosticsOf(() => kubernetesComposition({ name: 'declared', spec, ...(declared !== null && { status: declared as never }) }, program as never)).map(
    ({ code, message, hint }) => `${code}: ${message}; ${hint}`,
  );

const outside = (ready: boolean) => ({ ready, raedy: ready });
const inner = kubernetesComposition({ name: 'inner', spec: type({ name: 'string' }) }, (s) => {
  const web = Deployment({ id: 'web', name: s.name, image: 'x' });
  return { ready: web.status.readyReplicas > 0, extra: web.metadata.uid };
});

const declaredInner = kubernetesComposition(
  { name: 'declared', spec: type({ name: 'string' }), status: type({ ready: 'boolean', 'note?': 'string' }) },
  (s) => ({ ready: s.name !== '' }),
);

const undeclared = (path: string, near?: string) =>
  `trace/status-field: the declared status has no field "${path}"; ${near === undefined ? 'declare it in the status of the definition' : `did you mean "${near}"?`}`;
const brought = (path: string, near?: string) =>
  `trace/status-extra: the declared status has no field "${path}", but the returned value contains it; ${near === undefined ? 'declare it in the status of the definition' : `did you mean "${near}"?`}`;
const mistyped = (path: string, declared: string, given: string) =>
  `trace/status-type: the declared status has ${declared} in "${path}", but the composition returns ${given}; return ${declared}, or declare the real type of the field`;
const missing = (...paths: readonly string[]) =>
  `trace/status-missing: the composition never returns ${paths.join(', ')}, which the declared status requires; ${paths.length === 1 ? 'return it, or declare it optional:' : 'return them, or declare them optional, as in'} "${paths[0]}?"`;

describe('the returned value of a composition is compared with its declared status', () => {
  const programs: readonly (readonly [string, readonly string[], Program, unknown?])[] = [
    ['every field', [], (s) => ({ ready: s.flag, url: s.name, web: { host: s.name, port: 1 }, items: [{ name: s.name }] })],
    ['optional fields left out', [], (s) => ({ ready: s.flag })],
    ['a misspelt field', [undeclared('raedy', 'ready')], (s) => ({ raedy: s.flag })],
    ['a field that is not declared', [undeclared('completely')], (s) => ({ ready: s.flag, completely: s.name })],
    ['a misspelt field in an object', [undeclared('web.prot', 'port')], (s) => ({ ready: s.flag, web: { host: s.name, prot: 1 } })],
    ['a missing required field in an object', [missing('web.host')], (s) => ({ ready: s.flag, web: { port: 1 } })],
    ['an element of a list', [undeclared('items[].nmae', 'name')], (s) => ({ ready: s.flag, items: [{ name: s.name, nmae: s.name }] })],
    ['elements that are mapped from a list of the spec', [undeclared('items[].nmae', 'name')], (s) => ({ ready: s.flag, items: s.tags.map((t) => ({ nmae: t })) })],
    ['elements that a loop pushes', [undeclared('items[].nite', 'note')], (s) => { const items: object[] = []; for (const t of s.tags) items.push({ name: t, nite: t }); return { ready: s.flag, items }; }],
    ['a string for a boolean', [mistyped('ready', 'true or false', 'a string')], (s) => ({ ready: `yes ${s.name}` as unknown as boolean })],
    ['a number for a string', [mistyped('url', 'a string', 'a number')], (s) => ({ ready: s.flag, url: s.tags.length as unknown as string })],
    ['a list for an object', [mistyped('web', 'an object', 'a list')], (s) => ({ ready: s.flag, web: s.tags })],
    ['an object for a list', [mistyped('items', 'a list', 'an object')], (s) => ({ ready: s.flag, items: { name: s.name } })],
    ['strings for the objects of a list', [mistyped('items[]', 'an object', 'a string')], (s) => ({ ready: s.flag, items: s.tags })],
    ['a string for a number in an object', [mistyped('web.port', 'a number', 'a string')], (s) => ({ ready: s.flag, web: { host: s.name, port: s.name } })],
    ['another type in one branch of a condition', [], (s) => ({ ready: s.flag, url: s.flag ? s.name : (1 as unknown as string) })],
    ['another type in both branches of a condition', [mistyped('url', 'a string', 'a number')], (s) => ({ ready: s.flag, url: (s.flag ? s.tags.length : 1) as unknown as string })],
    ['a value of a type that is not known', [], (s) => ({ ready: s.flag, url: Cel.expr('dyn(1)') as unknown as string })],
    ['nothing', [missing('ready')], (s) => { ConfigMap({ name: s.name }); }],
    ['a resource as the returned value', [missing('ready')], (s) => ConfigMap({ name: s.name })],
    ['a required field in one branch of a condition', [], (s) => { if (s.flag) return { ready: true }; return { url: s.name }; }],
    ['a required field in no branch of a condition', [missing('ready')], (s) => (s.flag ? { url: 'a' } : { url: s.name })],
    ['a misspelt field in one branch of a condition', [undeclared('rady', 'ready')], (s) => { if (s.flag) return { ready: true }; return { rady: true }; }],
    ['a field that may be absent', [], (s) => ({ ready: s.flag, url: s.tag })],
    ['a key under a condition', [], (s) => ({ ...(s.flag && { ready: true }), ...(s.flag ? { url: s.name } : {}) })],
    ['a misspelt key under a condition', [undeclared('ulr', 'url')], (s) => ({ ready: true, ...(s.flag && { ulr: s.name }) })],
    ['a misspelt key that is set on a variable', [undeclared('ulr', 'url')], (s) => { const out: Record<string, unknown> = { ready: s.flag }; out['ulr'] = s.name; return out; }],
    ['a misspelt member that is set on a variable', [undeclared('ulr', 'url')], (s) => { const out: { ready: boolean; ulr?: string } = { ready: s.flag }; out.ulr = s.name; return out; }],
    ['a misspelt field in the result of an inner function', [undeclared('ulr', 'url')], (s) => { const tell = () => ({ ready: s.flag, ulr: s.name }); return tell(); }],
    ['Object.assign', [undeclared('ulr', 'url')], (s) => Object.assign({ ready: s.flag }, { ulr: s.name })],
    ['a field that a function outside the composition adds', [brought('raedy', 'ready')], (s) => outside(s.flag)],
    ['the spread status of an inner composition', [brought('extra')], (s) => ({ ...inner(s).status })],
    ['a field that the declared status of an inner composition does not have', ['trace/member: the status of declared has no field "raedy"; did you mean "ready"?'], (s) => ({ ready: (declaredInner(s).status as unknown as { raedy: boolean }).raedy })],
    ['a declared field that the inner composition omits', [], (s) => ({ ready: s.flag, url: declaredInner(s).status.note ?? 'none' })],
    ['one field that is read from the status of an inner composition', [], (s) => ({ ready: inner(s).status.ready })],
    ['a list that is mapped from the status of a resource', [], (s) => { const d = Deployment({ name: s.name, image: 'x' }); return { ready: true, items: d.status.conditions.map((c) => ({ name: c.type })) }; }],
    ['hand-written CEL', [], (s) => ({ ready: Cel.expr('schema.spec.flag'), web: Cel.expr('{"host": schema.spec.name}'), url: s.name })],
    ['conditions, which kro reads', [], (s) => ({ ready: s.flag, conditions: [{ type: 'Fine', status: s.flag ? 'True' : 'False' }] })],
    ['a declared status without fields requires nothing', [], (s) => ({ anything: s.name }), type({})],
    ['no status is declared', [], (s) => ({ anything: s.name }), null],
    ['a status with arbitrary keys', [], (s) => ({ anything: s.name }), type('Record<string, string>')],
    ['a declared status without a structural schema', [], (s) => ({ anything: s.name }), type({ a: 'symbol' })],
    ['a nullable field is not required', [], (s) => ({ ready: s.flag }), z.object({ ready: z.boolean(), note: z.string().nullable() })],
    ['the members of alternatives are not compared', [], (s) => ({ ready: s.flag, web: { a: s.name } }), z.object({ ready: z.boolean(), web: z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]) })],
    ['a JSON Schema', [undeclared('raedy', 'ready')], (s) => ({ raedy: s.flag }), { type: 'object', properties: { ready: { type: 'boolean' } } }],
    ['an undeclared field with the name of a member of the prototype', [undeclared('toString')], (s) => ({ ready: s.flag, toString: s.name })],
  ];
  test.each(programs.map(([name, ...rest]) => [name, rest] as const))('%s', (_name, [expected, program, ...declared]) => {
    expect(messages(program, declared.length === 0 ? status : declared[0])).toEqual(expected);
  });

  test('a problem is at the line of its field; for a missing field, it is at the line of the returned object', () => {
    const found = diagnosticsOf(() =>
      kubernetesComposition({ name: 'declared', spec, status }, ((s: Spec) => {
        ConfigMap({ name: s.name });
        return {
          url: s.name,
          web: {
            host: s.name,
            prot: 1,
          },
        };
      }) as never),
    ).map(({ code, source }) => [code, source?.line] as const);
    const first = Number(found.find(([code]) => code === 'trace/status-missing')?.[1]);
    expect(found).toEqual([
      ['trace/status-missing', first],
      ['trace/status-field', first + 4],
    ]);
  });

  test('the status of a separate function, as in toResourceGraph, is also compared with the declared status', () => {
    const build = (s: { spec: Spec }) => ({ web: Deployment({ name: s.spec.name, image: 'x' }) });
    const last = (_: unknown, { web }: { web: { status: { readyReplicas: number } } }) => ({ raedy: web.status.readyReplicas > 0 });
    const found = diagnosticsOf(() => toResourceGraph({ name: 'declared', spec, status }, build, last as never));
    expect(found.map(({ code }) => code)).toEqual(['trace/status-field']);
    expect(found[0]?.source?.file).toMatch(/declared-status\.test\.ts$/);
  });
});

const secretRead = (field: string, read: string): Place => [
  'trace/secret-status',
  `${field} reads ${read}; every user who may read the instance could read the Secret`,
];

describe('a status is refused exactly if it reads values of a Secret', () => {
  const token = (s: Spec) => Secret({ id: 'token', name: s.name, stringData: { value: s.name } }) as ReturnType<typeof Secret> & { readonly stringData: Record<string, string> };
  const copy = (s: Spec) => ConfigMap({ id: 'c', name: s.name, data: { a: token(s).stringData['value'] as string, b: 'b' } });
  const other = () => externalRef<{ data: Record<string, string> }>('v1', 'Secret', 'other', 'shared');
  const programs: readonly (readonly [string, readonly Place[], Program])[] = [
    ['data', [secretRead('the status field "v"', 'token.data')], (s) => ({ v: token(s).data['value'] })],
    ['stringData', [secretRead('the status field "v"', 'token.stringData')], (s) => ({ v: token(s).stringData['value'] })],
    ['data of a reference to a Secret', [secretRead('the status field "v"', 'secretOther.data')], () => ({ v: other().data['value'] })],
    ['in a text', [secretRead('the status field "v"', 'token.stringData')], (s) => ({ v: `postgres://${token(s).stringData['value']}@db` })],
    ['with a default', [secretRead('the status field "v"', 'token.data')], (s) => ({ v: token(s).data?.['value'] ?? 'none' })],
    ['all data', [secretRead('the status field "v"', 'token.data')], (s) => ({ v: token(s).data })],
    ['inside an object', [secretRead('the status field "db.url"', 'token.data')], (s) => ({ db: { url: token(s).data['value'] } })],
    ['under a condition', [secretRead('the status field "v"', 'token.data')], (s) => ({ v: s.flag ? token(s).data['value'] : 'none' })],
    ['as a condition', [secretRead('the status field "v"', 'token.stringData')], (s) => ({ v: token(s).stringData['value'] === 'x' ? 1 : 2 })],
    ['data of each Secret in a list', [secretRead('the status field "v"', 'token.data')], (s) => { const all = s.tags.map((t) => Secret({ id: 'token', name: t, stringData: { value: t } })); return { v: all.map((each) => each.data['value']) }; }],
    ['data that hand-written CEL reads by the id of the Secret', [secretRead('the status field "v"', 'token.data')], (s) => { token(s); return { v: Cel.expr('token.data.value') }; }],
    ['data that hand-written CEL reads from the value of the Secret', [secretRead('the status field "v"', 'token.data')], (s) => ({ v: Cel.expr(token(s), '.data.value') })],
    ['the name', [], (s) => ({ v: token(s).metadata.name })],
    ['the name, in hand-written CEL', [], (s) => { token(s); return { v: Cel.expr('token.metadata.name') }; }],
    ['whether a key is there', [], (s) => ({ v: 'value' in token(s).data })],
    ['whether a key is there, by a comparison', [], (s) => ({ v: token(s).data?.['value'] !== undefined })],
    ['data of a ConfigMap', [], (s) => { token(s); const c = ConfigMap({ id: 'c', name: s.name, data: { a: 'b' } }); return { v: c.data['a'] }; }],
    ['through a ConfigMap', [secretRead('the status field "v"', 'token.stringData through c.data.a')], (s) => ({ v: copy(s).data['a'] })],
    ['through all data of a ConfigMap', [secretRead('the status field "v"', 'token.stringData through c.data')], (s) => ({ v: copy(s).data })],
    ['through a ConfigMap, by a key of the spec', [secretRead('the status field "v"', 'token.stringData through c.data')], (s) => ({ v: copy(s).data[s.name] ?? 'none' })],
    ['through a string of a ConfigMap', [secretRead('the status field "v"', 'token.stringData through c.data.a')], (s) => ({ v: `${copy(s).data['a']}!` })],
    ['through two ConfigMaps', [secretRead('the status field "v"', 'token.stringData through c.data.a through d.data.b')], (s) => { const d = ConfigMap({ id: 'd', name: `${s.name}-d`, data: { b: copy(s).data['a'] as string } }); return { v: d.data['b'] }; }],
    ['through a ConfigMap under a condition', [secretRead('the status field "v"', 'token.stringData through c.data.a')], (s) => { const t = token(s); const c = ConfigMap({ id: 'c', name: s.name, data: s.flag ? { a: t.stringData['value'] as string } : { a: 'x' } }); return { v: c.data['a'] }; }],
    ['through a ConfigMap, in hand-written CEL', [secretRead('the status field "v"', 'token.stringData through c.data.a')], (s) => { copy(s); return { v: Cel.expr('c.data.a') }; }],
    ['through the environment of a Deployment', [secretRead('the status field "v"', 'token.stringData through d.spec.template.spec.containers.0.env.0.value')], (s) => { const d = Deployment({ id: 'd', name: s.name, image: 'x', env: { A: token(s).stringData['value'] as string } }); return { v: d.spec.template.spec?.containers[0]?.env?.[0]?.value }; }],
    ['through the ConfigMaps of a loop', [secretRead('the status field "v"', 'token.stringData through c.data.a')], (s) => { const t = token(s); const all = s.tags.map((tag) => ConfigMap({ id: 'c', name: tag, data: { a: t.stringData['value'] as string } })); return { v: all.map((each) => each.data['a']) }; }],
    ['another key of a ConfigMap that copies the Secret', [], (s) => ({ v: copy(s).data['b'] })],
    ['the name of a ConfigMap that copies the Secret', [], (s) => ({ v: copy(s).metadata.name })],
    ['whether a ConfigMap that copies the Secret has the key', [], (s) => ({ v: 'a' in copy(s).data })],
    ['the status of a Deployment that reads the Secret', [], (s) => { const d = Deployment({ id: 'd', name: s.name, image: 'x', env: { A: token(s).stringData['value'] as string } }); return { v: d.status.readyReplicas }; }],
    ['a Secret that another resource reads', [], (s) => { const t = token(s); ConfigMap({ id: 'c', name: s.name, data: { a: t.stringData['value'] as string } }); return {}; }],
  ];
  test.each(programs.map(([name, ...rest]) => [name, rest] as const))('%s', (_name, [expected, program]) => {
    const found = diagnosticsOf(() => kubernetesComposition({ name: 'declared', spec }, program as never));
    expect(found.map(({ code, message }) => [code, message])).toEqual(expected);
    for (const { source, hint } of found) {
      expect(source?.file).toMatch(/declared-status\.test\.ts$/);
      expect(hint).toContain('return the name of the Secret');
    }
  });
});

describe('a warning is reported exactly if the values of a Secret are printed', () => {
  const programs: readonly (readonly [string, made: boolean, printed: boolean, (s: Spec) => unknown])[] = [
    ['constants', true, true, (s) => Secret({ id: 'token', name: s.name, stringData: { value: 'hunter2' } })],
    ['constants under a condition', true, true, (s) => Secret({ id: 'token', name: s.name, stringData: s.flag ? { value: 'hunter2' } : {} })],
    ['values of the spec, once they are known', false, true, (s) => Secret({ id: 'token', name: s.name, stringData: { value: s.name } })],
    ['no values', false, false, (s) => Secret({ id: 'token', name: s.name })],
    ['a reference', false, false, () => externalRef('v1', 'Secret', 'token', 'shared')],
    ['a ConfigMap', false, false, (s) => ConfigMap({ id: 'token', name: s.name, data: { value: 'hunter2' } })],
  ];
  test.each(programs)('%s', (_name, made, printed, program) => {
    const graph = kubernetesComposition({ name: 'declared', spec }, (s) => void program(s));
    const codes = () => graph.diagnostics.map(({ code, severity, source }) => [code, severity, typeof source?.line]);
    const warned = [['trace/printed-secret', 'warning', 'number']];
    graph.toYaml();
    expect(codes()).toEqual(made ? warned : []);
    for (let time = 0; time < 2; time++) {
      graph.factory('direct').toYaml({ name: 'a', flag: true, tags: [] });
      expect(codes()).toEqual(printed ? warned : []);
    }
  });
});

describe('an integer of the declared status cannot be a fraction', () => {
  const counts = type({ 'n?': 'number.integer', 'at?': { 'share?': 'number.integer' }, 'all?': 'number.integer[]', 'x?': 'number' });
  const numbers = type({ n: 'number.integer', f: 'number', list: 'number.integer[]', text: 'string' });
  type Numbers = typeof numbers.infer;
  const division = (path: string) => `trace/not-integer: ${path}: the field takes an integer, but a division returns a fraction`;
  const constant = (path: string, value: number) =>
    `trace/status-type: the declared status has an integer in "${path}", but the composition returns ${value}`;
  const programs: readonly (readonly [string, readonly (readonly [string, string])[], (s: Numbers) => unknown])[] = [
    ['a quotient', [[division('n'), 'n: s.n / 2']], (s) => ({ n: s.n / 2 })],
    ['a quotient in an object', [[division('at.share'), 'share: s.n / 2']], (s) => ({ at: { share: s.n / 2 } })],
    ['a quotient in one branch of a condition', [[division('n'), 'n: s.n > 1']], (s) => ({ n: s.n > 1 ? s.n / 2 : 0 })],
    ['a quotient of each element', [[division('all'), 'all: s.list']], (s) => ({ all: s.list.map((i) => i / 2) })],
    ['a constant', [[constant('n', 1.5), 'n: 1.5']], () => ({ n: 1.5 })],
    ['a constant in one branch of a condition', [['trace/not-integer: n: the field takes an integer, but the value may have a fraction', 'n: s.n > 1']], (s) => ({ n: s.n > 1 ? 1.5 : 2 })],
    ['a rounded quotient', [], (s) => ({ n: Math.round(s.n / 2), at: { share: Math.floor(s.f) } })],
    ['a whole number', [], (s) => ({ n: s.n * 2, at: { share: s.list.length }, all: s.list.map((i) => i + 1) })],
    ['a fraction in a number', [], (s) => ({ x: s.n / 2 })],
    ['a number that is parsed from a string', [], (s) => ({ n: Number(s.text) })],
  ];
  test.each(programs.map(([name, ...rest]) => [name, rest] as const))('%s', (_name, [expected, program]) => {
    const found = diagnosticsOf(() => kubernetesComposition({ name: 'declared', spec: numbers, status: counts }, program as never));
    expect(found.map(({ code, message }) => `${code}: ${message}`)).toEqual(expected.map(([text]) => text));
    for (const { source } of found) expect(source?.file).toMatch(/declared-status\.test\.ts$/);
  });
});

test('TypeScript refuses a field that the declared status does not have, at the field', () => {
  const status = type({ ready: 'boolean', 'note?': 'string' });
  const define = kubernetesComposition;
  // @ts-expect-error -- the field is misspelt
  expect(() => define({ name: 'declared', spec, status }, () => ({ redy: true }))).toThrow('redy');
  // @ts-expect-error -- an additional field
  expect(() => define({ name: 'declared', spec, status }, () => ({ ready: true, more: 1 }))).toThrow('more');
  // @ts-expect-error -- of another type
  expect(() => define({ name: 'declared', spec, status }, () => ({ ready: 'yes' }))).toThrow('ready');
  expect(define({ name: 'declared', spec, status }, (s) => ({ ready: s.flag, note: s.name }))).toBeDefined();
  expect(define({ name: 'declared', spec, status }, (s) => ({ ...(s.flag && { ready: true }) }))).toBeDefined();
  expect(define({ name: 'declared', spec, status }, (s) => (s.flag ? { ready: true } : { note: s.name }))).toBeDefined();
  expect(define({ name: 'declared', spec, status: type({}) }, () => ({ any: 1 }))).toBeDefined();
  expect(define({ name: 'declared', spec }, () => ({ any: 1 }))).toBeDefined();
  expect(define({ name: 'declared', spec, status: type({ m: 'Record<string, string>' }) }, (s) => ({ m: { [s.name]: 'x' } }))).toBeDefined();
});

test('TypeScript refuses a status without a field that the declared status requires', () => {
  const status = type({ ready: 'boolean', url: 'string', 'note?': 'string', web: 'string|null' });
  const define = kubernetesComposition;
  // @ts-expect-error -- url is missing
  expect(() => define({ name: 'declared', spec, status }, (s) => ({ ready: s.flag }))).toThrow('url');
  // @ts-expect-error -- url is on neither side
  expect(() => define({ name: 'declared', spec, status }, (s) => (s.flag ? { ready: true } : { note: s.name }))).toThrow('url');
  // @ts-expect-error -- nothing is returned
  expect(() => define({ name: 'declared', spec, status }, () => {})).toThrow('ready, url');
  const build = () => ({});
  // @ts-expect-error -- url is missing, also in a definition by two functions
  expect(() => toResourceGraph({ name: 'declared', spec, status }, build, ({ spec: s }) => ({ ready: s.flag }))).toThrow('url');
  expect(define({ name: 'declared', spec, status }, (s) => ({ ready: s.flag, url: s.name }))).toBeDefined();
});
