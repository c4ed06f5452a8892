import { type ObjectRef, formatRef, getOrInsert } from '@typekro/kit/core';
import { type NodeReport, Explanation, RootCause } from '@typekro/engine/runtime';

/**
 * Returns keys that identify a root cause: one per object of the cause. If no object is known, the key consists of the
 * definition, the node and the reason. Two instances wait for the same cause when they share a key.
 *
 * @param definition the name of the instance's definition
 */
export function keysOfCause(root: RootCause, definition: string): ReadonlySet<string> {
  const objects = objectsOfCause(root);
  if (objects.length > 0) return new Set(objects.map(formatRef));
  return new Set([`${definition} ${root.node.id} ${Explanation.of(root.node).reason}`]);
}

/**
 * Returns the objects that the reason of a root cause names, followed by the objects whose state the node waits for.
 */
export function objectsOfCause({ node: { because }, objects }: RootCause): readonly ObjectRef[] {
  return [...namedObjects(because), ...objects];
}

/** The objects that a reason contains. For the other kinds of reasons, the objects are in `RootCause.objects`. */
function namedObjects(because: NodeReport['because']): readonly ObjectRef[] {
  switch (because.kind) {
    case 'expression-failed':
      return (because.reads ?? []).map(({ object }) => object);
    case 'contested':
      return because.objects.map(({ object }) => object);
    case 'held':
      return because.awaited === undefined ? [] : [because.awaited.object];
    default:
      return 'object' in because && because.object !== undefined ? [because.object] : [];
  }
}

/** The keys of all root causes of an instance. */
export const keysOfNodes = (nodes: readonly NodeReport[], definition: string): ReadonlySet<string> =>
  new Set(RootCause.of(nodes).flatMap((root) => [...keysOfCause(root, definition)]));

/**
 * The keys of the instances that a controller reports. Each pass makes a new list of nodes, so the cache is keyed by
 * the list.
 */
export class ReportedCauses {
  readonly #nodesOf: (ref: string) => readonly NodeReport[] | undefined;
  readonly #known = new WeakMap<readonly NodeReport[], ReadonlySet<string>>();

  /** @param nodesOf the nodes in the report of an instance; `undefined` without a report */
  constructor(nodesOf: (ref: string) => readonly NodeReport[] | undefined) {
    this.#nodesOf = nodesOf;
  }

  /** The nodes of an instance. Returns `undefined` without a report. */
  nodesOf(ref: string): readonly NodeReport[] | undefined {
    return this.#nodesOf(ref);
  }

  /** The keys of an instance. Returns `undefined` without a report. */
  keysOf({ ref, definition }: { readonly ref: string; readonly definition: string }): ReadonlySet<string> | undefined {
    const nodes = this.#nodesOf(ref);
    if (nodes === undefined) return undefined;
    return getOrInsert(this.#known, nodes, () => keysOfNodes(nodes, definition));
  }
}
