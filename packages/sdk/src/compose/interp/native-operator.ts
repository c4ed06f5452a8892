import { refuse } from '../refusal/refusal.ts';
import { int32OfValue } from '../value/ops.ts';
import { hasTokens, labelOf, symbolic } from '../value/proxy.ts';

/** Applies a bitwise operator or `instanceof` to known values, and `x | 0` to any value. */
export function nativeOperator(operator: string, left: unknown, right: unknown): unknown {
  const known = (value: unknown) => symbolic(value) === undefined && !(typeof value === 'string' && hasTokens(value));
  if (!known(left) || !known(right)) {
    if (operator === '|' && right === 0) return int32OfValue(left);
    if (operator === '|' && left === 0) return int32OfValue(right);
    const inner = symbolic(left) ?? symbolic(right);
    return refuse(
      'no-cel',
      `${operator} with ${inner === undefined ? 'a symbolic value' : labelOf(inner)} has no CEL form`,
    );
  }
  const a = left as number;
  const b = right as number;
  switch (operator) {
    case '|':
      return a | b;
    case '&':
      return a & b;
    case '^':
      return a ^ b;
    case '<<':
      return a << b;
    case '>>':
      return a >> b;
    case '>>>':
      return a >>> b;
    case 'instanceof':
      return left instanceof (right as new () => unknown);
    default:
      return refuse('unsupported', `${operator} cannot be traced`);
  }
}
