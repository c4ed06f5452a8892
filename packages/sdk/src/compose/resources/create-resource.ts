import { parseApiVersion, setOwn, upperFirst } from '@typekro/kit/core';
import { variable } from '../ir/build.ts';
import { Variable } from '../ir/node.ts';
import { defineResourceFactory } from './define-resource-factory.ts';
import { kindType } from '../library/kind-type.ts';
import type { Resource } from '../public-types.ts';
import type { ResourceOptions, ResourceRecord } from '../trace/records.ts';
import { type Site, refuse } from '../refusal/refusal.ts';
import { activeTrace, currentTrace } from '../trace/current-trace.ts';
import { mergedPieces } from '../value/value-nodes.ts';
import { textNode, textValue } from '../value/ops.ts';
import { hasTokens, symbolic, wrap } from '../value/proxy.ts';
import { Maybe, MERGED, Phi, SeenList, Splice, Sym } from '../value/symbolic.ts';
import { schemaFor } from './run-schemas.ts';
import { Naming } from '@typekro/engine/graph';

/** Matches the resource ids that kro accepts. */
const ID = /^[a-z][A-Za-z0-9]*$/;

const lowerFirst = (word: string): string => word.charAt(0).toLowerCase() + word.slice(1);

/** A Kubernetes object, whose values may be symbolic. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: object;
  readonly [field: string]: unknown;
}

/**
 * Makes a resource of the running composition. The manifest is copied; its values may be symbolic. The id is
 * `options.id`, or the field `id` of the manifest, or a default. The field `id` is removed from the object, unless the
 * schema of the kind has a field `id`. In that case, the field stays in the object, and is not the id of the resource.
 * The factories of kinds call this function. Outside a composition the resource becomes part of each composition that
 * uses it.
 */
export const createResource: <Fields extends object = Record<string, unknown>>(
  manifest: Manifest,
  options?: ResourceOptions,
) => Resource<Fields> = defineResourceFactory(makeResource);

function makeResource<Fields extends object = Record<string, unknown>>(
  manifest: Manifest,
  options: ResourceOptions = {},
): Resource<Fields> {
  return handleOf(makeRecord(manifest, options)) as Resource<Fields>;
}

/** Adds the node of an object to the running trace. */
export function makeRecord(manifest: Manifest, options: ResourceOptions): ResourceRecord {
  const trace = activeTrace();
  const { apiVersion, kind } = typeOfManifest(manifest, options);
  refuseInPredicate(kind);
  const { group, version } = parseApiVersion(apiVersion);
  const schema = schemaFor(trace, { group, version, kind }, options.schemas);
  const own =
    schema?.properties === undefined || !Object.hasOwn(schema.properties, 'id')
      ? takeId(manifest)
      : { manifest, id: undefined };
  if (options.id !== undefined && own.id !== undefined && own.id !== options.id) {
    refuse('id', `a ${kind} has two ids, "${own.id}" and "${options.id}"`, 'give it one');
  }
  const chosen = options.id ?? own.id;
  const given = chosen === undefined ? undefined : checkId(chosen);
  const id = given ?? defaultId(kind, manifest);
  // Copying the manifest adds the outside resources to which it refers. They must come before this resource.
  const copy = copyOf(own.manifest) as Record<string, unknown>;
  const record = addRecord({
    id,
    node: options.external === true ? 'ref' : 'template',
    explicitId: given !== undefined,
    manifest: copy,
    apiVersion,
    kind,
    schema,
    type: kindType(group, kind, schema, options.derived ?? []),
    options,
  });
  for (const { code, message, hint } of options.warnings ?? []) trace.warn(code, message, hint);
  return record;
}

/** The name of a kind that is known only in the cluster, for ids and messages. */
const COMPUTED_KIND = 'Object';

/**
 * The apiVersion and kind of an object. In a Graph, both parts may be computed, except for an external object. If a
 * part is computed, the graph knows no schema of the kind, and the apiVersion of the result is empty. The kind of the
 * result is `Object` if the kind is computed. Refuses missing parts, and computed parts where they are not allowed.
 */
function typeOfManifest(
  { apiVersion, kind }: Manifest,
  options: ResourceOptions,
): Pick<Manifest, 'apiVersion' | 'kind'> {
  for (const [name, value, example] of [
    ['apiVersion', apiVersion, 'v1'],
    ['kind', kind, 'ConfigMap'],
  ] as const)
    if (value === undefined || value === '')
      refuse('argument', `the ${name} of a resource is missing`, `add ${name}, as in ${name}: '${example}'`);
  if (typeof apiVersion === 'string' && typeof kind === 'string' && /^[A-Z]/.test(apiVersion) && /^v\d|\//.test(kind))
    refuse(
      'argument',
      `apiVersion and kind are in the wrong order: "${apiVersion}", "${kind}"`,
      `write '${kind}' as the apiVersion and '${apiVersion}' as the kind`,
    );
  const isComputed = (value: unknown) => typeof value !== 'string' || hasTokens(value);
  if (!isComputed(apiVersion) && !isComputed(kind)) return { apiVersion, kind };
  const mayBeComputed = activeTrace().form === 'graph' && options.external !== true;
  if (
    !mayBeComputed ||
    [apiVersion, kind].some((value) => typeof value !== 'string' && symbolic(value) === undefined)
  ) {
    refuse(
      'unsupported',
      'apiVersion and kind of a resource must be constant strings',
      'write one resource for each kind, with if',
    );
  }
  return { apiVersion: '', kind: isComputed(kind) ? COMPUTED_KIND : kind };
}

/** The parts of a record that do not depend on where the node is created. */
type RecordParts = Pick<
  ResourceRecord,
  'id' | 'node' | 'explicitId' | 'manifest' | 'apiVersion' | 'kind' | 'schema' | 'type' | 'options'
>;

/** Adds a node to the running trace, under the conditions and in the loops that are open. */
export function addRecord(parts: RecordParts): ResourceRecord {
  const trace = activeTrace();
  const { id } = parts;
  // Every member is written out. If so many members followed a spread, V8 would keep them in a hash table, and the
  // record would take seven times as long to make.
  const record: ResourceRecord = {
    id,
    node: parts.node,
    explicitId: parts.explicitId,
    manifest: parts.manifest,
    apiVersion: parts.apiVersion,
    kind: parts.kind,
    schema: parts.schema,
    type: parts.type,
    options: parts.options,
    label: undefined,
    order: trace.resources.length,
    variable: new Variable(id, 'resource'),
    element: trace.loops.length === 0 ? undefined : new Variable(id, 'element'),
    guards: [...trace.guards],
    loops: [...trace.loops],
    factory: trace.factory,
    site: trace.site,
    caller: callerOf(trace.calls, trace.site),
    includeWhen: [],
    readyWhen: [],
    propagateWhen: [],
    dependsOn: [],
    deletionPolicy: undefined,
    externalFields: [],
    readiness: undefined,
  };
  trace.resources.push(record);
  return record;
}

/** Refuses a node inside a callback that only tests elements. */
export function refuseInPredicate(what: string): void {
  if (activeTrace().predicates > 0)
    refuse('predicate', `${what} is created inside a predicate`, 'create resources in .map, .forEach or for..of');
}

/**
 * The id in a manifest, and the manifest without it: `createResource({ id, apiVersion, … })`. The caller does not call
 * this function for a kind that has a field `id`.
 */
function takeId(manifest: Manifest): { readonly id?: string; readonly manifest: Manifest } {
  if (!Object.hasOwn(manifest, 'id')) return { manifest };
  const { id, ...rest } = manifest;
  return { id: id as string, manifest: rest };
}

/** The value of a resource for the author's code. */
export function handleOf(record: ResourceRecord): unknown {
  const of = record.element ?? record.variable;
  return wrap(new Sym(variable(of, record.type), { waits: true, resource: record }));
}

/** Checks an id that the author gives. */
export function checkId(id: unknown): string {
  if (typeof id === 'string' && ID.test(id)) return id;
  const text = typeof id === 'string' ? id : String(id);
  return refuse(
    'id',
    `"${text}" is not a valid id: ids begin with a lowercase letter and contain only letters and digits`,
    `use "${camelCase(text)}"`,
  );
}

/**
 * The id of a resource for which the author gave none: kind and name when the name is constant, and only the kind when
 * it is not.
 */
export function defaultId(kind: string, manifest: Pick<Manifest, 'metadata'>): string {
  const { name } = (manifest.metadata ?? {}) as Readonly<Record<string, unknown>>;
  const lower = kind.toLowerCase();
  if (typeof name !== 'string' || hasTokens(name) || !/[A-Za-z0-9]/.test(name)) return camelCase(kind);
  const own = name.toLowerCase();
  return camelCase(own.includes(lower) ? own : `${lower}-${own}`);
}

const MAX_DEPTH = 64;

/** A copy of the value of a node, which later changes of the author's objects do not affect. */
export const copyOf = (value: unknown): unknown => copyDeep(value, 0);

/** A deep copy of a value, which later changes of the author's objects do not affect. */
function copyDeep(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return hasTokens(value) ? textValue(textNode(value)) : value;
  if (typeof value !== 'object' || value === null || symbolic(value) !== undefined)
    return typeof value === 'object' ? copyPhi(value, depth) : value;
  currentTrace()?.noteRead(value);
  currentTrace()?.countWritten();
  if (depth > MAX_DEPTH)
    return refuse(
      'unsupported',
      'an argument of a factory is nested too deeply, or refers to itself',
      'pass plain data',
    );
  if (Array.isArray(value)) return value.map((item) => copyDeep(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return copySpecial(value, depth);
  const copy: Record<PropertyKey, unknown> = {};
  const keys = Object.keys(value);
  // Index loop: in unoptimized code for..of allocates at each step.
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as string;
    setOwn(copy, key, copyDeep((value as Record<string, unknown>)[key], depth + 1));
  }
  const pieces = mergedPieces(value);
  if (pieces !== undefined) copy[MERGED] = pieces;
  return copy;
}

/** Copies the values that represent elements of a list; refuses all other class instances. */
function copySpecial(value: object, depth: number): unknown {
  if (value instanceof Maybe) return new Maybe(value.test, copyDeep(value.value, depth + 1));
  if (value instanceof Splice) return value;
  if (value instanceof SeenList) return wrap(value.elements());
  if (value instanceof Promise) {
    // A rejection of the promise is handled, because the refusal reports the promise already.
    value.catch(() => {});
    return refuse(
      'unsupported',
      'a promise is part of a resource',
      'await it before the composition, and pass the value',
    );
  }
  return refuse(
    'unsupported',
    `a ${(value.constructor as { name?: string } | undefined)?.name ?? 'class instance'} is part of a resource`,
    'pass plain data',
  );
}

function copyPhi(value: object | null, depth: number): unknown {
  const inner = symbolic(value);
  if (!(inner instanceof Phi)) return value;
  return wrap(new Phi(inner.test, copyDeep(inner.then, depth + 1), copyDeep(inner.otherwise, depth + 1)));
}

/**
 * The outermost call whose source text does not contain the given place. The source text of a call includes the
 * functions that are written as its arguments.
 */
function callerOf(calls: readonly Site[], site: Site | undefined): Site | undefined {
  const holds = ({ text, start, end }: Site): boolean =>
    site !== undefined && text === site.text && start <= site.start && site.end <= end;
  return calls.find((call) => !holds(call));
}

/** Does at least one level of kro reserve the word, so that it cannot be an id or an iterator? */
export function isReservedId(id: string): boolean {
  return Naming.isReservedWord(id, '0.10');
}

/** `my-app_name` → `myAppName`. */
export function camelCase(text: string): string {
  const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const joined = words.map((word, position) => (position === 0 ? lowerFirst(word) : upperFirst(word))).join('');
  return /^[a-z]/.test(joined) ? joined : `r${upperFirst(joined)}`;
}

/** `myApp` → `my-app`: the name of a definition. */
export function kebabCase(text: string): string {
  return text.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}
