import { type JsonObject, type JsonValue, isJsonObject, stringifyJson } from '@typekro/kit/core';
import { fnv64a } from '@typekro/kit/golang';
import { asText } from '@typekro/kit/kubernetes';
import { sortKeys } from '../hash.ts';
import type { Graph } from '../model.ts';

/**
 * Hash of a Graph's spec: 16 hex digits of FNV-1a-64 over the JSON of its normal form. Two specs with equal hashes
 * compile to Graphs that differ at most in the order of their nodes. The order of nodes and of keys does not change the
 * hash, but the order of forEach dimensions does. An absent list equals an empty list. The nodes of subgraphs are not
 * normalised.
 */
export function graphHash(spec: JsonValue | undefined): string {
  const fields = isJsonObject(spec) ? spec : {};
  const nodes = listOf(fields['nodes'])
    .map(normalizeNode)
    .toSorted((a, b) => (asText(a['id']) < asText(b['id']) ? -1 : 1));
  const form = { serviceAccountName: asText(fields['serviceAccountName']), nodes };
  return Buffer.from(fnv64a(stringifyJson(sortKeys(form, true)))).toString('hex');
}

/**
 * Adds the hash of the spec to a graph. The hash is computed on request, because most callers do not read it. The
 * result keeps only `graph` and `spec` in memory, and no other data of the compilation.
 */
export function withLazyHash(graph: Omit<Graph, 'hash'>, spec: JsonValue | undefined): Graph {
  let hash: string | undefined;
  return {
    ...graph,
    get hash() {
      hash ??= graphHash(spec);
      return hash;
    },
  };
}

function normalizeNode(node: JsonValue): JsonObject {
  const fields = isJsonObject(node) ? node : {};
  const payload = (name: string): JsonValue => fields[name] ?? null;
  return {
    id: asText(fields['id']),
    template: payload('template'),
    ref: payload('ref'),
    def: payload('def'),
    graph: payload('graph'),
    patch: payload('patch'),
    forEach: listOf(fields['forEach']),
    includeWhen: listOf(fields['includeWhen']),
    readyWhen: listOf(fields['readyWhen']),
  };
}

const listOf = (value: JsonValue | undefined): JsonValue[] => (Array.isArray(value) ? value : []);
