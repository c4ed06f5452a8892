import type { NodeReport, RootCause } from '@typekro/engine/runtime';
import { rootCausesOf } from '@typekro/engine/runtime';
import { isForbidden } from './shown-node.ts';

/**
 * The root causes of an instance as a user sees them (`rootCausesOf`). Nodes that the user may not read come last. If
 * the controller may read them, they are possibly not a cause.
 */
export function shownCauses(nodes: readonly NodeReport[], nodeId?: string): RootCause[] {
  const causes = rootCausesOf(nodes, nodeId);
  return [...causes.filter((cause) => !isUnread(cause)), ...causes.filter(isUnread)];
}

const isUnread = ({ node }: RootCause): boolean => isForbidden(node);
