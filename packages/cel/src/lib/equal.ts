import type { Meter, Value, ValueObject } from '../values.ts';
import * as cel from '../values.ts';
import { tryCompare } from './compare-values.ts';

const FREE: Meter = { charge: () => undefined };

/**
 * The maximum depth of a comparison. Values that are nested more deeply count as different. The limit protects the call
 * stack from hostile values; real values are less deep.
 */
const MAX_DEPTH = 1_000;

/**
 * CEL's equality, with the same results as the `Equal` methods of cel-go. An error occurs only when a type does not
 * support the comparison. Inside lists and maps, such an unsupported comparison counts as equal, because cel-go ends
 * the comparison of two lists only when a pair of elements differs.
 *
 * @throws EvalFailure when the type of `a` refuses the comparison
 */
export function equalValues(a: Value, b: Value, meter: Meter = FREE, depth = 0): boolean {
  if (typeof a === 'string') return equalTexts(a, b, meter);
  if (a instanceof cel.OpaqueValue) return a.equals(b);
  if (a instanceof cel.ListView || a instanceof cel.MapView) {
    meter.charge(a instanceof cel.MapView ? a.size : a.raw().length);
    return a.equals(b, meter instanceof PartMeter ? meter : new PartMeter(meter));
  }
  if (a === b) return true;
  if (typeof a !== 'object' || a === null) return equalScalars(a, b);
  if (a instanceof cel.CelUint || a instanceof cel.CelDouble) return tryCompare(a, b) === 0;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof cel.CelTimestamp)
    return b instanceof cel.CelTimestamp && a.seconds === b.seconds && a.nanos === b.nanos;
  if (a instanceof cel.CelDuration) return b instanceof cel.CelDuration && a.nanos === b.nanos;
  if (a instanceof cel.CelTypeValue) return b instanceof cel.CelTypeValue && a.name === b.name;
  if (depth > MAX_DEPTH) return false;
  if (a instanceof cel.CelOptional) {
    if (!(b instanceof cel.CelOptional)) return false;
    if (a.value === undefined || b.value === undefined) return a.value === b.value;
    return equalValues(a.value, b.value, meter, depth + 1);
  }
  const elements = cel.elementsOf(a);
  return elements ? equalLists(elements, b, meter, depth) : equalMaps(a, b, meter, depth);
}

/** The number of parts of foreign data (data from outside CEL) whose comparison costs one unit. */
const PARTS_PER_UNIT = 4;

/** Charges the comparison of the parts of foreign data. Such parts are cheaper than elements that a loop visits. */
class PartMeter implements Meter {
  readonly #meter: Meter;
  #parts = 0;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  charge(parts: number): void {
    this.#parts += parts;
    if (this.#parts < PARTS_PER_UNIT) return;
    this.#meter.charge(Math.floor(this.#parts / PARTS_PER_UNIT));
    this.#parts %= PARTS_PER_UNIT;
  }
}

/** Compares strings. Only long strings are charged, in proportion to their length. */
function equalTexts(a: string, b: Value, meter: Meter): boolean {
  if (typeof b === 'string' && a.length === b.length && a.length > 256) meter.charge(a.length >> 6);
  return a === b;
}

function equalScalars(a: Value, b: Value): boolean {
  if (typeof a === 'number' || typeof a === 'bigint') return tryCompare(a, b) === 0;
  return false;
}

/** Equality inside lists and maps: an error counts as equal. */
function equalOrRefused(a: Value, b: Value, meter: Meter, depth: number): boolean {
  if ((a === null) !== (b === null)) return false;
  try {
    return equalValues(a, b, meter, depth + 1);
  } catch (error) {
    if (error instanceof cel.EvalFailure && !error.fatal) return true;
    throw error;
  }
}

function equalLists(a: readonly Value[], other: Value, meter: Meter, depth: number): boolean {
  const b = cel.elementsOf(other);
  if (b?.length !== a.length) return false;
  meter.charge(a.length);
  return a.every((element, i) => equalOrRefused(element, b[i] ?? null, meter, depth));
}

function equalMaps(a: Value, b: Value, meter: Meter, depth: number): boolean {
  const entries = cel.entriesOf(a);
  if (!entries || typeof b !== 'object' || b === null) return false;
  const size =
    b instanceof cel.CelMap || b instanceof cel.MapView
      ? b.size
      : cel.isObject(b)
        ? cel.entriesOf(b)?.length
        : undefined;
  if (size !== entries.length) return false;
  meter.charge(size);
  return entries.every(([key, value]) => {
    const other = valueAt(b, key);
    return other !== undefined && equalOrRefused(value, other, meter, depth);
  });
}

function valueAt(map: Value, key: Value): Value | undefined {
  if (map instanceof cel.CelMap) return map.get(key);
  if (typeof key !== 'string') return undefined;
  return map instanceof cel.MapView ? map.get(key) : cel.getProperty(map as ValueObject, key);
}

/** Are the values equal? Values whose type does not support the comparison count as different. */
export function isEqual(a: Value, b: Value, meter?: Meter): boolean {
  try {
    return equalValues(a, b, meter);
  } catch (error) {
    if (error instanceof cel.EvalFailure && !error.fatal) return false;
    throw error;
  }
}

/**
 * `a == b` of values whose types are known only at run time (self-describing, see `values.ts`).
 *
 * @throws EvalFailure when the type of `a` refuses the comparison
 */
export function equal(a: Value, b: Value, meter?: Meter): boolean {
  if (a === b && !(a instanceof cel.OpaqueValue)) return true;
  if (a === null || b === null) return false;
  return equalValues(a, b, meter);
}

/** `a != b`. If the type of `a` refuses the comparison, the values count as different. */
export function notEqual(a: Value, b: Value, meter?: Meter): boolean {
  try {
    return !equal(a, b, meter);
  } catch (thrown) {
    if (thrown instanceof cel.EvalFailure && !thrown.fatal) return true;
    throw thrown;
  }
}
