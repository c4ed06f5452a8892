import type { LazyModule } from '../lazy-module.ts';
import type { ObjectLookup } from '../types/lookup.ts';
import type * as Engine from './schema-engine.ts';

/** Structural schemas, their rules and the language of the rules. */
export type SchemaEngine = typeof Engine;

/**
 * Returns the schema engine. Throws before the engine is loaded, which `needsSchemas` prevents: see
 * `docs/decisions/0013-schema-engine-behind-a-gate.md`.
 */
export type SchemaEngineSource = () => SchemaEngine;

/** Does a request to the API group need the schema engine, or has the cluster definitions? */
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
