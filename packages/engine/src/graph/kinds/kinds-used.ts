import { type GroupVersionKind, type JsonValue, isJsonObject, parseApiVersion } from '@typekro/kit/core';
import { isCrd } from './graph-kinds.ts';
import { resolveKind } from './resolve-kind.ts';

/** The members of a resource of a definition, or of a node of a Graph, that name a kind. */
const PAYLOADS = ['template', 'externalRef', 'ref', 'patch'] as const;

/**
 * The kinds in the templates, references and patches of a definition's `spec`, or of a Graph's `spec` including its
 * subgraphs. A caller uses them to fetch the schemas before it calls the compiler. Skips computed kinds, and malformed
 * entries, which the compiler reports.
 */
export function kindsUsed(spec: JsonValue | undefined): GroupVersionKind[] {
  const found: GroupVersionKind[] = [];
  // A loop instead of recursion, because the author may nest subgraphs to any depth.
  const open = [spec];
  while (open.length > 0) {
    const current = open.pop();
    if (!isJsonObject(current)) continue;
    for (const entry of [current['resources'], current['nodes']].flat()) {
      if (!isJsonObject(entry)) continue;
      open.push(entry['graph']);
      for (const payload of PAYLOADS) found.push(...kindOfObject(entry[payload]));
    }
  }
  return found;
}

function kindOfObject(object: JsonValue | undefined): GroupVersionKind[] {
  if (!isJsonObject(object)) return [];
  const { apiVersion, kind } = object;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || `${apiVersion}${kind}`.includes('${')) return [];
  return [{ ...parseApiVersion(apiVersion), kind }];
}

/** The kinds that a definition or a Graph uses. */
export const Kinds = { used: kindsUsed, isCrd, resolve: resolveKind };
