import { macroVariable } from './build.ts';
import { type Node, type Variable, makeNode } from './node.ts';
import { type StaticType, FLOAT, INTEGER } from './types.ts';

/**
 * Makes an expression that uses a value several times. `cel.bind` binds the value, unless it is a literal or a short
 * path.
 */
export function bindOnce(value: Node, name: string, type: StaticType, body: (value: Node) => Node): Node {
  if (value.size <= 6 && (value.kind === 'select' || value.kind === 'var' || value.kind === 'lit')) return body(value);
  const variable: Variable = macroVariable(name);
  const result = body(makeNode({ kind: 'var', args: [], variable, type }));
  return makeNode({ kind: 'macro', args: [value, result], name: 'bind', vars: [variable], type: result.type });
}

/**
 * Is the node a double in CEL? A number that is still `open` counts as a double, because it becomes an integer only
 * when it flows into an integer field (`NumberType`).
 */
export function isDouble(node: Node): boolean {
  return node.type.kind === 'number' && (node.type.number.state === 'double' || node.type.number.state === 'open');
}

/** Converts the node to a double, unless it is a double already. */
export function toDouble(node: Node): Node {
  if (isDouble(node) || node.type.kind === 'dyn')
    return node.type.kind === 'dyn' ? makeNode({ kind: 'call', args: [node], name: 'double', type: FLOAT }) : node;
  if (node.kind === 'lit') return doubleLiteral(Number(node.value));
  return makeNode({ kind: 'call', args: [node], name: 'double', type: FLOAT });
}

/** Converts the node to an integer, unless it is an integer already. The caller knows that the number is whole. */
export function toInt(node: Node): Node {
  return isDouble(node) || node.type.kind !== 'number'
    ? makeNode({ kind: 'call', args: [node], name: 'int', type: INTEGER })
    : node;
}

/** A literal of type double, also for a whole number. */
export function doubleLiteral(value: number): Node {
  return makeNode({ kind: 'lit', args: [], value: String(value), type: FLOAT });
}
