import { macroVariable } from './build.ts';
import { type Node, type Variable, makeNode, withArgs } from './node.ts';

/** The minimum number of saved nodes for which a part is bound. */
const MIN_SAVED_NODES = 12;

/**
 * Writes repeated parts of an expression once, by `cel.bind` around the whole expression. Binds scalar parts that occur
 * several times and use no variables of macros. A bound part causes no additional errors, because `cel.bind` is lazy in
 * kro's engine: it evaluates a part only where the part is used. Lists are never bound, because cel-go would use an
 * empty list in `cel.bind` as a mutable accumulator.
 */
export function shareParts(root: Node): Node {
  const uses = countUses(root);
  const candidates = [...uses]
    .filter(
      ([node, count]) => count > 1 && node !== root && isScalar(node) && (count - 1) * node.size >= MIN_SAVED_NODES,
    )
    .map(([node]) => node)
    .sort((a, b) => b.size - a.size || a.id - b.id);
  if (candidates.length === 0) return root;
  const free = freeOfMacros(root);
  const chosen = candidates.filter((node) => free.has(node));
  return bindAll(root, chosen);
}

const isScalar = (node: Node): boolean =>
  (node.type.kind === 'string' || node.type.kind === 'number' || node.type.kind === 'bool') &&
  !isShort(node) &&
  node.args.length > 0;

/**
 * Is the part a read of a field, a test for a field, or a literal? Such parts are not bound, because they are as short
 * as a name.
 */
const isShort = (node: Node): boolean => node.kind === 'select' || node.kind === 'has' || node.kind === 'lit';

/** The number of places in which each node is an operand. */
function countUses(root: Node): Map<Node, number> {
  const uses = new Map<Node, number>();
  const stack = [root];
  uses.set(root, 1);
  while (stack.length > 0) {
    const node = stack.pop() as Node;
    for (const arg of node.args) {
      const count = uses.get(arg) ?? 0;
      uses.set(arg, count + 1);
      if (count === 0) stack.push(arg);
    }
  }
  return uses;
}

/** The nodes that use no variable bound inside the expression. */
function freeOfMacros(root: Node): Set<Node> {
  const bound = new Set<Variable>();
  const all = [...countUses(root).keys()];
  for (const node of all) if (node.kind === 'macro') for (const variable of node.vars) bound.add(variable);
  const uses = new Map<Node, boolean>();
  const visit = (node: Node): boolean => {
    const known = uses.get(node);
    if (known !== undefined) return known;
    let found = node.kind === 'var' && bound.has(node.variable);
    for (const arg of node.args) if (visit(arg)) found = true;
    uses.set(node, found);
    return found;
  };
  visit(root);
  return new Set(all.filter((node) => uses.get(node) === false));
}

/** Binds the parts around the expression. Parts that other parts use are bound outermost. */
function bindAll(root: Node, parts: readonly Node[]): Node {
  const variables = new Map(parts.map((part) => [part, macroVariable('v')]));
  const replaced = new Map<Node, Node>();
  const visit = (node: Node, whole: boolean): Node => {
    const variable = whole ? undefined : variables.get(node);
    if (variable !== undefined) return makeNode({ kind: 'var', args: [], variable, type: node.type });
    const known = replaced.get(node);
    if (known !== undefined && !whole) return known;
    const args = node.args.map((arg) => visit(arg, false));
    const result = args.every((arg, position) => arg === node.args[position]) ? node : withArgs(node, args);
    if (!whole) replaced.set(node, result);
    return result;
  };
  const body = visit(root, true);
  // Larger parts may use smaller ones. Therefore the smallest part is bound outermost.
  const ordered = [...parts].sort((a, b) => b.size - a.size || b.id - a.id);
  return ordered.reduce((inner, part) => {
    const variable = variables.get(part) as Variable;
    return makeNode({
      kind: 'macro',
      args: [visit(part, true), inner],
      name: 'bind',
      vars: [variable],
      type: inner.type,
    });
  }, body);
}
