import { type Expr, kroEnvironment, walkAst } from '@typekro/cel';
import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import type { PathStep } from '../../graph/index.ts';
import { formatQuantity, quantityOf } from '@typekro/kit/kubernetes';
import { childAt } from '../../graph/path.ts';

/**
 * Does an expression have the same value for the created objects as for the sent objects? True if the expression reads
 * only strings, numbers and booleans that are sent, or maps to which no server adds members. A server adds defaults,
 * addresses and status to other parts, so an absent field may appear later.
 *
 * @param sent maps names in the expression to the sent objects, without unknown fields
 */
export function isDetermined(cel: string, sent: ReadonlyMap<string, JsonObject>): boolean {
  const parsed = environment().parse(cel);
  if (!parsed.ok) return false;
  // Subexpressions that are part of a longer chain that was already checked.
  const covered = new Set<Expr>();
  let determined = true;
  walkAst(parsed.ast, (expr) => {
    if (!determined || covered.has(expr)) return;
    const chain = chainOf(expr);
    if (chain === undefined || !sent.has(chain.name)) return;
    for (const part of chain.parts) covered.add(part);
    determined = isSent(sent.get(chain.name), chain.steps);
  });
  return determined;
}

let cached: ReturnType<typeof kroEnvironment> | undefined;

/** The environment that parses expressions. Parsing needs no names or types. */
function environment(): ReturnType<typeof kroEnvironment> {
  cached ??= kroEnvironment({ features: { now: true, math: true, sets: true } });
  return cached;
}

interface Chain {
  readonly name: string;
  readonly steps: readonly PathStep[];
  readonly parts: readonly Expr[];
}

/**
 * The path of an expression that consists of a name, fields and constant indices; undefined for any other expression.
 */
function chainOf(expr: Expr): Chain | undefined {
  if (expr.kind === 'ident') return { name: expr.name, steps: [], parts: [expr] };
  if (expr.kind === 'select') {
    const before = chainOf(expr.operand);
    return before && { ...before, steps: [...before.steps, expr.field], parts: [...before.parts, expr] };
  }
  const [list, index] = expr.kind === 'call' && /^_\[\??_\]$/.test(expr.name) ? expr.args : [];
  const before = list === undefined ? undefined : chainOf(list);
  if (before === undefined || index?.kind !== 'literal') return undefined;
  const step = typeof index.value === 'bigint' ? Number(index.value) : index.value;
  if (typeof step !== 'string' && typeof step !== 'number') return undefined;
  return { ...before, steps: [...before.steps, step], parts: [...before.parts, expr, index] };
}

/** Maps that the API server stores as they are sent. */
const WHOLE_MAPS: ReadonlySet<PathStep> = new Set(['matchLabels', 'data']);

function isSent(object: JsonObject | undefined, steps: readonly PathStep[]): boolean {
  // The API server moves `stringData` into `data` and does not return `stringData`.
  if (steps[0] === 'stringData') return false;
  const value = steps.reduce<JsonValue | undefined>(childAt, object);
  if (isJsonObject(value)) {
    const isSelector = object?.['kind'] === 'Service' && steps.join('.') === 'spec.selector';
    const isWhole = isSelector || WHOLE_MAPS.has(steps.at(-1) ?? '');
    return isWhole && Object.values(value).every((member) => typeof member === 'string');
  }
  return value !== undefined && value !== null && !Array.isArray(value) && !isRewritten(value);
}

/** Quantities are stored in their canonical form: `1000m` becomes `1`. */
function isRewritten(value: JsonValue): boolean {
  const quantity = typeof value === 'string' && /\d/.test(value) ? quantityOf(value) : undefined;
  if (quantity === undefined) return false;
  const { text: _text, ...number } = quantity;
  return formatQuantity(number) !== value;
}
