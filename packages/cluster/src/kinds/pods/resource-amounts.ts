import type { JsonValue } from '@typekro/kit/core';
import type { FieldError } from '@typekro/kit/kubernetes';
import { formatQuantity, isWholeQuantity, quantityOf } from '@typekro/kit/kubernetes';
import { fieldInvalid } from '../../errors/field-problems.ts';
import { isCounted } from './resource-names.ts';

/**
 * Checks that the amount of a resource is not negative, and that the amount of a counted resource is a whole number.
 */
export function checkResourceAmount(name: string, value: JsonValue, at: string, problems: FieldError[]): void {
  const amount = quantityOf(value);
  if (amount === undefined) return;
  const shown = formatQuantity(amount);
  if (amount.unscaled < 0n) problems.push(fieldInvalid(at, shown, 'must be greater than or equal to 0'));
  if (isCounted(name) && !isWholeQuantity(amount)) problems.push(fieldInvalid(at, shown, 'must be an integer'));
}
