import type { GroupVersionKind, JsonValue, KubeObject } from '@typekro/kit/core';
import { gvkOf, isJsonObject, parseApiVersion } from '@typekro/kit/core';
import { GraphObject } from '@typekro/engine/graph';
import { textAt } from '@typekro/kit/kubernetes';
import { Tracking } from '@typekro/engine/runtime';

/** The type, name and namespace of an object. */
export interface NamedObject {
  readonly type: GroupVersionKind;
  readonly name: string;
  readonly namespace?: string;
}

/** The objects and kinds that decisions about a Graph depend on. */
export interface GraphInputs {
  /** The objects that the Graph records, creates or patches. */
  readonly objects: readonly NamedObject[];
  /** The kinds of the objects that the Graph reads. */
  readonly kinds: readonly GroupVersionKind[];
}

/**
 * Finds the objects and kinds that a snapshot needs in addition to a Graph. Skips malformed nodes, and names and kinds
 * that expressions compute.
 */
export function inputsOfGraph(graph: KubeObject): GraphInputs {
  const { managedResources, contributions } = Tracking.read(graph);
  const recorded = [...managedResources, ...contributions].map(({ apiVersion, kind, name, namespace }) => ({
    type: gvkOf({ apiVersion, kind }),
    name,
    ...(namespace === undefined ? {} : { namespace }),
  }));
  const nodes = [...GraphObject.nodesOf(graph)].map(({ node }) => node);
  const own = graph.metadata.namespace;
  const written = nodes.flatMap((node) => [...named(node['template'], own), ...named(node['patch'], own)]);
  return { objects: [...recorded, ...written], kinds: nodes.flatMap((node) => typeOf(node['ref'])) };
}

function typeOf(object: JsonValue | undefined): GroupVersionKind[] {
  if (!isJsonObject(object)) return [];
  const [apiVersion, kind] = [textAt(object, 'apiVersion'), textAt(object, 'kind')];
  const isWritten = apiVersion !== '' && kind !== '' && !`${apiVersion}${kind}`.includes('${');
  return isWritten ? [{ ...parseApiVersion(apiVersion), kind }] : [];
}

function named(object: JsonValue | undefined, own: string | undefined): NamedObject[] {
  if (!isJsonObject(object)) return [];
  const name = textAt(object, 'metadata', 'name');
  const namespace = textAt(object, 'metadata', 'namespace') || own;
  if (name === '' || `${name}${namespace ?? ''}`.includes('${')) return [];
  return typeOf(object).map((type) => ({ type, name, ...(namespace === undefined ? {} : { namespace }) }));
}
