import type { NodeReport, NodeState } from '../../runtime/index.ts';
import { explainNode } from '../../runtime/index.ts';
import { stateMark } from '../up/view.ts';

/** A state in the views. `unknown` means that the user may not read an object that the controller may read. */
export type ShownState = NodeState | 'unknown';

/** A node as the views show it. */
export interface ShownNode {
  readonly state: ShownState;
  readonly reason: string;
  readonly waitsFor: readonly string[];
  /** What a user has to do; absent when the node usually only needs time. */
  readonly remedy?: string;
}

/** Returns the state and reason of a node. A read that is forbidden to the user makes the state `unknown`. */
export function shownNode(node: NodeReport): ShownNode {
  const { reason, waitsFor, remedy } = explainNode(node);
  const { because } = node;
  const isHidden = because.kind === 'read-failed' && because.failure.code === 403;
  return {
    state: isHidden ? 'unknown' : node.state,
    // The time of the next retry is removed, so that equal failures give equal text.
    reason: (isHidden ? reason.replace(/^cannot be read/, 'may not be read by you') : reason).replace(
      /; next try at \S+$/,
      '',
    ),
    waitsFor,
    ...(isHidden ? { remedy: OWN_RIGHTS } : remedy === undefined ? {} : { remedy }),
  };
}

const OWN_RIGHTS = 'ask for that right to see more; the controller has rights of its own';

/** Returns the mark of a state, one column wide. */
export const shownMark = (state: ShownState, colour: boolean): string =>
  state === 'unknown' ? '?' : stateMark(state, colour);
