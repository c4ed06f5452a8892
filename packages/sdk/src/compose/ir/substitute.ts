import type { Node, Variable } from './node.ts';
import { withArgs } from './node.ts';

/** The expression with a variable replaced by another expression. The types of the other nodes do not change. */
export function substitute(root: Node, of: Variable, by: Node): Node {
  return rewrite(root, (node) => (node.kind === 'var' && node.variable === of ? by : undefined));
}

/** Replaces each node of an expression for which `replace` returns another node. */
export function rewrite(root: Node, replace: (node: Node) => Node | undefined): Node {
  const done = new Map<Node, Node>();
  const visit = (node: Node): Node => {
    const known = done.get(node);
    if (known !== undefined) return known;
    let result = replace(node);
    if (result === undefined) {
      const args = node.args.map(visit);
      result = args.every((arg, position) => arg === node.args[position]) ? node : withArgs(node, args);
    }
    done.set(node, result);
    return result;
  };
  return visit(root);
}
