import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { type GraphNode, type PathStep, Path } from '@typekro/engine/graph';
import { fieldList } from './why-texts.ts';

/** The paths that identify the target of a patch. */
const IDENTITY: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata.name', 'metadata.namespace']);

/** The paths of the fields that a patch node writes. Empty for any other node. */
export function contributedFields(node: GraphNode | undefined): string[] {
  if (node?.nodeType !== 'patch') return [];
  return leaves(node.template.skeleton, []).filter((path) => !IDENTITY.has(path));
}

function leaves(value: JsonObject, path: readonly PathStep[]): string[] {
  return Object.entries(value).flatMap(([name, member]) => {
    const at = [...path, name];
    return isMap(member) ? leaves(member, at) : [Path.format(at)];
  });
}

const isMap = (value: JsonValue | undefined): value is JsonObject =>
  isJsonObject(value) && Object.keys(value).length > 0;

/**
 * Returns the fields of a patch node for the end of a line: `; writes metadata.labels.tier`. Empty for any other node.
 */
export function contributedText(node: GraphNode | undefined): string {
  const fields = contributedFields(node);
  if (fields.length === 0) return '';
  return `; writes ${fieldList(fields)}`;
}
