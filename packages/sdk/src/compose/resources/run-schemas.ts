import type { GroupVersionKind } from '@typekro/kit/core';
import { type Schema, type SchemaSource, combineSources } from '@typekro/engine/schema';

/** The schemas of kinds, by tracing run. */
const sources = new WeakMap<object, SchemaSource>();

/** Gives a tracing run its schemas. */
export function setSchemas(trace: object, source: SchemaSource): void {
  sources.set(trace, source);
}

/** Adds schemas to a tracing run. The schemas that the run already has take precedence. */
export function addSchemas(trace: object, source: SchemaSource): void {
  const own = sources.get(trace);
  if (own !== source) sources.set(trace, own === undefined ? source : combineSources(own, source));
}

/** The schemas of a tracing run. */
export function schemasOf(trace: object): SchemaSource {
  const own = sources.get(trace);
  if (own === undefined) throw new Error('a tracing run has no schemas');
  return own;
}

/**
 * The schema of a kind in a tracing run. A schema that only the factory of the kind knows (`own`) is added to the run.
 */
export function schemaFor(
  trace: object,
  type: GroupVersionKind,
  own: (() => SchemaSource) | undefined,
): Schema | undefined {
  const known = sources.get(trace)?.schemaOf(type);
  if (known !== undefined || own === undefined) return known;
  addSchemas(trace, own());
  return sources.get(trace)?.schemaOf(type);
}
