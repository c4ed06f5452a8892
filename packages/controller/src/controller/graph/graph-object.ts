import { type GroupVersionKind, type KubeObject, isJsonObject, parseApiVersion } from '@typekro/kit/core';
import { GraphObject } from '@typekro/engine/graph';
import { FieldManager } from '@typekro/engine/runtime';
import { type ServiceAccountRef, serviceAccountUser } from '../acting-identity.ts';

/** The account of a Graph that names none, as for a pod. */
const DEFAULT_ACCOUNT = 'default';

/** The index key of a Graph with a computed kind: a change of any CRD may concern such a Graph. */
export const ANY_KIND = '*';

/**
 * The account as which a Graph is applied. It is the account that the spec names. While the Graph is being deleted, it
 * is the account that applied the objects, because the rights of the two accounts may differ.
 */
export function accountOf(graph: KubeObject): ServiceAccountRef {
  const { namespace = '', deletionTimestamp } = graph.metadata;
  const applied = deletionTimestamp === undefined ? undefined : appliedAccount(graph, namespace);
  return { namespace, name: applied ?? accountName(graph) };
}

function accountName({ spec }: KubeObject): string {
  const name = spec?.['serviceAccountName'];
  return typeof name === 'string' && name !== '' ? name : DEFAULT_ACCOUNT;
}

function appliedAccount({ status }: KubeObject, namespace: string): string | undefined {
  const user = status?.['appliedServiceAccount'];
  const prefix = serviceAccountUser({ namespace, name: '' });
  if (typeof user !== 'string' || !user.startsWith(prefix)) return undefined;
  const name = user.slice(prefix.length);
  return GraphObject.isServiceAccountName(name) ? name : undefined;
}

/** The kinds that a Graph names, and whether an expression computes a kind or an apiVersion. */
export interface NamedKinds {
  readonly types: readonly GroupVersionKind[];
  readonly isDynamic: boolean;
}

/** The kinds that the templates, references and patches of a Graph name, in all subgraphs. Skips malformed nodes. */
export function kindsNamed(graph: KubeObject): NamedKinds {
  const types: GroupVersionKind[] = [];
  let isDynamic = false;
  for (const { node } of GraphObject.nodesOf(graph)) {
    for (const object of [node['template'], node['ref'], node['patch']]) {
      if (!isJsonObject(object)) continue;
      const { apiVersion, kind } = object;
      if (typeof apiVersion !== 'string' || typeof kind !== 'string') continue;
      if (apiVersion.includes('${') || kind.includes('${')) isDynamic = true;
      else types.push({ ...parseApiVersion(apiVersion), kind });
    }
  }
  return { types, isDynamic };
}

/**
 * The index keys of a Graph: the kinds whose CRDs concern the Graph, and the field manager with which the Graph writes
 * objects.
 */
export function graphIndexOf(graph: KubeObject): string[] {
  const { types, isDynamic } = kindsNamed(graph);
  const kinds = new Set([...types.map(({ group, kind }) => `${group}/${kind}`), ...(isDynamic ? [ANY_KIND] : [])]);
  return [...kinds, FieldManager.ofTemplate(graph.metadata.uid ?? '')];
}
