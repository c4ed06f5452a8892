import type { NodeReport, RootCause } from '../../runtime/index.ts';
import { rootCausesOf } from '../../runtime/index.ts';
import { isForbidden } from './shown-node.ts';

/**
 * The root causes of an instance as a user sees them (`rootCausesOf`). A node that the user may not read comes last: the
 * controller may read the node, so it need not be in the way at all.
 */
export function shownCauses(nodes: readonly NodeReport[], nodeId?: string): RootCause[] {
  const causes = rootCausesOf(nodes, nodeId);
  return [...causes.filter((cause) => !isUnread(cause)), ...causes.filter(isUnread)];
}

const isUnread = ({ node }: RootCause): boolean => isForbidden(node);
