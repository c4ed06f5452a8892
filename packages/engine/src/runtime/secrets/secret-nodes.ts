import { type ObjectRef, parseApiVersion } from '@typekro/kit/core';
import type { GraphNode } from '../../graph/index.ts';

/**
 * Matches fields of a Secret that contain none of its values: its names, labels and type, and the fields that the API
 * server and the controller write.
 */
const PUBLIC_FIELDS =
  /^(?:apiVersion|kind|type|immutable|metadata\.(?:name|namespace|labels|uid|creationTimestamp|deletionTimestamp|deletionGracePeriodSeconds|resourceVersion|generation|ownerReferences|finalizers))(?=[.[]|$)/;

/**
 * Can a field of a Secret contain one of its values? Every field can, except names, labels, `type`, `immutable`, and
 * the fields that the server writes. Annotations can contain values, because some annotations are a copy of the object.
 */
export const hidesInSecret = (path: string): boolean => !PUBLIC_FIELDS.test(path);

/** Facts about the live objects of an instance's nodes. */
export interface LiveNodes {
  /** Can an object of the node be a Secret? True if no object is known. Called only for a node with a computed kind. */
  readonly mayHaveSecret: (node: string) => boolean;
  /**
   * The other nodes that share an object with the node. An external collection can select an object of another node.
   */
  readonly sharing: (node: string) => readonly string[];
}

/**
 * Collects the kinds of nodes' objects, and the nodes that share an object.
 *
 * @param objects the known objects, each with the id of a node
 */
export function liveNodesOf(objects: Iterable<readonly [node: string, object: ObjectRef]>): LiveNodes {
  const nodesOf = new Map<string, Set<string>>();
  const types = new Map<string, Set<string>>();
  for (const [id, object] of objects) {
    const [key, type] = [unversionedKey(object), typeKey(object)];
    nodesOf.set(key, (nodesOf.get(key) ?? new Set<string>()).add(id));
    types.set(id, (types.get(id) ?? new Set<string>()).add(type));
  }
  const sharing = new Map<string, Set<string>>();
  for (const ids of nodesOf.values()) {
    for (const id of ids.size === 1 ? [] : ids) {
      const others = [...ids].filter((other) => other !== id);
      sharing.set(id, new Set([...(sharing.get(id) ?? []), ...others]));
    }
  }
  return { mayHaveSecret: (id) => types.get(id)?.has(SECRET) ?? true, sharing: (id) => [...(sharing.get(id) ?? [])] };
}

const typeKey = ({ apiVersion, kind }: Pick<ObjectRef, 'apiVersion' | 'kind'>): string =>
  `${parseApiVersion(apiVersion).group}/${kind}`;

const SECRET = typeKey({ apiVersion: 'v1', kind: 'Secret' });

/** The key of an object, without the version of its kind. */
export const unversionedKey = (ref: ObjectRef): string => `${typeKey(ref)} ${ref.namespace ?? ''}/${ref.name}`;

/**
 * Is the node a Secret? For a node with a computed kind: can one of its objects be a Secret?
 *
 * @param mayHaveSecret can an object of this node be a Secret? Only called for a node with a computed kind
 */
export function canBeSecret(node: GraphNode, mayHaveSecret: (node: string) => boolean): boolean {
  const { id, type, nodeType, template } = node;
  if (type !== undefined) return type.group === '' && type.kind === 'Secret';
  if (nodeType === 'def' || nodeType === 'subgraph') return false;
  const { kind, apiVersion } = template.skeleton;
  const isComputed = (path: string): boolean =>
    template.holes.some(({ pathText }) => pathText === path || pathText === '');
  const [hasKind, hasVersion] = [!isComputed('kind'), !isComputed('apiVersion')];
  if ((hasKind && kind !== 'Secret') || (hasVersion && apiVersion !== 'v1')) return false;
  return (hasKind && hasVersion) || mayHaveSecret(id);
}

/** Is the node a Secret? If no live objects are given, a node with a computed kind does not count as a Secret. */
export const isSecretNode = (node: GraphNode, live?: LiveNodes): boolean =>
  canBeSecret(node, (id) => live?.mayHaveSecret(id) === true);
