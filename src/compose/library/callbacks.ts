import type { AnyNode, Pattern } from 'acorn';
import { closureOf } from '../interp/env.ts';
import type { Closure } from '../interp/env.ts';
import { boundNames, childrenOf, visitNodes } from '../interp/names.ts';
import { isNativeFactory } from '../interp/natives.ts';
import { outerClosure } from '../interp/outer.ts';
import type { FunctionLike } from '../source/provider.ts';

/** The name of a callback's first parameter, for variables of macros. */
export function parameterName(fn: unknown, fallback: string): string {
  const first = callbackClosure(fn)?.node.params[0];
  return first === undefined ? fallback : (boundNames(first)[0] ?? fallback);
}

/** The callback, written in the composition or outside of it, if it has a source. */
function callbackClosure(fn: unknown): Closure | undefined {
  return typeof fn === 'function' && !isNativeFactory(fn as FunctionLike)
    ? (closureOf(fn) ?? outerClosure(fn as FunctionLike))
    : undefined;
}

/** Built-in functions that look at their first argument only. */
const OF_ONE = new Set<unknown>([
  String,
  Number,
  Boolean,
  Array.isArray,
  Number.isInteger,
  Number.isNaN,
  isNaN,
  isFinite,
]);

/** How many arguments a callback looks at; all of them, when that cannot be told. */
export function argumentCount(fn: unknown): number {
  // Functions of the SDK, and opaque ones, are never traced.
  if (typeof fn === 'function' && isNativeFactory(fn as FunctionLike)) return fn.length;
  const closure = callbackClosure(fn);
  if (closure === undefined) return typeof fn !== 'function' || OF_ONE.has(fn) ? 1 : Infinity;
  const { params } = closure.node;
  if (params.some((param: Pattern) => param.type === 'RestElement')) return Infinity;
  return closure.node.type !== 'ArrowFunctionExpression' && readsArguments(closure.node.body)
    ? Infinity
    : params.length;
}

/** Does a callback take the position as its second argument? */
export function usesIndex(fn: unknown): boolean {
  return argumentCount(fn) >= 2;
}

function readsArguments(node: AnyNode): boolean {
  if (node.type === 'Identifier' && node.name === 'arguments') return true;
  if (node.type === 'FunctionExpression' || node.type === 'FunctionDeclaration') return false;
  return childrenOf(node).some(readsArguments);
}

/** Methods that change what they are called on. */
const CHANGING = new Set(['push', 'unshift', 'splice', 'sort', 'reverse', 'set', 'add']);

/** Does a callback change its first argument: `acc[k] = v`, `acc.push(x)`, `Object.assign(acc, …)`? */
export function changesItsFirst(fn: unknown): boolean {
  const closure = callbackClosure(fn);
  const first = closure?.node.params[0];
  if (closure === undefined || first?.type !== 'Identifier') return false;
  const isFirst = (node: AnyNode): boolean =>
    node.type === 'MemberExpression' ? isFirst(node.object) : node.type === 'Identifier' && node.name === first.name;
  let found = false;
  visitNodes(
    closure.node.body,
    (node) => {
      if (node.type === 'AssignmentExpression') found ||= node.left.type === 'MemberExpression' && isFirst(node.left);
      if (node.type === 'UpdateExpression')
        found ||= node.argument.type === 'MemberExpression' && isFirst(node.argument);
      if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return;
      const { object, property } = node.callee;
      const [target] = node.arguments;
      const name = property.type === 'Identifier' ? property.name : '';
      found ||= CHANGING.has(name) && isFirst(object);
      found ||= name === 'assign' && target !== undefined && isFirst(target);
    },
    true,
  );
  return found;
}
