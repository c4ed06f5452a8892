import { type } from 'arktype';
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { objectsAt, valueAt } from '@typekro/kit/kubernetes';
import { type CompileResult, compile, TYPEKRO_FEATURES } from '@typekro/engine/graph';
import { Conversion } from '@typekro/engine/conversion';
import { builtinSource } from '@typekro/engine/schema';
import { CompositionError, kubernetesComposition } from '@typekro/sdk';
import { ConfigMap } from '../../../packages/sdk/src/factories/simple/index.ts';

const FIELDS = {
  host: 'string',
  n: 'number.integer',
  on: 'boolean',
  'size?': 'string',
  tags: 'string[]',
  'pic?': { name: 'string', 'tag?': 'string' },
  labels: 'Record<string, string>',
  env: "'dev' | 'prod'",
} as const;
const OLD = type(FIELDS);
type Old = typeof OLD.infer;
const HUB = type({
  ...FIELDS,
  'a?': 'string',
  'count?': 'number.integer',
  'ratio?': 'number',
  'list?': 'string[]',
  'flag?': 'boolean',
  'image?': { name: 'string', 'tag?': 'string' },
  'map?': 'Record<string, string>',
  'none?': 'string | null',
  'part?': { 'x?': 'string' },
});
type Fields = { readonly [Key in keyof typeof HUB.infer]?: unknown };

/** A composition whose former version lacks some fields of the hub, with this conversion. */
const composed = (toHub: (spec: Old) => Fields) =>
  kubernetesComposition(
    {
      name: 'site',
      group: 'example.com',
      apiVersion: 'v1',
      spec: HUB,
      versions: {
        v1alpha1: {
          spec: OLD,
          toHub: toHub as never,
          lossy: ['a', 'count', 'ratio', 'list', 'flag', 'image', 'map', 'none', 'part', 'size'].map((name) => `spec.${name}`),
        },
      },
    },
    (spec) => ConfigMap({ id: 'own', name: spec.host }),
  );

const SPECS: readonly Old[] = [
  {
    host: 'a.b',
    n: 3,
    on: true,
    size: '3x4',
    tags: ['x', 'y'],
    pic: { name: 'p', tag: '1' },
    labels: { k: 'v', l: 'w' },
    env: 'prod',
  },
  { host: '', n: -2, on: false, tags: [], labels: {}, env: 'dev' },
  { host: '😀', n: 0, on: true, size: '', tags: [''], pic: { name: '' }, labels: { '': '' }, env: 'dev' },
];

const crdOf = (definition: JsonObject): KubeObject => {
  const { graph }: CompileResult = compile(definition, {
    sources: builtinSource(),
    features: TYPEKRO_FEATURES,
    target: 'typekro',
  });
  if (graph === undefined) throw new Error('the definition does not compile');
  return graph.instance.crd;
};

const rulesOf = (definition: JsonObject) => objectsAt(definition, 'spec', 'schema', 'versions')[0]?.['convertTo'];
const suffix = (text: string) => `${text}!`;

test.each<[what: string, toHub: (spec: Old) => Fields, rules: JsonObject]>([
  ['a renamed field', (s) => ({ a: s.host }), { 'spec.a': '${self.spec.host}' }],
  ['a block with variables', (s) => { const { host } = s; return { a: host.toUpperCase() }; }, { 'spec.a': '${self.spec.host.upperAscii()}' }],
  ['a template string', (s) => ({ a: `${s.host}:${s.n}` }), { 'spec.a': '${self.spec.host}:${string(self.spec.n)}' }],
  ['a constant', () => ({ count: 7, flag: false, a: '${x}' }), { 'spec.count': 7, 'spec.flag': false, 'spec.a': '${"${x}"}' }],
  ['a number of a type with fractions', (s) => ({ ratio: s.n / 2 }), { 'spec.ratio': '${double(self.spec.n) / 2.0}' }],
  ['a whole number in a field for fractions', (s) => ({ ratio: s.n }), { 'spec.ratio': '${double(self.spec.n)}' }],
  ['an optional field', (s) => ({ a: s.size }), { 'spec.a': '${self.spec.?size}' }],
  ['a default', (s) => ({ a: s.size ?? '1x1' }), { 'spec.a': '${self.spec.?size.orValue("1x1")}' }],
  ['a field under a condition', (s) => ({ a: s.on ? s.host : undefined }), { 'spec.a': '${self.spec.on ? optional.of(self.spec.host) : optional.none()}' }],
  ['results on two paths', (s) => { if (s.on) return { a: s.host }; return { count: s.n }; }, { 'spec.a': '${self.spec.on ? optional.of(self.spec.host) : optional.none()}', 'spec.count': '${self.spec.on ? optional.none() : optional.of(self.spec.n)}' }],
  ['fields of a spread object', (s) => ({ ...(s.on ? { a: 'on' } : {}), count: s.n }), { 'spec.a': '${self.spec.on ? optional.of("on") : optional.none()}', 'spec.count': '${self.spec.n}' }],
  ['an object that is made', (s) => ({ image: { name: s.host, tag: s.size } }), { 'spec.image.name': '${self.spec.host}', 'spec.image.tag': '${self.spec.?size}' }],
  ['an object whose fields may all be absent', (s) => ({ image: { tag: s.size } }), { 'spec.image': '${dyn({?"tag": self.spec.?size})}' }],
  ['a whole object', (s) => ({ image: s.pic }), { 'spec.image': '${self.spec.?pic}' }],
  ['a part of an object that both versions have', (s) => ({ pic: { name: s.pic?.name ?? s.host } }), { 'spec.pic.name': '${has(self.spec.pic) ? self.spec.pic.name : self.spec.host}' }],
  ['a list', (s) => ({ list: s.tags.map((tag) => suffix(tag)) }), { 'spec.list': '${self.spec.tags.map(tag, tag + "!")}' }],
  ['a list with literals', (s) => ({ list: [s.host, 'z'] }), { 'spec.list': '${[self.spec.host, "z"]}' }],
  ['a map', (s) => ({ map: { ...s.labels, env: s.env } }), { 'spec.map': '${self.spec.labels.merge({"env": self.spec.env})}' }],
  ['a field that both versions have and that is left out', () => ({ size: undefined }), { 'spec.size': '${optional.none()}' }],
  ['a field that only the hub has and that is left out', () => ({ a: undefined, count: 1 }), { 'spec.count': 1 }],
  ['no field', () => ({}), {}],
  ['an object without fields', () => ({ part: {} }), { 'spec.part': {} }],
  [
    'an integer that may be absent, for a field with fractions',
    (s) => ({ ratio: s.on ? 2 : undefined }),
    { 'spec.ratio': '${self.spec.on ? optional.of(2.0) : optional.none()}' },
  ],
])('a conversion is translated exactly: %s', (_what, toHub, rules) => {
  const definition = composed(toHub).toDefinition({ target: 'typekro' });
  expect(rulesOf(definition)).toEqual(rules);
  const converter = Conversion.of(crdOf(definition));
  for (const spec of SPECS) {
    const object = { apiVersion: 'example.com/v1alpha1', kind: 'Site', metadata: { name: 'a' }, spec };
    const made = JSON.parse(JSON.stringify(toHub(spec))) as JsonObject;
    const wanted: JsonObject = { ...spec, ...made };
    if (made['pic'] !== undefined) wanted['pic'] = { ...spec.pic, ...(made['pic'] as JsonObject) };
    for (const [name, value] of Object.entries(toHub(spec))) if (value === undefined) delete wanted[name];
    expect(converter?.convert(object as KubeObject, 'example.com/v1').spec).toEqual(wanted);
  }
});

const refusedWith = (work: () => unknown): CompositionError => {
  try {
    work();
  } catch (error) {
    if (error instanceof CompositionError) return error;
    throw error;
  }
  throw new Error('the composition is accepted');
};

test.each<[what: string, code: string, message: string, toHub: (spec: Old) => Fields]>([
  ['a resource', 'trace/unsupported', 'a conversion cannot create a resource; create it in the function that describes the kind', (s) => { ConfigMap({ name: s.host }); return {}; }],
  ['an error under a condition', 'trace/unsupported', 'a conversion cannot throw, because each stored object must have a form in each version; refuse the value in the schema', (s) => { if (s.n > 3) throw new Error('no'); return {}; }],
  ['an error that is always thrown', 'trace/unsupported', 'a conversion cannot throw, because each stored object must have a form in each version: Error: no is thrown; refuse the value in the schema', () => { throw new Error('no'); }],
  ['a clock', 'trace/no-cel', 'Date.now() would be read once, while the conversion is built: a conversion has no clock; the result may depend only on the spec', () => ({ count: Date.now() })],
  ['an async function', 'trace/async', 'the conversion (or a function it calls) is async; the result may depend only on the spec', (async () => ({})) as never],
  ['a class', 'trace/unsupported', 'a class inside a conversion: A; define it outside, and use it with known values only', () => { class A { x = 1 } return { count: new A().x }; }],
  ['an optional field that is used as if it were there', 'trace/maybe-undefined', 's.size may be undefined here, so .trim() may fail', (s) => ({ a: (s.size as string).trim() })],
  ['a field that the version does not have', 'trace/field', 's has no field "hots"; did you mean "host"?', (s) => ({ a: (s as never)['hots'] })],
  ['a loop without a form in CEL', 'trace/loop-bound', 'the condition of a loop depends on a value not known', (s) => { let i = 0; while (i < s.n) i++; return { count: i }; }],
  ['a Set', 'trace/types', 'a Set cannot be a field of a conversion; spread it into a list: [...values]', (s) => ({ list: new Set(s.tags) })],
  ['a function', 'trace/no-cel', 'a function has no CEL form', (s) => ({ a: () => s.host })],
  ['a number that is not finite', 'trace/no-cel', 'NaN has no CEL form', () => ({ ratio: Number.NaN })],
  ['a number with a fraction in a field for integers', 'trace/not-integer', 'count: the field takes an integer, but a division returns a fraction', (s) => ({ count: s.n / 2 })],
  ['fields whose names are not known', 'trace/unsupported', 'the names of the fields that the conversion returns are not known; return an object literal', (s) => ({ ...s.labels })],
  ['a result that is no object', 'trace/types', 'a conversion returns an object of fields; return { field: spec.other }', (s) => s.host as never],
  ['a part of an object that is written on some paths only', 'trace/unsupported', 'spec.pic is written on some paths only, and both versions have such an object; return its fields always', (s) => ({ pic: s.on ? { name: s.host } : undefined })],
])('a conversion is refused: %s', (_what, code, message, toHub) => {
  const error = refusedWith(() => composed(toHub).toDefinition({ target: 'typekro' }));
  expect(error.message).toContain(message);
  expect(error.diagnostics[0]?.code).toBe(code);
  expect(error.diagnostics[0]?.source?.file).toContain('versions.test.ts');
});

const NEW = type({ hostname: 'string', port: 'number.integer = 80' });
const FORMER = type({ host: 'string' });

describe('errors of the compiler have the words of TypeScript, and the place of the function or of its field', () => {
  const errorsOf = (versions: object) =>
    refusedWith(() =>
      kubernetesComposition(
        { name: 'site', group: 'example.com', apiVersion: 'v1', spec: NEW, versions },
        (spec) => ConfigMap({ id: 'own', name: spec.hostname }),
      ).toDefinition({ target: 'typekro' }),
    ).diagnostics.map(({ code, message, hint, source }) => `${code} ${source?.line !== undefined}: ${message}; ${hint}`);
  const toHub = (s: { host: string }) => ({ hostname: s.host });
  const fromHub = (s: { hostname: string }) => ({ host: s.hostname });

  test.each<[what: string, version: object, errors: string[]]>([
    ['a lost field', { spec: FORMER, toHub, fromHub }, [
      "graph/conversion-loss true: spec.port of v1 is lost in v1alpha1: v1alpha1 has no such field, and fromHub does not read it; read it in fromHub, or name it to keep it in an annotation: lossy: ['spec.port']",
    ]],
    ['a lossy field with an error', { spec: FORMER, toHub, fromHub, lossy: ['spec.port', 'spec.prot'] }, [
      'graph/conversion false: neither version has a field "spec.prot" in its spec; did you mean spec.port?',
    ]],
    ['a required field', { spec: FORMER, toHub: () => ({}), fromHub, lossy: ['spec.host', 'spec.port'] }, [
      'graph/conversion-required true: spec.hostname is required in v1, and an object in v1alpha1 may have no value for it; return it from toHub, or give the field a default in v1',
    ]],
    ['a value of another type', { spec: FORMER, toHub: (s: { host: string }) => ({ hostname: s.host.length }), fromHub, lossy: ['spec.port'] }, [
      'graph/conversion true: spec.hostname of v1 takes a string, but the value is a number; write String(x)',
    ]],
    ['a field that the hub does not have', { spec: FORMER, toHub: (s: { host: string }) => ({ hostname: s.host, hostnam: 'x' }), fromHub, lossy: ['spec.port'] }, [
      'graph/conversion true: v1 has no field spec.hostnam; did you mean spec.hostname?',
    ]],
    ['an unlike field that is not near to any other', { spec: FORMER, toHub: (s: { host: string }) => ({ hostname: s.host, zzz: 'x' }), fromHub, lossy: ['spec.port'] }, [
      'graph/conversion true: v1 has no field spec.zzz; leave it out of the result of toHub',
    ]],
    ['a field of another type in both versions', { spec: type({ host: 'string', port: 'string' }), toHub, fromHub }, [
      'graph/conversion true: spec.port has another type in v1 than in v1alpha1, so its value cannot be copied; return it from toHub',
      'graph/conversion true: spec.port has another type in v1alpha1 than in v1, so its value cannot be copied; return it from fromHub',
    ]],
  ])('%s', (_what, version, errors) => {
    expect(errorsOf({ v1alpha1: version })).toEqual(errors);
  });
});

const site = kubernetesComposition(
  {
    name: 'site',
    group: 'example.com',
    apiVersion: 'v1',
    kind: 'Site',
    spec: NEW,
    versions: {
      v1alpha1: {
        spec: FORMER,
        served: true,
        deprecated: true,
        deprecationWarning: 'use v1',
        additionalPrinterColumns: [{ name: 'Host', type: 'string', jsonPath: '.spec.host' }],
        lossy: ['spec.port'],
        toHub: (spec) => ({ hostname: spec.host }),
        fromHub: (spec) => ({ host: spec.hostname }),
      },
      v1beta1: {
        spec: type({ hostname: 'string', port: type('number.integer').narrow((port) => port > 9) }),
      },
    },
  },
  (spec, { metadata }) => {
    if (spec.hostname === 'bad') throw new Error('bad is no host');
    ConfigMap({ id: 'own', name: metadata.name, data: { url: `${spec.hostname}:${spec.port}` } });
  },
);

describe('a composition with versions', () => {
  const place = { version: 'v1alpha1' } as const;

  test('has in its definition what an author of YAML would write', () => {
    expect(valueAt(site.toDefinition({ target: 'typekro' }), 'spec', 'schema', 'versions')).toEqual([
      {
        name: 'v1alpha1',
        served: true,
        deprecated: true,
        deprecationWarning: 'use v1',
        additionalPrinterColumns: [{ name: 'Host', type: 'string', jsonPath: '.spec.host' }],
        spec: { host: 'string | required=true' },
        convertTo: { 'spec.hostname': '${self.spec.host}' },
        convertFrom: { 'spec.host': '${self.spec.hostname}' },
        lossy: ['spec.port'],
      },
      {
        name: 'v1beta1',
        spec: {
          hostname: 'string | required=true',
          port: 'integer | required=true validation="self > 9 // spec.port does not satisfy its schema"',
        },
      },
    ]);
  });

  test('makes instances of each version, which are checked by the schemas of the version and of the hub', () => {
    expect(site.toInstance({ host: 'a.b' }, { ...place, name: 'x' })).toMatchObject({
      apiVersion: 'example.com/v1alpha1',
      metadata: { name: 'x', namespace: 'default' },
      spec: { host: 'a.b' },
    });
    expect(site.toInstance({ hostname: 'a', port: 10 }, { version: 'v1beta1' }).apiVersion).toBe('example.com/v1beta1');
    expect(site.toInstance({ hostname: 'a' })).toMatchObject({ apiVersion: 'example.com/v1', spec: { port: 80 } });
  });

  test.each<[what: string, work: () => unknown, message: string]>([
    ['a spec of the hub in another version', () => site.toInstance({ hostname: 'a' } as never, place), 'host: '],
    ['a spec that violates a check of its version', () => site.toInstance({ hostname: 'a', port: 3 }, { version: 'v1beta1' }), 'port'],
    ['a spec that violates a precondition of the composition', () => site.toInstance({ host: 'bad' }, place), 'bad is no host'],
    ['an unknown version', () => site.toInstance({ host: 'a' } as never, { version: 'v1alpha2' as never }), 'Site has no version "v1alpha2"'],
    ['a definition for stock kro', () => site.toYaml(), 'versions of an API need the feature gate APIVersions, which stock kro does not have'],
  ])('refuses %s', (_what, work, message) => {
    expect(work).toThrow(message);
  });

  test.each<[what: string, versions: object, message: string]>([
    ['a list', [], 'versions of a definition must be an object'],
    ['a version that is no object', { v1: 'x' }, 'the version v1 must be an object'],
    ['a version without a spec', { v1: {} }, 'the version v1 has no spec'],
    ['a misspelt member', { v1: { spec: FORMER, toHubb: 1 } }, 'the version v1 has no "toHubb"'],
    ['a rule that is no function', { v1: { spec: FORMER, toHub: {} } }, 'toHub of the version v1 must be a function'],
    ['a rule that wants metadata', { v1: { spec: FORMER, toHub: (_spec: object, _more: object) => ({}) } }, 'toHub of the version v1 has 2 parameters, but a conversion gets only the spec'],
    ['a flag that is no boolean', { v1: { spec: FORMER, served: 'no' } }, 'served of the version v1 must be a boolean'],
    ['lossy fields that are no list', { v1: { spec: FORMER, lossy: 'spec.a' } }, 'lossy of the version v1 must be a list'],
    ['a spec that is no schema', { v1: { spec: { host: 'string' } } }, 'the versions.v1.spec is a plain object, not a schema'],
  ])('refuses %s', (_what, versions, message) => {
    const define = () => kubernetesComposition({ name: 'a', spec: NEW, versions }, () => ({}));
    expect(define).toThrow(message);
    expect(define).toThrow(expect.objectContaining({ stack: expect.stringMatching(/^(?:(?! {4}at ).*\n)+ {4}at .*versions\.test\.ts/) }));
  });
});

test.each<[what: string, toHub: ((spec: { n: number }) => object) | undefined, type: string]>([
  ['is copied', undefined, 'integer | required=true'],
  ['is rounded by a function', (spec) => ({ n: Math.round(spec.n) }), 'float | required=true'],
])('a number that the hub uses as an integer, and that %s', (_what, toHub, written) => {
  const NUMBER = type({ n: 'number', list: 'string[]' });
  const versions: object = { v1beta1: { spec: NUMBER.describe('former'), ...(toHub && { toHub }) } };
  const definition = kubernetesComposition(
    { name: 'a', apiVersion: 'v1', spec: NUMBER, versions },
    (spec) => ({ first: spec.list[spec.n] ?? '' }),
  ).toDefinition({ target: 'typekro' });
  expect(valueAt(objectsAt(definition, 'spec', 'schema', 'versions')[0], 'spec', 'n')).toBe(written);
});

test('TypeScript infers the types of conversions from the schemas, and refuses other fields', () => {
  const given = <Spec>(_spec: Spec): Spec => _spec;
  const wrong = () => {
    kubernetesComposition({ name: 'a', spec: NEW, versions: { v1: { spec: FORMER, toHub: (spec) => ({ hostname: given<{ host: string }>(spec).host }) } } }, () => ({}));
    const typed = kubernetesComposition({ name: 'a', spec: NEW, versions: { v1: { spec: FORMER }, v2: { spec: NEW } } }, (spec) => ({ port: spec.port }));
    expectTypeOf<Parameters<typeof typed.toInstance>[0]>().toEqualTypeOf<{ hostname: string; port?: number }>();
    expectTypeOf(typed.status).toEqualTypeOf<{ port: number }>();
    expectTypeOf(typed.factory('kro')).toHaveProperty('deploy');
    const tier = type({ tier: "'small' | 'large'" });
    kubernetesComposition({ name: 'a', spec: tier, versions: { v1: { spec: FORMER, toHub: (spec) => ({ tier: spec.host === 'S' ? 'small' : 'large' }) } } }, () => ({}));
    // @ts-expect-error -- a tier is small or large
    kubernetesComposition({ name: 'a', spec: tier, versions: { v1: { spec: FORMER, toHub: (spec) => ({ tier: spec.host === 'S' ? 'small' : 'big' }) } } }, () => ({}));
    // @ts-expect-error -- the hub has no field hostnam
    kubernetesComposition({ name: 'a', spec: NEW, versions: { v1: { spec: FORMER, toHub: (spec) => ({ hostname: spec.host, hostnam: '' }) } } }, () => ({}));
    // @ts-expect-error -- the version has no field hots
    kubernetesComposition({ name: 'a', spec: NEW, versions: { v1: { spec: FORMER, toHub: (spec) => ({ hostname: spec.hots }) } } }, () => ({}));
    // @ts-expect-error -- a host is a string
    kubernetesComposition({ name: 'a', spec: NEW, versions: { v1: { spec: FORMER, fromHub: (spec) => ({ host: spec.port }) } } }, () => ({}));
    // @ts-expect-error -- the version has no field hostname
    site.toInstance({ hostname: 'a' }, { version: 'v1alpha1' });
    // @ts-expect-error -- there is no such version
    site.toInstance({ host: 'a' }, { version: 'v3' });
  };
  expect(wrong).toBeTypeOf('function');
});
