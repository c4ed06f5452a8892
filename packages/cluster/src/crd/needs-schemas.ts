import type { LazyModule } from '../lazy-module.ts';
import type { ObjectLookup } from '../types/lookup.ts';
import type * as Engine from './schema-engine.ts';

/** The schema engine: structural schemas, their rules, and the CEL implementation. */
export type SchemaEngine = typeof Engine;

/**
 * Returns the schema engine. Throws when the engine is not loaded. When `needsSchemas` returns true, the caller must
 * load the engine first. `docs/decisions/0013-schema-engine-behind-a-gate.md` explains why.
 */
export type SchemaEngineSource = () => SchemaEngine;

/** The groups whose objects have schemas or expressions. */
const GROUPS: ReadonlySet<string | undefined> = new Set(['admissionregistration.k8s.io', 'apiextensions.k8s.io']);

/**
 * Must the schema engine be loaded for a request to the API group? Requests for CRDs, webhooks or policies need the
 * engine. In a cluster with CRDs or ValidatingAdmissionPolicies, all requests need it. The result is false when the
 * engine is already loaded. When `group` is `undefined`, only the content of the cluster counts.
 */
export function needsSchemas(
  store: ObjectLookup,
  schemaEngine: LazyModule<SchemaEngine>,
  group: string | undefined,
): boolean {
  if (schemaEngine.loaded) return false;
  return (
    GROUPS.has(group) ||
    store.collection('apiextensions.k8s.io', 'customresourcedefinitions').size > 0 ||
    store.collection('admissionregistration.k8s.io', 'validatingadmissionpolicies').size > 0
  );
}
