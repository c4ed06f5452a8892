import type { CallContext, Library } from '../../library.ts';
import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  quantityOfInteger,
  quantityToFloat,
  quantityToInteger,
  subtractQuantities,
  type ParsedQuantity,
} from '@typekro/kit/kubernetes';
import { Failure } from '@typekro/kit/golang';
import { BOOL, DOUBLE, INT, STRING, type CelType } from '../../types.ts';
import { fail, checkedInt, type Int, type Value } from '../../values.ts';
import { chargeParser, member, orFail, overload, declare } from '../define.ts';
import { QUANTITY, QuantityValue } from '../opaque.ts';

const two: readonly CelType[] = [QUANTITY, QUANTITY];

/** Kubernetes' `quantity`: resource quantities such as `100m` and `1.5Gi`. */
export const kubernetesQuantity: Library = {
  name: 'kubernetes.quantity',
  functions: [
    declare(
      'quantity',
      overload(
        'string_to_quantity',
        [STRING],
        QUANTITY,
        (text: string, context: CallContext) => new QuantityValue(orFail(parsed(text, context))),
      ),
    ),
    declare(
      'isQuantity',
      overload(
        'is_quantity_string',
        [STRING],
        BOOL,
        (text: string, context: CallContext) => !(parsed(text, context) instanceof Failure),
      ),
    ),
    declare(
      'sign',
      overload('quantity_sign', [QUANTITY], INT, ({ quantity }: QuantityValue) =>
        quantity.unscaled === 0n ? 0 : quantity.unscaled < 0n ? -1 : 1,
      ),
    ),
    declare(
      'isGreaterThan',
      member(
        'quantity_is_greater_than',
        two,
        BOOL,
        (a: QuantityValue, b: QuantityValue, context: CallContext) => compare(a, b, context) > 0,
      ),
    ),
    declare(
      'isLessThan',
      member(
        'quantity_is_less_than',
        two,
        BOOL,
        (a: QuantityValue, b: QuantityValue, context: CallContext) => compare(a, b, context) < 0,
      ),
    ),
    declare('compareTo', member('quantity_compare_to', two, INT, compare)),
    declare(
      'asApproximateFloat',
      member('quantity_get_float', [QUANTITY], DOUBLE, (q: QuantityValue) => quantityToFloat(q.quantity)),
    ),
    declare('asInteger', member('quantity_get_int', [QUANTITY], INT, asInteger)),
    declare(
      'isInteger',
      member(
        'quantity_is_integer',
        [QUANTITY],
        BOOL,
        (q: QuantityValue) => quantityToInteger(q.quantity) !== undefined,
      ),
    ),
    declare(
      'add',
      member(
        'quantity_add',
        two,
        QUANTITY,
        (a: QuantityValue, b: QuantityValue) => new QuantityValue(addQuantities(a.quantity, b.quantity)),
      ),
      member(
        'quantity_add_int',
        [QUANTITY, INT],
        QUANTITY,
        (a: QuantityValue, b: Int) =>
          new QuantityValue(addQuantities(a.quantity, quantityOfInteger(BigInt(b), 'decimalExponent'))),
      ),
    ),
    declare(
      'sub',
      member(
        'quantity_sub',
        two,
        QUANTITY,
        (a: QuantityValue, b: QuantityValue) => new QuantityValue(subtractQuantities(a.quantity, b.quantity)),
      ),
      member(
        'quantity_sub_int',
        [QUANTITY, INT],
        QUANTITY,
        (a: QuantityValue, b: Int) =>
          new QuantityValue(subtractQuantities(a.quantity, quantityOfInteger(BigInt(b), 'decimalExponent'))),
      ),
    ),
  ],
};

/** Parses a quantity. The digits that the exponent adds or removes cost one unit each. */
function parsed(text: string, context: CallContext): ParsedQuantity | Failure {
  const exponent = Number(/[eE]([-+]?\d{1,4})$/.exec(text.slice(-8))?.[1] ?? 0);
  chargeParser(context, text);
  context.charge(Math.abs(exponent));
  return parseQuantity(text);
}

/** Charges a comparison of two quantities. If their scales are very different, the comparison needs many digits. */
function chargeBoth(a: ParsedQuantity, b: ParsedQuantity, context: CallContext): void {
  const digits = Math.abs(a.scale - b.scale);
  if (digits > 40) context.charge(digits);
}

function compare(a: QuantityValue, b: QuantityValue, context: CallContext): number {
  chargeBoth(a.quantity, b.quantity, context);
  return compareQuantities(a.quantity, b.quantity);
}

function asInteger({ quantity }: QuantityValue): Value {
  const value = quantityToInteger(quantity);
  return value === undefined ? fail('cannot convert value to integer') : checkedInt(value);
}
