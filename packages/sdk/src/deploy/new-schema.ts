import { type KubeObject, isJsonObject, mergeJson, oncePerObject } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import { objectsAt, valueAt } from '@typekro/kit/kubernetes';
import { type Schema, StructuralSchema } from '@typekro/engine/schema';

/** An instance as an API server would read it under the schema of a graph. */
export interface InstanceUnderSchema {
  readonly object: KubeObject;
  /** The messages with which the server would refuse the instance. Empty when the server would accept it. */
  readonly errors: readonly string[];
  /** The paths of fields that the schema lacks. The server drops these fields. */
  readonly dropped: readonly string[];
}

const schemaOf = oncePerObject((graph: Graph): Schema => {
  const [version] = objectsAt(graph.instance.crd.spec, 'versions');
  const schema = valueAt(version, 'schema', 'openAPIV3Schema');
  return StructuralSchema.of(isJsonObject(schema) ? schema : {});
});

/**
 * Processes an instance like an API server: drops fields that the graph's schema lacks, sets defaults, and validates.
 */
export function underSchema(graph: Graph, instance: KubeObject): InstanceUnderSchema {
  const schema = schemaOf(graph);
  const { value, unknown } = StructuralSchema.prune(schema, instance);
  const object = StructuralSchema.applyDefaults(schema, value) as KubeObject;
  const errors = StructuralSchema.validate(schema, object);
  return {
    object: { ...object, apiVersion: instance.apiVersion, kind: instance.kind, metadata: instance.metadata },
    errors: errors.map(({ field, message }) => `${field}: ${message}`),
    dropped: unknown.filter((path) => !path.startsWith('status')),
  };
}

/**
 * Merges the fields of `desired` into `live`. Unlike server-side apply, replaces lists with keys as a whole, and
 * removes no fields.
 */
export function laidOver(live: KubeObject | undefined, desired: KubeObject): KubeObject {
  if (live === undefined) return desired;
  return mergeJson(live, desired) as KubeObject;
}
