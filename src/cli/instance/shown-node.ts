import type { NodeReport, NodeState } from '../../runtime/index.ts';
import { explainNode } from '../../runtime/index.ts';
import { stateMark } from '../up/view.ts';

/** A state as the views show it: `unknown` where the user may not read what the controller may. */
export type ShownState = NodeState | 'unknown';

/** A node in the words of the views. */
export interface ShownNode {
  readonly state: ShownState;
  readonly reason: string;
  readonly waitsFor: readonly string[];
  readonly remedy?: string;
}

/** The state of a node and its reason; a read that is forbidden to the user says nothing about the node. */
export function shownNode(node: NodeReport): ShownNode {
  const { reason, waitsFor, remedy } = explainNode(node);
  const { because } = node;
  const isHidden = because.kind === 'read-failed' && because.failure.code === 403;
  return {
    state: isHidden ? 'unknown' : node.state,
    // Without the time of the next retry, which changes while the failure stays the same.
    reason: (isHidden ? reason.replace(/^cannot be read/, 'may not be read by you') : reason).replace(
      /; next try at \S+$/,
      '',
    ),
    waitsFor,
    ...(isHidden ? { remedy: OWN_RIGHTS } : remedy === undefined ? {} : { remedy }),
  };
}

const OWN_RIGHTS = 'ask for that right to see more; the controller has rights of its own';

/** The mark of a state in one column. */
export const shownMark = (state: ShownState, colour: boolean): string =>
  state === 'unknown' ? '?' : stateMark(state, colour);
