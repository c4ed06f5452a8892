import { literal, raw } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { BOOL } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { hasTokens } from '../value/proxy.ts';
import { textNode, truthy } from '../value/ops.ts';
import { resolveMerged } from '../value/merge.ts';

/** Converts a condition that the author wrote as CEL, either `${…}` or the bare expression. */
function rawCondition(text: string, where: string): Node {
  if (hasTokens(text)) {
    const node = textNode(text);
    if (node.kind !== 'concat' && node.type.kind === 'bool') return node;
    return refuse('types', `${where}() takes a condition, not a string`, 'pass the condition itself');
  }
  const trimmed = text.trim();
  const inner = trimmed.startsWith('${') && trimmed.endsWith('}') ? trimmed.slice(2, -1).trim() : trimmed;
  return raw([inner], [], BOOL);
}

/** Converts an author's condition to an expression. The condition is a symbolic value, CEL text, or a constant. */
export function conditionNode(given: unknown, where: string): Node {
  const value = resolveMerged(given);
  if (typeof value === 'string') return rawCondition(value, where);
  const test = truthy(value);
  return typeof test === 'boolean' ? literal(test) : test;
}
