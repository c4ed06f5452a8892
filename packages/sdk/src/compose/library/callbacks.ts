import { interpreter } from '../trace/current-trace.ts';
import type { AnyNode, Pattern } from 'acorn';
import { boundNames, childrenOf, visitNodes } from '../../javascript/index.ts';
import { isNativeFactory } from '../value/native-functions.ts';
import type { FunctionLike } from '../source/function-source.ts';

/** The name of a callback's first parameter, for variables of macros. */
export function parameterName(fn: unknown, fallback: string): string {
  const first = interpreter.syntaxOf(fn)?.params[0];
  return first === undefined ? fallback : (boundNames(first)[0] ?? fallback);
}

/** Built-in functions that read their first argument only. */
const ONE_ARGUMENT_FUNCTIONS = new Set<unknown>([
  String,
  Number,
  Boolean,
  Array.isArray,
  Number.isInteger,
  Number.isNaN,
  isNaN,
  isFinite,
]);

/** The number of arguments that a callback reads; `Infinity` when the number is unknown. */
export function argumentCount(fn: unknown): number {
  // Functions of the SDK and opaque functions are never traced.
  if (typeof fn === 'function' && isNativeFactory(fn as FunctionLike)) return fn.length;
  const syntax = interpreter.syntaxOf(fn);
  if (syntax === undefined) return typeof fn !== 'function' || ONE_ARGUMENT_FUNCTIONS.has(fn) ? 1 : Infinity;
  const { params } = syntax;
  if (params.some((param: Pattern) => param.type === 'RestElement')) return Infinity;
  return syntax.type !== 'ArrowFunctionExpression' && readsArguments(syntax.body) ? Infinity : params.length;
}

/** Does a callback read the position, its second argument? */
export function usesIndex(fn: unknown): boolean {
  return argumentCount(fn) >= 2;
}

function readsArguments(node: AnyNode): boolean {
  if (node.type === 'Identifier' && node.name === 'arguments') return true;
  if (node.type === 'FunctionExpression' || node.type === 'FunctionDeclaration') return false;
  return childrenOf(node).some(readsArguments);
}

/** Methods that change their object. */
const CHANGING = new Set(['push', 'unshift', 'splice', 'sort', 'reverse', 'set', 'add']);

/** Does a callback change its first argument: `acc[k] = v`, `acc.push(x)`, `Object.assign(acc, …)`? */
export function changesItsFirst(fn: unknown): boolean {
  const syntax = interpreter.syntaxOf(fn);
  const first = syntax?.params[0];
  if (syntax === undefined || first?.type !== 'Identifier') return false;
  const isFirst = (node: AnyNode): boolean =>
    node.type === 'MemberExpression' ? isFirst(node.object) : node.type === 'Identifier' && node.name === first.name;
  let found = false;
  visitNodes(
    syntax.body,
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
