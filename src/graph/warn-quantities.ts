import type { JsonObject, JsonValue } from '../core/index.ts';
import { isJsonObject } from '../core/index.ts';
import type { Draft } from './draft.ts';
import type { PathStep } from './model.ts';
import type { Problems } from './problems.ts';

/** Deeper templates are not searched; pod templates lie about eight levels deep. */
const MAX_DEPTH = 40;

/** Resources that are counted in bytes. */
const BYTES: ReadonlySet<string> = new Set(['memory', 'storage', 'ephemeral-storage']);

/**
 * Warns of a memory or storage quantity in thousandths of a byte (`512m`), which is a slip for `512Mi`. The API server
 * takes it with a warning of its own ("fractional byte value"), and no container starts with it.
 */
export function warnQuantities({ skeleton, block, nodeType }: Draft, problems: Problems): void {
  if (nodeType === 'external' || nodeType === 'externalCollection') return;
  visit(skeleton, [...block.path, 'template'], problems);
}

function visit(value: JsonValue | undefined, path: readonly PathStep[], problems: Problems): void {
  if (path.length > MAX_DEPTH) return;
  if (Array.isArray(value)) value.forEach((item, index) => visit(item, [...path, index], problems));
  if (!isJsonObject(value)) return;
  for (const [key, member] of Object.entries(value)) {
    const at = [...path, key];
    if ((key === 'limits' || key === 'requests') && isJsonObject(member)) warnFractions(member, at, problems);
    else visit(member, at, problems);
  }
}

function warnFractions(amounts: JsonObject, path: readonly PathStep[], problems: Problems): void {
  for (const [name, amount] of Object.entries(amounts)) {
    const number = BYTES.has(name) && typeof amount === 'string' ? /^(\d+)m$/.exec(amount)?.[1] : undefined;
    if (number === undefined) continue;
    problems.warn({
      code: 'graph/fractional-bytes',
      message: `${number}m of ${name} is ${number} thousandths of a byte: m stands for milli`,
      place: { path: [...path, name] },
      hint: `write ${number}Mi (times 1,048,576 bytes) or ${number}M (times 1,000,000 bytes)`,
    });
  }
}
