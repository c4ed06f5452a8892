import type { JsonValue } from '../core/index.ts';
import { failure, Failure } from '../golang/index.ts';

/**
 * Kubernetes quantities (`1.5Gi`, `100m`, `1e3`) with the arithmetic of `resource.Quantity`.
 *
 * Kubernetes keeps a quantity as an int64 with a decimal scale. A number with more digits, or a fraction with a binary
 * suffix, is kept as an unbounded decimal, marked by `big`. The difference is visible to clients: only an int64
 * quantity can be read as an integer.
 */
export interface ParsedQuantity {
  /** The value is `unscaled × 10^scale`. */
  readonly unscaled: bigint;
  readonly scale: number;
  readonly big: boolean;
  readonly format: QuantityFormat;
  /** The parsed string, if it is the canonical form. */
  readonly text?: string;
}

/** The notation of the canonical form: `100m`, `1Gi` or `1e3`. */
export type QuantityFormat = 'decimalSI' | 'binarySI' | 'decimalExponent';

const FORMAT_ERROR = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const SUFFIX_ERROR = "unable to parse quantity's suffix";
const NUMERIC_ERROR = 'unable to parse numeric part of quantity';

/**
 * Matches a quantity. A string can match in one way only. If digits could belong to several groups, backtracking over a
 * long invalid string would take seconds.
 */
const SYNTAX = /^([+-]?)0*(?!0)(\d*)(?:\.(\d*))?((?:[eEinumkKMGTP]+[-+]?\d*|[-+]\d*)?)$/;

const DECIMAL_SUFFIX: ReadonlyMap<string, number> = new Map([
  ['', 0],
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const BINARY_SUFFIX: ReadonlyMap<string, number> = new Map([
  ['Ki', 10],
  ['Mi', 20],
  ['Gi', 30],
  ['Ti', 40],
  ['Pi', 50],
  ['Ei', 60],
]);
const DECIMAL_BY_EXPONENT: ReadonlyMap<number, string> = new Map([...DECIMAL_SUFFIX].map(([s, e]) => [e, s]));
const BINARY_BY_EXPONENT: ReadonlyMap<number, string> = new Map([...BINARY_SUFFIX].map(([s, e]) => [e, s]));

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
/** The parser refuses longer strings before any arithmetic with `bigint`. No API server sends such a string. */
const MAX_TEXT_LENGTH = 1_000;
/**
 * The largest exponent. An exponent of n produces a number with n digits. Kubernetes lets a large exponent overflow;
 * this parser refuses it.
 */
const MAX_EXPONENT = 500n;

interface Suffix {
  readonly format: QuantityFormat;
  readonly exponent: number;
}

/** Parses a quantity like `resource.ParseQuantity`, with the same error messages. */
export function parseQuantity(text: string): ParsedQuantity | Failure {
  if (text === '' || text.length > MAX_TEXT_LENGTH) return failure(FORMAT_ERROR);
  if (text === '0') return { unscaled: 0n, scale: 0, big: false, format: 'decimalSI', text };
  const match = SYNTAX.exec(text);
  if (!match) return failure(FORMAT_ERROR);
  const suffix = parseSuffix(match[4] ?? '');
  if (suffix === undefined) return failure(SUFFIX_ERROR);
  const whole = match[2] || '0';
  const fraction = match[3] ?? '';
  const negative = match[1] === '-';
  const small = smallQuantity(text, negative, whole, fraction, suffix);
  if (small !== undefined) return small;
  // Kubernetes passes a point without digits to its parser for unbounded decimals, which fails.
  if (!/\d/.test(text.slice(0, text.length - (match[4] ?? '').length))) return failure(NUMERIC_ERROR);
  return bigQuantity(negative, whole, fraction, suffix);
}

/** The quantity of a JSON string or number; undefined for any other value and for a string that is not a quantity. */
export function quantityOf(value: JsonValue | undefined): ParsedQuantity | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  const quantity = parseQuantity(String(value));
  return quantity instanceof Failure ? undefined : quantity;
}

function parseSuffix(text: string): Suffix | undefined {
  const decimal = DECIMAL_SUFFIX.get(text);
  if (decimal !== undefined) return { format: 'decimalSI', exponent: decimal };
  const binary = BINARY_SUFFIX.get(text);
  if (binary !== undefined) return { format: 'binarySI', exponent: binary };
  if (!/^[eE][-+]?\d+$/.test(text)) return undefined;
  const exponent = BigInt(text.slice(1).replace('+', ''));
  if (exponent > MAX_EXPONENT || exponent < -MAX_EXPONENT) return undefined;
  return { format: 'decimalExponent', exponent: Number(exponent) };
}

/** The int64 form; undefined if the number has too many digits. The digits are counted by Kubernetes' rules. */
function smallQuantity(
  text: string,
  negative: boolean,
  whole: string,
  fraction: string,
  { format, exponent }: Suffix,
): ParsedQuantity | undefined {
  let precision: number;
  let mantissa = 1n;
  let scale = 0;
  if (format !== 'binarySI') {
    scale = exponent;
    precision = 18 - whole.length - fraction.length;
  } else if (fraction.length === 0) {
    mantissa = 1n << BigInt(exponent);
    precision = 15 - whole.length - Math.trunc(Math.fround((exponent * 3) / 10)) - 1;
  } else {
    precision = -1;
  }
  scale -= fraction.length;
  if (precision < 0 || scale < -9) return undefined;
  const shifted = whole + fraction;
  const digits = BigInt(shifted);
  const value = digits * mantissa;
  if (value > MAX_INT64) return undefined;
  const unscaled = negative ? -value : value;
  const canonical =
    format === 'binarySI'
      ? (digits & 7n) !== 0n
      : scale % 3 === 0 && !shifted.endsWith('000') && !shifted.startsWith('0');
  return { unscaled, scale, big: false, format, ...(canonical ? { text } : {}) };
}

/**
 * The unbounded form: rounded away from zero to 10^-9. With a binary suffix, it is also capped at the largest int64.
 */
function bigQuantity(negative: boolean, whole: string, fraction: string, suffix: Suffix): ParsedQuantity {
  let unscaled = BigInt(whole + fraction);
  let scale = -fraction.length;
  let format = suffix.format;
  if (format === 'binarySI') unscaled <<= BigInt(suffix.exponent);
  else scale += suffix.exponent;
  if (unscaled !== 0n || scale < -9) ({ unscaled, scale } = roundUp(unscaled, scale, -9));
  if (format === 'binarySI') {
    if (compareDecimal(unscaled, scale, MAX_INT64, 0) > 0) {
      unscaled = MAX_INT64;
      scale = 0;
    }
    if (unscaled > 0n && compareDecimal(unscaled, scale, 1n, 0) < 0) format = 'decimalSI';
  }
  return { unscaled: negative ? -unscaled : unscaled, scale, big: true, format };
}

/** Rescales to the scale `wanted`. Rounds away from zero if digits are lost. */
function roundUp(unscaled: bigint, scale: number, wanted: number): { unscaled: bigint; scale: number } {
  if (scale >= wanted) return { unscaled: unscaled * 10n ** BigInt(scale - wanted), scale: wanted };
  const divisor = 10n ** BigInt(wanted - scale);
  const quotient = unscaled / divisor;
  if (unscaled % divisor === 0n) return { unscaled: quotient, scale: wanted };
  return { unscaled: unscaled < 0n ? quotient - 1n : quotient + 1n, scale: wanted };
}

function compareDecimal(a: bigint, aScale: number, b: bigint, bScale: number): -1 | 0 | 1 {
  const scale = Math.min(aScale, bScale);
  const left = a * 10n ** BigInt(aScale - scale);
  const right = b * 10n ** BigInt(bScale - scale);
  return left === right ? 0 : left < right ? -1 : 1;
}

/** Compares two amounts: −1 if `a` is smaller, 1 if `a` is greater, 0 if they are equal. */
export function compareQuantities(a: ParsedQuantity, b: ParsedQuantity): -1 | 0 | 1 {
  return compareDecimal(a.unscaled, a.scale, b.unscaled, b.scale);
}

/** A whole number as a quantity. CEL's arithmetic with ints passes the format `decimalExponent`. */
export function quantityOfInteger(value: bigint, format: QuantityFormat = 'decimalSI'): ParsedQuantity {
  return { unscaled: value, scale: 0, big: false, format };
}

/** Is the amount a whole number? */
export function isWholeQuantity({ unscaled, scale }: ParsedQuantity): boolean {
  return scale >= 0 || unscaled % 10n ** BigInt(-scale) === 0n;
}

/** Is the amount a multiple of the unit? The unit is not zero. */
export function isMultipleOf(amount: ParsedQuantity, unit: ParsedQuantity): boolean {
  const scale = Math.min(amount.scale, unit.scale);
  return (
    (amount.unscaled * 10n ** BigInt(amount.scale - scale)) % (unit.unscaled * 10n ** BigInt(unit.scale - scale)) === 0n
  );
}

/** The sum. It has the format of the left side, or of the right side if the left side is zero. */
export function addQuantities(a: ParsedQuantity, b: ParsedQuantity): ParsedQuantity {
  const format = a.unscaled === 0n ? b.format : a.format;
  if (!a.big && !b.big) {
    if (b.unscaled === 0n) return { unscaled: a.unscaled, scale: a.scale, big: false, format };
    if (a.unscaled === 0n) return { unscaled: b.unscaled, scale: b.scale, big: false, format };
    const scale = Math.min(a.scale, b.scale);
    const left = a.unscaled * 10n ** BigInt(a.scale - scale);
    const right = b.unscaled * 10n ** BigInt(b.scale - scale);
    if (fits(left) && fits(right) && fits(left + right)) return { unscaled: left + right, scale, big: false, format };
  }
  const scale = Math.min(a.scale, b.scale);
  const sum = a.unscaled * 10n ** BigInt(a.scale - scale) + b.unscaled * 10n ** BigInt(b.scale - scale);
  return { unscaled: sum, scale, big: true, format };
}

/** The difference, with the format rule of {@link addQuantities}. */
export function subtractQuantities(a: ParsedQuantity, b: ParsedQuantity): ParsedQuantity {
  return addQuantities(a, { ...b, unscaled: -b.unscaled });
}

function fits(value: bigint): boolean {
  return value <= MAX_INT64 && value >= MIN_INT64;
}

/**
 * The value as int64. Undefined for an unbounded decimal (`1.5Gi`), for a negative scale (`1500m`, `1.0`), and for a
 * value beyond int64 (`10E`).
 */
export function quantityToInteger(quantity: ParsedQuantity): bigint | undefined {
  if (quantity.big || quantity.scale < 0) return undefined;
  const value = quantity.unscaled * 10n ** BigInt(quantity.scale);
  return fits(value) ? value : undefined;
}

/**
 * The nearest double of the unscaled number, times a power of ten. As in Kubernetes, the result is therefore rounded
 * twice.
 */
export function quantityToFloat({ unscaled, scale }: ParsedQuantity): number {
  return scale === 0 ? Number(unscaled) : Number(unscaled) * powerOfTen(scale);
}

/** Go's `math.Pow10`: a product or quotient of two exact table entries. The result is not always the nearest double. */
function powerOfTen(exponent: number): number {
  if (exponent < -323) return 0;
  if (exponent > 308) return Infinity;
  const size = Math.abs(exponent);
  const low = Number(`1e${size % 32}`);
  return exponent < 0 ? Number(`1e-${size - (size % 32)}`) / low : Number(`1e${size - (size % 32)}`) * low;
}

/** The canonical form: `1536Mi`, `100m`, `1e3`. */
export function formatQuantity(quantity: ParsedQuantity): string {
  if (quantity.text !== undefined) return quantity.text;
  if (quantity.unscaled === 0n) return '0';
  const format = canonicalFormat(quantity);
  if (format === 'binarySI') {
    let { unscaled } = roundUp(quantity.unscaled, quantity.scale, 0);
    let times = 0;
    while (unscaled % 1024n === 0n && unscaled !== 0n) {
      unscaled /= 1024n;
      times += 1;
    }
    return `${unscaled}${BINARY_BY_EXPONENT.get(times * 10) ?? ''}`;
  }
  let { unscaled, scale } = quantity;
  while (unscaled % 10n === 0n) {
    unscaled /= 10n;
    scale += 1;
  }
  while (scale % 3 !== 0) {
    unscaled *= 10n;
    scale -= 1;
  }
  if (format === 'decimalExponent') return scale === 0 ? `${unscaled}` : `${unscaled}e${scale}`;
  return `${unscaled}${DECIMAL_BY_EXPONENT.get(scale) ?? `e${scale}`}`;
}

/** The format of the canonical form. A small number or a fraction loses its binary suffix. */
function canonicalFormat(quantity: ParsedQuantity): QuantityFormat {
  const { unscaled, scale, format } = quantity;
  if (format !== 'binarySI') return format;
  const small = compareDecimal(unscaled, scale, -1024n, 0) > 0 && compareDecimal(unscaled, scale, 1024n, 0) < 0;
  return small || !isWholeQuantity(quantity) ? 'decimalSI' : 'binarySI';
}
