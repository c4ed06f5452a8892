import type { WhyChain } from '../../../inspect/index.ts';
import type { Box } from '../graph/picture.ts';

/** The boxes of the paths to the causes; undefined when nothing waits, so that nothing is dim. */
export function brightBoxes(
  boxes: readonly Pick<Box, 'id' | 'members'>[],
  chains: readonly Pick<WhyChain, 'nodes'>[],
): ReadonlySet<string> | undefined {
  const nodes = new Set(chains.flatMap((chain) => chain.nodes));
  if (nodes.size === 0) return undefined;
  return new Set(boxes.filter(({ members }) => members.some((member) => nodes.has(member))).map(({ id }) => id));
}
