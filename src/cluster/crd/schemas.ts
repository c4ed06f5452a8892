import type { Api } from '../api.ts';
import { schemaEngine } from '../code-parts.ts';
import type * as SchemaEngine from './schema-engine.ts';

/** Must the schema engine be loaded before what is done with the API group, or in a cluster that has definitions? */
export function needsSchemas(api: Api, group: string | undefined): boolean {
  if (schemaEngine.loaded) return false;
  return (
    group === 'apiextensions.k8s.io' ||
    api.store.collection('apiextensions.k8s.io', 'customresourcedefinitions').size > 0
  );
}

/** What was loaded. */
export const schemas = (): typeof SchemaEngine => schemaEngine.code;
