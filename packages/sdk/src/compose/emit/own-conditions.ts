import type { JsonValue } from '@typekro/kit/core';
import { nearestName } from '@typekro/kit/core';
import { refuse } from '../refusal/refusal.ts';
import { resolveMerged } from '../value/merge.ts';
import { mergedPieces, toNode } from '../value/value-nodes.ts';
import { isOpen } from '../value/open.ts';
import { textNode } from '../value/ops.ts';
import { isPlainObject } from '../value/printed.ts';
import { hasTokens, symbolic } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';
import type { ExpressionWriter } from './expression-writer.ts';

/** The members of a condition. The controller adds the time and the generation. */
const MEMBERS: readonly string[] = ['type', 'status', 'reason', 'message'];
const REQUIRED: readonly string[] = ['type', 'status'];
const STATES: readonly unknown[] = ['True', 'False', 'Unknown'];
const FORM =
  "write { type: 'Open', status: web.status.readyReplicas > 0 ? 'True' : 'False', reason: 'Pods', message: '' }";

/**
 * Writes the conditions that a composition returns in its status, each as one expression: `runtime.newCondition({…})`
 * of kro. Hand-written CEL stays as it is.
 */
export function ownConditions(value: unknown, writer: ExpressionWriter): JsonValue {
  if (!Array.isArray(value) || symbolic(value) !== undefined)
    return refuse('types', 'the conditions of a status are not a list', `${FORM} in a list`);
  return value.map((item: unknown) => {
    if (isOpen(item)) {
      return refuse('absent', 'a condition of the status may be absent', "return it always, with the status 'Unknown'");
    }
    return ownCondition(resolveMerged(item), writer);
  });
}

function ownCondition(value: unknown, writer: ExpressionWriter): JsonValue {
  const inner = symbolic(value);
  if (inner instanceof Sym && inner.resource === undefined) return writer.field(inner.node);
  if (typeof value !== 'object' || value === null || inner !== undefined || !isPlainObject(value))
    return refuse('types', 'a condition of the status is not an object', FORM);
  if (mergedPieces(value) !== undefined)
    return refuse('types', 'the members of a condition of the status are known only when the graph runs', FORM);
  const given = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) {
    const near = nearestName(unknown, MEMBERS);
    const hint = near === undefined ? `a condition has ${MEMBERS.join(', ')}` : `did you mean "${near}"?`;
    return refuse('types', `a condition has no "${unknown}"`, hint);
  }
  const members = MEMBERS.flatMap((name) => {
    const member = resolveMerged(given[name]);
    if (member !== undefined) return [`${name}: ${writer.cel(textOf(name, member))}`];
    return REQUIRED.includes(name) ? refuse('types', `a condition needs a ${name}`, FORM) : [];
  });
  return `\${runtime.newCondition({${members.join(', ')}})}`;
}

function textOf(name: string, value: unknown) {
  if (typeof value === 'string' && hasTokens(value)) return textNode(value);
  if (symbolic(value) !== undefined) return toNode(value);
  if (typeof value !== 'string') return refuse('types', `the ${name} of a condition is not a string`, FORM);
  if (name === 'status' && !STATES.includes(value))
    return refuse('types', `"${value}" is not a status of a condition`, "write 'True', 'False' or 'Unknown'");
  return toNode(value);
}
