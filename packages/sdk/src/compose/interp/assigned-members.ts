import type { AnyNode, MemberExpression } from 'acorn';
import { KEYS } from '../value/key-order.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { resolveMerged } from '../value/merge.ts';
import { mergedPieces } from '../value/value-nodes.ts';
import { symbolic } from '../value/proxy.ts';
import { visitNodes } from '../../javascript/index.ts';

/** A member that the body of a loop assigns, in an object of the composition: `totals.cpu += x`. */
export interface AssignedMember {
  readonly object: object;
  readonly key: string;
}

/**
 * The existing members of outer objects that a loop body assigns under constant keys. `lookup` returns the value of a
 * variable.
 */
export function assignedMembers(body: AnyNode, lookup: (name: string) => unknown): AssignedMember[] {
  const found: AssignedMember[] = [];
  visitNodes(
    body,
    (node) => {
      const target =
        node.type === 'AssignmentExpression' ? node.left : node.type === 'UpdateExpression' ? node.argument : undefined;
      if (target?.type !== 'MemberExpression') return;
      const key = fixedName(target);
      const object = key === undefined ? undefined : objectOf(target.object, lookup);
      if (key === undefined || object === undefined || !Object.hasOwn(object, key)) return;
      if (!found.some((member) => member.object === object && member.key === key)) found.push({ object, key });
    },
    true,
  );
  return found;
}

function fixedName({ computed, property }: MemberExpression): string | undefined {
  if (computed) return property.type === 'Literal' && typeof property.value === 'string' ? property.value : undefined;
  return property.type === 'Identifier' ? property.name : undefined;
}

/**
 * The plain object of the composition to which a variable or a path of constant keys refers; undefined for other
 * values.
 */
function objectOf(node: AnyNode, lookup: (name: string) => unknown): object | undefined {
  if (node.type === 'Identifier') return plainOwn(lookup(node.name));
  if (node.type !== 'MemberExpression') return undefined;
  const key = fixedName(node);
  const holder = key === undefined ? undefined : objectOf(node.object, lookup);
  if (key === undefined || holder === undefined || !Object.hasOwn(holder, key)) return undefined;
  return plainOwn((holder as Record<string, unknown>)[key]);
}

function plainOwn(raw: unknown): object | undefined {
  if (typeof raw !== 'object' || raw === null || symbolic(raw) !== undefined) return undefined;
  const value = resolveMerged(raw);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || symbolic(value) !== undefined)
    return undefined;
  const open = mergedPieces(value) !== undefined || Object.hasOwn(value, KEYS);
  return activeTrace().isTracked(value) && !open ? value : undefined;
}
