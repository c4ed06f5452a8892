import type { LazyModule } from '../lazy-module.ts';
import { readCrd } from '../crd/parsed-crd.ts';
import { type SchemaEngine, needsSchemas } from '../crd/needs-schemas.ts';
import type { Work } from '../work.ts';
import type { LifecycleContext, settleDefinition } from './settle-definition.ts';
import { GROUP, PLURAL, publish, unpublish } from './publish.ts';

/** The parts of the cluster that `followDefinitions` and `republishDefinitions` use. */
export interface DefinitionsContext extends LifecycleContext {
  readonly work: Work;
  /** The names of the definitions whose next step is queued. */
  readonly unsettled: Set<string>;
  readonly parts: {
    readonly writing: LazyModule<{ readonly settleDefinition: typeof settleDefinition }>;
    readonly schemaEngine: LazyModule<SchemaEngine>;
  };
}

/**
 * Reacts to the events of CustomResourceDefinitions. Enqueues `settleDefinition` for a changed definition, and stops
 * serving a deleted definition at once. After a deletion, settles all definitions again, because the deleted definition
 * may have held a name that another definition requests.
 */
export function followDefinitions(context: DefinitionsContext): void {
  const definitions = context.store.collection(GROUP, PLURAL);
  definitions.subscribe((event) => {
    const name = event.stored.key;
    if (event.type === 'DELETED') {
      unpublish(context, readCrd(event.stored.object));
      for (const other of definitions.all()) settleLater(context, other.key);
    } else settleLater(context, name);
  });
  context.store.subscribe((event) => {
    if (event.type !== 'DELETED' || event.collection === definitions) return;
    const name = `${event.collection.plural}.${event.collection.group}`;
    if (definitions.get(name)?.object.metadata.deletionTimestamp !== undefined) settleLater(context, name);
  });
  context.store.onRecovery(() => {
    for (const { key } of definitions.all()) settleLater(context, key);
  });
}

/**
 * Enqueues one step of `settleDefinition` for a definition, unless it is queued. The step loads the `writing` module. This module is usually
 * loaded already, because the write of a definition loads it.
 */
function settleLater(context: DefinitionsContext, name: string): void {
  if (context.unsettled.has(name)) return;
  context.unsettled.add(name);
  context.work.enqueue(async () => {
    context.unsettled.delete(name);
    const { settleDefinition } = await context.parts.writing.load();
    if (settleDefinition(context, name)) settleLater(context, name);
  });
}

/**
 * Replaces the stored definitions by calling `change`. Before the call, stops serving all custom resources and drops
 * their collections. After the call, serves the definitions that the store has then.
 */
export function republishDefinitions(context: DefinitionsContext, change: () => void): void {
  const definitions = context.store.collection(GROUP, PLURAL);
  for (const { object } of definitions.all()) unpublish(context, readCrd(object));
  change();
  // This task is enqueued first, so that the schema engine is loaded before the controllers work on the new content.
  const { schemaEngine } = context.parts;
  if (needsSchemas(context.store, schemaEngine, undefined))
    context.work.enqueue(async () => void (await schemaEngine.load()));
  for (const { key } of definitions.all()) {
    const stored = definitions.get(key);
    if (stored !== undefined) publish(context, readCrd(stored.object));
    settleLater(context, key);
  }
}
