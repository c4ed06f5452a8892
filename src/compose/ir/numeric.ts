import { macroVariable } from './build.ts';
import type { Node, Variable } from './node.ts';
import { makeNode } from './node.ts';
import { doubleText } from './print.ts';
import type { StaticType } from './types.ts';
import { FLOAT, INTEGER } from './types.ts';

/** Uses a value several times: through `cel.bind` unless it is a plain path. */
export function bindOnce(value: Node, name: string, type: StaticType, body: (value: Node) => Node): Node {
  if (value.size <= 6 && (value.op === 'select' || value.op === 'var' || value.op === 'lit')) return body(value);
  const variable: Variable = macroVariable(name);
  const result = body(makeNode('var', [], variable, type));
  return makeNode('macro', [value, result], 'bind', result.type, [variable]);
}

/** Is the node a double in CEL? Open numbers are: integers were settled before. */
export function isDouble(node: Node): boolean {
  return node.type.kind === 'number' && (node.type.number.state === 'double' || node.type.number.state === 'open');
}

/** The node as a double. */
export function toDouble(node: Node): Node {
  if (isDouble(node) || node.type.kind === 'dyn')
    return node.type.kind === 'dyn' ? makeNode('call', [node], 'double', FLOAT) : node;
  if (node.op === 'lit') return makeNode('lit', [], doubleText(Number(node.attr)), FLOAT);
  return makeNode('call', [node], 'double', FLOAT);
}

/** The node as an integer; the caller knows that it is whole. */
export function toInt(node: Node): Node {
  return isDouble(node) || node.type.kind !== 'number' ? makeNode('call', [node], 'int', INTEGER) : node;
}
