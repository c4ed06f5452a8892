import { oncePerObject } from '@typekro/kit/core';
import type { AnyNode } from 'acorn';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import type { FunctionNode } from '../source/parse-function.ts';
import { assignedAround, visitNodes } from '../../javascript/index.ts';

/** Methods that change their object. */
const MUTATING = new Set(
  'push pop shift unshift splice sort reverse fill copyWithin set add delete clear append remove'.split(' '),
);

/**
 * May the function change a value that outlives the call? If so, the tracer does not call the function natively in a
 * branch, because it could not undo the change. It traces the function instead, and refuses the function only where it
 * actually changes such a value.
 */
export const mayChangeOutside: (node: FunctionNode) => boolean = oncePerObject((node) => {
  if (assignedAround(node).size > 0) return true;
  let found = false;
  visitNodes(
    node,
    (inner) => {
      if (inner.type === 'AssignmentExpression') found ||= inner.left.type === 'MemberExpression';
      if (inner.type === 'UpdateExpression') found ||= inner.argument.type === 'MemberExpression';
      if (inner.type === 'UnaryExpression') found ||= inner.operator === 'delete';
      if (inner.type === 'CallExpression') found ||= isMutatingCall(inner.callee);
    },
    true,
  );
  return found;
});

function isMutatingCall(callee: AnyNode): boolean {
  return (
    callee.type === 'MemberExpression' && callee.property.type === 'Identifier' && MUTATING.has(callee.property.name)
  );
}

/** Refuses to change a Map, a Set or a similar object natively where the change could not be undone. */
export function refuseNativeChange(self: unknown, method: string): void {
  const changeable =
    self instanceof Map ||
    self instanceof Set ||
    self instanceof WeakMap ||
    self instanceof WeakSet ||
    self instanceof Date;
  if (!changeable || !(MUTATING.has(method) || method.startsWith('set'))) return;
  if (activeTrace().isLocal(self)) return;
  refuse(
    'unsupported',
    `a ${self.constructor.name} is changed under a condition or in a loop that depends on the spec`,
    fillingRemedy(self),
  );
}

/** Refuses to put a value of the spec into a Map or Set. Native code fills a Map or Set, and needs known values. */
export function refuseSymbolicFilling(self: unknown, method: string, label: string): void {
  if (!(self instanceof Map || self instanceof Set) || !MUTATING.has(method)) return;
  refuse('unsupported', `a ${self.constructor.name} is filled with ${label}`, fillingRemedy(self));
}

function fillingRemedy(self: object): string {
  if (self instanceof Set)
    return "make the Set from a list: new Set([...list, ...(condition ? ['x'] : [])]); to take each element once: [...new Set(list)]";
  if (self instanceof Map)
    return 'use a plain object: object[key] = value, Object.fromEntries(list.map((x) => [x.key, x.value]))';
  return 'use a plain object or list';
}
