import type { Api } from '../api.ts';
import type * as SchemaEngine from './schema-engine.ts';

let engine: typeof SchemaEngine | undefined;
let loading: Promise<void> | undefined;

async function load(): Promise<void> {
  try {
    engine = await import('./schema-engine.ts');
  } finally {
    loading = undefined;
  }
}

/**
 * Loads what definitions need. That is most of the code of a cluster, and most clusters need it late or never:
 * a socket opens in half the time when it comes afterwards.
 */
export function loadSchemas(): Promise<void> {
  if (engine !== undefined) return Promise.resolve();
  return (loading ??= load());
}

/** Settles when a load that goes on has ended, either way; whoever needs the outcome loads again. */
export async function schemaLoadEnded(): Promise<void> {
  await Promise.allSettled([loading]);
}

/** Must `loadSchemas` come before what is done with the API group, or in a cluster that has definitions? */
export function needsSchemas(api: Api, group: string | undefined): boolean {
  if (engine !== undefined) return false;
  return (
    group === 'apiextensions.k8s.io' ||
    api.store.collection('apiextensions.k8s.io', 'customresourcedefinitions').size > 0
  );
}

/** What was loaded. */
export function schemas(): typeof SchemaEngine {
  if (engine === undefined) throw new Error('definitions are used before what they need was loaded');
  return engine;
}
