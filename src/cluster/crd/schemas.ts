import type { LazyModule } from '../lazy-module.ts';
import type { ObjectLookup } from '../types/lookup.ts';
import type * as Engine from './schema-engine.ts';

/** Structural schemas, their rules and the language of the rules. */
export type SchemaEngine = typeof Engine;

/**
 * Returns the schema engine. Throws when the engine is not loaded. The caller must load the engine first when
 * `needsSchemas` returns true. `docs/decisions/0013-schema-engine-behind-a-gate.md` has the reasons.
 */
export type SchemaEngineSource = () => SchemaEngine;

/** The groups whose objects have schemas or expressions. */
const GROUPS: ReadonlySet<string | undefined> = new Set(['admissionregistration.k8s.io', 'apiextensions.k8s.io']);

/**
 * Must the schema engine be loaded for a request to the API group? Two kinds of requests need it: requests for
 * definitions, webhooks or policies, and all requests in a cluster with definitions or ValidatingAdmissionPolicies. The
 * result is false when the engine is loaded already. When `group` is `undefined`, only the content of the cluster
 * counts.
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
