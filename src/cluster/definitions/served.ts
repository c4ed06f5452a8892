import { isJsonObject } from '../../core/index.ts';
import type { Api } from '../api.ts';
import { schemaEngine, writing } from '../code-parts.ts';
import { CustomResource } from '../registry/custom-resource.ts';
import type { Definition } from '../crd/definition.ts';
import { hasCondition, readCrd, readNames } from '../crd/definition.ts';
import { needsSchemas } from '../crd/schemas.ts';

export const GROUP = 'apiextensions.k8s.io';
export const PLURAL = 'customresourcedefinitions';

/** Follows definitions: accepts names, establishes, serves, and takes everything away in the end. */
export function followDefinitions(api: Api): void {
  const definitions = api.store.collection(GROUP, PLURAL);
  definitions.subscribe((event) => {
    const name = event.stored.key;
    if (event.type === 'DELETED') {
      unpublish(api, readCrd(event.stored.object));
      for (const other of definitions.all()) settleLater(api, other.key);
    } else settleLater(api, name);
  });
  api.store.subscribe((event) => {
    if (event.type !== 'DELETED' || event.collection === definitions) return;
    const name = `${event.collection.plural}.${event.collection.group}`;
    if (definitions.get(name)?.object.metadata.deletionTimestamp !== undefined) settleLater(api, name);
  });
}

/** Brings a definition further when it is its turn. Definitions are written, so what that takes is mostly there. */
function settleLater(api: Api, name: string): void {
  api.work.enqueue(async () => {
    const { settleDefinition } = await writing.load();
    settleDefinition(api, name);
  });
}

/** What is served of a definition at present, to see when nothing has changed. */
const published = new WeakMap<Api, Map<string, string>>();

/** Serves the versions of an established definition, unless that is what is served already. */
export function publish(api: Api, definition: Definition): void {
  if (!hasCondition(definition.object, 'Established')) return;
  const terminating = definition.object.metadata.deletionTimestamp !== undefined;
  const name = definition.object.metadata.name ?? '';
  const state = `${definition.object.metadata.uid} ${definition.object.metadata.generation} ${terminating} ${JSON.stringify(definition.object.status?.['acceptedNames'])}`;
  let states = published.get(api);
  if (states === undefined) published.set(api, (states = new Map()));
  if (states.get(name) === state) return;
  states.set(name, state);
  api.registry.remove(definition.group, definition.names.plural);
  const accepted = readNames(
    isJsonObject(definition.object.status?.['acceptedNames']) ? definition.object.status['acceptedNames'] : {},
  );
  const served = { ...definition, names: { ...accepted, plural: definition.names.plural } };
  const collection = api.store.collection(definition.group, definition.names.plural);
  const family = new Map<string, CustomResource>();
  for (const version of definition.versions) {
    const resource = new CustomResource(served, version, collection, family, terminating);
    family.set(resource.apiVersion, resource);
    if (version.served) api.registry.add(resource);
  }
  collection.forgetRepresentations();
}

function unpublish(api: Api, definition: Definition): void {
  published.get(api)?.delete(definition.object.metadata.name ?? '');
  api.registry.remove(definition.group, definition.names.plural);
  api.store.drop(definition.group, definition.names.plural);
}

/** Takes every custom resource away, lets `change` replace the stored definitions, and serves what there is then. */
export function republishDefinitions(api: Api, change: () => void): void {
  const definitions = api.store.collection(GROUP, PLURAL);
  for (const { object } of definitions.all()) unpublish(api, readCrd(object));
  change();
  // Before whatever controllers do with the new content.
  if (needsSchemas(api, undefined)) api.work.enqueue(async () => void (await schemaEngine.load()));
  for (const { key } of definitions.all()) {
    const stored = definitions.get(key);
    if (stored !== undefined) publish(api, readCrd(stored.object));
    settleLater(api, key);
  }
}
