import { type Node, type Variable, rewrite } from '../ir/node.ts';
import type { ResourceRecord } from '../trace/records.ts';
import { symbolic } from '../value/proxy.ts';
import { toNode } from '../value/value-nodes.ts';

/**
 * Replaces reads between resources of the same loop iteration: the read becomes the value from the template of the
 * resource that is read. This is necessary because the graph cannot refer to a single object of a collection.
 */
export function elementFields(node: Node, records: readonly ResourceRecord[], user: ResourceRecord): Node {
  return rewrite(node, (part) => {
    const path = pathOf(part);
    if (path === undefined) return undefined;
    const record = records.find((candidate) => candidate.element === path.variable);
    if (record === undefined || !record.loops.every((loop) => user.loops.includes(loop))) return undefined;
    return templateField(record.manifest, path.fields);
  });
}

function pathOf(node: Node): { readonly variable: Variable; readonly fields: readonly string[] } | undefined {
  const fields: string[] = [];
  let current = node;
  while (current.kind === 'select') {
    fields.unshift(current.field);
    current = current.args[0];
  }
  if (current.kind !== 'var' || fields.length === 0) return undefined;
  const of = current.variable;
  return of.role === 'element' ? { variable: of, fields } : undefined;
}

function templateField(manifest: unknown, fields: readonly string[]): Node | undefined {
  let value = manifest;
  for (const field of fields) {
    if (typeof value !== 'object' || value === null || symbolic(value) !== undefined || !Object.hasOwn(value, field))
      return undefined;
    value = (value as Record<string, unknown>)[field];
  }
  if (value === undefined || (typeof value === 'object' && value !== null && symbolic(value) === undefined))
    return undefined;
  return toNode(value);
}
