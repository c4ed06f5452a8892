import { isJsonObject, oncePerObject } from '@typekro/kit/core';
import { type ParsedCrd, hasCondition, readNames } from '../crd/parsed-crd.ts';
import type { SchemaEngineSource } from '../crd/needs-schemas.ts';
import { CustomResource } from '../registry/served-custom-resource.ts';
import type { Registry } from '../registry/registry.ts';
import type { Store } from '../store/store.ts';

export const GROUP = 'apiextensions.k8s.io';
export const PLURAL = 'customresourcedefinitions';

/**
 * The parts of the cluster that serve custom resources. Publishing changes `store` and `registry`, and passes `schemas`
 * to the resources.
 */
export interface PublishContext {
  readonly store: Store;
  readonly registry: Registry;
  readonly schemas: SchemaEngineSource;
}

/**
 * For each registry, maps the name of a CRD to its served state as a string. A different string means that the CRD has
 * changed.
 */
const publishedBy = oncePerObject((_: Registry) => new Map<string, string>());

/** Serves the versions of an established CRD. Does nothing when the same state is served already. */
export function publish(context: PublishContext, definition: ParsedCrd): void {
  if (!hasCondition(definition.object, 'Established')) return;
  const terminating = definition.object.metadata.deletionTimestamp !== undefined;
  const name = definition.object.metadata.name ?? '';
  const state = `${definition.object.metadata.uid} ${definition.object.metadata.generation} ${terminating} ${JSON.stringify(definition.object.status?.['acceptedNames'])}`;
  const states = publishedBy(context.registry);
  if (states.get(name) === state) return;
  states.set(name, state);
  context.registry.remove(definition.group, definition.names.plural);
  const accepted = readNames(
    isJsonObject(definition.object.status?.['acceptedNames']) ? definition.object.status['acceptedNames'] : {},
  );
  const served = { ...definition, names: { ...accepted, plural: definition.names.plural } };
  const collection = context.store.collection(definition.group, definition.names.plural);
  const family = new Map<string, CustomResource>();
  for (const version of definition.versions) {
    const resource = new CustomResource(served, version, collection, family, terminating, context.schemas);
    family.set(resource.apiVersion, resource);
    if (version.served) context.registry.add(resource);
  }
  collection.forgetRepresentations();
}

/** Stops serving the kind of a CRD, and drops the collection of its objects. */
export function unpublish(context: PublishContext, definition: ParsedCrd): void {
  publishedBy(context.registry).delete(definition.object.metadata.name ?? '');
  context.registry.remove(definition.group, definition.names.plural);
  context.store.drop(definition.group, definition.names.plural);
}
