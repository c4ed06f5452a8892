import type { JsonValue } from '@typekro/kit/core';
import { formatQuantity, isWholeQuantity, quantityOf } from '@typekro/kit/kubernetes';
import type { Problems } from '../../errors/field-problems.ts';
import { isCounted } from './resource-names.ts';

/**
 * Checks that the amount of a resource is not negative, and that the amount of a counted resource is a whole number.
 */
export function checkResourceAmount(name: string, value: JsonValue, at: string, problems: Problems): void {
  const amount = quantityOf(value);
  if (amount === undefined) return;
  const shown = formatQuantity(amount);
  if (amount.unscaled < 0n) problems.invalid(at, shown, 'must be greater than or equal to 0');
  if (isCounted(name) && !isWholeQuantity(amount)) problems.invalid(at, shown, 'must be an integer');
}
