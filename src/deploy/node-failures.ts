import type { Because, Decision, NodeReport } from '../runtime/index.ts';
import { explainNode } from '../runtime/index.ts';
import { isPassing } from './effects.ts';

/**
 * The nodes that failed for a reason which no waiting mends: refused by the API server, an expression
 * without a value, an object of somebody else. Overload and conflicts are retried and not among them.
 */
export function finalFailures(decision: Decision): NodeReport[] {
  return decision.nodes.filter((node) => node.state === 'failed' && !isPassingFailure(node.because));
}

function isPassingFailure(because: Because): boolean {
  return (because.kind === 'write-failed' || because.kind === 'read-failed') && isPassing(because.failure);
}

/** What to do when the namespace of something is not there. */
export const NAMESPACE_REMEDY = 'create the namespace first, or deploy with createNamespace: true';

/** What to do about a failed node. */
export function remedyOf(node: NodeReport): string {
  const { because } = node;
  if (because.kind === 'write-failed' && because.failure.reason === 'NotFound') {
    return NAMESPACE_REMEDY;
  }
  return (
    explainNode(node).remedy ??
    'correct the composition or the spec and deploy again; what was created stays and is updated then'
  );
}
