import { type JsonObject, type KubeObject, typeMetaOf, isJsonObject } from '@typekro/kit/core';
import { ALLOW_BREAKING_CHANGES } from '@typekro/engine/graph';
import { type ObjectType, Finalizers, keys } from '@typekro/engine/runtime';

/** The type of definitions. */
export const DEFINITION_TYPE: ObjectType = {
  group: 'kro.run',
  version: 'v1alpha1',
  kind: 'ResourceGraphDefinition',
  plural: 'resourcegraphdefinitions',
  namespaced: false,
};

/** The type of definitions, as an object and a request name it. */
export const DEFINITION_KIND = typeMetaOf(DEFINITION_TYPE);

/** The type of revisions. */
export const REVISION_TYPE: ObjectType = {
  group: 'internal.kro.run',
  version: 'v1alpha1',
  kind: 'GraphRevision',
  plural: 'graphrevisions',
  namespaced: false,
};

/** The type of CRDs. */
export const CRD_TYPE: ObjectType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

/** The apiVersion and the kind of a CRD. */
export const CRD_KIND = typeMetaOf(CRD_TYPE);

/** The values that an API server writes into `spec.schema` of a definition without them. */
export const SERVER_DEFAULTS = { group: 'kro.run', scope: 'Namespaced' } as const;

/** The parts of a definition that the controller uses. */
export interface DefinitionObject {
  readonly object: KubeObject;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly spec: JsonObject;
  readonly status: JsonObject;
  /** May a change of the instance CRD break stored objects? Only the annotation value `true` allows this. */
  readonly allowBreakingChanges: boolean;
  /** Does the deletion of the definition wait until its instances are gone? */
  readonly waitForInstances: boolean;
  readonly deleting: boolean;
  readonly hasFinalizer: boolean;
}

/** Parses a definition object. */
export function readDefinitionObject(object: KubeObject): DefinitionObject {
  const { name = '', uid = '', generation = 0, annotations, deletionTimestamp } = object.metadata;
  const annotation = (key: string) =>
    annotations !== undefined && Object.hasOwn(annotations, key) ? annotations[key] : undefined;
  return {
    object,
    name,
    uid,
    generation,
    spec: isJsonObject(object.spec) ? object.spec : {},
    status: isJsonObject(object.status) ? object.status : {},
    allowBreakingChanges: annotation(ALLOW_BREAKING_CHANGES) === 'true',
    waitForInstances: annotation(keys.DELETION_POLICY_ANNOTATION)?.trim() === 'wait',
    deleting: deletionTimestamp !== undefined,
    hasFinalizer: Finalizers.has(object),
  };
}

/**
 * The kind that the schema of a definition declares. An absent group is `kro.run`, and any other absent member is
 * empty.
 */
export function declaredKind(spec: JsonObject): { group: string; version: string; kind: string } {
  const schema = isJsonObject(spec['schema']) ? spec['schema'] : {};
  const text = (key: string) => (typeof schema[key] === 'string' ? schema[key] : '');
  return { group: text('group') || 'kro.run', version: text('apiVersion'), kind: text('kind') };
}

/**
 * Does a definition declare its own conditions? These conditions replace kro's conditions in the status of instances.
 */
export function declaresConditions(spec: JsonObject): boolean {
  const schema = isJsonObject(spec['schema']) ? spec['schema'] : {};
  const conditions = isJsonObject(schema['status']) ? schema['status']['conditions'] : undefined;
  return Array.isArray(conditions) && conditions.length > 0;
}
