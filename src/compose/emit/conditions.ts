import { raw } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { BOOL } from '../ir/types.ts';
import { refuse } from '../trace/refusal.ts';
import { hasTokens } from '../value/proxy.ts';
import { textNode } from '../value/ops.ts';

/** A condition written as CEL: `${…}`, or the expression alone. */
export function rawCondition(text: string, where: string): Node {
  if (hasTokens(text)) {
    const node = textNode(text);
    if (node.op !== 'concat' && node.type.kind === 'bool') return node;
    return refuse('types', `${where}() takes a condition, not a text`, 'pass the condition itself');
  }
  const trimmed = text.trim();
  const inner = trimmed.startsWith('${') && trimmed.endsWith('}') ? trimmed.slice(2, -1).trim() : trimmed;
  return raw([inner], [], BOOL);
}
