import type { WhyChain } from '@typekro/controller/inspect';
import type { Box } from '../graph/picture.ts';

/**
 * The boxes that are not dimmed: those on the paths from the waiting nodes to the causes. Undefined when nothing waits;
 * then no box is dimmed.
 */
export function brightBoxes(
  boxes: readonly Pick<Box, 'id' | 'members'>[],
  chains: readonly Pick<WhyChain, 'nodes'>[],
): ReadonlySet<string> | undefined {
  const nodes = new Set(chains.flatMap((chain) => chain.nodes));
  if (nodes.size === 0) return undefined;
  return new Set(boxes.filter(({ members }) => members.some((member) => nodes.has(member))).map(({ id }) => id));
}
