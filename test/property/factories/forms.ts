import { readFileSync } from 'node:fs';
import { createCompositionApi, resourceFactory } from '@typekro/sdk/compose';
import { type JsonObject, type JsonValue, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { compile } from '@typekro/engine/graph';
import { evaluateGraph } from '../../../packages/sdk/src/compose/evaluate-graph.ts';
import { FakeCluster } from '@typekro/engine/test-support/fake-cluster';
import { putInstance, settle } from '@typekro/engine/test-support/direct-loop';
import { builtinSource, crdSource } from '@typekro/engine/schema';

const { kubernetesComposition } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('no cluster here')),
});

/** A factory of any kind: its parameter has the type `never`, so that each factory fits. */
export type Make = (config: never) => unknown;

/** A factory, its base arguments, the name of one more argument, and two values `a` and `b` of that argument. */
export interface Subject {
  readonly make: Make;
  readonly base: JsonObject;
  readonly key: string;
  readonly a: JsonValue;
  readonly b: JsonValue;
}

/** A spec, and the argument's value for this spec. The value is `undefined` if the argument is absent. */
interface Valuation {
  readonly spec: JsonObject;
  readonly value: JsonValue | undefined;
  readonly status?: JsonValue;
}

/** A form in which a program can pass an argument. */
export interface Form {
  /** Can the form omit the argument? */
  readonly optional: boolean;
  /**
   * Does the value come from the spec or a status? If so, the values `a` and `b` of the subject need a common schema.
   */
  readonly typed?: true;
  readonly compose: (subject: Subject, source: () => { status: { value: JsonValue } }) => (s: Spec) => void;
  readonly valuations: (subject: Subject) => readonly Valuation[];
}

interface Spec {
  readonly c: boolean;
  readonly req: JsonValue;
  readonly opt?: JsonValue;
  readonly nil?: JsonValue | null;
}

const on = { c: true };
const off = { c: false };
const either = ({ a, b }: Subject): Valuation[] => [
  { spec: on, value: a },
  { spec: off, value: b },
];
const maybe = ({ a }: Subject): Valuation[] => [
  { spec: on, value: a },
  { spec: off, value: undefined },
];
const given = ({ a, b }: Subject): Valuation[] => [
  { spec: { ...on, opt: a }, value: a },
  { spec: { ...on, opt: b }, value: b },
  { spec: on, value: undefined },
];
const optional = true;
const call = ({ make, base, key }: Subject, value: unknown): unknown => make({ ...base, [key]: value } as never);

export const FORMS: Readonly<Record<string, Form>> = {
  'left out': {
    optional,
    compose: (of) => () => void of.make({ ...of.base } as never),
    valuations: () => [{ spec: on, value: undefined }],
  },
  undefined: {
    optional,
    compose: (of) => () => void call(of, undefined),
    valuations: () => [{ spec: on, value: undefined }],
  },
  null: { optional, compose: (of) => () => void call(of, null), valuations: () => [{ spec: on, value: undefined }] },
  'c ? a : undefined': { optional, compose: (of) => (s) => void call(of, s.c ? of.a : undefined), valuations: maybe },
  'c ? a : null': { optional, compose: (of) => (s) => void call(of, s.c ? of.a : null), valuations: maybe },
  'c ? a : b': { optional: false, compose: (of) => (s) => void call(of, s.c ? of.a : of.b), valuations: either },
  'a required field': {
    typed: true,
    optional: false,
    compose: (of) => (s) => void call(of, s.req),
    valuations: ({ a, b }) => [
      { spec: { ...on, req: a }, value: a },
      { spec: { ...on, req: b }, value: b },
    ],
  },
  'an optional field': { typed: true, optional, compose: (of) => (s) => void call(of, s.opt), valuations: given },
  'an optional field ?? b': {
    typed: true,
    optional: false,
    compose: (of) => (s) => void call(of, s.opt ?? of.b),
    valuations: ({ a, b }) => [
      { spec: { ...on, opt: a }, value: a },
      { spec: on, value: b },
    ],
  },
  'c ? an optional field : b': {
    typed: true,
    optional,
    compose: (of) => (s) => void call(of, s.c ? s.opt : of.b),
    valuations: ({ a, b }) => [
      { spec: { ...on, opt: a }, value: a },
      { spec: on, value: undefined },
      { spec: { ...off, opt: a }, value: b },
    ],
  },
  'a spread under a condition': {
    optional,
    compose:
      ({ make, base, key, a }) =>
      (s) =>
        void make({ ...base, ...(s.c ? { [key]: a } : {}) } as never),
    valuations: maybe,
  },
  'an assignment under a condition': {
    optional,
    compose:
      ({ make, base, key, a }) =>
      (s) => {
        const config: Record<string, unknown> = { ...base };
        if (s.c) config[key] = a;
        make(config as never);
      },
    valuations: maybe,
  },
  'all arguments under a condition': {
    optional: false,
    compose:
      ({ make, base, key, a, b }) =>
      (s) =>
        void make((s.c ? { ...base, [key]: a } : { ...base, [key]: b }) as never),
    valuations: either,
  },
  'a status': {
    typed: true,
    optional: false,
    compose: (of, source) => () => void call(of, source().status.value),
    valuations: ({ a, b }) => [
      { spec: on, value: a, status: a },
      { spec: on, value: b, status: b },
    ],
  },
  'a status ?? b': {
    typed: true,
    optional: false,
    compose: (of, source) => () => void call(of, source().status.value ?? of.b),
    valuations: ({ a, b }) => [
      { spec: on, value: a, status: a },
      { spec: on, value: b },
    ],
  },
};

/**
 * The structural schema that fits all these values, or `MIXED` if there is none. An object without keys becomes a map
 * of strings.
 */
function schemaOf(values: readonly JsonValue[]): JsonObject {
  const [first] = values;
  if (values.every(Array.isArray)) {
    const items = (values as JsonValue[][]).flat();
    return { type: 'array', items: items.length === 0 ? { type: 'string' } : schemaOf(items) };
  }
  if (values.every(isJsonObject)) {
    const objects = values as JsonObject[];
    const names = [...new Set(objects.flatMap((each) => Object.keys(each)))];
    const properties = Object.fromEntries(
      names.map((name) => [name, schemaOf(objects.flatMap((each) => (each[name] === undefined ? [] : [each[name]])))]),
    );
    const required = names.filter((name) => objects.every((each) => each[name] !== undefined));
    if (names.length === 0) return { type: 'object', additionalProperties: { type: 'string' } };
    return { type: 'object', properties, ...(required.length > 0 && { required }) };
  }
  const kind = typeof first;
  if (kind === 'object' || !values.every((value) => typeof value === kind)) return MIXED;
  return { type: kind === 'number' ? 'integer' : kind };
}

const MIXED: JsonObject = { 'x-kubernetes-preserve-unknown-fields': true };
const isMixed = (schema: JsonObject): boolean => JSON.stringify(schema).includes('preserve-unknown');

/** The schema of a map if all values are objects whose members are strings. Undefined if not. */
function mapSchema(values: readonly JsonValue[]): JsonObject | undefined {
  const texts = values.every(
    (each) => isJsonObject(each) && Object.values(each).every((text) => typeof text === 'string'),
  );
  return texts ? { type: 'object', additionalProperties: { type: 'string' } } : undefined;
}

/**
 * The schemas that the two values of a subject can have. Two objects have a schema with known members. If all their
 * members are strings, the two objects also have the schema of a map. Values without a common schema have one schema
 * each.
 */
function schemasOf(subject: Subject, form: Form): readonly (readonly [Subject, JsonObject])[] {
  if (form.typed !== true) return [[subject, { type: 'string' }]];
  const { a, b } = subject;
  const common = schemaOf([a, b]);
  if (!isMixed(common)) {
    const map = mapSchema([a, b]);
    return [common, ...(map === undefined ? [] : [map])].map((schema) => [subject, schema]);
  }
  return [a, b].flatMap((value): [Subject, JsonObject][] => {
    const schema = schemaOf([value]);
    return isMixed(schema) ? [] : [[{ ...subject, a: value, b: value }, schema]];
  });
}

const sourceKind = (value: JsonObject) => ({
  type: 'object',
  properties: { spec: { type: 'object', properties: {} }, status: { type: 'object', properties: { value } } },
});

type Outcome = readonly JsonObject[] | string;

/**
 * The objects that the graph of the program creates for each spec and target. `value` is the schema of the argument.
 * The `status` of a valuation is the status of the resource from which the argument's value comes.
 */
export function outcomes(subject: Subject, form: Form, value: JsonObject): readonly [JsonObject, Outcome, Outcome][] {
  const facts = { plural: 'sources', namespaced: true, schema: sourceKind(value) as JsonObject };
  const source = resourceFactory<{ status: { value: JsonValue } }>('test.dev/v1', 'Source', { facts: () => facts });
  const spec = {
    type: 'object',
    required: ['c', 'req'],
    properties: { c: { type: 'boolean' }, req: value, opt: value },
  };
  const compose = form.compose(subject, () => source({ id: 'source', name: 'source' }));
  const composition = kubernetesComposition({ name: 'all', kind: 'All', spec }, compose as never);
  return form.valuations(subject).map((valuation) => {
    const input = { req: form.typed === true ? subject.a : '', ...valuation.spec };
    const observed = {
      source: {
        metadata: { name: 'source' },
        status: valuation.status === undefined ? {} : { value: valuation.status },
      },
    };
    const own = composition.evaluate(input, observed);
    const { graph, diagnostics } = compile(composition.toDefinition({ target: 'stock' }), {
      sources: [builtinSource(), crdSource([...FLUX, crdFor(facts)] as never)],
      target: 'stock',
    });
    if (graph === undefined) throw new Error(JSON.stringify(diagnostics));
    const instance = composition.toInstance(input);
    const stock = evaluateGraph(graph, instance, observed);
    return [input, objectsOf(own.resources), objectsOf(stock.resources)] as [JsonObject, Outcome, Outcome];
  });
}

/** The CRDs of Flux, which the compiler does not know. */
export const FLUX = (
  JSON.parse(readFileSync(new URL('../../../data/crds/flux.json', import.meta.url), 'utf8')) as {
    readonly items: readonly JsonObject[];
  }
).items;

/**
 * The objects that a controller sends for the graphs of both targets, when the condition of an argument is true and
 * when it is false.
 */
export function steppedObjects(
  subject: Subject,
): readonly { readonly object: JsonObject; readonly value: JsonValue | undefined }[] {
  const form = FORMS['c ? a : undefined'] as Form;
  const spec = { type: 'object', required: ['c'], properties: { c: { type: 'boolean' } } };
  const none = () => ({ status: { value: null } });
  const composition = kubernetesComposition({ name: 'all', kind: 'All', spec }, form.compose(subject, none) as never);
  return (['typekro', 'stock'] as const).flatMap((target) => {
    const { graph, diagnostics } = compile(composition.toDefinition({ target }), {
      sources: [builtinSource()],
      target,
      features: { omit: target === 'typekro', now: target === 'typekro' },
    });
    if (graph === undefined) throw new Error(JSON.stringify(diagnostics));
    return [true, false].flatMap((c) => {
      const cluster = new FakeCluster();
      const key = putInstance(graph, cluster, 'one', { c });
      const { decision } = settle(graph, key, cluster);
      if (decision.nodes.some(({ state }) => state === 'failed')) throw new Error(JSON.stringify(decision.nodes));
      return cluster
        .keys()
        .filter((each) => each !== key)
        .map((each) => cluster.get(each) as unknown as JsonObject)
        .map((object) => ({ object: sentObject(object), value: c ? subject.a : undefined }));
    });
  });
}

/** The object without the fields that the API server adds. */
function sentObject(object: JsonObject): JsonObject {
  const {
    uid: _u,
    resourceVersion: _r,
    generation: _g,
    creationTimestamp: _c,
    managedFields: _m,
    ...metadata
  } = object['metadata'] as JsonObject;
  return { ...object, metadata };
}

const crdFor = (facts: { plural: string; schema: JsonObject }) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'sources.test.dev' },
  spec: {
    group: 'test.dev',
    scope: 'Namespaced',
    names: { kind: 'Source', plural: facts.plural },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: facts.schema } }],
  },
});

type Found = ReturnType<typeof evaluateGraph>['resources'];

function objectsOf(resources: Found): Outcome {
  const pending = resources.find((each) => each.pending !== undefined);
  if (pending !== undefined) return `pending: ${pending.pending}`;
  return resources.filter(({ id }) => id !== 'source').flatMap(({ objects }) => objects);
}

/** The object that the factory creates from plain values. */
export function plainObject({ make, base, key }: Subject, value: JsonValue | undefined): JsonObject {
  const spec = { type: 'object', properties: { c: { type: 'boolean' } } };
  const config = value === undefined ? base : { ...base, [key]: value };
  const composition = kubernetesComposition({ name: 'all', kind: 'All', spec }, () => {
    make(structuredClone(config) as never);
    return {};
  });
  const [made] = composition.evaluate({}).resources;
  return made?.objects[0] as JsonObject;
}

/** Fields with maps for which the API server does not distinguish empty from absent. */
const EMPTY_MAPS = ['labels', 'annotations', 'data', 'stringData', 'binaryData', 'nodeSelector', 'matchLabels'];

/** The object as an API server reads it. Null values, empty maps of strings and an empty namespace are absent. */
export function normalized(value: JsonValue, key = ''): JsonValue | undefined {
  if (value === null) return undefined;
  if (Array.isArray(value)) return value.map((item) => normalized(item) ?? null);
  if (!isJsonObject(value)) return key === 'namespace' && value === '' ? undefined : value;
  const members = Object.entries(value).flatMap(([name, member]) => {
    const found = normalized(member as JsonValue, name);
    return found === undefined ? [] : [[name, found] as const];
  });
  return members.length === 0 && EMPTY_MAPS.includes(key) ? undefined : Object.fromEntries(members);
}

/** The cases in which a program's graph and the factory with plain values create different objects. */
export function differences(whole: Subject, form: Form): readonly JsonValue[] {
  const found: JsonValue[] = [];
  for (const [subject, schema] of schemasOf(whole, form)) {
    const valuations = form.valuations(subject);
    let results: ReturnType<typeof outcomes>;
    try {
      results = outcomes(subject, form, schema);
    } catch (error) {
      found.push(error instanceof Error ? error.message : String(error));
      continue;
    }
    for (const [index, [spec, own, stock]] of results.entries()) {
      const wanted = normalized([plainObject(subject, valuations[index]?.value)]) as JsonValue;
      for (const [target, objects] of [
        ['typekro', own],
        ['stock', stock],
      ] as const) {
        const made = typeof objects === 'string' ? objects : (normalized([...objects]) as JsonValue);
        if (!jsonEquals(made, wanted)) found.push({ target, spec, wanted, made });
      }
    }
  }
  return found;
}

/** The paths of the values in an object, including those of its lists and objects. */
export function* pathsIn(value: JsonValue | undefined, path: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    yield [...path, key];
    yield* pathsIn(member, [...path, key]);
  }
}

/** The object without the value at a path. */
export function without(object: JsonObject, path: readonly string[]): JsonObject {
  const copy = structuredClone(object);
  const parent = path.slice(0, -1).reduce<JsonObject>((value, key) => value[key] as JsonObject, copy);
  if (Array.isArray(parent)) parent.splice(Number(path.at(-1)), 1);
  else Reflect.deleteProperty(parent, path.at(-1) as string);
  return copy;
}
