import type { ObjectRef } from '../../core/index.ts';
import { formatRef } from '../../core/index.ts';
import type { NodeReport, RootCause } from '../../runtime/index.ts';
import { explainNode, rootCausesOf } from '../../runtime/index.ts';

/**
 * The keys of the subjects of a root cause: its objects, or the reason of one node of a definition when no object is
 * known. Two instances wait for the same cause when they share a key.
 *
 * @param definition the name of the instance's definition
 */
export function keysOfCause(root: RootCause, definition: string): ReadonlySet<string> {
  const objects = objectsOfCause(root);
  if (objects.length > 0) return new Set(objects.map(formatRef));
  return new Set([`${definition} ${root.node.id} ${explainNode(root.node).reason}`]);
}

/** The objects that the reason of a root cause names, then the objects whose state its node waits for. */
export function objectsOfCause({ node: { because }, objects }: RootCause): readonly ObjectRef[] {
  return [...namedObjects(because), ...objects];
}

/** The objects in a reason. Those of the other reasons are in `RootCause.objects`. */
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
  new Set(rootCausesOf(nodes).flatMap((root) => [...keysOfCause(root, definition)]));

/**
 * The keys of the instances of which a controller has reports. Each pass makes a new list of nodes. The cache therefore
 * maps a list to its keys.
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
    const known = this.#known.get(nodes);
    if (known !== undefined) return known;
    const keys = keysOfNodes(nodes, definition);
    this.#known.set(nodes, keys);
    return keys;
  }
}
