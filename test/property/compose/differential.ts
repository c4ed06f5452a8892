import { type } from 'arktype';
import { type JsonObject, type JsonValue, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { type TransformData, SOURCE } from '../../../packages/sdk/src/compose/source/transform-data.ts';
import { type Composition, CompositionError, createCompositionApi } from '@typekro/sdk/compose';
import { sumsThatKroFails } from '../../support/kro-sums.ts';
import { ConfigMap } from '../../../packages/sdk/src/factories/simple/index.ts';

const { kubernetesComposition } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('no cluster here')),
});

/** The spec of generated programs. */
export const SPEC = type({
  name: 'string',
  env: "'dev' | 'stage' | 'prod'",
  n: 'number.integer',
  m: 'number.integer',
  flag: 'boolean',
  other: 'boolean',
  'tag?': 'string',
  'port?': 'number.integer',
  tags: 'string[]',
  nums: 'number.integer[]',
  items: type({
    key: 'string',
    size: 'number.integer',
    on: 'boolean',
    'note?': 'string',
    'subs?': 'string[]',
    'limits?': { cpu: 'string', 'mem?': 'number.integer' },
  }).array(),
  'labels?': 'Record<string, string>',
  'opt?': { a: 'string', 'b?': 'number.integer', 'deep?': { x: 'string', 'ys?': 'number.integer[]' } },
  f: 'number',
  'g?': 'number',
  'maybe?': 'boolean',
  'tier?': "'gold' | 'silver'",
  mode: "'a' | 'b' = 'a'",
  limit: 'number.integer = 5',
  nothing: 'string | null',
  floats: 'number[]',
  'opts?': 'string[]',
  'counts?': 'Record<string, number.integer>',
  pool: type.Record('string', { size: 'number.integer', 'zone?': 'string' }),
  vars: type({ name: 'string', 'value?': 'string' }).array(),
});

/**
 * Specs for generated programs. The fields on which programs branch have different values: present, absent, zero,
 * empty, many.
 */
export const INPUTS: readonly JsonObject[] = [
  {
    name: 'abc',
    env: 'prod',
    n: 3,
    m: 1,
    flag: true,
    other: false,
    tag: 'a',
    port: 8080,
    tags: ['a', 'b'],
    nums: [3, 1, 2],
    items: [
      { key: 'a', size: 1, on: true, note: 'hm', subs: ['s1', 's2'], limits: { cpu: '1', mem: 5 } },
      { key: 'b', size: 4, on: false },
    ],
    labels: { a: 'b', x: 'y' },
    opt: { a: 'oa', b: 9, deep: { x: 'dx', ys: [1, 2] } },
    f: 2.5,
    g: 0.1,
    maybe: true,
    tier: 'gold',
    mode: 'b',
    limit: 7,
    nothing: 'nn',
    floats: [1.5, 2],
    opts: ['x', 'y'],
    counts: { p: 3, q: 0 },
    pool: { v: { size: 5 }, w: { size: 2, zone: 'z1' } },
    vars: [{ name: 'A', value: '1' }, { name: 'B' }],
  },
  {
    name: 'zed',
    env: 'dev',
    n: 0,
    m: 2,
    flag: false,
    other: true,
    tags: [],
    nums: [],
    items: [],
    f: 0,
    nothing: null,
    mode: 'a',
    limit: 5,
    floats: [],
    pool: {},
    vars: [],
  },
  {
    name: '',
    env: 'stage',
    n: -4,
    m: 0,
    flag: true,
    other: true,
    tag: '',
    port: 0,
    tags: [''],
    nums: [0],
    items: [{ key: '', size: 0, on: false, note: '', subs: [], limits: { cpu: '' } }],
    labels: {},
    opt: { a: '' },
    f: -1.5,
    g: 0,
    maybe: false,
    mode: 'a',
    limit: 0,
    nothing: '',
    floats: [0],
    opts: [],
    counts: {},
    pool: { z: { size: 0, zone: '' } },
    vars: [{ name: 'E', value: '' }],
  },
  {
    name: 'a-b-c',
    env: 'prod',
    n: 7,
    m: -1,
    flag: false,
    other: false,
    tag: 'kk',
    tags: ['c', 'a', 'k', 'c'],
    nums: [5, 5, -2, 8],
    items: [
      { key: 'k', size: 3, on: true },
      { key: 'a', size: 2, on: true, note: 'n', subs: ['q'] },
      { key: 'c', size: 9, on: false },
      // More than twelve elements with few distinct keys, so that an unstable sort would change their order.
      ...Array.from({ length: 12 }, (_, i) => ({ key: `i${i}`, size: i % 3, on: i % 2 === 0 })),
    ],
    opt: { a: 'x', b: 0, deep: { x: '' } },
    f: 3,
    tier: 'silver',
    mode: 'a',
    limit: 5,
    nothing: 'k',
    floats: [3.25, -1, 1e5],
    opts: ['z'],
    labels: { 'app.kubernetes.io/name': 'q', b: '2', z: '1' },
    pool: { a: { size: 1, zone: 'zz' }, b: { size: 9 } },
    vars: [{ name: 'X' }, { name: 'Y', value: 'v' }, { name: 'X', value: 'w' }],
  },
];

/** The result of a program for a spec. */
interface Outcome {
  readonly objects: readonly JsonValue[];
  readonly status: JsonValue;
}

type Compose = (given: JsonObject) => unknown;
type Factory = (config: { name: string; data?: Record<string, unknown> }) => unknown;

/**
 * Creates the function of a program in strict mode, as in a module, so that the program cannot create a global
 * variable.
 */
export function instantiate(source: string, factory?: unknown): Compose {
  // eslint-disable-next-line no-new-func -- the program under test
  return new Function('ConfigMap', `'use strict';\nreturn ${source};`)(factory) as Compose;
}

/** Runs the program as JavaScript, with a factory that records its calls. Returns undefined when the program throws. */
export function runNatively(source: string, given: JsonObject): Outcome | undefined {
  const objects: JsonValue[] = [];
  const record: Factory = (config) => {
    const data = Object.entries(config.data ?? {}).filter(([, value]) => value !== undefined && value !== null);
    const texts = Object.fromEntries(data.map(([key, value]) => [key, String(value)]));
    objects.push({ name: config.name, data: texts });
    return { metadata: { name: config.name }, data: texts };
  };
  try {
    const result = instantiate(source, record)(structuredClone(given));
    return { objects: sorted(objects), status: plain(result) ?? {} };
  } catch {
    // A program that throws for this spec cannot be compared.
    return undefined;
  }
}

/**
 * The value as JSON without `undefined` members. Returns undefined if the value contains a number that JSON cannot
 * express.
 */
function plain(value: unknown): JsonValue | undefined {
  const text = JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === 'number' && !Number.isFinite(item)) throw new RangeError('not a JSON number');
    return Object.is(item, -0) ? 0 : item;
  });
  return text === undefined ? undefined : (JSON.parse(text) as JsonValue);
}

function sorted(objects: readonly JsonValue[]): JsonValue[] {
  return [...objects].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** Do two objects of a program have the same identity? In a graph, a collection with such items is an error. */
export function hasTwins(objects: readonly JsonValue[]): boolean {
  const identities = objects.map((object) => {
    const { kind, name } = object as { kind?: string; name: string };
    return `${kind ?? ''}/${name}`;
  });
  return new Set(identities).size < objects.length;
}

/**
 * Converts the status from JavaScript into the form in which a controller writes it. Removes members that are null
 * or hollow objects (`isHollow`), and hollow objects at the end of a list. Keeps them if the found status has a value at
 * the same path.
 */
export function asWritten(wanted: JsonValue, found: JsonValue | undefined): JsonValue {
  if (Array.isArray(wanted)) {
    const other = Array.isArray(found) ? found : [];
    const length = wanted.findLastIndex((item, index) => index < other.length || !isHollow(item)) + 1;
    return wanted.slice(0, length).map((item, index) => asWritten(item, other[index]));
  }
  if (!isJsonObject(wanted)) return wanted;
  const other = isJsonObject(found) ? found : {};
  return Object.fromEntries(
    Object.entries(wanted)
      .filter(([key, value]) => Object.hasOwn(other, key) || (value !== null && !isHollow(value as JsonValue)))
      .map(([key, value]) => [key, asWritten(value as JsonValue, Object.hasOwn(other, key) ? other[key] : undefined)]),
  );
}

/** Is the value an object that contains only hollow objects, at any depth? */
function isHollow(value: JsonValue): boolean {
  return isJsonObject(value) && Object.values(value).every((member) => isHollow(member as JsonValue));
}

/** The result of the comparison of a program. */
export type Verdict =
  | { readonly kind: 'equal'; readonly compared: number }
  | { readonly kind: 'refused'; readonly code: string; readonly text: string }
  | { readonly kind: 'differs'; readonly text: string };

/**
 * The program with the metadata of the transform. With this metadata, the tracer does not read the program through the
 * inspector, which would take longer than all other steps together.
 */
function transformed(source: string): Compose {
  const build = instantiate(source, ConfigMap);
  const data: TransformData = { src: source, file: 'generated.js', line: 1, col: 1, vars: { ConfigMap } };
  return Object.assign(build, { [SOURCE]: data });
}

/** The source of the text of a program: the inspector of Node, or the metadata of the transform. */
export type Host = 'inspector' | 'transform';

/**
 * Compares the results of a program in JavaScript and as a graph, for all inputs. The tracer reads the program through
 * the inspector or from the transform's metadata.
 */
export function compare(source: string, host: Host = 'transform'): Verdict {
  let composition: Composition<JsonObject, JsonObject>;
  try {
    const build = host === 'inspector' ? instantiate(source, ConfigMap) : transformed(source);
    composition = kubernetesComposition({ name: 'generated', spec: SPEC }, build as never) as never;
    const failing = sumsThatKroFails(composition.toDefinition());
    if (failing.length > 0) return { kind: 'differs', text: `kro cannot join the lists of ${failing.join('\n')}` };
    composition.toDefinition({ target: 'typekro' });
  } catch (error) {
    if (!(error instanceof CompositionError)) throw error;
    if (!error.code.startsWith('trace/'))
      return { kind: 'differs', text: `the definition is refused: ${error.message}` };
    return { kind: 'refused', code: error.code, text: error.message };
  }
  let compared = 0;
  for (const given of INPUTS) {
    const wanted = runNatively(source, given);
    if (wanted === undefined || hasTwins(wanted.objects)) continue;
    const evaluation = composition.evaluate(given);
    const waiting = evaluation.resources.find((resource) => resource.pending !== undefined);
    const objects = evaluation.resources
      .flatMap((resource) => resource.objects)
      .map((object) => ({ name: (object['metadata'] as JsonObject)['name'] as string, data: object['data'] ?? {} }));
    const found: Outcome = { objects: sorted(objects), status: evaluation.status };
    if (
      waiting !== undefined ||
      !jsonEquals([...wanted.objects], [...found.objects]) ||
      !jsonEquals(asWritten(wanted.status, found.status), found.status)
    ) {
      return {
        kind: 'differs',
        text: JSON.stringify({ given, wanted, found, pending: waiting?.pending, yaml: composition.toYaml() }, null, 1),
      };
    }
    compared++;
  }
  return { kind: 'equal', compared };
}
