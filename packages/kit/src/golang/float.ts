/**
 * Formats doubles as Go's `strconv.FormatFloat`, `fmt` and `encoding/json` do, and parses them as `strconv.ParseFloat`
 * does. JavaScript finds the same shortest digits. This module adds Go's layout, its rounding of ties, and its names of
 * special values.
 */

/** Sign, digits and exponent of the shortest decimal that reads back as the value: ±d.ddd × 10^exponent. */
interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

/** From this exponent on, `%g` with the shortest digits writes an exponent. */
const GENERAL_LIMIT = 6;

function shortest(value: number): Decimal {
  const text = Math.abs(value).toExponential();
  const at = text.indexOf('e');
  return {
    negative: value < 0 || Object.is(value, -0),
    digits: text.slice(0, at).replace('.', ''),
    exponent: Number(text.slice(at + 1)),
  };
}

/** `NaN`, `+Inf` and `-Inf` as `strconv` writes them; undefined for a finite number. */
function specialText(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : undefined;
}

function plain({ negative, digits, exponent }: Decimal): string {
  const point = exponent + 1;
  const sign = negative ? '-' : '';
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return `${sign}${digits}${'0'.repeat(point - digits.length)}`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

function scientific({ negative, digits, exponent }: Decimal): string {
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  const size = String(Math.abs(exponent)).padStart(2, '0');
  return `${negative ? '-' : ''}${digits.slice(0, 1)}${fraction}e${exponent < 0 ? '-' : '+'}${size}`;
}

/**
 * `FormatFloat(x, 'g', -1, 64)`, which is also `%v`: the form of numbers in error messages and in CEL's
 * `string(double)` (`1e+20`, `+Inf`).
 */
export function formatGeneral(value: number): string {
  const special = specialText(value);
  if (special !== undefined) return special;
  const parts = shortest(value);
  return parts.exponent < -4 || parts.exponent >= GENERAL_LIMIT ? scientific(parts) : plain(parts);
}

/** `FormatFloat(x, 'f', -1, 64)`: all digits, never an exponent. */
export function formatPlain(value: number): string {
  return specialText(value) ?? plain(shortest(value));
}

/**
 * A number as Go's `encoding/json` writes it. Zero and magnitudes from 1e-6 to below 1e21 have no exponent. The caller
 * must refuse NaN and infinities.
 */
export function formatJsonNumber(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The exact value of a finite, non-negative double: `mantissa × 2^exponent`. */
function binary(value: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const field = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  return field === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | 0x10000000000000n, exponent: field - 1075 };
}

/** `value × 10^shift` rounded to an integer, ties to even, computed exactly. `value` is finite and not negative. */
function scaledInteger(value: number, shift: number): bigint {
  const { mantissa, exponent } = binary(value);
  let numerator = mantissa;
  let denominator = 1n;
  if (exponent >= 0) numerator <<= BigInt(exponent);
  else denominator <<= BigInt(-exponent);
  if (shift >= 0) numerator *= 10n ** BigInt(shift);
  else denominator *= 10n ** BigInt(-shift);
  const quotient = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  return twice > denominator || (twice === denominator && (quotient & 1n) === 1n) ? quotient + 1n : quotient;
}

/** `%.<precision>f` of a finite double. */
export function formatFixed(value: number, precision: number): string {
  const digits = scaledInteger(Math.abs(value), precision)
    .toString()
    .padStart(precision + 1, '0');
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (precision === 0) return sign + digits;
  return `${sign}${digits.slice(0, -precision)}.${digits.slice(-precision)}`;
}

/**
 * Is the exact value of a positive double below this power of ten? The shortest digits do not decide this, because they
 * may be rounded up to the power.
 */
function isBelowPowerOfTen(value: number, power: number): boolean {
  const { mantissa, exponent } = binary(value);
  const left = (mantissa << BigInt(Math.max(exponent, 0))) * 10n ** BigInt(Math.max(-power, 0));
  const right = (1n << BigInt(Math.max(-exponent, 0))) * 10n ** BigInt(Math.max(power, 0));
  return left < right;
}

/** `%.<precision>e` of a finite double. */
export function formatExponent(value: number, precision: number): string {
  const negative = value < 0 || Object.is(value, -0);
  const size = Math.abs(value);
  if (size === 0) return scientific({ negative, digits: '0'.repeat(precision + 1), exponent: 0 });
  let { exponent } = shortest(size);
  if (isBelowPowerOfTen(size, exponent)) exponent -= 1;
  let digits = scaledInteger(size, precision - exponent).toString();
  if (digits.length > precision + 1) {
    digits = digits.slice(0, -1);
    exponent += 1;
  }
  return scientific({ negative, digits, exponent });
}

/**
 * In `DECIMAL` and `HEXADECIMAL`, the second group of digits must follow a point. Otherwise the regular expression
 * would try every division of a long invalid string.
 */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const HEXADECIMAL = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?\d+)$/;
const SPECIAL = /^([+-]?)(inf|infinity|nan)$/i;

/** Reads a double as Go's `strconv.ParseFloat(text, 64)` does. */
export function parseFloat64(text: string): number | 'syntax' | 'range' {
  const special = SPECIAL.exec(text);
  if (special) {
    if (special[2]?.toLowerCase() !== 'nan') return special[1] === '-' ? -Infinity : Infinity;
    return special[1] === '' ? Number.NaN : 'syntax';
  }
  const digits = withoutUnderscores(text);
  if (digits === undefined) return 'syntax';
  if (DECIMAL.test(digits)) {
    const value = Number(digits);
    return Number.isFinite(value) ? value : 'range';
  }
  const hex = HEXADECIMAL.exec(digits);
  return hex ? hexValue(hex[1] === '-', hex[2] ?? '', hex[3] ?? '', Number(hex[4])) : 'syntax';
}

/**
 * Removes the underscores. They are allowed only between digits and after a base prefix; in any other position, the
 * string is not a number.
 */
function withoutUnderscores(text: string): string | undefined {
  if (!text.includes('_')) return text;
  const body = text.replace(/^[+-]?(?:0[xXoObB])?/, (prefix) => (prefix.length > 1 ? '0' : ''));
  const digits = /^[+-]?0[xX]/.test(text) ? '[0-9a-fA-F]' : '[0-9]';
  const between = new RegExp(`(?<!${digits})_|_(?!${digits})`);
  return between.test(body) ? undefined : text.replaceAll('_', '');
}

function hexValue(negative: boolean, whole: string, fraction: string, exponent: number): number | 'syntax' | 'range' {
  if (whole === '' && fraction === '') return 'syntax';
  let mantissa = BigInt(`0x${whole}${fraction}`);
  if (mantissa === 0n) return negative ? -0 : 0;
  let scale = exponent - 4 * fraction.length;
  const bits = mantissa.toString(2).length;
  if (scale + bits > 1100) return 'range';
  if (scale + bits < -1200) return negative ? -0 : 0;
  // Keep the first 80 bits, and set the last of them if any dropped bit was set. The result then has the same rounding
  // as the exact value, and `roundedRatio` rounds only once.
  if (bits > 80) {
    const cut = BigInt(bits - 80);
    const sticky = (mantissa & ((1n << cut) - 1n)) === 0n ? 0n : 1n;
    mantissa = (mantissa >> cut) | sticky;
    scale += bits - 80;
  }
  const value = roundedRatio(mantissa, scale);
  if (!Number.isFinite(value)) return 'range';
  return negative ? -value : value;
}

/** `mantissa × 2^scale`, rounded once, also for subnormal doubles. */
function roundedRatio(mantissa: bigint, scale: number): number {
  const bits = mantissa.toString(2).length;
  const lowest = Math.max(scale + bits - 53, -1074);
  const cut = lowest - scale;
  if (cut <= 0) return Number(mantissa) * 2 ** scale;
  const half = 1n << BigInt(cut - 1);
  const rest = mantissa & ((1n << BigInt(cut)) - 1n);
  let kept = mantissa >> BigInt(cut);
  if (rest > half || (rest === half && (kept & 1n) === 1n)) kept += 1n;
  // Multiply in two steps, because 2^lowest itself may be below the smallest normal number.
  return lowest < -1022 ? Number(kept) * 2 ** (lowest + 52) * 2 ** -52 : Number(kept) * 2 ** lowest;
}
