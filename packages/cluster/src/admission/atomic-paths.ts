import type { JsonValue } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';
import { formOf } from '../fields/walk.ts';
import type { TypeNode } from '../types/node.ts';
import { memberNode } from '../types/node.ts';

/**
 * Returns the paths of the atomic lists, maps and objects in a value. A merge replaces each of them as a whole, so a
 * policy that sets one part would remove the other parts.
 */
export function atomicPaths(node: TypeNode, value: JsonValue, path = ''): string[] {
  if (node.kind === 'any') return [];
  const form = formOf(node, value);
  if (Array.isArray(value) && form.kind === 'list') {
    const own = form.list === 'atomic' ? [path] : [];
    return [...own, ...value.flatMap((element, index) => atomicPaths(form.items, element, `${path}[${index}]`))];
  }
  if (!isJsonObject(value) || (form.kind !== 'object' && form.kind !== 'map')) return [];
  const own = form.atomic === true ? [path] : [];
  const inner = Object.entries(value).flatMap(([key, member]) => {
    const type = memberNode(form, key);
    return type === undefined || member === undefined ? [] : atomicPaths(type, member, `${path}.${key}`);
  });
  return [...own, ...inner];
}
