import { type JsonObject, type JsonValue, oncePerObject, pascalCase, setOwn } from '@typekro/kit/core';
import { type Schema, StructuralSchema } from '@typekro/engine/schema';
import type { CompositionCore } from './composition.ts';
import { checkRequired, argumentMembers, refuseUnknownArguments } from './factory-arguments.ts';
import { camelCase } from './resources/create-resource.ts';
import { opaque } from './value/native-functions.ts';
import { memberOf, withDefault } from './factory-helpers.ts';
import { choose } from './interp/branches.ts';
import { getMember } from './library/member.ts';
import { mergeSpread } from './library/objects.ts';
import { dependOn, noteLastResource } from './library/resources.ts';
import { addRefinements } from './refinements.ts';
import { withProviders } from './source/current-run.ts';
import { runFunctions } from './trace-composition.ts';
import type { NestedComposition } from './composition-type.ts';
import { activeTrace, decide } from './trace/current-trace.ts';
import type { ResourceRecord } from './trace/records.ts';
import { mapOfMembers } from './value/key-order.ts';
import { resolveMerged } from './value/merge.ts';
import { mayBeUndefined, mergedPieces } from './value/value-nodes.ts';
import { symbolic, wrap } from './value/proxy.ts';
import { Maybe, Phi, Sym } from './value/symbolic.ts';

/**
 * Per trace, maps the name of a composition to the number of its calls. The ids of the composition's resources contain
 * the number.
 */
const countsOf = oncePerObject((_: object) => new Map<string, number>());

/**
 * Merges an inner composition into the composition that is being traced. Adds the inner resources with prefixed ids,
 * and returns the inner status as values.
 */
export function nestComposition(core: CompositionCore, spec: JsonObject): NestedComposition<JsonObject> {
  const trace = activeTrace();
  const prefix = nextPrefix(trace, core.name);
  const before = trace.resources.length;
  const status = statusOf(core, withSpecDefaults(core, checkedSpec(core, spec)));
  const made = trace.resources.slice(before);
  for (const record of made) findNamedDependencies(record, made);
  const taken = new Set<string>();
  for (const record of made) {
    const own = pascalCase(record.id.charAt(0).toUpperCase() + record.id.slice(1));
    const base = made.length === 1 ? prefix : `${prefix}${own}`;
    // Ids may repeat, because a loop of the inner composition may run over a known list. A repeated id gets a number.
    let id = base;
    for (let number = 2; taken.has(id); number++) id = `${base}${number}`;
    taken.add(id);
    record.id = id;
  }
  const isPlain = typeof status === 'object' && status !== null && symbolic(status) === undefined;
  const names =
    core.traced.graph.declaredStatus ??
    (isPlain && mergedPieces(status) === undefined ? Object.keys(status) : undefined);
  if (names !== undefined && isPlain) trace.declaredFields.set(status, { of: `the status of ${core.name}`, names });
  const last = made.at(-1);
  const result: NestedComposition<JsonObject> = {
    id: last?.id ?? prefix,
    status: status as JsonObject,
    dependsOn: opaque((other: unknown) => {
      if (last !== undefined) dependOn(last, other);
      return result;
    }),
  };
  if (last !== undefined) noteLastResource(result, last);
  return trace.track(result);
}

/**
 * Replaces each id in the dependencies of an inner resource by the inner resource that has this id. Must be called
 * before the inner resources get their prefixed ids.
 */
function findNamedDependencies(record: ResourceRecord, made: readonly ResourceRecord[]): void {
  for (const [position, dependency] of record.dependsOn.entries()) {
    if (dependency.record !== undefined) continue;
    const named = made.filter(({ id }) => id === dependency.id);
    const other = named.find(({ explicitId }) => explicitId) ?? named[0];
    if (other !== undefined) record.dependsOn[position] = { ...dependency, record: other };
  }
}

function nextPrefix(trace: object, name: string): string {
  const own = countsOf(trace);
  const count = (own.get(name) ?? 0) + 1;
  own.set(name, count);
  return `${camelCase(name.replace(/-composition$/, ''))}${count}`;
}

function statusOf(core: CompositionCore, spec: unknown): unknown {
  const { instance } = activeTrace();
  const metadata = instance === undefined ? undefined : getMember(instance, 'metadata');
  const schema = activeTrace().track({ spec, metadata });
  withProviders(() => addRefinements(core.traced.graph.spec, spec), core.options.scope?.());
  return withProviders(() => runFunctions(core.functions, { schema, spec }).status, core.options.scope?.());
}

/**
 * Checks the spec of a nested composition like the arguments of a factory. Refuses fields that the inner spec does not
 * have. Refuses required fields that are missing or may be absent.
 */
function checkedSpec({ name, traced }: CompositionCore, spec: unknown): JsonObject {
  const { properties = {}, required = [], additionalProperties } = traced.graph.spec;
  if (spec === undefined && required.length === 0) return {};
  const given = argumentMembers(name, spec);
  if (symbolic(resolveMerged(spec)) !== undefined || mergedPieces(given) !== undefined) return spec as JsonObject;
  if (additionalProperties === undefined || additionalProperties === false)
    refuseUnknownArguments(
      name,
      Object.fromEntries(Object.entries(given).filter((field) => !isSpread(field))),
      Object.keys(properties),
    );
  for (const field of required) {
    if (properties[field]?.default === undefined)
      checkRequired(name, field, Object.hasOwn(given, field) ? given[field] : undefined);
  }
  return given as JsonObject;
}

/**
 * Is the value a symbolic field with the same name as `field`, as after the spread of an object? The inner spec need
 * not declare such a field.
 */
function isSpread([field, value]: readonly [string, unknown]): boolean {
  const inner = symbolic(value);
  return inner instanceof Sym && inner.node.kind === 'select' && inner.node.field === field;
}

/** Fills in the defaults of the inner schema for fields that are not given, or may be absent. */
function withSpecDefaults(core: CompositionCore, spec: JsonObject): unknown {
  return symbolic(spec) === undefined ? withDefaults(core.traced.graph.spec, spec) : spec;
}

/** A given object with the defaults of its schema. */
function withDefaults(schema: Schema, object: object): Record<string, unknown> {
  const trace = activeTrace();
  const { properties = {} } = schema;
  const isMerged = mergedPieces(object) !== undefined && !isOpen(schema);
  const given = isMerged ? membersByName(object, Object.keys(properties)) : object;
  const defaults = StructuralSchema.applyDefaults(schema, {}) as JsonObject;
  const members: Record<PropertyKey, unknown> = trace.track({});
  for (const [key, value] of mapOfMembers(given)) {
    if (value === undefined) continue;
    const field = typeof key === 'string' && Object.hasOwn(properties, key) ? properties[key] : undefined;
    setOwn(members, key, field === undefined ? value : memberWithDefaults(field, value, defaults[key as string]));
  }
  const filled: Record<string, unknown> = trace.track({ ...defaults });
  mergeSpread(filled, members);
  return filled;
}

/**
 * The members of an object into which maps or computed keys were merged. The type of a merged object does not show
 * which members are certain, so each member is read from its last source.
 */
function membersByName(object: object, names: readonly string[]): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const name of names) {
    let value = ownMember(object, name);
    for (const { test, map, keys = {} } of mergedPieces(object) ?? []) {
      const before = value;
      const read = () => {
        if (map !== undefined) return withDefault(memberOf(wrap(map), name), before);
        return Object.hasOwn(keys, name) ? keys[name] : before;
      };
      value = test === undefined ? read() : choose(decide(test), read, () => before);
    }
    setOwn(members, name, value);
  }
  return members;
}

const ownMember = (object: object, name: string): unknown =>
  Object.hasOwn(object, name) ? (object as Readonly<Record<string, unknown>>)[name] : undefined;

/** A member with the defaults of its schema. When the schema has no defaults, the value stays as it is. */
function memberWithDefaults(schema: Schema, value: unknown, own: JsonValue | undefined): unknown {
  if (own !== undefined && isAbsent(schema, value)) return withDefault(value, own);
  const inner = symbolic(value);
  if (inner instanceof Phi && hasDefaults(schema)) {
    const side = (of: unknown) => () => memberWithDefaults(schema, of, undefined);
    return choose(decide(inner.test), side(inner.then), side(inner.otherwise));
  }
  if (typeof value !== 'object' || value === null || inner !== undefined || !hasDefaults(schema)) return value;
  if (Array.isArray(value)) return itemsWithDefaults(schema.items ?? {}, value);
  return Object.getPrototypeOf(value) === Object.prototype ? withDefaults(schema, value) : value;
}

/** A list that the author wrote, each object with the defaults of the schema. */
function itemsWithDefaults(schema: Schema, list: readonly unknown[]): unknown[] {
  const trace = activeTrace();
  trace.noteRead(list);
  const changed = list.map((item) =>
    item instanceof Maybe
      ? new Maybe(item.test, memberWithDefaults(schema, item.value, undefined))
      : memberWithDefaults(schema, item, undefined),
  );
  return trace.track(changed);
}

/** Does the default of a schema replace the value, at least under a condition? */
const isAbsent = (schema: Schema, value: unknown): boolean =>
  value === null ? schema.nullable !== true : mayBeUndefined(value);

/** Does the schema of an object or a list have a default for a field at any depth? */
function hasDefaults({ properties = {}, items }: Schema): boolean {
  if (items !== undefined) return hasDefaults(items);
  return Object.values(properties).some((field) => field.default !== undefined || hasDefaults(field));
}

/** May objects of the schema have other fields than the schema lists? */
const isOpen = (schema: Schema): boolean =>
  (schema.additionalProperties ?? false) !== false || schema['x-kubernetes-preserve-unknown-fields'] === true;
