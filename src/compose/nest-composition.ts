import type { JsonObject } from '../core/index.ts';
import { applyDefaults } from '../schema/index.ts';
import type { CompositionCore } from './composition.ts';
import { checkRequired, argumentMembers, refuseUnknownArguments } from './factory-arguments.ts';
import { camelCase } from './resources/resource-ids.ts';
import { opaque } from './value/native-functions.ts';
import { dependOn } from './library/resources.ts';
import { withProviders } from './source/current.ts';
import { runFunctions } from './trace-composition.ts';
import type { NestedComposition } from './composition-type.ts';
import { activeTrace } from './trace/current.ts';
import { resolveMerged } from './value/merge.ts';
import { mergedPieces } from './value/nodes.ts';
import { symbolic } from './value/proxy.ts';
import { Sym } from './value/symbolic.ts';
import { pascalCase } from '../core/index.ts';

/**
 * The number of calls of each composition in a trace, by the composition's name. The ids of the composition's resources
 * contain the number.
 */
const counts = new WeakMap<object, Map<string, number>>();

/**
 * Merges a composition into the composition that is being traced: its resources with prefixed ids, its status as
 * values.
 */
export function nestComposition(core: CompositionCore, spec: JsonObject): NestedComposition<JsonObject> {
  const trace = activeTrace();
  const prefix = nextPrefix(trace, core.name);
  const before = trace.resources.length;
  const status = statusOf(core, withSpecDefaults(core, checkedSpec(core, spec)));
  const made = trace.resources.slice(before);
  const taken = new Set<string>();
  for (const record of made) {
    const own = pascalCase(record.id.charAt(0).toUpperCase() + record.id.slice(1));
    const base = made.length === 1 ? prefix : `${prefix}${own}`;
    // A loop of the inner composition may run over a known list, and then repeats an id.
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
  return trace.track(result);
}

function nextPrefix(trace: object, name: string): string {
  const own = counts.get(trace) ?? new Map<string, number>();
  counts.set(trace, own);
  const count = (own.get(name) ?? 0) + 1;
  own.set(name, count);
  return `${camelCase(name.replace(/-composition$/, ''))}${count}`;
}

function statusOf(core: CompositionCore, spec: unknown): unknown {
  const schema = activeTrace().track({ spec });
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
 * Is the value a symbolic field of the same name of some object, as after a spread of that object? The inner spec need
 * not declare such a field.
 */
function isSpread([field, value]: readonly [string, unknown]): boolean {
  const inner = symbolic(value);
  return inner instanceof Sym && inner.node.kind === 'select' && inner.node.field === field;
}

/** Fills in the defaults of the inner schema for members of the spec that are not given. */
function withSpecDefaults(core: CompositionCore, spec: JsonObject): unknown {
  if (symbolic(spec) !== undefined) return spec;
  const defaults = applyDefaults(core.traced.graph.spec, {}) as JsonObject;
  const trace = activeTrace();
  const filled: Record<string, unknown> = trace.track({ ...defaults });
  for (const [key, value] of Object.entries(spec)) if (value !== undefined) filled[key] = value;
  return filled;
}
