import type { LazyModule } from '../lazy-module.ts';
import { readCrd } from '../crd/definition.ts';
import type { SchemaEngine } from '../crd/schemas.ts';
import { needsSchemas } from '../crd/schemas.ts';
import type { Work } from '../work.ts';
import type { LifecycleContext, settleDefinition } from './lifecycle.ts';
import { GROUP, PLURAL, publish, unpublish } from './publish.ts';

/** What definitions are followed with. */
export interface DefinitionsContext extends LifecycleContext {
  readonly work: Work;
  readonly parts: {
    readonly writing: LazyModule<{ readonly settleDefinition: typeof settleDefinition }>;
    readonly schemaEngine: LazyModule<SchemaEngine>;
  };
}

/** Follows definitions: accepts names, establishes, serves, and takes everything away in the end. */
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
}

/** Brings a definition further when it is its turn. Definitions are written, so what that takes is mostly there. */
function settleLater(context: DefinitionsContext, name: string): void {
  context.work.enqueue(async () => {
    const { settleDefinition } = await context.parts.writing.load();
    settleDefinition(context, name);
  });
}

/** Takes every custom resource away, lets `change` replace the stored definitions, and serves what there is then. */
export function republishDefinitions(context: DefinitionsContext, change: () => void): void {
  const definitions = context.store.collection(GROUP, PLURAL);
  for (const { object } of definitions.all()) unpublish(context, readCrd(object));
  change();
  // Before whatever controllers do with the new content.
  const { schemaEngine } = context.parts;
  if (needsSchemas(context.store, schemaEngine, undefined))
    context.work.enqueue(async () => void (await schemaEngine.load()));
  for (const { key } of definitions.all()) {
    const stored = definitions.get(key);
    if (stored !== undefined) publish(context, readCrd(stored.object));
    settleLater(context, key);
  }
}
