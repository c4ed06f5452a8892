/** A quantity: `value` × 10^-`scale`, kept exact, and the family of its suffix. */
export interface Quantity {
  readonly value: bigint;
  readonly scale: number;
  readonly format: 'DecimalSI' | 'BinarySI' | 'DecimalExponent';
}

const BINARY: Readonly<Record<string, number>> = { Ki: 1, Mi: 2, Gi: 3, Ti: 4, Pi: 5, Ei: 6 };
const DECIMAL: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const DECIMAL_NAMES = new Map(Object.entries(DECIMAL).map(([suffix, exponent]) => [exponent, suffix]));
const BINARY_NAMES = Object.keys(BINARY);

/** The rule that quantities follow, as error texts state it. */
export const QUANTITY_PATTERN = "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/** Reads a quantity such as `1500m`, `2Gi`, `1e3`; `undefined` when it is none. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = /^([+-]?)(\d{0,100})(?:\.(\d{0,100}))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]?|[eE][+-]?\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match;
  if (whole === '' && fraction === '') return undefined;
  let value = BigInt(whole + fraction || '0');
  if (sign === '-') value = -value;
  let scale = fraction.length;
  if (Object.hasOwn(BINARY, suffix)) {
    return normalise(value << BigInt(10 * (BINARY[suffix] ?? 0)), scale, 'BinarySI');
  }
  const exponent = /^[eE]([+-]?\d+)$/.exec(suffix);
  scale -= exponent === null ? (DECIMAL[suffix] ?? 0) : Number(exponent[1]);
  return normalise(value, scale, exponent === null ? 'DecimalSI' : 'DecimalExponent');
}

/** Rounds up to nano and drops trailing zeros of the fraction. */
function normalise(value: bigint, scale: number, format: Quantity['format']): Quantity {
  let [digits, places] = [value, scale];
  if (places < 0) {
    digits *= 10n ** BigInt(-places);
    places = 0;
  }
  while (places > 0 && digits % 10n === 0n) {
    digits /= 10n;
    places--;
  }
  if (places > 9) {
    const unit = 10n ** BigInt(places - 9);
    const rest = digits % unit;
    digits = digits / unit + (rest > 0n ? 1n : rest < 0n ? -1n : 0n);
    places = 9;
  }
  return { value: digits, scale: places, format };
}

/** The canonical text: no fraction, the largest suffix that leaves an integer. */
export function formatQuantity(quantity: Quantity): string {
  if (quantity.value === 0n) return '0';
  if (quantity.format === 'BinarySI' && quantity.scale === 0) {
    const magnitude = quantity.value < 0n ? -quantity.value : quantity.value;
    if (magnitude >= 1024n) {
      let value = quantity.value;
      let index = -1;
      while (value % 1024n === 0n && index < BINARY_NAMES.length - 1) {
        value /= 1024n;
        index++;
      }
      return `${value}${index < 0 ? '' : BINARY_NAMES[index]}`;
    }
  }
  let value = quantity.value;
  let exponent = -quantity.scale;
  while (exponent % 3 !== 0) {
    value *= 10n;
    exponent--;
  }
  while (value % 1000n === 0n && exponent < 18) {
    value /= 1000n;
    exponent += 3;
  }
  if (quantity.format === 'DecimalExponent') return exponent === 0 ? `${value}` : `${value}e${exponent}`;
  return `${value}${DECIMAL_NAMES.get(exponent) ?? ''}`;
}

/** -1, 0 or 1 as `a` is less than, equal to or greater than `b`. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  const left = a.value * 10n ** BigInt(b.scale);
  const right = b.value * 10n ** BigInt(a.scale);
  return left < right ? -1 : left > right ? 1 : 0;
}
