import type { ShownState } from '@typekro/controller/inspect';
import { type ObjectRef, definedMembers } from '@typekro/kit/core';
import { type NodeReport, type Reports, Explanation, RootCause } from '@typekro/engine/runtime';
import { stateMark } from './instance-view-lines.ts';

/** A node as the views show it. */
export interface ShownNode {
  readonly state: ShownState;
  readonly reason: string;
  readonly waitsFor: readonly string[];
  /** The action that the user must take. Absent when the node usually only needs time. */
  readonly remedy?: string;
}

/** The numbers of nodes: in total, and of each state. */
export interface ShownCounts {
  /** The number of all nodes except the skipped ones. */
  readonly nodes: number;
  readonly ready: number;
  /** The number of nodes that `includeWhen` excludes. */
  readonly skipped: number;
  /** The number of nodes whose objects no longer exist. */
  readonly deleted: number;
  /** The number of nodes whose state the user may not see. Absent when it is 0. */
  readonly unknown?: number;
}

/** The states and reasons of the nodes of one decision. */
export interface ShownNodes {
  readonly of: (node: NodeReport) => ShownNode;
  readonly count: (nodes: readonly NodeReport[]) => ShownCounts;
}

/** A pending write or deletion that the API server refuses, and what the user can do. */
export interface RefusedWrite {
  readonly problem: string;
  readonly remedy?: string;
  /** The refused object; absent if only its node is known. */
  readonly object?: ObjectRef;
  /** The other refused writes of the node. */
  readonly others?: readonly RefusedWrite[];
}

/** The refusals of pending writes and deletions, found by dry runs and keyed by `refusalKey`. */
export type RefusedWrites = ReadonlyMap<string, RefusedWrite>;

/** The remedies for the troubles of the objects that a node waits for, keyed by `refusalKey`. */
export type FoundRemedies = ReadonlyMap<string, string>;

/** The key of a node in `RefusedWrites`. A node and its retired objects have one id. */
export const refusalKey = ({ id, retired }: Pick<NodeReport, 'id' | 'retired'>): string =>
  retired === true ? `${id} retired` : id;

/** Does the node only wait for a write or a deletion by the controller? */
export const isWorkOfController = ({ because }: Pick<NodeReport, 'because'>): boolean =>
  because.kind === 'write' || (because.kind === 'retired' && because.heldBy === undefined);

/**
 * Returns the states and reasons of nodes as the user may see them. A node that the user may not read is `unknown`. A
 * node that waits only for unreadable nodes is shown as `unknown`, too, because the decision counts unreadable nodes as
 * failed, and calls a node that waits for them blocked. A node whose pending write or deletion the API server refuses is `failed`,
 * and the nodes that wait for it are `blocked`.
 *
 * @param nodes all nodes of the decision, in topological order
 */
export function shownNodes(
  nodes: readonly NodeReport[],
  refused: RefusedWrites = new Map(),
  remedies: FoundRemedies = new Map(),
): ShownNodes {
  const states = new Map<string, ShownState>();
  const of = (node: NodeReport): ShownNode => ({
    ...shownNode(node, states, refused),
    ...definedMembers({ remedy: remedies.get(refusalKey(node)) }),
  });
  for (const node of nodes) if (node.retired !== true) states.set(node.id, of(node).state);
  const isUnknown = (node: NodeReport): boolean => of(node).state === 'unknown';
  return {
    of,
    count: (counted) => {
      const unknown = counted.filter(isUnknown).length;
      return { ...countNodes(counted), ...(unknown === 0 ? {} : { unknown }) };
    },
  };
}

/** Counts nodes by state. A skipped node has no objects, and counts only as `skipped`. */
function countNodes(nodes: readonly Pick<NodeReport, 'state'>[]): ShownCounts {
  const count = (wanted: Reports.NodeState): number => nodes.filter(({ state }) => state === wanted).length;
  const skipped = count('skipped');
  return { nodes: nodes.length - skipped, ready: count('ready'), skipped, deleted: count('deleted') };
}

/** Is the user forbidden to read the node? The controller can still have the right, except if the failure names its account. */
export const isForbidden = ({ because }: NodeReport): boolean =>
  because.kind === 'read-failed' && because.failure.code === 403 && because.failure.permission?.user === undefined;

function shownNode(node: NodeReport, states: ReadonlyMap<string, ShownState>, refused: RefusedWrites): ShownNode {
  const { reason, waitsFor, remedy } = Explanation.of(node);
  const { because, state } = node;
  if (isForbidden(node)) {
    const own = reason.replace(/^cannot be read/, 'cannot be read with your rights');
    return { state: 'unknown', reason: own, waitsFor, remedy: OWN_RIGHTS };
  }
  if (because.kind === 'unjudged') return { state: 'unknown', reason, waitsFor };
  const refusal = isWorkOfController(node) ? refused.get(refusalKey(node)) : undefined;
  if (refusal !== undefined) {
    const known = refusal.remedy ?? remedy;
    return { state: 'failed', reason: refusal.problem, waitsFor, ...(known === undefined ? {} : { remedy: known }) };
  }
  return {
    state,
    // Removes the time of the next retry, so that equal failures have equal reasons.
    reason: reason.replace(/; next try at \S+$/, ''),
    waitsFor,
    ...(remedy === undefined ? {} : { remedy }),
    ...(because.kind === 'dependency' ? dependentState(because, state, states) : {}),
  };
}

/**
 * Returns the state and reason of a node that waits for nodes whose shown states differ from the states in the
 * decision. Returns `undefined` for any other node.
 */
function dependentState(
  { nodes }: Extract<Reports.Because, { kind: 'dependency' }>,
  state: Reports.NodeState,
  states: ReadonlyMap<string, ShownState>,
): Pick<ShownNode, 'state' | 'reason'> | undefined {
  const shown = nodes.map(({ id, state: recorded }) => ({ id, state: states.get(id) ?? recorded }));
  if (shown.every((each, index) => each.state === nodes[index]?.state)) return undefined;
  const text = Explanation.dependency(shown);
  if (shown.every((each) => each.state === 'unknown')) return { state: 'unknown', reason: `depends on ${text}` };
  const isStuck = shown.some((each) => each.state === 'failed' || each.state === 'blocked');
  return { state: isStuck ? 'blocked' : state === 'blocked' ? 'pending' : state, reason: `waits for ${text}` };
}

const OWN_RIGHTS = 'to see more, ask for the missing right; the controller reads with its own rights';

/** Returns the mark of a state, one column wide. */
export const shownMark = (state: ShownState, colour: boolean): string =>
  state === 'unknown' ? '?' : stateMark(state, colour);

/**
 * The root causes of an instance as a user sees them (`rootCausesOf`). Nodes that the user may not read come last. If
 * the controller may read them, they are possibly not a cause. A node without a known graph is none.
 */
export function shownCauses(nodes: readonly NodeReport[], nodeId?: string): RootCause[] {
  const causes = RootCause.of(nodes, nodeId).filter(({ node }) => node.because.kind !== 'unjudged');
  return [...causes.filter((cause) => !isUnread(cause)), ...causes.filter(isUnread)];
}

const isUnread = ({ node }: RootCause): boolean => isForbidden(node);
