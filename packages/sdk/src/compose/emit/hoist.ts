import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { type Node, type Variable, mentions } from '../ir/node.ts';
import type { ResourceRecord } from '../trace/records.ts';
import { resolveMerged } from '../value/merge.ts';
import { toNode } from '../value/value-nodes.ts';

/**
 * Is the resource a Namespace that is applied before the instance instead of by the graph? As a resource of the graph,
 * the namespace could be created after the objects in it, because kro orders resources only by their data. The deletion
 * of an instance would also delete the namespace with all objects in it. Only a Namespace that depends on the spec
 * alone is known beforehand.
 */
export function isHoisted(record: ResourceRecord): boolean {
  const { apiVersion, kind, loops, guards, manifest, includeWhen, node } = record;
  if (apiVersion !== 'v1' || kind !== 'Namespace' || node !== 'template' || loops.length > 0) return false;
  const later = (of: Variable) => of.role !== 'schema' && of.role !== 'macro';
  const readsLater = (node: Node) => mentions(node, later);
  if (guards.some(readsLater) || includeWhen.length > 0) return false;
  return !readsLater(toNode(resolveMerged(manifest['metadata'])));
}

/**
 * The resources without hoisted namespaces. A hoisted namespace that an expression reads stays as an external
 * reference.
 */
export function withoutHoisted(
  resources: readonly JsonObject[],
  status: JsonObject,
  ids: ReadonlySet<string>,
): JsonObject[] {
  if (ids.size === 0) return [...resources];
  const others = resources.filter((entry) => !ids.has(String(entry['id'])));
  const texts = expressions([others, status]);
  return resources.flatMap((entry) => {
    const id = String(entry['id']);
    if (!ids.has(id)) return [entry];
    const read = new RegExp(String.raw`\b${id}\b`);
    return texts.some((text) => read.test(text)) ? [asReference(entry)] : [];
  });
}

function asReference({ template, ...entry }: JsonObject): JsonObject {
  const metadata = isJsonObject(template) ? (template['metadata'] as JsonObject) : {};
  return { ...entry, externalRef: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: metadata['name'] ?? '' } } };
}

/** All strings in a value that contain an expression. */
function expressions(value: JsonValue): string[] {
  if (typeof value === 'string') return value.includes('${') ? [value] : [];
  if (Array.isArray(value)) return value.flatMap(expressions);
  return isJsonObject(value) ? Object.values(value).flatMap((part) => expressions(part as JsonValue)) : [];
}
