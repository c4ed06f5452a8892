import type { CallContext } from '../library.ts';
import {
  formatSeconds,
  failure,
  Failure,
  formatExponent,
  formatFixed,
  formatPlain,
  compareText,
} from '@typekro/kit/golang';
import type { TypeKind } from '../types.ts';
import * as cel from '../values.ts';
import { formatTimestamp } from './timestamp.ts';

/** One `%…` of a format string. */
export interface Clause {
  readonly verb: 'X' | 'b' | 'd' | 'e' | 'f' | 'o' | 's' | 'x';
  readonly precision: number;
}

interface Acceptance {
  readonly kinds: ReadonlySet<TypeKind>;
  /** The message for an argument of a wrong type, without the argument itself. */
  readonly refusal: string;
}

const NUMBERS: ReadonlySet<TypeKind> = new Set<TypeKind>(['int', 'uint', 'double']);

const ACCEPTED: Readonly<Record<Clause['verb'], Acceptance>> = {
  s: {
    kinds: new Set<TypeKind>([
      'list',
      'map',
      'int',
      'uint',
      'double',
      'bool',
      'string',
      'timestamp',
      'bytes',
      'duration',
      'type',
      'null',
    ]),
    refusal:
      'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
  },
  d: { kinds: NUMBERS, refusal: 'decimal clause can only be used on ints, uints, and doubles' },
  f: { kinds: NUMBERS, refusal: 'fixed-point clause can only be used on ints, uints, and doubles' },
  e: { kinds: NUMBERS, refusal: 'scientific clause can only be used on ints, uints, and doubles' },
  b: {
    kinds: new Set<TypeKind>(['bool', 'int', 'uint']),
    refusal: 'only ints, uints, and bools can be formatted as binary',
  },
  x: {
    kinds: new Set<TypeKind>(['int', 'uint', 'string', 'bytes']),
    refusal: 'only ints, uints, bytes, and strings can be formatted as hex',
  },
  X: {
    kinds: new Set<TypeKind>(['int', 'uint', 'string', 'bytes']),
    refusal: 'only ints, uints, bytes, and strings can be formatted as hex',
  },
  o: { kinds: new Set<TypeKind>(['int', 'uint']), refusal: 'octal clause can only be used on ints and uints' },
};

/** Returns the types that a clause accepts, and the message for arguments of other types. */
export function clauseTakes(clause: Clause): Acceptance {
  return ACCEPTED[clause.verb];
}

/** Formats one argument. Returns a failure with cel-go's message when the clause does not accept the argument. */
export function formatClause(clause: Clause, value: cel.Value, context: CallContext): string | Failure {
  switch (clause.verb) {
    case 's':
      return printable(value, context, 0);
    case 'd':
      return decimal(value) ?? refusal(clause, value);
    case 'f':
      return floating(value, (number) => formatFixed(number, clause.precision)) ?? refusal(clause, value);
    case 'e':
      return floating(value, (number) => formatExponent(number, clause.precision)) ?? refusal(clause, value);
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0';
      return integer(value)?.toString(2) ?? refusal(clause, value);
    case 'o':
      return integer(value)?.toString(8) ?? refusal(clause, value);
    case 'x':
      return hexadecimal(value) ?? refusal(clause, value);
    case 'X':
      break;
  }
  return hexadecimal(value)?.toUpperCase() ?? refusal(clause, value);
}

function refusal(clause: Clause, value: cel.Value): Failure {
  return failure(`${ACCEPTED[clause.verb].refusal}, was given ${cel.typeNameOf(value)}`);
}

function integer(value: cel.Value): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return value instanceof cel.CelUint ? value.value : undefined;
}

function special(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return 'Infinity';
  return value === -Infinity ? '-Infinity' : undefined;
}

function decimal(value: cel.Value): string | undefined {
  const number = cel.doubleOf(value);
  return number === undefined ? integer(value)?.toString() : (special(number) ?? formatPlain(number));
}

function floating(value: cel.Value, format: (number: number) => string): string | undefined {
  const whole = integer(value);
  const number = whole === undefined ? cel.doubleOf(value) : Number(whole);
  return number === undefined ? undefined : (special(number) ?? format(number));
}

function hexadecimal(value: cel.Value): string | undefined {
  if (typeof value === 'string') return Buffer.from(value, 'utf8').toString('hex');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return integer(value)?.toString(16);
}

/** The maximum depth of a printed value. Values of expressions and manifests are less deep. */
const MAX_DEPTH = 500;

function printable(value: cel.Value, context: CallContext, depth: number): string | Failure {
  // A list may contain the same long string many times, so each occurrence is charged before the strings are joined.
  const isText = depth > 0 && (typeof value === 'string' || value instanceof Uint8Array);
  context.charge(isText ? 1 + (value.length >> 3) : 1);
  if (value === null) return 'null';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  const number = decimal(value);
  if (number !== undefined) return number;
  if (value instanceof cel.CelDuration) return formatSeconds(value.nanos);
  if (value instanceof cel.CelTimestamp)
    return formatTimestamp({ seconds: value.seconds, nanos: value.nanos, offsetMinutes: 0 });
  if (value instanceof cel.CelTypeValue) return value.name;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (depth > MAX_DEPTH) return failure('value nests too deeply');
  const elements = cel.elementsOf(value);
  if (elements) return printableList(elements, context, depth);
  const entries = cel.entriesOf(value);
  return entries ? printableMap(entries, context, depth) : refusal({ verb: 's', precision: 0 }, value);
}

function printableList(elements: readonly cel.Value[], context: CallContext, depth: number): string | Failure {
  const texts: string[] = [];
  for (const element of elements) {
    const text = printable(element, context, depth + 1);
    if (text instanceof Failure) return text;
    texts.push(text);
  }
  return `[${texts.join(', ')}]`;
}

/** Prints a map. Its entries are sorted by their printed keys. */
function printableMap(
  entries: readonly (readonly [cel.Value, cel.Value])[],
  context: CallContext,
  depth: number,
): string | Failure {
  const texts: { readonly key: string; readonly value: string }[] = [];
  for (const [keyValue, entryValue] of entries) {
    const key = printable(keyValue, context, depth + 1);
    if (key instanceof Failure) return key;
    const value = printable(entryValue, context, depth + 1);
    if (value instanceof Failure) return value;
    texts.push({ key, value });
  }
  texts.sort((a, b) => compareText(a.key, b.key));
  return `{${texts.map(({ key, value }) => `${key}: ${value}`).join(', ')}}`;
}
