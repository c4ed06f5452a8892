import type { AnyNode } from 'acorn';
import { refuse } from '../trace/refusal.ts';
import { parseFunction } from './parse.ts';
import type { FunctionNode } from './parse.ts';
import type { FunctionLike, FunctionSource } from './provider.ts';

/** A function by its text alone, with variables that the author passed in; `undefined` for native ones. */
export function textSource(fn: FunctionLike, names: Readonly<Record<string, unknown>>): FunctionSource | undefined {
  const text = Function.prototype.toString.call(fn);
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) return undefined;
  const { node, shift } = parseFunction(text);
  return {
    text,
    node,
    shift,
    lookup: (name) => (Object.hasOwn(names, name) ? { value: names[name] } : undefined),
    locate: () => undefined,
  };
}

/** The names that a function reads from around it, without globals. */
export function freeNames(node: FunctionNode): string[] {
  const declared = new Set<string>();
  const used = new Set<string>();
  const visit = (inner: AnyNode, parent: AnyNode | undefined, key: string): void => {
    if (inner.type === 'Identifier') {
      const isName =
        (parent?.type === 'Property' && key === 'key' && !parent.computed) ||
        (parent?.type === 'MemberExpression' && key === 'property' && !parent.computed);
      const declares =
        key === 'params' ||
        (parent?.type === 'VariableDeclarator' && key === 'id') ||
        key === 'param' ||
        key === 'elements';
      if (declares) declared.add(inner.name);
      else if (!isName) used.add(inner.name);
    }
    const binds =
      inner.type === 'ObjectPattern' ||
      inner.type === 'ArrayPattern' ||
      inner.type === 'AssignmentPattern' ||
      inner.type === 'RestElement';
    for (const [name, value] of Object.entries(inner) as [string, unknown][]) {
      for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
        if (typeof item !== 'object' || item === null || typeof (item as { type?: unknown }).type !== 'string')
          continue;
        if (binds && (item as AnyNode).type === 'Property') {
          const target = (item as { value: AnyNode }).value;
          if (target.type === 'Identifier') declared.add(target.name);
        }
        if (binds && (item as AnyNode).type === 'Identifier' && (name === 'left' || name === 'argument'))
          declared.add((item as { name: string }).name);
        visit(item as AnyNode, inner, name);
      }
    }
    if ((inner.type === 'FunctionDeclaration' || inner.type === 'FunctionExpression') && inner.id)
      declared.add(inner.id.name);
  };
  visit(node, undefined, '');
  return [...used].filter(
    (name) => !declared.has(name) && !(name in globalThis) && name !== 'undefined' && name !== 'arguments',
  );
}

/** Refuses for want of a way to read the variables around a function. */
export function refuseWithoutProvider(fn: FunctionLike, problem: string | undefined): never {
  const text = Function.prototype.toString.call(fn);
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) {
    return refuse('unsupported', 'a native or bound function cannot be traced', 'pass the function itself');
  }
  const names = freeNames(parseFunction(text).node).slice(0, 8).join(', ');
  return refuse(
    'provider',
    `the composition reads variables around it (${names}), and this host does not let them be read: ${problem ?? 'no provider'}`,
    `run with --import typekro/register, add the typekro plugin to the bundler, or pass { scope: () => ({ ${names} }) }`,
  );
}
