import { type JsonObject, type JsonValue, isJsonObject, yamlComment } from '@typekro/kit/core';
import { type GraphNode, Nodes } from '@typekro/engine/graph';
import type { CompositionCore } from '../composition.ts';
import type { InstanceName } from '../deploy-engine.ts';
import type { EvaluatedResource } from '../public-types.ts';
import type { TracedCore } from '../traced-core.ts';
import { printYaml } from '../emit/print-yaml.ts';
import { evaluateComposition } from '../evaluate-composition.ts';

/**
 * Returns the objects that direct mode applies for a spec, as YAML documents. Comments name the objects that the graph
 * only reads, and the objects that wait for data of the cluster. A namespaced object without a namespace gets
 * `namespace`, as in `deploy()`. The documents are in an order in which `kubectl apply` accepts them. Warns when the
 * documents contain values of a Secret.
 */
export function directManifests(
  core: CompositionCore,
  spec: JsonObject,
  place: InstanceName & { readonly namespace: string },
): string {
  return manifestsOfResources(core, evaluateComposition(core, spec, {}, place).resources, place.namespace);
}

/** The documents of an evaluated composition or graph. A `def` node of a Graph has no document. */
export function manifestsOfResources(
  core: TracedCore,
  resources: readonly EvaluatedResource[],
  namespace: string,
): string {
  const { nodes, order } = core.write('typekro').graph;
  const ranks = new Map(order.map((id, index) => [id, index - (isGround(nodes.get(id)) ? order.length : 0)]));
  const ordered = resources.toSorted((a, b) => (ranks.get(a.id) ?? 0) - (ranks.get(b.id) ?? 0));
  const documents: string[] = [];
  const comments: string[] = [];
  for (const { id, included, objects, pending } of ordered) {
    const node = nodes.get(id) as GraphNode;
    if (node.nodeType === 'def') continue;
    const isRead = Nodes.isExternal(node);
    const placed = node.namespaced ? objects.map((object) => inNamespace(object, namespace)) : objects;
    if (isRead) comments.push(...placed.map((object) => yamlComment(`${id} is read, not applied: ${nameOf(object)}`)));
    else {
      documents.push(...placed.map((object) => printYaml(object)));
      if (placed.some(holdsSecrets)) core.notePrintedSecret(id);
    }
    if (included && pending !== undefined) {
      comments.push(yamlComment(`${id} is not ${isRead ? 'read' : 'made'} yet: ${pending}`));
    }
  }
  return [...documents, ...(comments.length === 0 ? [] : [comments.join('')])].join('---\n');
}

/** Is the object a Secret with values? */
function holdsSecrets({ apiVersion, kind, data, stringData }: JsonObject): boolean {
  const hasText = (values: JsonValue | undefined) =>
    isJsonObject(values) && Object.values(values).some((text) => text !== '');
  return apiVersion === 'v1' && kind === 'Secret' && (hasText(data) || hasText(stringData));
}

/** Is the node a Namespace or a CRD? Such objects are printed before the objects that depend on them. */
function isGround(node: GraphNode | undefined): boolean {
  return node?.type?.kind === 'Namespace' || node?.type?.kind === 'CustomResourceDefinition';
}

function inNamespace(object: JsonObject, namespace: string): JsonObject {
  const { apiVersion = '', kind = '', metadata: given, ...rest } = object;
  const metadata = isJsonObject(given) ? given : {};
  if (metadata['namespace'] !== undefined && metadata['namespace'] !== '') return object;
  return { apiVersion, kind, metadata: { ...metadata, namespace }, ...rest };
}

function nameOf({ kind, metadata }: JsonObject): string {
  const { namespace, name } = isJsonObject(metadata) ? metadata : {};
  const path = [namespace, name].filter((part) => typeof part === 'string' && part !== '').join('/');
  return `${String(kind)} ${path === '' ? 'by selector' : path}`.replace(/[\r\n]+/g, ' ');
}
