import type { Node } from './node.ts';

/** An expression with what it repeats written once, where that is worth it. */
export function shareParts(node: Node): Node {
  return node;
}
