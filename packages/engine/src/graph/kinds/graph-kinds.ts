import { type GroupVersionKind, type KubeObject, isJsonObject, firstDefined } from '@typekro/kit/core';
import { type SchemaSource, crdSource } from '../../schema/index.ts';
import type { ParsedDefinition } from '../parsed-definition.ts';

/** The kinds that a definition installs through its own resources. These resources are CustomResourceDefinitions. */
export interface InstalledKinds {
  readonly source: SchemaSource;
  /** Id of the resource that installs a kind. */
  installerOf(type: GroupVersionKind): string | undefined;
}

/** Reads the CustomResourceDefinition templates of a definition. */
export function installedKinds(definition: ParsedDefinition): InstalledKinds {
  const byId = new Map<string, SchemaSource>();
  for (const { id, template } of definition.resources) {
    if (isJsonObject(template) && isCrd(template)) byId.set(id, crdSource([template as KubeObject]));
  }
  return {
    source: {
      schemaOf: (type) => firstDefined(byId.values(), (source) => source.schemaOf(type)),
      resourceOf: (type) => firstDefined(byId.values(), (source) => source.resourceOf(type)),
      kinds: () => [...byId.values()].flatMap((source) => [...source.kinds()]),
    },
    installerOf: (type) => [...byId].find(([, source]) => source.resourceOf(type) !== undefined)?.[0],
  };
}

/** Is an object, or the template of one, a CustomResourceDefinition? */
export function isCrd({ apiVersion, kind }: { readonly apiVersion?: unknown; readonly kind?: unknown }): boolean {
  return apiVersion === 'apiextensions.k8s.io/v1' && kind === 'CustomResourceDefinition';
}
