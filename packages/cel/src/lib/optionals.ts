import type { CallContext, Library } from '../library.ts';
import { BOOL, listType, optionalType, typeParam } from '../types.ts';
import * as cel from '../values.ts';
import { member, overload, declare } from './define.ts';
import { showValue } from './show.ts';
import { MIN_SECONDS } from './timestamp.ts';

const V = typeParam('V');
const LIST_V = listType(V);
const OPTIONAL_V = optionalType(V);

/**
 * The functions on optional values. The implementations of `or` and `orValue` take both operands, but the planner
 * evaluates the right operand only when the left one is empty.
 */
export const optionals: Library = {
  name: 'optional',
  functions: [
    declare(
      'optional.of',
      overload('optional_of', [V], OPTIONAL_V, (value: cel.Value) => new cel.CelOptional(value)),
    ),
    declare(
      'optional.ofNonZeroValue',
      overload('optional_ofNonZeroValue', [V], OPTIONAL_V, (value: cel.Value) =>
        isZero(value) ? cel.OPTIONAL_NONE : new cel.CelOptional(value),
      ),
    ),
    declare(
      'optional.none',
      overload('optional_none', [], OPTIONAL_V, () => cel.OPTIONAL_NONE),
    ),
    declare(
      'value',
      member('optional_value', [OPTIONAL_V], V, ({ value }: cel.CelOptional) =>
        value === undefined ? cel.fail('optional.none() dereference') : value,
      ),
    ),
    declare(
      'hasValue',
      member('optional_hasValue', [OPTIONAL_V], BOOL, ({ value }: cel.CelOptional) => value !== undefined),
    ),
    declare(
      'or',
      member(
        'optional_or_optional',
        [OPTIONAL_V, OPTIONAL_V],
        OPTIONAL_V,
        (left: cel.CelOptional, right: cel.CelOptional) => (left.value === undefined ? right : left),
      ),
    ),
    declare(
      'orValue',
      member('optional_orValue_value', [OPTIONAL_V, V], V, (left: cel.CelOptional, right: cel.Value) =>
        left.value === undefined ? right : left.value,
      ),
    ),
    declare(
      'last',
      member('list_last', [LIST_V], OPTIONAL_V, (list: cel.Value) => optionalOf((cel.elementsOf(list) ?? []).at(-1))),
    ),
    declare(
      'first',
      member('list_first', [LIST_V], OPTIONAL_V, (list: cel.Value) => optionalOf(cel.elementsOf(list)?.[0])),
    ),
    declare('optional.unwrap', overload('optional_unwrap', [listType(OPTIONAL_V)], LIST_V, unwrap('optional.unwrap'))),
    declare('unwrapOpt', member('optional_unwrapOpt', [listType(OPTIONAL_V)], LIST_V, unwrap('unwrapOpt'))),
  ],
};

function optionalOf(value: cel.Value | undefined): cel.CelOptional {
  return value === undefined ? cel.OPTIONAL_NONE : new cel.CelOptional(value);
}

/**
 * Unwraps the optionals of a list. For a `dyn` list, cel-go checks the type of the first element when it chooses the
 * overload, and the types of the other elements when it unwraps them. The errors of these two checks have different
 * messages.
 */
function unwrap(name: string): (list: cel.Value, context: CallContext) => cel.Value {
  return (list, context) => {
    const elements = cel.elementsOf(list) ?? [];
    context.charge(elements.length);
    const out: cel.Value[] = [];
    for (const [index, element] of elements.entries()) {
      if (!(element instanceof cel.CelOptional)) {
        return cel.fail(
          index === 0 ? `no such overload: ${name}(list)` : `value ${showValue(element)} is not optional`,
        );
      }
      if (element.value !== undefined) out.push(element.value);
    }
    return out;
  };
}

/**
 * Is this the zero value of its type: false, 0, empty, null, timestamp `0001-01-01`? Library types have no zero value.
 */
function isZero(value: cel.Value): boolean {
  switch (typeof value) {
    case 'boolean':
      return !value;
    case 'string':
      return value === '';
    case 'number':
      return value === 0;
    case 'bigint':
      return false;
    default:
  }
  if (value === null) return true;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof cel.CelUint) return value.value === 0n;
  if (value instanceof cel.CelDouble) return value.value === 0;
  if (value instanceof cel.CelDuration) return value.nanos === 0n;
  if (value instanceof cel.CelTimestamp) return value.seconds === MIN_SECONDS && value.nanos === 0;
  if (value instanceof cel.OpaqueValue || value instanceof cel.CelOptional) return false;
  if (value instanceof cel.CelMap) return value.size === 0;
  return (cel.elementsOf(value) ?? cel.entriesOf(value))?.length === 0;
}
