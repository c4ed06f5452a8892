import type { LazyModule } from '../lazy-module.ts';
import type { ObjectLookup } from '../types/lookup.ts';
import type * as Engine from './schema-engine.ts';

/** Structural schemas, their rules and the language of these. */
export type SchemaEngine = typeof Engine;

/** Gives the schema engine. Throws before it is loaded; see `needsSchemas`. */
export type SchemaEngineSource = () => SchemaEngine;

/** Must the schema engine be loaded before what is done with the API group, or in a cluster that has definitions? */
export function needsSchemas(
  store: ObjectLookup,
  schemaEngine: LazyModule<SchemaEngine>,
  group: string | undefined,
): boolean {
  if (schemaEngine.loaded) return false;
  return (
    group === 'apiextensions.k8s.io' || store.collection('apiextensions.k8s.io', 'customresourcedefinitions').size > 0
  );
}
